using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>Works out what a request comes to, and refuses what cannot be done. Changes nothing.</summary>
internal sealed class ServicePlanner(TargetName name, DockerTargetServices services)
{
    private static readonly TimeSpan TakenUpWithin = TimeSpan.FromSeconds(5);

    public async Task<RolloutPlan> PlanAsync(ServiceSnapshot seen, RolloutRequest request, IReporter reporter, CancellationToken cancellation)
    {
        Check(seen, request);
        if (seen.Spec.Stack is { } stack) reporter.Warning($"'{name}' belongs to the stack '{stack}': the next 'docker stack deploy' sets what the stack's file says.");
        var image = (await ImageAsync(request, reporter, cancellation)).ToString();
        var (start, from) = Start(seen);
        var wanted = start.WithImage(image).With(request.Docker);
        var before = ServiceStatus.Of(services.Engine.Endpoint, seen);
        if (!request.Force && wanted.SameAs(seen.Spec) && before.Phase is RolloutPhase.Healthy or RolloutPhase.Undone or RolloutPhase.Degraded)
        {
            return new CarryOnPlan("It runs that image with these settings already; nothing was done.") { Target = name, Before = before, Description = "Nothing: it runs that image with these settings already" };
        }

        var config = UpdateSettings.Of(request, wanted);
        var back = UpdateSettings.Back(config);
        var number = seen.History.Max(release => release.Number) + 1;
        var release = new ServiceRelease(number, image, services.Time.GetUtcNow()) { ChangeCause = string.IsNullOrWhiteSpace(request.ChangeCause) ? null : request.ChangeCause };
        var record = new ServiceRecord { From = from, To = number, OnFailure = request.OnFailure, TimeoutSec = request.Timeout.TotalSeconds, History = seen.History }.With(release);
        return new UpdatePlan(seen, (wanted.SameAs(seen.Spec) ? wanted.Forced() : wanted).WithUpdateConfig(config).WithRollbackConfig(back), record, Decision("Started", $"{image} as revision {number}."))
        {
            Target = name,
            Before = before,
            Description = $"Update the service to {image} as revision {number}, {config["Parallelism"]} at a time, {config["Order"]}, in place of {start.Image}",
            Base = start.WithRollbackConfig(back),
            Registry = request.Image.Built is not null && request.Image.Published is null ? null : request.Image.Reference.Registry,
            Checks = request.HealthChecks,
        };
    }

    public RolloutPlan PlanUndo(ServiceSnapshot seen, UndoRequest request)
    {
        if (seen.State == "rollback_started") throw RolloutErrors.InProgress(name.ToString(), "the engine rolls it back already");
        var target = Choose(seen, request);
        var before = ServiceStatus.Of(services.Engine.Endpoint, seen);
        var hasFailed = before.Phase is RolloutPhase.Degraded or RolloutPhase.Failed;
        var isBad = hasFailed || request.Verdict == HealthVerdict.Unhealthy;
        var record = seen.Known with
        {
            From = seen.Number, To = target.Number, IsUndo = true, IsAsked = true, OnFailure = FailureAction.Continue, TimeoutSec = request.Timeout.TotalSeconds,
            Phase = null, CompletedAt = null, Reason = hasFailed ? before.Reason : null, Message = hasFailed ? before.Message : null,
        };
        if (isBad && target.Number != seen.Number) record = record.Mark(seen.Number, HealthVerdict.Unhealthy);
        var begun = Decision("Undoing", $"Back to revision {target.Number}, {target.Image}.", request.Verdict);
        var description = $"Go back to revision {target.Number}, {target.Image}";
        if (IsEnginesOwn(seen, target)) return new RollbackPlan(seen, record.With(begun)) { Target = name, Before = before, Description = $"{description}, by the engine's own rollback" };

        var config = UpdateSettings.Of(new RolloutRequest { Image = ImageReference.Parse(target.Image), OnFailure = FailureAction.Continue }, seen.Spec);
        return new UpdatePlan(seen, seen.Spec.WithImage(target.Image).WithUpdateConfig(config), record, begun) { Target = name, Before = before, Description = description };
    }

