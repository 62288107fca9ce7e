using Rollout.Engine.Docker.Api;
using Rollout.Engine.Images;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Images;

/// <summary>Builds by each builder in the real engine.</summary>
[Trait("Needs", "docker")]
public sealed class ImageBuildTests(DockerEngineFixture engine, RegistryFixture registries) : IClassFixture<DockerEngineFixture>, IClassFixture<RegistryFixture>, IDisposable
{
    private readonly TemporaryDirectory _context = new();
    private readonly Recorder _reporter = new();

    /// <summary>The builders on this machine.</summary>
    public static TheoryData<ImageBuilderKind> Builders => [.. WithSession, ImageBuilderKind.Classic];

    /// <summary>Those of them that open a session with BuildKit.</summary>
    public static TheoryData<ImageBuilderKind> WithSession => Buildx.IsThere
        ? [ImageBuilderKind.Buildx, ImageBuilderKind.Cli, ImageBuilderKind.BuildKit]
        : [ImageBuilderKind.Cli, ImageBuilderKind.BuildKit];

    public void Dispose() => _context.Dispose();

    [BuilderTheory]
    [MemberData(nameof(Builders))]
    public async Task Builds_and_describes_the_image(ImageBuilderKind builder)
    {
        // The label keeps what others build in the same engine out of this chain of cached steps.
        WithBusybox().With("a file", "content").With("Dockerfile", $"""
            ARG WORD=wrong
            FROM scratch AS base
            LABEL made-by={_context.Path}
            COPY busybox /bin/busybox
            RUN ["/bin/busybox", "mkdir", "/made"]
            FROM base
            ARG WORD
            ENV WORD=$WORD
            COPY ["a file", "/made/"]
            """);
        var request = Request(builder) with { BuildArgs = One("WORD", "right=\"1\""), Labels = One("com.example.a", "b c") };

        var image = await BuildAsync(request);

        Assert.Equal(builder, image.Builder);
        Assert.Equal(3, image.Steps);
        Assert.Equal("b c", image.Labels["com.example.a"]);
        Assert.Equal(3, image.Layers.Count);
        Assert.Contains(request.Tags[0], image.Tags.Select(t => ImageReference.Parse(t).ToString()));
        Assert.Equal(request.Tags[0], image.Reference.ToString());
        Assert.InRange(image.Size, 1, long.MaxValue);
        Assert.Equal(engine.Client.Endpoint, image.Endpoint);
        var inspect = await engine.Client.Images.InspectAsync(request.Tags[0], default);
        Assert.Equal(inspect!.Id, image.Id);
        Assert.Contains("WORD=right=\"1\"", inspect.Config!["Env"]!.AsArray().Select(e => (string?)e));

        var again = await BuildAsync(request);
        Assert.Equal((3, 3), (again.Steps, again.CachedSteps));
        Assert.Equal(image.Id, again.Id);
        Assert.True(_reporter.Reports[^1].Completed);
    }

