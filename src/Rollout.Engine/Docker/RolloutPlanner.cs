using System.Globalization;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>What a request comes to, given what there is now.</summary>
/// <param name="Snapshot">What there is; an adopted workload's record is worked out already.</param>
/// <param name="State">The record that the change begins from.</param>
/// <param name="Release">The release to be; its image's id is known only when the engine has the image.</param>
/// <param name="Template">Its settings.</param>
/// <param name="Change">The change.</param>
/// <param name="IsSameShape">True where nothing but the image can differ from what serves.</param>
/// <param name="Warnings">What the user should know before it begins.</param>
internal sealed record Intent(
    WorkloadSnapshot Snapshot, WorkloadState State, Release Release, ContainerTemplate Template, Change Change, bool IsSameShape, IReadOnlyList<string> Warnings);

/// <summary>Works out what a request comes to, and refuses what cannot be done. Changes nothing.</summary>
internal sealed class RolloutPlanner(DockerTargetServices services, WorkloadNames names, ReplicaOperations replicas)
{
    private readonly IDockerClient engine = services.Engine;

    /// <summary>Works out a rollout.</summary>
    internal async Task<Intent> PlanAsync(RolloutRequest request, CancellationToken cancellation)
    {
        if (request.Baseline) throw StepErrors.BaselineNotSupported(names.Workload, "a plain Docker engine runs no third set beside the old and the new");
        CheckEndpoint(request.Image);

        var labelled = await services.Reader.ReadAsync(names.Workload, cancellation);
        var snapshot = await new Adoption(engine, names, services.Time).AdoptAsync(labelled, request.Docker.Port, request.Force, cancellation);
        if (snapshot.State is null && names.IsCompose) throw RolloutErrors.WorkloadNotFound(names.Workload, "compose knows no container of that service; 'docker compose up' makes the first");
        CheckNobodyIsAtWork(snapshot);

        var state = snapshot.State ?? new WorkloadState();
        var present = state.Find(state.Current);
        var release = ReleaseOf(request, snapshot, present);
        var router = RouterOf(request.Docker, state, release.Port);
        if (router is not null) await CheckRouterAsync(router, cancellation);
        await CheckNamesAsync(snapshot, release, cancellation);

        var carried = await CarriedAsync(snapshot, present, cancellation);
        var template = Fit(carried.With(request.Docker), request.Docker, release.Port, router);
        var up = snapshot.Live.Count(replica => replica.IsUp);
        CheckSideBySide(template, request.Strategy, release.Replicas, up);

        var steps = StepsOf(request, release.Replicas);
        var change = new Change
        {
            From = state.Current,
            To = release.Number,

            // Before a first release there is nothing to share the traffic with.
            Steps = up > 0 ? [.. steps.Select(WithoutSecrets)] : [],
            FromReplicas = up,
            Strategy = request.Strategy,
            Surge = request.Strategy == RolloutStrategy.BlueGreen ? release.Replicas : RolloutPath.Surge(request.MaxSurge, release.Replicas),
            OnFailure = request.OnFailure,
            TimeoutSec = request.Timeout.TotalSeconds,
            GraceRestarts = request.GraceRestarts,
            GraceSec = request.Grace.TotalSeconds,
            SecretChecks = [.. request.HealthChecks.Concat(steps.OfType<CheckStep>().SelectMany(step => step.Checks)).Where(check => !check.IsOpen).Select(check => check.Name)],
        };
        var isSameShape = present is not null && present.Replicas == release.Replicas && present.Port == release.Port
            && router == state.Router && template.SameAs(Fit(carried, new DockerWorkload(), release.Port, router));
        return new Intent(snapshot, state with { Router = router, Checks = [.. request.HealthChecks.Where(check => check.IsOpen)] }, release, template, change, isSameShape,
            [.. await WarningsAsync(snapshot, present, carried, template, cancellation), .. LeftBehind.Of(up > 0 ? state.Router : null, router)]);
    }

    private async Task<IReadOnlyList<string>> WarningsAsync(WorkloadSnapshot snapshot, Release? present, ContainerTemplate carried, ContainerTemplate template, CancellationToken cancellation)
    {
        var source = Source(snapshot, present) is { } replica ? await engine.Containers.InspectAsync(replica.Id, cancellation) : null;
        return source is null ? [] : [.. LeftBehind.Of(source, carried, template)];
    }

    /// <summary>The settings that go on: those of what serves, or else of the record.</summary>
    internal async Task<ContainerTemplate> CarriedAsync(WorkloadSnapshot snapshot, Release? present, CancellationToken cancellation)
    {
        var source = Source(snapshot, present)?.Id ?? snapshot.RecordId;
        return (source is null ? null : await replicas.TemplateOfAsync(source, cancellation)) ?? ContainerTemplate.Default;
    }

    private static Replica? Source(WorkloadSnapshot snapshot, Release? present) =>
        snapshot.Replicas.Where(replica => replica.Release == present?.Number).OrderBy(replica => replica.IsParked).ThenBy(replica => replica.Index).FirstOrDefault();

