using System.Text.Json.Nodes;
using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Docker.Swarm;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Kubernetes.Cluster;

namespace Rollout.Engine.Tests.Docker.Swarm;

/// <summary>One service of a real swarm, and shells that work on it.</summary>
internal sealed class TestService
{
    private readonly PrivateEngine engine;

    private TestService(PrivateEngine engine)
    {
        this.engine = engine;
        Target = Shell();
    }

    internal string Name { get; } = $"shop-{Guid.NewGuid().ToString("N")[..6]}";

    internal IRolloutTarget Target { get; }

    /// <summary>How long the end of a task counts as a failure of the update: where one is to fail, longer than that takes on a busy machine.</summary>
    internal const int WhereOneFails = 10_000;

    /// <summary>Creates a service as a user would.</summary>
    internal static async Task<TestService> CreateAsync(SwarmFixture swarm, ImageReference image, int replicas = 2, int monitorMs = 500)
    {
        var service = new TestService(swarm.Engine);
        await service.PostAsync("services/create", new JsonObject
        {
            ["Name"] = service.Name,
            ["Labels"] = new JsonObject { ["team"] = "web" },
            ["TaskTemplate"] = new JsonObject
            {
                ["ContainerSpec"] = new JsonObject { ["Image"] = image.ToString(), ["Env"] = new JsonArray("PASSWORD=swordfish"), ["Hostname"] = "kept" },
                ["RestartPolicy"] = new JsonObject { ["Condition"] = "any", ["Delay"] = 100_000_000 },
            },
            ["Mode"] = new JsonObject { ["Replicated"] = new JsonObject { ["Replicas"] = replicas } },
            ["UpdateConfig"] = new JsonObject { ["Parallelism"] = 1, ["Monitor"] = monitorMs * 1_000_000L, ["Delay"] = 200_000_000, ["Order"] = "stop-first", ["FailureAction"] = "pause" },
        });
        return service;
    }

    /// <summary>As <see cref="CreateAsync"/>, once its tasks run.</summary>
    internal static async Task<TestService> RunAsync(SwarmFixture swarm, ImageReference image, int replicas = 2, int monitorMs = 500)
    {
        var service = await CreateAsync(swarm, image, replicas, monitorMs);
        await service.UntilAsync(status => status.Phase == RolloutPhase.Healthy);
        return service;
    }

    /// <summary>What another shell has of it, which knows nothing but what the swarm does.</summary>
    internal IRolloutTarget Shell() => Targets().Find(new TargetName("service", Name));

    internal DockerTargets Targets() => new(new DockerTargetServices
    {
        Engine = engine.Client,
        Credentials = new NoCredentials(),
        Digests = AnyImage.Instance,
        Directory = "/",
        OpenRouter = (_, _) => throw new NotSupportedException(),
    });

    internal static RolloutRequest Request(ImageReference image, FailureAction onFailure = FailureAction.Undo) => new() { Image = image, OnFailure = onFailure, Timeout = TestLimit.Time };

    internal Task<RolloutStatus> StartAsync(ImageReference image, FailureAction onFailure = FailureAction.Undo) => StartAsync(Request(image, onFailure));

    internal async Task<RolloutStatus> StartAsync(RolloutRequest request, Action<RolloutStatus>? changed = null, CancellationToken cancellation = default) =>
        await Target.ApplyAsync(await Target.PlanAsync(request, SilentReporter.Instance, cancellation), changed, SilentReporter.Instance, cancellation);

    internal async Task<RolloutStatus> UndoAsync(UndoRequest? request = null) =>
        await Target.ApplyAsync(await Target.PlanUndoAsync(request ?? new UndoRequest { Timeout = TestLimit.Time }, SilentReporter.Instance, CancellationToken.None), null, SilentReporter.Instance, CancellationToken.None);

    internal async Task<RolloutStatus> CommandAsync(RolloutVerb verb)
    {
        var plan = await Target.PlanAsync(new RolloutCommand(verb) { Timeout = TestLimit.Time }, SilentReporter.Instance, CancellationToken.None);
        return await Target.ApplyAsync(plan, null, SilentReporter.Instance, CancellationToken.None);
    }

    internal async Task<RolloutStatus> ReadAsync() => (await Shell().ReadAsync(CancellationToken.None))!;

    internal async Task<ServiceSnapshot> SeenAsync() => (await new ServiceReader(engine.Client).ReadAsync(Name, CancellationToken.None))!;

    /// <summary>number:tag:verdict of each revision, newest first, the current one with a star.</summary>
    internal async Task<string> HistoryAsync() =>
        string.Join(' ', (await Shell().HistoryAsync(CancellationToken.None)).Select(one => $"{one.Revision}:{one.Image.Tag}:{one.Verdict}{(one.Current ? "*" : "")}"));

    /// <summary>Follows it until it is as it should be.</summary>
    internal async Task<RolloutStatus> UntilAsync(Predicate<RolloutStatus> isThere)
    {
        using var patience = new CancellationTokenSource(TestLimit.Time);
        RolloutStatus? last = null;
        try
        {
            await foreach (var status in Shell().WatchAsync(patience.Token))
            {
                last = status;
                if (isThere(status)) return status;
            }
        }
        catch (OperationCanceledException)
        {
            // Told below, with where it stood.
        }

        throw new InvalidOperationException($"It never was as wanted; last: {last?.Phase} {last?.Reason} {last?.Message}");
    }

    /// <summary>Changes it as 'docker service update' does.</summary>
    internal async Task UpdateAsync(Action<JsonObject> change)
    {
        var service = (await engine.Client.Services.InspectAsync(Name, CancellationToken.None))!;
        change(service.Spec);
        await engine.Client.Services.UpdateAsync(service, service.Spec, null, CancellationToken.None);
    }

    private async Task PostAsync(string path, JsonObject body)
    {
        using var connection = new DockerConnection(engine.Endpoint);
        await connection.PostAsync(path, body, CancellationToken.None);
    }

    private sealed class NoCredentials : IRegistryCredentials
    {
        public Task<RegistryAuth?> FindAsync(string registry, CancellationToken cancellation) => Task.FromResult<RegistryAuth?>(null);
    }
}
