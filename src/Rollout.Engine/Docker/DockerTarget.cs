using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>A workload on a plain Docker engine: <c>docker/name</c>, or the containers of <c>compose/project/service</c>.</summary>
internal sealed partial class DockerTarget : IRolloutTarget
{
    private const string RunsAlready = "It runs that image with these settings already";

    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromSeconds(5);

    private readonly DockerTargetServices services;
    private readonly WorkloadNames names;

    internal DockerTarget(TargetName name, DockerTargetServices services)
    {
        if (!name.Name.Split('/').All(IsContainerName)) throw RolloutErrors.InvalidTarget(name.ToString(), "a container's name is letters, digits, '_', '.' and '-', and starts with a letter or digit");
        Name = name;
        this.services = services;
        names = new WorkloadNames(name);
    }

    /// <inheritdoc/>
    public TargetName Name { get; }

    /// <inheritdoc/>
    public string? Namespace => null;

    /// <inheritdoc/>
    public async Task<RolloutStatus?> ReadAsync(CancellationToken cancellation) => StatusOf(await services.Reader.ReadAsync(names.Workload, cancellation));

    /// <inheritdoc/>
    public async Task<RolloutPlan> PlanAsync(RolloutRequest request, IReporter reporter, CancellationToken cancellation)
    {
        var intent = await Planner.PlanAsync(request, cancellation);
        var image = await Images.FindAsync(request.Image, request.ByTag, cancellation);
        var continues = image is not null && await ContinuesAsync(intent, request, image, cancellation);
        CheckNoOtherIsInItsSteps(intent.State, request, continues);
        foreach (var warning in intent.Warnings) reporter.Warning(warning);
        return new RolloutOf(request)
        {
            Target = Name,
            Before = StatusOf(intent.Snapshot),
            Description = continues ? $"Carry on the rollout of {request.Image}, revision {intent.State.Change!.To}, from where it stands" : Describe(intent, request, image),
        };
    }

    /// <inheritdoc/>
    public async Task<RolloutPlan> PlanUndoAsync(UndoRequest request, IReporter reporter, CancellationToken cancellation)
    {
        var intent = await Undoer.PlanAsync(request, cancellation);
        return new UndoOf(request)
        {
            Target = Name,
            Before = StatusOf(intent.Snapshot),
            Description = intent.Target is { } target ? $"Go back to revision {target.Number}, {target.Image}" : "Take back what is half done",
        };
    }

    /// <inheritdoc/>
    public Task<RolloutStatus> ApplyAsync(RolloutPlan plan, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation) => plan switch
    {
        RolloutOf rollout => RollOutAsync(rollout.Request, new Sinks(changed, reporter), cancellation),
        UndoOf undo => UndoAsync(undo.Request, new Sinks(changed, reporter), cancellation),
        CommandOf command => CommandedAsync(command.Command, new Sinks(changed, reporter), cancellation),
        _ => throw new ArgumentException("The plan is another target's.", nameof(plan)),
    };

