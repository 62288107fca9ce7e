using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Images;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Images;

/// <summary>The name an image gets where none is given, and the names that Set-ImageTag gives.</summary>
[Trait("Needs", "docker")]
public sealed class ImageNamesTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>, IDisposable
{
    private static readonly DateTimeOffset Today = new(2026, 1, 31, 23, 59, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _parent = new();

    public void Dispose() => _parent.Dispose();

    [Theory]
    [InlineData("/src/Shop", "shop")]
    [InlineData("/src/shop/", "shop")]
    [InlineData("/src/My Shop (2)", "my-shop-2")]
    [InlineData("/src/.hidden", "hidden")]
    [InlineData("/src/a__b--c..d", "a_b-c.d")]
    [InlineData("/src/日本", "image")]
    [InlineData("/", "image")]
    public void A_directory_gives_the_repository(string directory, string repository) =>
        Assert.Equal(repository, DefaultImageName.Repository(directory));

    [Fact]
    public void Every_directory_gives_a_repository() => Prop.ForAll<NonNull<string>>(name =>
        ImageReference.TryParse(DefaultImageName.Repository("/" + name.Get), out _)).QuickCheckThrowOnFailure();

    [FactNeeds("docker", "git")]
    public async Task Without_a_tag_an_image_is_named_by_directory_and_commit()
    {
        var context = Context();
        Git("init", "--quiet", "--initial-branch", "feature/über_x");
        Git("add", ".");
        Git("commit", "--quiet", "--message", "first");
        var commit = Git("rev-parse", "HEAD");
        var shortened = Git("rev-parse", "--short", "HEAD");

        var clean = await BuildAsync(context);
        Assert.Equal($"docker.io/library/{engine.Prefix}shop:{shortened}", clean.Reference.ToString());
        Assert.Equal(commit, clean.Revision);
        var tagging = new ImageTagging(engine.Client, new FixedTime(Today), _ => null);
        Assert.Equal(["feature-ber_x"], await TagsAsync(tagging, clean, ImageTagPolicy.Branch));
        Assert.Equal([commit[..12]], await TagsAsync(tagging, clean, ImageTagPolicy.GitSha));
        Assert.Equal([$"20260131-{commit[..12]}"], await TagsAsync(tagging, clean, ImageTagPolicy.DateSha));

        await File.WriteAllTextAsync(Path.Combine(context, "new"), "");
        var dirty = await BuildAsync(context);
        Assert.Equal(shortened + "-dirty", dirty.Reference.Tag);
        Assert.Equal(commit + "-dirty", dirty.Revision);
        Assert.Equal([commit[..12] + "-dirty"], await TagsAsync(tagging, dirty, ImageTagPolicy.GitSha));

        string Git(params string[] arguments)
        {
            string[] identity = ["-C", context, "-c", "user.name=t", "-c", "user.email=t@localhost"];
            using var git = Process.Start(new ProcessStartInfo("git", [.. identity, .. arguments]) { RedirectStandardOutput = true })!;
            var text = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            Assert.Equal(0, git.ExitCode);
            return text.Trim();
        }
    }

    [FactNeeds("docker")]
    public async Task Outside_git_the_tag_comes_from_the_images_id()
    {
        var image = await BuildAsync(Context());
        Assert.Equal(image.Id["sha256:".Length..][..12], image.Reference.Tag);
        Assert.Null(image.Revision);
        Assert.Equal(image.Id, (await engine.Client.Images.InspectAsync(image.Reference.ToString(), default))!.Id);
    }

    [FactNeeds("docker")]
    public async Task References_are_set_as_asked()
    {
        var image = await BuildAsync(Context());
        var repository = $"{engine.Prefix}shop";

        await IsSetAsync(new() { Image = image, Tags = ["a", "b"] }, $"docker.io/library/{repository}:a", $"docker.io/library/{repository}:b");
        await IsSetAsync(new() { Image = image, Tags = [$"localhost:5000/{repository}/x:1"] }, $"localhost:5000/{repository}/x:1");
        await IsSetAsync(new() { Image = image, Tags = [$"localhost:5000/{repository}"] }, $"localhost:5000/{repository}:latest");
        await IsSetAsync(new() { Image = image, Registry = "localhost:5000" }, $"localhost:5000/{repository}:{image.Reference.Tag}");
        await IsSetAsync(
            new() { Image = image, Registry = "localhost:5000", Repository = $"team/{repository}", Version = "v1.2.3", Environment = "staging", Latest = true },
            [.. new[] { "v1.2.3", "v1.2", "v1", "staging", "latest" }.Select(t => $"localhost:5000/team/{repository}:{t}")]);

        async Task IsSetAsync(ImageTagRequest request, params string[] references)
        {
            var tagged = await new ImageTagging(engine.Client).RunAsync(request, default);
            Assert.Equal(references, tagged.References.Select(r => r.ToString()));
            Assert.Equal(references[0], tagged.Reference.ToString());
            Assert.Equal((image.Id, image.Steps), (tagged.Id, tagged.Steps));
            foreach (var reference in references) Assert.Equal(image.Id, (await engine.Client.Images.InspectAsync(reference, default))!.Id);
        }
    }

    [FactNeeds("docker")]
    public async Task A_version_is_taken_from_another_image_by_force_alone()
    {
        var one = await BuildAsync(Context());
        var other = await BuildAsync(Context("LABEL other=yes"));
        var tagging = new ImageTagging(engine.Client);
        var request = new ImageTagRequest { Image = one, Repository = $"{engine.Prefix}versions", Version = "1.2.3" };
        await tagging.RunAsync(request, default);
        await tagging.RunAsync(request, default);

        var error = await Assert.ThrowsAsync<RolloutException>(() => tagging.RunAsync(request with { Image = other }, default));
        Assert.Equal("ImageTagTaken", error.Id);
        await tagging.RunAsync(request with { Image = other, Version = "1.2.4" }, default);
        Assert.Equal(other.Id, await IdAsync("1.2"));
        Assert.Equal(one.Id, await IdAsync("1.2.3"));
        await tagging.RunAsync(request with { Image = other, Force = true }, default);
        Assert.Equal(other.Id, await IdAsync("1.2.3"));

        async Task<string> IdAsync(string tag) => (await engine.Client.Images.InspectAsync($"{engine.Prefix}versions:{tag}", default))!.Id;
    }

    [FactNeeds("docker")]
    public async Task What_cannot_be_set_is_refused_and_changes_nothing()
    {
        var image = await BuildAsync(Context());
        var request = new ImageTagRequest { Image = image };
        await FailsAsync("InvalidImageTag", request with { Tags = ["ok", "not ok"] });
        await FailsAsync("InvalidImageTag", request with { Tags = ["ok", "a/b:c"] });
        await FailsAsync("InvalidImageTag", request with { Tags = ["a/b:c"], Registry = "localhost:5000" });
        await FailsAsync("InvalidImageTag", request with { Tags = ["a@sha256:" + new string('a', 64)] });
        await FailsAsync("InvalidImageTag", request with { Repository = "a:b" });
        await FailsAsync("InvalidImageTag", request with { Policy = ImageTagPolicy.SemVer });
        await FailsAsync("InvalidImageTag", request with { Policy = ImageTagPolicy.GitSha });
        await FailsAsync("InvalidImageReference", request with { Tags = ["A/B/C:d"] });
        await FailsAsync("ImageNotFound", new ImageTagRequest { Image = ImageReference.Parse($"{engine.Prefix}nowhere:1"), Tags = ["x"] });
        Assert.Equal(image.Tags, (await engine.Client.Images.InspectAsync(image.Id, default))!.RepoTags);

        async Task FailsAsync(string id, ImageTagRequest wrong) =>
            Assert.Equal(id, (await Assert.ThrowsAsync<RolloutException>(() => new ImageTagging(engine.Client).RunAsync(wrong, default))).Id);
    }

    /// <summary>A directory {prefix}Shop with a Dockerfile that makes an image of its own.</summary>
    private string Context(string line = "")
    {
        var name = $"{engine.Prefix}Shop";
        _parent.With($"{name}/Dockerfile", $"FROM scratch\nCOPY Dockerfile /\nLABEL made-by={_parent.Path}\n{line}\n");
        return _parent.At(name);
    }

    private Task<RolloutImage> BuildAsync(string context) => new ImageBuild(engine.Client, new DockerConfig())
        .RunAsync(new ImageBuildRequest { Path = context, Builder = ImageBuilderKind.BuildKit }, SilentReporter.Instance, default);

    private async Task<IEnumerable<string?>> TagsAsync(ImageTagging tagging, RolloutImage image, ImageTagPolicy policy)
    {
        var request = new ImageTagRequest { Image = image, Policy = policy, Directory = _parent.At($"{engine.Prefix}Shop") };
        return (await tagging.ReferencesAsync(request, default)).Select(r => r.Tag);
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
