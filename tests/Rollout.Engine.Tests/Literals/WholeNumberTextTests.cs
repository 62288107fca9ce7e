using Rollout.Engine.Literals;
using Xunit;

namespace Rollout.Engine.Tests.Literals;

public sealed class WholeNumberTextTests
{
    public static TheoryData<object> Numbers => [3, 3L, (short)3, 3.0, "3", " 3 "];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Numbers_and_texts_are_read(object given) => Assert.Equal(3, WholeNumberText.From(given, 1, 5));

    public static TheoryData<object> Others => ["", "many", "2.7", "2,5", "0x3", "3e0", "99999999999999999999", 2.7, 2.5m, true, 0, 6, "-1", long.MaxValue];

    [Theory]
    [MemberData(nameof(Others))]
    public void Others_are_refused_with_the_bounds(object given)
    {
        var error = Assert.Throws<RolloutException>(() => WholeNumberText.From(given, 1, 5));
        Assert.Equal(("InvalidNumber", ErrorKind.Syntax), (error.Id, error.Kind));
        Assert.Contains("from 1 to 5", error.Message, StringComparison.Ordinal);
    }
}