    /// <inheritdoc/>
    public async Task<RolloutStatus> CarryOnAsync(Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation)
    {
        var sinks = new Sinks(changed, reporter);
        var snapshot = await FollowAsync(sinks, cancellation);
        var state = snapshot.State ?? throw RolloutErrors.WorkloadNotFound(names.Workload, "Rollout knows no workload of that name");
        if (state.Change is { WaitsToBeResumed: true }) return StatusOf(snapshot)!;
        if (state.Change is { Frozen: false }) return await GoAsync(snapshot, state, await RecordedAsync(snapshot, state, cancellation), state.Wanted!.ImageId, null, sinks, cancellation);

        var status = StatusOf(snapshot)!;
        return status.Phase == RolloutPhase.Degraded ? await MendAsync(snapshot, status.Message ?? "Something was wrong.", sinks, cancellation) : status;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RolloutStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var watch = new EngineWatch(services.Engine, names.Workload, services.Time);
        RolloutStatus? last = null;
        while (await ReadAsync(cancellation) is { } status)
        {
            if (!status.LooksLike(last)) yield return status;
            last = status;
            await watch.WaitAsync(LookAtLeastEvery, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RolloutRevision>> HistoryAsync(CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(names.Workload, cancellation);
        return snapshot.State is { } state ? WorkloadStatus.History(Name, services.Engine.Endpoint, state) : [];
    }

    private async Task<RolloutStatus> RollOutAsync(RolloutRequest request, Sinks sinks, CancellationToken cancellation)
    {
        var intent = await Planner.PlanAsync(request, cancellation);
        var image = await Images.EnsureAsync(request.Image, request.ByTag, sinks.Reporter, cancellation);
        var continues = await ContinuesAsync(intent, request, image, cancellation);
        CheckNoOtherIsInItsSteps(intent.State, request, continues);
        if (intent.State.Change is { } halfDone)
        {
            var recorded = await RecordedAsync(intent.Snapshot, intent.State, cancellation);
            if (continues)
            {
                var resumed = intent.State.Thaw() with { Phase = RolloutPhase.Progressing };
                if (request.HealthChecks.Count == 0) resumed = resumed with { Checks = intent.Snapshot.State!.Checks };
                return await GoAsync(intent.Snapshot, resumed, recorded, image.Image.Id, request, sinks, cancellation);
            }

            if (halfDone.Step is { } step) sinks.Reporter.Warning($"{Name} is in a {halfDone.Strategy} rollout to {intent.State.Find(halfDone.To)!.Image}, at the step '{step}': that is taken back first.");
            await TakeBackAsync(intent.Snapshot, intent.Snapshot.State!, recorded, sinks, cancellation);
            intent = await Planner.PlanAsync(request, cancellation);
        }

        var release = intent.Release with { Image = image.Reference.ToString(), ImageId = image.Image.Id };
        if (IsThereAlready(intent, image) && !request.Force)
        {
            var status = StatusOf(intent.Snapshot)!;
            return status.Phase == RolloutPhase.Healthy
                ? status with { Message = $"{RunsAlready}; nothing was done." }
                : await MendAsync(intent.Snapshot, $"{RunsAlready}.", sinks, cancellation);
        }

        foreach (var risk in RequestLoss.Risks(intent.Change, release, intent.Template, image.Image, intent.State.Router is not null)) sinks.Reporter.Warning(risk);
        var begun = intent.State.Add(release).Begin(intent.Change, Decision("Started", $"{release.Image} as revision {release.Number}."));
        return await GoAsync(intent.Snapshot, begun, intent.Template, release.ImageId, request, sinks, cancellation);
    }

    /// <summary>The same image in the same shape: what another shell left is finished. Anything else: it is cleared away first.</summary>
    private async Task<bool> ContinuesAsync(Intent intent, RolloutRequest request, WantedImage image, CancellationToken cancellation)
    {
        var state = intent.State;
        if (state.Change is not { } change) return false;
        var release = state.Find(change.To)!;
        var recorded = await RecordedAsync(intent.Snapshot, state, cancellation);
        return !change.GoingBack && !change.IsUndo && !change.IsMend
            && release.ImageId == image.Image.Id
            && (request.Docker.Replicas ?? release.Replicas) == release.Replicas
            && (request.Docker.Port ?? release.Port) == release.Port
            && recorded.With(request.Docker).SameAs(recorded);
    }

    private string Describe(Intent intent, RolloutRequest request, WantedImage? image)
    {
        var present = intent.State.Find(intent.State.Current);
        if (image is null || request.Force || !IsThereAlready(intent, image))
        {
            return $"Roll out {request.Image} as revision {intent.Release.Number} with {intent.Release.Replicas} replicas{(present is null ? "" : $" in place of {present.Image}")}{Way(intent.Change)}";
        }

        return StatusOf(intent.Snapshot)!.Phase == RolloutPhase.Healthy ? $"Nothing: {char.ToLowerInvariant(RunsAlready[0])}{RunsAlready[1..]}" : $"See to it that {present!.Image} serves, with these settings already";
    }

    private static string Way(Change change) => change switch
    {
        { Steps: { Count: > 0 } steps } => $", {change.Strategy} by the steps {string.Join(", ", steps)}",
        { Strategy: RolloutStrategy.Rolling } or { FromReplicas: 0 } => "",
        _ => $", {change.Strategy}",
    };

    /// <summary>What is at a step, held or left behind, is not swept away by another image or other settings: somebody has put it there, and looks at it.</summary>
    private void CheckNoOtherIsInItsSteps(WorkloadState state, RolloutRequest request, bool continues)
    {
        if (request.Force || continues || state.Change is not { Steps.Count: > 0, GoingBack: false, Frozen: false } change) return;
        throw StepErrors.UnderWay(names.Workload, change.Strategy, WorkloadStatus.StepOf(change)!);
    }

    private static bool IsThereAlready(Intent intent, WantedImage image) =>
        intent.IsSameShape
        && intent.State.Change is null
        && intent.State.Find(intent.State.Current)?.ImageId == image.Image.Id
        && intent.Snapshot.State?.Phase is RolloutPhase.Healthy or RolloutPhase.Undone
        && intent.Snapshot.Live.All(replica => !replica.IsAdopted || replica.Release != intent.State.Current);

    private async Task<RolloutStatus> UndoAsync(UndoRequest request, Sinks sinks, CancellationToken cancellation)
    {
        var intent = await Undoer.PlanAsync(request, cancellation);
        var state = intent.Snapshot.State!;
        if (intent.Snapshot.IsHeld) return await CommandAsync(RolloutVerb.Stop, sinks, cancellation);
        if (intent.Change is null) return await TakeBackAsync(intent.Snapshot, state, intent.Template, sinks, cancellation);
        if (state.Change is not null)
        {
            await TakeBackAsync(intent.Snapshot, state, await RecordedAsync(intent.Snapshot, state, cancellation), sinks, cancellation);
            intent = await Undoer.PlanAsync(request, cancellation);
            state = intent.Snapshot.State!;
        }

        var target = intent.Target!;
        var isBad = StatusOf(intent.Snapshot)!.Phase is RolloutPhase.Degraded or RolloutPhase.Failed || request.Verdict == HealthVerdict.Unhealthy;
        if (isBad) state = state.Mark(state.Current, HealthVerdict.Unhealthy);
        var begun = state.Begin(intent.Change!, Decision("Undoing", $"Back to revision {target.Number}, {target.Image}.", request.Verdict));
        return await GoAsync(intent.Snapshot, begun, intent.Template, target.ImageId, null, sinks, cancellation);
    }

    private Task<RolloutStatus> TakeBackAsync(WorkloadSnapshot snapshot, WorkloadState state, ContainerTemplate template, Sinks sinks, CancellationToken cancellation)
    {
        var change = state.Change!;
        var back = state.TakeBack(Decision("Undoing", "What is half done is taken back."));
        return GoAsync(snapshot, back, template, (back.Find(change.From) ?? back.Find(change.To)!).ImageId, null, sinks, cancellation);
    }

    /// <summary>Sees to it that what is meant to serve does: runs, is healthy, is in the router.</summary>
    private async Task<RolloutStatus> MendAsync(WorkloadSnapshot snapshot, string why, Sinks sinks, CancellationToken cancellation)
    {
        var state = snapshot.State!;
        var wanted = state.Wanted!;
        var mend = new Change
        {
            From = wanted.Number,
            To = wanted.Number,
            FromReplicas = 0,
            Surge = wanted.Replicas,
            OnFailure = FailureAction.Freeze,
            TimeoutSec = TimeSpan.FromMinutes(2).TotalSeconds,
        };
        return await GoAsync(snapshot, state.Begin(mend, Decision("Mending", why)), await RecordedAsync(snapshot, state, cancellation), wanted.ImageId, null, sinks, cancellation);
    }

    /// <summary>Takes the work up and goes to the end of it.</summary>
    private async Task<RolloutStatus> GoAsync(
        WorkloadSnapshot snapshot, WorkloadState begun, ContainerTemplate template, string imageId, RolloutRequest? request, Sinks sinks, CancellationToken cancellation, bool putsInOrder = false)
    {
        var before = snapshot.State;
        await using var router = begun.Router is { } choice ? services.OpenRouter(choice, sinks.Reporter) : null;
        await using var lease = await Lease.TakeAsync(new StateStore(services.Engine, names), names, services.Time, begun, template, imageId, cancellation);
        await using var events = new EngineWatch(services.Engine, names.Workload, services.Time);
        var run = new RolloutRun(services.Engine, names, services.Reader, Operations(begun.Router, router), lease, seen => StatusOf(seen)!, services.RunChecks, sinks.Changed, sinks.Reporter, services.Time)
        {
            Checks = request?.HealthChecks is { Count: > 0 } checks ? checks : null,
            Steps = request is null ? null : StrategySteps.Of(request, begun.Wanted!.Replicas) is var steps && AreThose(steps, begun.Change!) ? steps : null,
            PutsInOrder = putsInOrder,
            Seen = snapshot,
        };
        try
        {
            await run.GoAsync(events, cancellation);
        }
        catch (RolloutException refused) when (lease.State.Change is null)
        {
            // It could not be done here at all: as if it had not been asked for.
            if (before is null || before.Sequence == 0) await lease.ForgetAsync(cancellation);
            else await lease.SaveAsync(before, cancellation);
            ExceptionDispatchInfo.Throw(refused);
        }
        finally
        {
            sinks.Reporter.Progress(new ProgressReport($"Rolling out {Name}", "", Completed: true));
        }

        var status = StatusOf(await services.Reader.ReadAsync(names.Workload, cancellation))!;
        sinks.Changed?.Invoke(status);
        return status;
    }

    /// <summary>Whether the steps asked for are those under way, but for what is not written down of their checks: who carries on may have asked for others, or for none.</summary>
    private static bool AreThose(IReadOnlyList<RolloutStep> steps, Change change) => steps.Select(step => $"{step}").SequenceEqual(change.Steps.Select(step => $"{step}"));

    /// <summary>Looks on while another shell is at work; ends when nobody is.</summary>
    private async Task<WorkloadSnapshot> FollowAsync(Sinks sinks, CancellationToken cancellation)
    {
        await using var watch = new EngineWatch(services.Engine, names.Workload, services.Time);
        while (true)
        {
            var snapshot = await services.Reader.ReadAsync(names.Workload, cancellation);
            if (!snapshot.IsHeld) return snapshot;
            sinks.Changed?.Invoke(StatusOf(snapshot)!);
            await watch.WaitAsync(TimeSpan.FromSeconds(1), cancellation);
        }
    }

    /// <summary>The settings that the record keeps.</summary>
    private async Task<ContainerTemplate> RecordedAsync(WorkloadSnapshot snapshot, WorkloadState state, CancellationToken cancellation)
    {
        var recorded = snapshot.RecordId is { } id ? await Operations().TemplateOfAsync(id, cancellation) : null;
        return recorded ?? await Planner.CarriedAsync(snapshot, state.Wanted, cancellation);
    }

    private ReplicaOperations Operations(RouterChoice? choice = null, Traffic.ITrafficRouter? router = null) =>
        new(services.Engine, names, choice, router, services.OpenRouter, services.Random);

    private DockerImages Images => new(services.Engine, services.Credentials);

    private RolloutPlanner Planner => new(services, names, Operations());

    private UndoPlanner Undoer => new(services, names, Planner);

    private RolloutStatus? StatusOf(WorkloadSnapshot snapshot) => WorkloadStatus.Of(Name, services.Engine.Endpoint, snapshot);

    private RolloutDecision Decision(string action, string message, HealthVerdict? verdict = null) => new(services.Time.GetUtcNow(), action, message, verdict);

    // By hand: the first regular expression sets up what all of this assembly need, and would be the only one that a first look runs.
    private static bool IsContainerName(string text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('_' or '.' or '-')) return false;
        }

        return text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]);
    }

    private sealed record Sinks(Action<RolloutStatus>? Changed, IReporter Reporter);

    private sealed record RolloutOf(RolloutRequest Request) : RolloutPlan;

    private sealed record UndoOf(UndoRequest Request) : RolloutPlan;
}
