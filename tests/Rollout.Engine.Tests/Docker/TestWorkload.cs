using System.Text.Json.Nodes;
using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Registries;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>One workload on a real engine, with images that serve their own version on port 8080.</summary>
internal sealed class TestWorkload
{
    internal const int Port = 8080;

    private readonly DockerTargetServices services;
    private readonly string prefix;

    internal TestWorkload(IDockerClient engine, string prefix, string? name = null, OpenRouter? openRouter = null, string kind = "docker", TimeProvider? time = null)
    {
        this.prefix = prefix;
        Engine = engine;
        services = new DockerTargetServices
        {
            Engine = engine,
            Credentials = new NoCredentials(),
            Directory = "/",
            Time = time ?? TimeProvider.System,
            OpenRouter = openRouter ?? ((choice, reporter) => TrafficRouters.Open(choice.Kind, choice.Endpoint, choice.Backend, "/", TimeProvider.System, reporter)),
        };
        Name = name ?? $"{prefix}{Guid.NewGuid().ToString("N")[..6]}";
        Target = new DockerTarget(new TargetName(kind, Name), services);
    }

    internal IDockerClient Engine { get; }

    internal string Name { get; }

    internal IRolloutTarget Target { get; }

    internal DockerTargets Targets => new(services);

    /// <summary>An image that answers with <paramref name="tag"/>; further Dockerfile lines may break it.</summary>
    internal async Task<ImageReference> ImageAsync(string tag, string dockerfile = "CMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]")
    {
        var reference = ImageReference.Parse($"localhost/{prefix}shop:{tag}");
        var files = new Dictionary<string, byte[]> { ["www/index.html"] = System.Text.Encoding.UTF8.GetBytes(tag) };
        // busybox as PID 1 ignores SIGTERM.
        await TestImages.BuildAsync(Engine, reference, $"STOPSIGNAL SIGKILL\nCOPY www /www\n{dockerfile}", files);
        return reference;
    }

    /// <summary>An image that answers <c>shop tag</c>, has a HEALTHCHECK and stands a load.</summary>
    internal async Task<ImageReference> FastImageAsync(string tag, int health = 200)
    {
        var reference = ImageReference.Parse($"localhost/{prefix}fast:{tag}");
        await ShopImages.BuildAsync(Engine, reference, tag, health);
        return reference;
    }

    internal static RolloutRequest Request(ImageReference image, int? replicas = null, DockerWorkload? docker = null) => new()
    {
        Image = image,
        // More than a laden machine takes: what fails here, fails for a reason of its own.
        Timeout = TestLimit.Time,
        Docker = (docker ?? new DockerWorkload { Port = Port }) with { Replicas = replicas },
    };

    internal Task<RolloutStatus> StartAsync(ImageReference image, int? replicas = null, DockerWorkload? docker = null) => StartAsync(Request(image, replicas, docker));

    internal async Task<RolloutStatus> StartAsync(RolloutRequest request, Action<RolloutStatus>? changed = null, IReporter? reporter = null)
    {
        var plan = await Target.PlanAsync(request, SilentReporter.Instance, CancellationToken.None);
        return await Target.ApplyAsync(plan, changed, reporter ?? SilentReporter.Instance, CancellationToken.None);
    }

    /// <summary>What the user is told before it begins.</summary>
    internal async Task<IEnumerable<string>> WarningsAsync(ImageReference image, DockerWorkload docker)
    {
        var reporter = new RecordingReporter();
        await Target.PlanAsync(Request(image, docker: docker), reporter, CancellationToken.None);
        return reporter.Warnings;
    }

    internal async Task<RolloutStatus> UndoAsync(UndoRequest? request = null)
    {
        var plan = await Target.PlanUndoAsync(request ?? new UndoRequest(), SilentReporter.Instance, CancellationToken.None);
        return await Target.ApplyAsync(plan, null, SilentReporter.Instance, CancellationToken.None);
    }

    internal Task<RolloutStatus> CarryOnAsync(IReporter? reporter = null) => Target.CarryOnAsync(null, reporter ?? SilentReporter.Instance, CancellationToken.None);

    /// <summary>A rollout whose shell goes away as soon as a new container is up.</summary>
    internal async Task AbandonAsync(RolloutRequest request)
    {
        using var cancel = new CancellationTokenSource();
        var plan = await Target.PlanAsync(request, SilentReporter.Instance, CancellationToken.None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Target.ApplyAsync(plan, CancelWhenUp, SilentReporter.Instance, cancel.Token));

        void CancelWhenUp(RolloutStatus status)
        {
            if (status.Updated > 0) cancel.Cancel();
        }
    }

    internal async Task<RolloutStatus> CommandAsync(RolloutVerb verb, Action<RolloutStatus>? changed = null)
    {
        var plan = await Target.PlanAsync(new RolloutCommand(verb), SilentReporter.Instance, CancellationToken.None);
        return await Target.ApplyAsync(plan, changed, SilentReporter.Instance, CancellationToken.None);
    }

    internal async Task<RolloutStatus> ReadAsync() => (await Target.ReadAsync(CancellationToken.None))!;

    /// <summary>name:state of each of its containers, the record apart, sorted.</summary>
    internal async Task<string> ContainersAsync()
    {
        var all = await Engine.Containers.ListAsync([], all: true, CancellationToken.None);
        var own = from container in all
                  from name in container.Names
                  let shown = name.TrimStart('/')
                  where shown == Name || shown.StartsWith(Name + "-", StringComparison.Ordinal)
                  select $"{shown[Name.Length..].TrimStart('-')}:{container.State}";
        return string.Join(' ', own.Order(StringComparer.Ordinal));
    }

    internal async Task<IReadOnlyList<ContainerSummary>> RecordsAsync() =>
        await Engine.Containers.ListAsync([$"{WorkloadLabels.Name}={Name}", WorkloadLabels.Sequence], all: true, CancellationToken.None);

    internal async Task<ContainerInspect> InspectAsync(string suffix) =>
        (await Engine.Containers.InspectAsync(suffix.Length == 0 ? Name : $"{Name}-{suffix}", CancellationToken.None))!;

    /// <summary>What a replica answers on its own loopback port.</summary>
    internal async Task<string> AskAsync(string suffix)
    {
        using var http = new HttpClient();
        var container = await InspectAsync(suffix);
        return await http.GetStringAsync(new Uri($"http://127.0.0.1:{container.Config["Labels"]![WorkloadLabels.HostPort]}/"));
    }

    /// <summary>Runs a container as the user would with <c>docker run</c>.</summary>
    internal async Task RunAsync(string name, ImageReference image, Action<JsonObject, JsonObject>? adjust = null)
    {
        var config = new JsonObject { ["Image"] = image.ToString() };
        var host = new JsonObject();
        adjust?.Invoke(config, host);
        var id = await Engine.Containers.CreateAsync(name, new CreateContainerBody(config, host), CancellationToken.None);
        await Engine.Containers.StartAsync(id, CancellationToken.None);
    }

    private sealed class NoCredentials : IRegistryCredentials
    {
        public Task<RegistryAuth?> FindAsync(string registry, CancellationToken cancellation) => Task.FromResult<RegistryAuth?>(null);
    }
}
