using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>What an undo comes to.</summary>
/// <param name="Snapshot">What there is.</param>
/// <param name="Target">The release to go to; null where what is half done is only to be taken back.</param>
/// <param name="Template">The settings to make its containers from where none are kept.</param>
/// <param name="Change">The change; null where what is half done is only to be taken back.</param>
internal sealed record UndoIntent(WorkloadSnapshot Snapshot, Release? Target, ContainerTemplate Template, Change? Change);

/// <summary>Works out what an undo comes to, and refuses what cannot be undone. Changes nothing, and asks no registry.</summary>
internal sealed class UndoPlanner(DockerTargetServices services, WorkloadNames names, RolloutPlanner planner)
{
    private readonly IDockerClient engine = services.Engine;

    internal async Task<UndoIntent> PlanAsync(UndoRequest request, CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(names.Workload, cancellation);
        if (snapshot.State is not { } state) throw RolloutErrors.WorkloadNotFound(names.Workload, "Rollout knows no workload of that name");
        if (state.Router is { } router) await planner.CheckRouterAsync(router, cancellation);

        var target = Choose(state, request);
        if (state.Change is { } halfDone && (target is null || target.Number == halfDone.From))
        {
            // Whoever is at work can be told to go back, unless it is at that already.
            if (halfDone is { GoingBack: true } or { IsMend: true }) planner.CheckNobodyIsAtWork(snapshot);
            return new UndoIntent(snapshot, null, await planner.CarriedAsync(snapshot, state.Find(halfDone.From), cancellation), null);
        }

        planner.CheckNobodyIsAtWork(snapshot);
        if (target is null || target.Number == state.Current) throw RolloutErrors.NothingToUndo(names.Workload, Reason(state, target));
        await CheckImageAsync(snapshot, target, cancellation);
        var template = await planner.CarriedAsync(snapshot, snapshot.Replicas.Any(replica => replica.Release == target.Number) ? target : state.Find(state.Current), cancellation);
        var up = snapshot.Live.Count(replica => replica.IsUp);
        var change = new Change
        {
            From = state.Current,
            To = target.Number,
            FromReplicas = up,
            IsUndo = true,
            Strategy = up > 0 && SideBySide.Obstacle(template) is not null ? RolloutStrategy.Recreate : RolloutStrategy.Rolling,
            Surge = target.Replicas,
            OnFailure = FailureAction.Undo,
            TimeoutSec = request.Timeout.TotalSeconds,
        };
        return new UndoIntent(snapshot, target, template, change);
    }

    private Release? Choose(WorkloadState state, UndoRequest request)
    {
        if (request.ToRevision is { } number) return state.Find(number) ?? throw RolloutErrors.RevisionNotFound(names.Workload, $"revision {number}");
        if (request.ToImage is { } image) return OfImage(state, image) ?? throw RolloutErrors.RevisionNotFound(names.Workload, $"a revision with the image {image}");
        if (state.Change is not null) return null;

        var present = state.Current;
        var others = state.History.Where(release => release.Number != present).Reverse().ToList();
        return others.FirstOrDefault(release => release.Verdict == HealthVerdict.Healthy)
            ?? others.FirstOrDefault(release => release.Number < present && release.Verdict != HealthVerdict.Unhealthy);
    }

    /// <summary>The newest revision of an image: the very reference, or the same name and tag, or the same digest.</summary>
    private static Release? OfImage(WorkloadState state, ImageReference image) =>
        state.History.LastOrDefault(release => ImageReference.TryParse(release.Image, out var known) && known.Name == image.Name
            && (image.Digest is null || known.Digest == image.Digest)
            && (image.Tag is null || known.Tag == image.Tag));

    private static string Reason(WorkloadState state, Release? target) =>
        target is not null ? $"revision {target.Number} is what serves already" : state.History.Count < 2 ? "nothing ran before it" : "no other revision is known to be good";

    private async Task CheckImageAsync(WorkloadSnapshot snapshot, Release target, CancellationToken cancellation)
    {
        if (snapshot.Replicas.Any(replica => replica.Release == target.Number)) return;
        if (await engine.Images.InspectAsync(target.ImageId, cancellation) is null) throw RolloutErrors.RevisionGone(names.Workload, target.Number, target.Image);
    }
}
