using Microsoft.AspNetCore.Http;
using Rollout.Engine.Images;
using Rollout.Engine.Images.Builders;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Images;

/// <summary>Which builder is chosen on engines that have not got all of them.</summary>
public sealed class BuilderChoiceTests
{
    [Theory]
    [InlineData(404, ImageBuilderKind.Classic)]
    [InlineData(501, ImageBuilderKind.Classic)]
    [InlineData(400, ImageBuilderKind.BuildKit)]
    [InlineData(500, ImageBuilderKind.BuildKit)]
    public async Task WithoutSessionsTheEngineIsBuiltOnWithItsClassicBuilder(int answer, ImageBuilderKind chosen)
    {
        await using var engine = await EngineAsync(answer);
        var reporter = new Recorder();

        var builder = await Choice(engine).ForAsync(new ImageBuildRequest { Path = "." }, reporter, CancellationToken.None);

        Assert.Equal(chosen, builder.Kind);
        Assert.Equal(chosen == ImageBuilderKind.Classic, reporter.Details.Any(line => line.Contains("BuildKit is left out", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AskedForByNameItSaysWhatIsMissing()
    {
        await using var engine = await EngineAsync(404);

        var missing = await Assert.ThrowsAsync<RolloutException>(() => Choice(engine).ForAsync(new ImageBuildRequest { Path = ".", Builder = ImageBuilderKind.BuildKit }, SilentReporter.Instance, CancellationToken.None));

        Assert.Equal("BuilderNotFound", missing.Id);
        Assert.Contains("POST /session", missing.Message, StringComparison.Ordinal);
        Assert.Contains("Podman", missing.Message, StringComparison.Ordinal);
        Assert.Contains("-Builder Auto", missing.Mend, StringComparison.Ordinal);
    }

    private static BuilderChoice Choice(FakeEngine engine) => new([new BuildKitBuilder(engine.Client, new DockerConfig()), new ClassicBuilder(engine.Client, new DockerConfig())]);

    private static Task<FakeEngine> EngineAsync(int answer) => FakeEngine.StartAsync(context =>
    {
        context.Response.StatusCode = context.Request.Path.Value!.EndsWith("/session", StringComparison.Ordinal) ? answer : 200;
        return context.Response.WriteAsync("""{"message":"page not found"}""");
    });
}
