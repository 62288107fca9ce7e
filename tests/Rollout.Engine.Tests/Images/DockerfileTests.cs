using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Images.Dockerfiles;
using Xunit;

namespace Rollout.Engine.Tests.Images;

public sealed class DockerfileTests
{
    [Fact]
    public void Instructions_have_their_lines()
    {
        var dockerfile = Read("""
            # syntax=docker/dockerfile:1

            FROM a AS one
            RUN make \
              # a comment within

              all \
              && done
            copy --chown=1 \
              x y
            RUN <<EOF cat <<-'OTHER'
            FROM nothing
            EOF
            FROM nothing either
            	OTHER
            RUN cat <<<EOF
            FROM two
            """);

        Assert.Equal(["FROM:3-3", "RUN:4-8", "COPY:9-10", "RUN:11-15", "RUN:16-16", "FROM:17-17"], dockerfile.Instructions.Select(i => $"{i.Keyword}:{i.Line}-{i.LastLine}"));
        Assert.Equal("make   all   && done", dockerfile.Instructions[1].Text);
        Assert.Equal("1", dockerfile.Instructions[2].Flag("chown"));
        Assert.Equal("x y", dockerfile.Instructions[2].Text);
    }

    [Theory]
    [InlineData("# escape=`\nFROM a\nRUN x `\n y\nRUN z\\\nRUN w", 4)]
    [InlineData("#escape = `\nRUN x `\n y", 1)]
    [InlineData("# no directive\n# escape=`\nRUN x `\nRUN y", 2)]
    [InlineData("RUN x \\", 1)]
    [InlineData("RUN x \\\n\n# c\n", 1)]
    [InlineData("RUN <<EOF\nnever ended", 1)]
    [InlineData("\ufeffRUN x\r\nRUN y\r\n", 2)]
    [InlineData("", 0)]
    public void Lines_are_joined_by_the_escape_character(string text, int instructions) =>
        Assert.Equal(instructions, Read(text).Instructions.Count);

    [Theory]
    [InlineData("FROM a", "docker.io/library/a")]
    [InlineData("FROM scratch", "")]
    [InlineData("FROM a AS x\nFROM X", "docker.io/library/a")]
    [InlineData("FROM a AS x\nFROM b\nCOPY --from=x / /", "docker.io/library/b docker.io/library/a")]
    [InlineData("FROM a\nFROM b\nCOPY --from=0 / /", "docker.io/library/b docker.io/library/a")]
    [InlineData("FROM a\nFROM b\nCOPY --from=r.example.com/c:1 / /", "docker.io/library/b r.example.com/c:1")]
    [InlineData("FROM b\nRUN --mount=type=bind,from=c,target=/c --mount=type=cache,target=/d x", "docker.io/library/b docker.io/library/c")]
    [InlineData("FROM unused\nFROM b", "docker.io/library/b")]
    [InlineData("ARG V=1\nARG I=a:$V\nFROM $I", "docker.io/library/a:1")]
    [InlineData("ARG GIVEN=1\nFROM a:${GIVEN}", "docker.io/library/a:given")]
    [InlineData("ARG GIVEN\nFROM a:${GIVEN}", "docker.io/library/a:given")]
    [InlineData("FROM a:${GIVEN}", "")]
    [InlineData("FROM a:${NONE:-1}", "docker.io/library/a:1")]
    [InlineData("ARG V=1\nFROM a:${V:+2}", "docker.io/library/a:2")]
    [InlineData("ARG V=${GIVEN:-${NONE:-3}}\nFROM \"a:$V\"", "docker.io/library/a:3")]
    [InlineData("FROM a-$TARGETARCH:$BUILDOS", "docker.io/library/a-arm64:linux")]
    [InlineData("FROM --platform=$BUILDPLATFORM a", "docker.io/library/a for linux/amd64")]
    [InlineData("FROM not:a:reference", "")]
    [InlineData("", "")]
    public void Base_images_are_found(string text, string images)
    {
        var dockerfile = Read(text);
        var variables = DockerfileVariables.Of(dockerfile, new Dictionary<string, string> { ["GIVEN"] = "given" }, "linux/amd64", "linux/arm64");
        var found = BuildNeeds.Of(dockerfile, null, variables).Images.Select(i => i.Platform is null ? $"{i.Reference}" : $"{i.Reference} for {i.Platform}");
        Assert.Equal(images, string.Join(' ', found));
    }

    [Theory]
    [InlineData("x", false, "docker.io/library/a")]
    [InlineData("0", false, "docker.io/library/a")]
    [InlineData("y", false, "docker.io/library/b")]
    [InlineData("y", true, "docker.io/library/a docker.io/library/b")]
    [InlineData("none", false, "")]
    public void Only_what_the_target_needs_is_found(string target, bool everyStage, string images)
    {
        var dockerfile = Read("FROM a AS x\nFROM b AS y\nFROM c");
        var variables = DockerfileVariables.Of(dockerfile, new Dictionary<string, string>(), "linux/amd64", null);
        Assert.Equal(images, string.Join(' ', BuildNeeds.Of(dockerfile, target, variables, everyStage).Images.Select(i => i.Reference)));
    }

    [Fact]
    public void Any_text_is_read_and_lines_rise() => Prop.ForAll(
        Gen.Elements("FROM a", "RUN x \\", "RUN <<E", "E", "", "# c", "${", "ARG A=${A:-", "FROM ${A:-$A} AS b", "COPY --from=b --x", "--", "\\").ListOf().ToArbitrary(),
        lines =>
        {
            var dockerfile = Read(string.Join('\n', lines));
            var variables = DockerfileVariables.Of(dockerfile, new Dictionary<string, string>(), "linux/amd64", null);
            BuildNeeds.Of(dockerfile, null, variables);
            return dockerfile.Instructions.All(i => i.Line <= i.LastLine && i.LastLine <= Math.Max(1, lines.Count))
                && dockerfile.Instructions.Zip(dockerfile.Instructions.Skip(1)).All(pair => pair.First.LastLine < pair.Second.Line);
        }).QuickCheckThrowOnFailure();

    private static Dockerfile Read(string text) => Dockerfile.Parse("Dockerfile", text);
}