    /// <summary>Every task is replaced by one of the same image. One that fails is not undone: what ran before was the same.</summary>
    public RolloutPlan PlanRestart(ServiceSnapshot seen, RolloutCommand command)
    {
        CheckIsIdle(seen, command.Force);
        var image = seen.Spec.Image;
        var config = UpdateSettings.Of(new RolloutRequest { Image = ImageReference.Parse(image), OnFailure = FailureAction.Freeze }, seen.Spec);
        var record = seen.Known with
        {
            From = seen.Number, To = seen.Number, IsUndo = false, IsAsked = false, OnFailure = FailureAction.Freeze, TimeoutSec = command.Timeout.TotalSeconds,
            Phase = null, CompletedAt = null, Reason = null, Message = null,
        };
        return new UpdatePlan(seen, seen.Spec.Forced().WithUpdateConfig(config), record, Decision("Restarted", $"Every task of {image} is replaced by a new one."))
        {
            Target = name,
            Before = ServiceStatus.Of(services.Engine.Endpoint, seen),
            Description = $"Replace {seen.Desired} tasks by new ones of the same image, {image}",
        };
    }

    /// <summary>Any update lets a stopped one go on: the same again, with a new time limit.</summary>
    public RolloutPlan PlanResume(ServiceSnapshot seen, RolloutCommand command)
    {
        var record = seen.Known with { TimeoutSec = command.Timeout.TotalSeconds, From = seen.Known.To > 0 ? seen.Known.From : seen.Number, To = seen.Number };
        return new UpdatePlan(seen, seen.Spec, record, Decision("Resumed", "The update that the engine had stopped goes on."))
        {
            Target = name,
            Before = ServiceStatus.Of(services.Engine.Endpoint, seen),
            Description = $"Have the engine go on with the update to {seen.Spec.Image}",
        };
    }

    private void Check(ServiceSnapshot seen, RolloutRequest request)
    {
        if (request.Strategy is not (RolloutStrategy.Rolling or RolloutStrategy.Recreate)) throw ServiceErrors.StrategyNotSupported(name, request.Strategy);
        StrategySteps.Check(request);
        if (seen.Spec.IsJob) throw ServiceErrors.IsJob(name);
        if (Strange(request).ToList() is { Count: > 0 } strange) throw ServiceErrors.SettingNotSupported(name, strange);
        if (request.Docker.Replicas is < 1 or > 1000) throw RolloutErrors.InvalidReplicas(request.Docker.Replicas.Value);
        if (request.Docker.Replicas is not null && seen.Spec.IsGlobal) throw ServiceErrors.IsGlobal(name);
        var mayStopFirst = request.Strategy == RolloutStrategy.Recreate || (request.MaxUnavailable is not null && request.MaxSurge is null);
        if (seen.Spec.HasHostPorts && !mayStopFirst) throw ServiceErrors.CannotRunSideBySide(name);
        CheckIsIdle(seen, request.Force);
    }

    private static IEnumerable<string> Strange(RolloutRequest request)
    {
        var docker = request.Docker;
        if (request.Container is not null) yield return "-Container";
        if (docker.Port is not null) yield return "-Port";
        if (docker.Publish.Count > 0) yield return "-Publish";
        if (docker.Networks.Count > 0) yield return "-Network";
        if (docker.Volumes.Count > 0) yield return "-Volume";
        if (docker.NamesRouter) yield return "-Router";
    }

    private void CheckIsIdle(ServiceSnapshot seen, bool force)
    {
        if ((seen.IsUnderWay || IsJustBegun(seen)) && !force) throw RolloutErrors.InProgress(name.ToString(), seen.State == "rollback_started" ? $"the engine rolls it back to {seen.Spec.Image}" : $"the engine updates it to {seen.Spec.Image}");
    }

    /// <summary>Another shell has written what is wanted, and the engine has not said yet that it is at it.</summary>
    private bool IsJustBegun(ServiceSnapshot seen) =>
        seen is { State: "", IsSettled: false, Record: { Phase: null, CompletedAt: null } } && services.Time.GetUtcNow() + services.Engine.ClockAhead - seen.Service.UpdatedAt < TakenUpWithin;

