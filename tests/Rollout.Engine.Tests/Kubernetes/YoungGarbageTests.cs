using Rollout.Engine.Kubernetes.Api;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

public sealed class YoungGarbageTests
{
    private const long Mebibyte = 1024 * 1024;

    [Fact]
    public void It_is_due_after_every_few_MB_and_not_before()
    {
        var garbage = new YoungGarbage();
        Assert.False(garbage.IsDue(5 * Mebibyte, 0));
        Assert.True(garbage.IsDue(6 * Mebibyte, 0));
        // Made by then.
        Assert.False(garbage.IsDue(7 * Mebibyte, 1));
        Assert.False(garbage.IsDue(11 * Mebibyte, 1));
        Assert.True(garbage.IsDue(12 * Mebibyte, 1));
    }

    [Fact]
    public void It_is_not_due_where_the_runtime_collects()
    {
        var garbage = new YoungGarbage();
        for (var collections = 1; collections < 10; collections++) Assert.False(garbage.IsDue(5 * Mebibyte * collections, collections));
        Assert.False(garbage.IsDue(50 * Mebibyte, 9));
        Assert.True(garbage.IsDue(51 * Mebibyte, 9));
    }
}
