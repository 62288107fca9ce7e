using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>A service of a Docker Swarm: <c>service/name</c>. The swarm's own update does the work; this starts it, follows it, and judges what came of it.</summary>
internal sealed partial class ServiceTarget : IRolloutTarget
{
    private const int UpdateTries = 5;
    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAtTasksEvery = TimeSpan.FromSeconds(1);

    private readonly DockerTargetServices services;

    internal ServiceTarget(TargetName name, DockerTargetServices services)
    {
        if (!ServiceName().IsMatch(name.Name)) throw RolloutErrors.InvalidTarget(name.ToString(), "a service's name is letters, digits, '_', '.' and '-', and starts with a letter or digit");
        Name = name;
        this.services = services;
    }

    public TargetName Name { get; }

    public string? Namespace => null;

    private RolloutEndpoint Endpoint => services.Engine.Endpoint;

    private ServiceReader Reader => new(services.Engine);

    private ServicePlanner Planner => new(Name, services);

    public async Task<RolloutStatus?> ReadAsync(CancellationToken cancellation) =>
        await Reader.ReadAsync(Name.Name, cancellation) is { } seen ? ServiceStatus.Of(Endpoint, seen) : null;

    public async Task<RolloutPlan> PlanAsync(RolloutRequest request, IReporter reporter, CancellationToken cancellation) =>
        await Planner.PlanAsync(await FindAsync(cancellation), request, reporter, cancellation);

    public async Task<RolloutPlan> PlanUndoAsync(UndoRequest request, IReporter reporter, CancellationToken cancellation) => Planner.PlanUndo(await FindAsync(cancellation), request);

    public async Task<RolloutPlan> PlanAsync(RolloutCommand command, IReporter reporter, CancellationToken cancellation)
    {
        var seen = await FindAsync(cancellation);
        var before = ServiceStatus.Of(Endpoint, seen);
        return command.Verb switch
        {
            RolloutVerb.Restart => Planner.PlanRestart(seen, command),
            RolloutVerb.Suspend => throw RolloutErrors.CommandNotSupported(Name.ToString(), command.Verb, "a swarm pauses an update only where it failed, not when told to", "Go back with Stop-Rollout."),
            RolloutVerb.Stop when seen.State is "updating" or "paused" || IsFrozen(seen) => Planner.PlanUndo(seen, new UndoRequest { Timeout = command.Timeout, Force = command.Force }),
            RolloutVerb.Stop => throw RolloutErrors.NothingToStop(Name.ToString()),
            _ when seen.State == "paused" => Planner.PlanResume(seen, command),
            _ when seen.State == "rollback_paused" => Planner.PlanUndo(seen, new UndoRequest { Timeout = command.Timeout }),
            _ => new CarryOnPlan { Target = Name, Before = before, Description = $"Carry on {Name}, which is {before.Phase}, where anything is left to do" },
        };
    }

    public Task<RolloutStatus> ApplyAsync(RolloutPlan plan, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation) => plan switch
    {
        UpdatePlan update => UpdateAsync(update, Follower(changed, reporter), cancellation),
        RollbackPlan back => RollBackAsync(back, Follower(changed, reporter), cancellation),
        CarryOnPlan { Message: { } message, Before: { } before } => Task.FromResult(before with { Message = before.Message ?? message }),
        CarryOnPlan => CarryOnAsync(changed, reporter, cancellation),
        _ => throw new ArgumentException("The plan is another target's.", nameof(plan)),
    };

    /// <summary>The engine goes on by itself: what is left to do is to follow it, and to write down how it ended.</summary>
    public async Task<RolloutStatus> CarryOnAsync(Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation)
    {
        var seen = await FindAsync(cancellation);
        var isLeft = seen.IsUnderWay || (seen is { State: "rollback_completed" or "", Record: { Phase: null } } && ServiceStatus.Of(Endpoint, seen).Phase != RolloutPhase.Healthy);
        if (!isLeft) return ServiceStatus.Of(Endpoint, seen);
        var record = seen.Record is { } known ? known with { History = seen.History } : new ServiceRecord { From = seen.Number, To = seen.Number, OnFailure = FailureAction.Freeze, History = seen.History };
        // What is left of its time counts from its start, wherever that was; a foreign update has no limit.
        var left = seen.Record is null ? TimeSpan.FromDays(1).TotalSeconds : Math.Max(10, record.TimeoutSec - (services.Time.GetUtcNow() - record.StartedAt).TotalSeconds);
        return await Follower(changed, reporter).FollowAsync(seen, record with { TimeoutSec = left }, seen.Record?.StartedAt, [], cancellation);
    }

