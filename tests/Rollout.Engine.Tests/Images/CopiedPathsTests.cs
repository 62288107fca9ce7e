using Rollout.Engine.Images.Dockerfiles;
using Xunit;

namespace Rollout.Engine.Tests.Images;

public sealed class CopiedPathsTests : IDisposable
{
    private readonly TemporaryDirectory _context = new TemporaryDirectory().With("real/file").With("other/file");

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData("COPY real /", "real real/file")]
    [InlineData("COPY real/file other/file /", "real real/file other other/file")]
    [InlineData("COPY --chown=1 ./real/ /", "real real/file")]
    [InlineData("COPY /real/../other /", "other other/file")]
    [InlineData("COPY [\"real/file\", \"/\"]", "real real/file")]
    [InlineData("ADD real https://example.com/other /", "real real/file")]
    [InlineData("COPY <<EOF /x\nCOPY other /\nEOF\nCOPY real /", "real real/file")]
    [InlineData("COPY --from=image other /\nCOPY real /", "real real/file")]
    [InlineData("RUN --mount=type=bind,source=other,target=/x --mount=type=cache,target=/y cat", "other other/file")]
    [InlineData("ONBUILD COPY real /", "real real/file")]
    [InlineData("RUN true", "")]
    [InlineData("COPY re /", "")]
    public void What_is_plain_to_see_is_needed_with_its_parents_alone(string instructions, string needed)
    {
        var paths = Of($"FROM scratch\n{instructions}\n");
        Assert.Equal(needed, string.Join(' ', new[] { "real", "real/file", "other", "other/file", "unused" }.Where(paths.Needs)));
    }

    [Theory]
    [InlineData("COPY . /")]
    [InlineData("COPY real ./ /")]
    [InlineData("COPY real/.. /")]
    [InlineData("COPY r* /")]
    [InlineData("COPY ${X} /")]
    [InlineData("COPY \"real\" /")]
    [InlineData("COPY [\"real\" /")]
    [InlineData("COPY link /")]
    [InlineData("COPY link/file /")]
    [InlineData("RUN --mount=target=/x cat")]
    [InlineData("ONBUILD ADD . /")]
    public void Whatever_else_makes_it_the_whole_context(string instruction)
    {
        Directory.CreateSymbolicLink(_context.At("link"), "real");
        Assert.True(Of($"FROM scratch\n{instruction}\n").Needs("unused"));
    }

    [Theory]
    [InlineData("docker/dockerfile:1", false)]
    [InlineData("registry.example.com/docker/dockerfile:1.7-labs", false)]
    [InlineData("example/frontend", true)]
    public void Another_syntax_makes_it_the_whole_context(string syntax, bool isWhole) =>
        Assert.Equal(isWhole, Of($"# syntax={syntax}\nFROM scratch\nCOPY real /\n").Needs("unused"));

    [Fact]
    public void Stages_that_are_not_built_need_nothing() =>
        Assert.False(Of("FROM scratch AS unused\nCOPY . /\nFROM scratch\nCOPY real /\n").Needs("other"));

    private CopiedPaths Of(string text)
    {
        var dockerfile = Dockerfile.Parse("Dockerfile", text);
        var variables = DockerfileVariables.Of(dockerfile, new Dictionary<string, string>(), "linux/amd64", null);
        return CopiedPaths.Of(dockerfile, BuildNeeds.Of(dockerfile, null, variables).Stages, _context.Path);
    }
}