    /// <summary>What an update starts from. One that the engine stopped on the way has left a spec that nobody would go back to.</summary>
    private static (ServiceSpec Spec, int Number) Start(ServiceSnapshot seen) =>
        seen is { State: "paused" or "updating", IsForeign: false, Record: { } record, Previous: { } previous } && record.From != record.To && previous.Release == record.From
            ? (previous, record.From)
            : (seen.Spec, seen.Number);

    private ServiceRelease Choose(ServiceSnapshot seen, UndoRequest request)
    {
        if (request.ToRevision is { } number)
        {
            return NotPresent(seen, seen.Find(number) ?? throw RolloutErrors.RevisionNotFound(name.ToString(), $"revision {number}, or it is no longer known"));
        }

        if (request.ToImage is { } image)
        {
            return NotPresent(seen, seen.History.LastOrDefault(release => IsImage(release.Image, image)) ?? throw RolloutErrors.RevisionNotFound(name.ToString(), $"a revision with the image {image}"));
        }

        var present = seen.Find(seen.Number)!;
        if (seen.State == "rollback_paused") return present;
        if (Start(seen).Number != seen.Number && seen.Find(Start(seen).Number) is { } start) return start;
        var others = seen.History.Where(release => release.Number != seen.Number).Reverse().ToList();
        return others.FirstOrDefault(release => release.Verdict == HealthVerdict.Healthy)
            ?? others.FirstOrDefault(release => release.Number < seen.Number && release.Verdict != HealthVerdict.Unhealthy)
            ?? throw RolloutErrors.NothingToUndo(name.ToString(), others.Count == 0 ? "nothing ran before it" : "no other revision is known to be good");
    }

    private ServiceRelease NotPresent(ServiceSnapshot seen, ServiceRelease target) => target.Number != seen.Number || seen.State == "rollback_paused"
        ? target
        : throw RolloutErrors.NothingToUndo(name.ToString(), $"revision {target.Number} is what is wanted already");

    /// <summary>The engine knows the spec before the last update only, and what it rolled back it is not made to roll back again.</summary>
    private static bool IsEnginesOwn(ServiceSnapshot seen, ServiceRelease target) =>
        !seen.IsRollback && target.Number != seen.Number && seen.Previous is { } previous && previous.Image == target.Image && (previous.Release is null || previous.Release == target.Number);

    private static bool IsImage(string known, ImageReference wanted) =>
        ImageReference.TryParse(known, out var image) && image.Name == wanted.Name
        && (wanted.Digest is null || image.Digest == wanted.Digest)
        && (wanted.Tag is null || image.Tag == wanted.Tag);

    /// <summary>As its registry has it, so that every node gets the same; an image that no registry has is the engine's own.</summary>
    private async Task<ImageReference> ImageAsync(RolloutRequest request, IReporter reporter, CancellationToken cancellation)
    {
        var source = request.Image;
        if (source.Published is null && source.Built?.Endpoint.DockerHost is { } host && host != services.Engine.Endpoint.DockerHost) throw RolloutErrors.EndpointMismatch(source, host, services.Engine.Endpoint);
        if (source.Built is not null && source.Published is null) return source.Reference;
        var pinned = source.Published is not null ? source.Reference : await PinnedAsync(source.Reference, reporter, cancellation);
        return request.ByTag && pinned.Tag is { } tag ? pinned.WithTag(tag) : pinned;
    }

    private async Task<ImageReference> PinnedAsync(ImageReference reference, IReporter reporter, CancellationToken cancellation)
    {
        try
        {
            return await services.Digests.PinAsync(reference, reporter, cancellation);
        }
        catch (RolloutException missing) when (RegistryErrors.IsImageMissing(missing))
        {
            if (await services.Engine.Images.InspectAsync(reference.ToString(), cancellation) is null) throw RolloutErrors.ImageNotInRegistry(reference, missing);
            return reference;
        }
    }

    private RolloutDecision Decision(string action, string message, HealthVerdict? verdict = null) => new(services.Time.GetUtcNow(), action, message, verdict);
}