    /// <summary>Refuses where a shell is at work.</summary>
    internal void CheckNobodyIsAtWork(WorkloadSnapshot snapshot)
    {
        if (snapshot is { IsHeld: true, State.Holder: { } holder })
        {
            throw RolloutErrors.InProgress(names.Workload, string.Create(CultureInfo.InvariantCulture, $"{holder}, since {holder.Since:u}"));
        }
    }

    /// <summary>
    /// Behind a router the router's port is the way in, so the container's own published port goes; without one the workload's name is
    /// an alias that the new share with the old.
    /// </summary>
    internal ContainerTemplate Fit(ContainerTemplate template, DockerWorkload wanted, int? port, RouterChoice? router)
    {
        if (router is null) return names.IsCompose ? template : template.WithAlias(names.Workload);
        return wanted.Publish.Count > 0 || port is not { } inside ? template : template.WithoutPublished(inside);
    }

    private void CheckEndpoint(ImageSource image)
    {
        // What is published can be pulled by any engine.
        if (image.Published is null && image.Built?.Endpoint.DockerHost is { } host && host != engine.Endpoint.DockerHost) throw RolloutErrors.EndpointMismatch(image, host, engine.Endpoint);
    }

    private Release ReleaseOf(RolloutRequest request, WorkloadSnapshot snapshot, Release? present)
    {
        var wanted = request.Docker;
        if (wanted.Replicas is < 1 or > 1000) throw RolloutErrors.InvalidReplicas(wanted.Replicas.Value);
        if (wanted.Port is < 1 or > 65535) throw RolloutErrors.InvalidPort(wanted.Port.Value);
        return new Release
        {
            Number = snapshot.NextRelease,
            Image = request.Image.Reference.ToString(),
            ImageId = "",
            Replicas = wanted.Replicas ?? present?.Replicas ?? 1,
            Port = wanted.Port ?? present?.Port,
            CreatedAt = services.Time.GetUtcNow(),
            ChangeCause = string.IsNullOrWhiteSpace(request.ChangeCause) ? null : request.ChangeCause,
        };
    }

    /// <summary>What the user names now, and what is remembered of the rest. A backend without a router is no wish for none.</summary>
    private RouterChoice? RouterOf(DockerWorkload wanted, WorkloadState state, int? port)
    {
        var kind = Given(wanted.Router) ?? state.Router?.Kind;
        if (kind is null && Given(wanted.Backend) is null && Given(wanted.RouterEndpoint) is null) return null;
        if (kind is null) throw RolloutErrors.RouterIncomplete(names.Workload, "-Router");
        var backend = Given(wanted.Backend) ?? state.Router?.Backend;
        var endpoint = Given(wanted.RouterEndpoint) is { } named ? TrafficRouters.AbsoluteEndpoint(kind, named, services.Directory) : state.Router?.Endpoint;
        if (backend is null || endpoint is null || port is null)
        {
            throw RolloutErrors.RouterIncomplete(names.Workload, endpoint is null ? "-RouterEndpoint" : backend is null ? "-Backend" : "-Port");
        }

        return new RouterChoice(kind, endpoint, backend);
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    internal async Task CheckRouterAsync(RouterChoice choice, CancellationToken cancellation)
    {
        await using var router = services.OpenRouter(choice, SilentReporter.Instance);
        await router.CheckAsync(cancellation);
    }

    private async Task CheckNamesAsync(WorkloadSnapshot snapshot, Release release, CancellationToken cancellation)
    {
        var needed = Enumerable.Range(1, names.IsCompose ? 0 : release.Replicas).Select(index => names.Replica(release.Number, index))
            .Append(names.Record((snapshot.State?.Sequence ?? 0) + 1))
            .ToHashSet();
        var all = await engine.Containers.ListAsync([], all: true, cancellation);
        var stranger = all
            .Where(container => container.Labels.GetValueOrDefault(WorkloadLabels.Name) != names.Workload)
            .SelectMany(container => container.Names)
            .Select(name => name.TrimStart('/'))
            .FirstOrDefault(needed.Contains);
        if (stranger is not null) throw RolloutErrors.NameOfStranger(stranger, names.Workload);
    }

    private void CheckSideBySide(ContainerTemplate template, RolloutStrategy strategy, int count, int up)
    {
        if (SideBySide.Obstacle(template) is not { } obstacle) return;
        if (count > 1) throw RolloutErrors.CannotRunReplicas(names.Workload, count, obstacle);
        if (strategy != RolloutStrategy.Recreate && up > 0) throw RolloutErrors.CannotRunSideBySide(names.Workload, obstacle);
    }

    private IReadOnlyList<RolloutStep> StepsOf(RolloutRequest request, int replicas)
    {
        var steps = StrategySteps.Of(request, replicas);
        return steps.FirstOrDefault(step => step is HeaderStep) is { } header
            ? throw StepErrors.StepNotSupported(names.Workload, header, "on a Docker engine nothing tells requests apart by their headers, and HAProxy's rules cannot be changed while it runs", "Use weights, or write the rule into HAProxy's configuration.")
            : steps;
    }

    private static RolloutStep WithoutSecrets(RolloutStep step) => step is CheckStep check ? new CheckStep([.. check.Checks.Where(one => one.IsOpen)]) : step;
}
