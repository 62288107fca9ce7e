using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Docker;
using Rollout.Engine.Health;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Traffic;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// A service of two replicas on a real engine behind a real HAProxy, under load, with a real Prometheus that scrapes what the load was answered, by release.
/// Needs <c>docker</c>, <c>haproxy</c>, <c>busybox</c> and <c>prometheus</c>.
/// </summary>
public sealed class ServiceUnderLoad : IAsyncLifetime
{
    private readonly DockerEngineFixture _engine = new();
    private readonly ConcurrentDictionary<string, RequestMetrics> _metrics = new();
    private TestRouter _router = null!;
    private Upstream _exporter = null!;
    private DockerTargetServices _services = null!;

    internal LoadGenerator Load { get; private set; } = null!;

    internal TestPrometheus Prometheus { get; private set; } = null!;

    internal IRolloutTarget Target { get; private set; } = null!;

    internal IReplicaStates ReplicaStates => new DockerTargets(_services).ReplicaStates;

    public async Task InitializeAsync()
    {
        if (Needs.Missing("docker", "haproxy", "busybox", "prometheus") is not null) return;
        _router = await TestRouter.StartAsync();
        _exporter = await Upstream.StartAsync(context => context.Response.WriteAsync(Metrics()));
        Prometheus = await TestPrometheus.ScrapingAsync($"- {{ job_name: shop, static_configs: [ {{ targets: [ '{_exporter.Address}' ] }} ] }}");
        _services = new DockerTargetServices
        {
            Engine = _engine.Client,
            Credentials = new DockerConfig(),
            Directory = _router.Directory,
            OpenRouter = (choice, reporter) => TrafficRouters.Open(choice.Kind, choice.Endpoint, choice.Backend, _router.Directory, TimeProvider.System, reporter),
        };
        Target = new DockerTargets(_services).Find(new TargetName("docker", $"{_engine.Prefix}shop"));
        var shape = new DockerWorkload { Replicas = 2, Port = ShopImages.Port, Router = "haproxy", RouterEndpoint = _router.Socket, Backend = "shop" };
        await RollOutAsync(new RolloutRequest { Image = await ImageAsync("first", ShopImages.Behaviour.Good), Docker = shape });
        Load = LoadGenerator.Start(_router.Uri, requestsPerSecond: 400, connections: 64, answered: Count);
        await Prometheus.UntilAsync("rate(http_requests_total[2s]) > 0");
    }

    internal async Task<ImageReference> ImageAsync(string tag, ShopImages.Behaviour behaviour)
    {
        var reference = ImageReference.Parse(Reference(tag));
        await ShopImages.BuildAsync(_engine.Client, reference, tag, behaviour: behaviour);
        return reference;
    }

    internal async Task<RolloutStatus> RollOutAsync(RolloutRequest request)
    {
        var plan = await Target.PlanAsync(request, SilentReporter.Instance, CancellationToken.None);
        return await Target.ApplyAsync(plan, null, SilentReporter.Instance, CancellationToken.None);
    }

    /// <summary>What serves: each container's name, and since when it runs.</summary>
    internal async Task<IReadOnlyList<string>> ServingAsync()
    {
        var snapshot = await _services.Reader.ReadAsync(Target.Name.Name, CancellationToken.None);
        var running = await Task.WhenAll(snapshot.Live.Where(replica => replica.IsUp).Select(replica => _engine.Client.Containers.InspectAsync(replica.Id, CancellationToken.None)));
        return [.. running.Select(container => $"{container!.Name} {container.State.StartedAt:O}").Order(StringComparer.Ordinal)];
    }

    public async Task DisposeAsync()
    {
        if (Load is not null) await Load.DisposeAsync();
        if (Prometheus is not null) await Prometheus.DisposeAsync();
        if (_exporter is not null) await _exporter.DisposeAsync();
        if (_router is not null) await _router.DisposeAsync();
        await _engine.DisposeAsync();
    }

    private string Reference(string tag) => $"localhost/{_engine.Prefix}shop:{tag}";

    /// <summary>A release says its tag: <c>shop first</c>. What the router answers itself is nobody's.</summary>
    private void Count(LoadAnswer answer)
    {
        if (!answer.Text.StartsWith("shop ", StringComparison.Ordinal)) return;
        var image = Reference(answer.Text["shop ".Length..]);
        _metrics.GetOrAdd(image, _ => new RequestMetrics(RequestNames.Http with { Labels = $"image=\"{image}\"" })).Count(1, answer.Status < 500 ? 0 : 1, answer.Took.TotalSeconds);
    }

    private string Metrics()
    {
        var text = new StringBuilder();
        foreach (var metrics in _metrics.Values) metrics.Write(text);
        return text.ToString();
    }
}