    [BuilderTheory]
    [MemberData(nameof(Builders))]
    public async Task A_failing_step_is_named_with_its_line_and_its_last_output(ImageBuilderKind builder)
    {
        WithBusybox().With("Dockerfile", """
            # The failing step is on line 6.
            FROM scratch
            COPY busybox /bin/busybox
            ENV A=b

            RUN ["/bin/busybox", "sh", "-c", \
                 "echo one; echo '##vso[task.setvariable]two'; exit 3"]
            COPY busybox /unreached
            """);

        var error = await Assert.ThrowsAsync<RolloutException>(() => BuildAsync(Request(builder)));

        Assert.Equal("BuildStepFailed", error.Id);
        Assert.Contains($"{_context.At("Dockerfile")}:6", error.Message, StringComparison.Ordinal);
        Assert.Contains("\none\n", error.Message, StringComparison.Ordinal);
        Assert.Contains("two", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("##vso[", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("failed: exit code 3.", error.Message.Split('\n')[0], StringComparison.Ordinal);
        Assert.DoesNotContain(_reporter.Lines, line => line.Contains("##vso[", StringComparison.Ordinal));
    }

    [BuilderTheory]
    [MemberData(nameof(Builders))]
    public async Task A_line_that_is_no_instruction_is_named(ImageBuilderKind builder)
    {
        _context.With("Dockerfile", "FROM scratch\nCOPY Dockerfile /\nRUNN x\n");
        var error = await Assert.ThrowsAsync<RolloutException>(() => BuildAsync(Request(builder)));
        Assert.Equal("InvalidDockerfile", error.Id);
        Assert.Contains(":3 ", error.Message, StringComparison.Ordinal);
    }

    [BuilderTheory]
    [MemberData(nameof(Builders))]
    public async Task A_base_image_comes_from_a_registry_that_wants_a_login(ImageBuilderKind builder)
    {
        var registry = await registries.WithLoginAsync();
        var repository = $"{engine.Prefix}base-{builder}".ToLowerInvariant();
        var auth = new RegistryAuth { Username = registry.Login!.UserName, Password = registry.Login.Password, ServerAddress = registry.Host };
        var reference = registry.Reference(repository);
        await TestImages.BuildAsync(engine.Client, reference, $"LABEL made-for={builder}");
        await engine.Client.Images.PushAsync(reference, auth, null, default);
        await engine.Client.Images.RemoveAsync(reference.ToString(), force: true, default);
        _context.With("Dockerfile", $"ARG FROM\nFROM ${{FROM:-nothing}}\nRUN echo built\n");

        using var login = DockerLogin.To(registry);
        var build = new ImageBuild(engine.Client, login.Credentials, login.Settings);
        var image = await build.RunAsync(Request(builder) with { BuildArgs = One("FROM", reference.ToString()), Pull = true }, _reporter, default);

        Assert.Equal(builder.ToString(), image.Labels["made-for"]);
        Assert.DoesNotContain(_reporter.Lines, line => line.Contains(registry.Login.Password, StringComparison.Ordinal));
    }

    [BuilderTheory]
    [MemberData(nameof(Builders))]
    public async Task Links_triggers_and_wildcards_find_their_files(ImageBuilderKind builder)
    {
        var reference = await engine.ImageAsync("triggers", dockerfile: "ONBUILD COPY by-trigger /");
        Directory.CreateSymbolicLink(WithBusybox().With("by-trigger").With("real/file").With("some/x.c").At("link"), "real");
        _context.With("Dockerfile", $"""
            FROM {reference}
            COPY link/file /by-link
            COPY some/*.c /by-wildcard/
            RUN test -f /by-trigger && test -f /by-link && test -f /by-wildcard/x.c
            """);
        var image = await BuildAsync(Request(builder));
        Assert.Equal(builder, image.Builder);
    }

    [BuilderTheory(Timeout = 120_000)]
    [MemberData(nameof(Builders))]
    public async Task Cancelling_ends_the_step(ImageBuilderKind builder)
    {
        var seconds = $"{1_000_000 + Environment.ProcessId}{(int)builder}";
        WithBusybox().With("Dockerfile", $"""
            FROM scratch
            COPY busybox /bin/busybox
            RUN ["/bin/busybox", "sleep", "{seconds}"]
            """);
        using var cancel = new CancellationTokenSource();
        _reporter.OnProgress = report => { if (report.Status.Contains("sleep", StringComparison.Ordinal)) cancel.Cancel(); };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => BuildAsync(Request(builder) with { NoCache = true }, cancel.Token));

        while (SleepRuns()) await Task.Delay(20);
        Assert.True(_reporter.Reports[^1].Completed);
        Assert.Null(await engine.Client.Images.InspectAsync(Request(builder).Tags[0], default));

        bool SleepRuns() => Directory.EnumerateDirectories("/proc", "?*")
            .Select(process => Path.Combine(process, "cmdline"))
            .Any(file => Read(file) == $"/bin/busybox\0sleep\0{seconds}\0");
    }

    [BuilderTheory]
    [MemberData(nameof(Builders))]
    public async Task A_cache_source_that_is_not_there_is_no_failure(ImageBuilderKind builder)
    {
        var registry = await registries.PlainAsync();
        _context.With("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
        var image = await BuildAsync(Request(builder) with { CacheFrom = [registry.Reference("no/cache").ToString()] });
        Assert.Equal(1, image.Steps);
    }

    [BuilderTheory(needsBuildx: true)]
    [InlineData(ImageBuilderKind.Buildx)]
    public async Task A_cache_export_that_fails_is_a_warning(ImageBuilderKind builder)
    {
        _context.With("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
        var image = await BuildAsync(Request(builder) with { CacheTo = ["type=registry,ref=127.0.0.1:1/no/cache"] });
        Assert.Equal(1, image.Steps);
        Assert.Contains(_reporter.Warnings, w => w.Contains("cache", StringComparison.OrdinalIgnoreCase));
    }

    [BuilderTheory]
    [MemberData(nameof(WithSession))]
    public async Task Secrets_reach_the_step_and_nothing_else(ImageBuilderKind builder)
    {
        var value = Guid.NewGuid().ToString("N");
        using var elsewhere = new TemporaryDirectory().With("a,\"b", value);
        WithBusybox().With("Dockerfile", """
            FROM scratch
            COPY busybox /bin/busybox
            RUN --mount=type=secret,id=value,required=true --mount=type=secret,id=file,required=true \
                ["/bin/busybox", "sh", "-c", "cd /run/secrets; [ $(/bin/busybox wc -c < value) = 32 ] && /bin/busybox cmp value file && /bin/busybox tr '\\0' '\\n' < /proc/1/cmdline"]
            """);
        var secrets = new Dictionary<string, BuildSecret> { ["value"] = BuildSecret.FromValue(value), ["file"] = BuildSecret.FromFile(elsewhere.At("a,\"b")) };

        await BuildAsync(Request(builder) with { Secrets = secrets, NoCache = true });

        Assert.DoesNotContain(_reporter.Lines, line => line.Contains(value, StringComparison.Ordinal));
        Assert.DoesNotContain(secrets.Values, s => s.ToString().Contains(value, StringComparison.Ordinal));
    }

    [FactNeeds("docker")]
    public async Task What_needs_buildx_says_so_before_anything_is_done()
    {
        _context.With("Dockerfile", "FROM 127.0.0.1:1/unreachable");
        var api = Request(ImageBuilderKind.BuildKit);
        ImageBuildRequest[] requests =
        [
            api with { Builder = ImageBuilderKind.Classic, Secrets = new Dictionary<string, BuildSecret> { ["a"] = BuildSecret.FromValue("b") } },
            api with { CacheTo = ["type=inline"] },
            api with { CacheFrom = ["type=local,src=/nowhere"] },
            api with { Platforms = ["linux/amd64", "linux/arm64"] },
            api with { Builder = ImageBuilderKind.Cli, Platforms = ["linux/amd64", "linux/arm64"] },
        ];
        foreach (var request in requests)
        {
            var error = await Assert.ThrowsAsync<RolloutException>(() => BuildAsync(request));
            Assert.Equal("BuildNeedsBuildx", error.Id);
        }
    }

    [FactNeeds("docker")]
    public async Task Bad_input_is_refused_by_name()
    {
        _context.With("file");
        await FailsAsync("ContextNotFound", Request() with { Path = _context.At("nowhere") });
        await FailsAsync("ContextNotFound", Request() with { Path = _context.At("file") });
        await FailsAsync("NoDockerfile", Request());
        await FailsAsync("NoDockerfile", Request() with { Dockerfile = "other" });
        _context.With("Dockerfile", "FROM scratch");
        await FailsAsync("InvalidImageReference", Request() with { Tags = ["a/UPPER"] });
        await FailsAsync("InvalidImageTag", Request() with { Tags = ["x@sha256:" + new string('a', 64)] });

        async Task FailsAsync(string id, ImageBuildRequest request) =>
            Assert.Equal(id, (await Assert.ThrowsAsync<RolloutException>(() => BuildAsync(request))).Id);
    }

    [BuilderTheory]
    [MemberData(nameof(Builders))]
    public async Task An_engine_that_is_not_there_is_named(ImageBuilderKind builder)
    {
        _context.With("Dockerfile", "FROM scratch");
        using var client = new DockerClient(DockerEndpoint.Resolve("unix:///nowhere/docker.sock", null, DockerSettings.OfThisProcess));
        var build = new ImageBuild(client, new DockerConfig(), Buildx.Settings);
        var error = await Assert.ThrowsAsync<RolloutException>(() => build.RunAsync(Request(builder), _reporter, default));
        Assert.Equal(ErrorKind.Connection, error.Kind);
    }

    private static string Read(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : "";
        }
        catch (IOException)
        {
            return ""; // It ended meanwhile.
        }
    }

    private static Dictionary<string, string> One(string name, string value) => new() { [name] = value };

    private TemporaryDirectory WithBusybox()
    {
        File.Copy(Needs.Program("busybox")!, _context.At("busybox"));
        return _context;
    }

    private ImageBuildRequest Request(ImageBuilderKind builder = ImageBuilderKind.Auto) => new()
    {
        Path = _context.Path,
        Builder = builder,
        Tags = [$"localhost/{engine.Prefix}{builder}:1".ToLowerInvariant()],
    };

    private Task<RolloutImage> BuildAsync(ImageBuildRequest request, CancellationToken cancellation = default) =>
        new ImageBuild(engine.Client, new DockerConfig(), Buildx.Settings).RunAsync(request, _reporter, cancellation);
}