    public async IAsyncEnumerable<RolloutStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var service = (await FindAsync(cancellation)).Service;
        await using var watch = ServiceWatch.Of(services, service.Id);
        RolloutStatus? last = null;
        while (await ReadAsync(cancellation) is { } status)
        {
            if (!status.LooksLike(last)) yield return status;
            last = status;
            // A task's own state, which follows its container's, no event tells.
            await watch.WaitAsync(status.Updated == status.Desired ? LookAtLeastEvery : LookAtTasksEvery, cancellation);
        }
    }

    public async Task<IReadOnlyList<RolloutRevision>> HistoryAsync(CancellationToken cancellation) => ServiceStatus.History(Endpoint, await FindAsync(cancellation));

    private async Task<RolloutStatus> UpdateAsync(UpdatePlan plan, FollowedService followed, CancellationToken cancellation)
    {
        var record = (plan.Record with { StartedAt = services.Time.GetUtcNow(), Decisions = [] }).With(plan.Begun);
        var auth = plan.Registry is { } registry ? await new TrustedCredentials(services.Credentials, services.Engine).FindAsync(registry, cancellation) : null;
        if (plan.Base is { } start)
        {
            await services.Engine.Services.UpdateAsync(plan.Seen.Service, start.WithRecord(record, record.From).Json, null, cancellation);
            await UpdateAgainAsync(plan.Wanted.WithRecord(record, record.To), record, auth, cancellation);
        }
        else
        {
            await services.Engine.Services.UpdateAsync(plan.Seen.Service, plan.Wanted.WithRecord(record, record.To).Json, auth, cancellation);
        }

        return await followed.FollowAsync(plan.Seen, record, record.StartedAt, plan.Checks, cancellation);
    }

    private async Task<RolloutStatus> RollBackAsync(RollbackPlan plan, FollowedService followed, CancellationToken cancellation)
    {
        await services.Engine.Services.RollBackAsync(plan.Seen.Service, cancellation);
        var record = plan.Record with { StartedAt = services.Time.GetUtcNow() };
        return await followed.FollowAsync(plan.Seen, record, plan.Seen.Previous!.Record?.StartedAt, [], cancellation);
    }

    /// <summary>The second of two updates. The engine itself may have written how far it is with the first.</summary>
    private async Task UpdateAgainAsync(ServiceSpec wanted, ServiceRecord record, RegistryAuth? auth, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            var now = await services.Engine.Services.InspectAsync(Name.Name, cancellation);
            if (now is null || new ServiceSpec(now.Spec).Record?.StartedAt != record.StartedAt) throw DockerErrors.ServiceChangedMeanwhile(Endpoint);
            try
            {
                await services.Engine.Services.UpdateAsync(now, wanted.Json, auth, cancellation);
                return;
            }
            catch (RolloutException meanwhile) when (meanwhile.Id == "ServiceChangedMeanwhile" && tries < UpdateTries)
            {
                // Looked at again.
            }
        }
    }

    private async Task<ServiceSnapshot> FindAsync(CancellationToken cancellation) =>
        await Reader.ReadAsync(Name.Name, cancellation) ?? throw RolloutErrors.WorkloadNotFound(Name.ToString(), "the swarm has no service of that name; 'docker service create' or 'docker stack deploy' makes it");

    /// <summary>It failed, and was left as it is; the engine itself has nothing to go on with.</summary>
    private static bool IsFrozen(ServiceSnapshot seen) => seen is { State: "", IsForeign: false, Record: { Phase: RolloutPhase.Failed, IsUndo: false } };

    private FollowedService Follower(Action<RolloutStatus>? changed, IReporter reporter) => new(services, Name.Name, changed, reporter);

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9_.-]*\z")]
    private static partial Regex ServiceName();
}
