using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Health;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>Follows what the engine does with a service to its end, by what it tells; checks what came of it, and has it go back where that is to be done.</summary>
/// <param name="services">What it works with.</param>
/// <param name="name">The service's name.</param>
/// <param name="changed">Gets each status on the way.</param>
/// <param name="reporter">Where progress goes.</param>
internal sealed class FollowedService(DockerTargetServices services, string name, Action<RolloutStatus>? changed, IReporter reporter)
{
    private const int LogLines = 10;
    private const int WriteTries = 5;
    // A task's own state, which follows its container's, no event tells; nor anything of containers on other nodes.
    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LogPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookForReturnEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ReturnsWithin = TimeSpan.FromSeconds(60);

    private readonly ServiceReader reader = new(services.Engine);
    private RolloutStatus? last;
    private string tasks = "";
    private DateTimeOffset sameSince;

    private DateTimeOffset Now => services.Time.GetUtcNow();

    /// <summary>Goes to the end of what was begun.</summary>
    /// <param name="first">The service as it was when it was begun, or as it is.</param>
    /// <param name="record">What is known of it, to be written on from.</param>
    /// <param name="stamp">By which the service's own record is known not to be another's; null where it has none.</param>
    /// <param name="checks">What must be well besides.</param>
    /// <param name="cancellation">Stops following; the engine goes on.</param>
    public async Task<RolloutStatus> FollowAsync(ServiceSnapshot first, ServiceRecord record, DateTimeOffset? stamp, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        var activity = $"Rolling out service/{name}";
        await using var watch = ServiceWatch.Of(services, first.Service.Id);
        try
        {
            var status = await FollowAsync(watch, first, record, stamp, checks, cancellation);
            changed?.Invoke(status);
            return status;
        }
        finally
        {
            reporter.Progress(new ProgressReport(activity, "", Completed: true));
        }
    }

    private async Task<RolloutStatus> FollowAsync(EngineWatch watch, ServiceSnapshot first, ServiceRecord record, DateTimeOffset? stamp, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        var deadline = Now + TimeSpan.FromSeconds(record.TimeoutSec);
        var seen = first;
        while (true)
        {
            if (await ReadAsync(cancellation) is not { } now) return Status(seen, record, RolloutPhase.Failed, "Deleted", "It was deleted meanwhile.");
            seen = now;
            if (seen.Record?.StartedAt != stamp) return Status(seen, record with { CompletedAt = Now }, RolloutPhase.Failed, "Superseded", "Somebody else changed it meanwhile.");
            // Whoever else follows it was quicker.
            if (seen is { State.Length: 0, Record.Phase: not null }) return ServiceStatus.Of(services.Engine.Endpoint, seen);
            record = await ExplainedAsync(seen, record, cancellation);

            switch (ServiceProgress.Of(seen, record, Steady(seen)))
            {
                case ServiceProgressKind.Reached when record.IsUndo: return await UndoneAsync(seen, record, cancellation);
                case ServiceProgressKind.TurnedBack: return await UndoneAsync(seen, record, cancellation);
                case ServiceProgressKind.Stuck: return Stuck(seen, record);
                case ServiceProgressKind.Failing:
                    var failed = await FailedAsync(seen, record, cancellation);
                    if (!MayGoBack(seen, failed)) return await WrittenAsync(seen, failed, cancellation);
                    (record, stamp) = await GoBackAsync(seen, failed, cancellation);
                    deadline = Now + TimeSpan.FromSeconds(record.TimeoutSec);
                    continue;
                case ServiceProgressKind.Reached:
                case ServiceProgressKind.ReachedInPart:
                    var ended = await CheckedAsync(seen, record, checks, cancellation);
                    if (ended.Record.Phase is not (RolloutPhase.Failed or RolloutPhase.Degraded)) return Status(seen, ended.Record, RolloutPhase.Healthy, null, null);
                    if (!ended.GoesBack) return await WrittenAsync(seen, ended.Record, cancellation);
                    (record, stamp) = await GoBackAsync(seen, ended.Record, cancellation);
                    deadline = Now + TimeSpan.FromSeconds(record.TimeoutSec);
                    continue;
            }

            if (Now >= deadline)
            {
                var late = await LateAsync(seen, record, cancellation);
                if (record.IsUndo || seen.IsRollback || !MayGoBack(seen, record)) return Status(seen, late with { CompletedAt = Now }, RolloutPhase.Failed, late.Reason, late.Message);
                (record, stamp) = await GoBackAsync(seen, late, cancellation);
                deadline = Now + TimeSpan.FromSeconds(record.TimeoutSec);
                continue;
            }

            Tell(seen, record);
            var left = deadline - Now;
            await watch.WaitAsync(left < LookAtLeastEvery ? left : LookAtLeastEvery, cancellation);
        }
    }

    /// <summary>The service as it is. A restart of the engine is waited for, which goes on with the update when it is back, and manages its swarm again a little later.</summary>
    private async Task<ServiceSnapshot?> ReadAsync(CancellationToken cancellation)
    {
        DateTimeOffset? awaySince = null;
        while (true)
        {
            try
            {
                return await reader.ReadAsync(name, cancellation);
            }
            catch (RolloutException away) when ((awaySince is not null || away.Id is "DockerEngineNotReachable" or "EngineConnectionLost") && Now - (awaySince ??= Now) < ReturnsWithin)
            {
                reporter.Verbose($"{away.Message} It is waited for.");
                await Task.Delay(LookForReturnEvery, services.Time, cancellation);
            }
        }
    }

    /// <summary>How long its tasks have been the same.</summary>
    private TimeSpan Steady(ServiceSnapshot seen)
    {
        var now = string.Join(' ', seen.Present.Select(task => task.Id));
        if (now != tasks) (tasks, sameSince) = (now, Now);
        return Now - sameSince;
    }

    private void Tell(ServiceSnapshot seen, ServiceRecord record)
    {
        var (_, reason, message) = ServiceStatus.Standing(seen);
        var status = Status(seen, record, RolloutPhase.Progressing, reason, message ?? ServiceStatus.Counts(seen));
        if (status.LooksLike(last)) return;
        last = status;
        changed?.Invoke(status);
        reporter.Progress(new ProgressReport($"Rolling out service/{name}", status.Message ?? "", status.Desired == 0 ? null : Math.Min(100, 100 * status.Updated / status.Desired)));
    }

    /// <summary>The record with the cause of a failure, as soon as there is one: its task may be forgotten later.</summary>
    private async Task<ServiceRecord> ExplainedAsync(ServiceSnapshot seen, ServiceRecord record, CancellationToken cancellation)
    {
        if (record.Reason is not null || record.IsUndo || seen.State is not ("paused" or "rollback_started" or "rollback_paused" or "rollback_completed")) return record;
        var image = record.Find(record.To)?.Image ?? seen.Spec.Image;
        if (TaskTrouble.Of(seen, image) is { } trouble) return await ExplainedAsync(trouble, record, cancellation);
        return seen.State == "rollback_completed" ? record with { Reason = "UpdateFailed", Message = $"The engine went back, and the task that was the cause is not known any more ({seen.Says}). See 'docker service ps --no-trunc {name}'." } : record;
    }

    private async Task<ServiceRecord> ExplainedAsync(TaskTrouble trouble, ServiceRecord record, CancellationToken cancellation)
    {
        trouble = await LookedIntoAsync(trouble, cancellation);
        var message = $"{trouble.Message}{await LogAsync(trouble.Task, cancellation)}";
        return (record with { Reason = trouble.Reason, Message = message }).With(Decision("Failed", message, HealthVerdict.Unhealthy));
    }

    /// <summary>The engine stops a task whose HEALTHCHECK does not pass, and says no more than that it ended; its container, where it was on this node, says the rest.</summary>
    private async Task<TaskTrouble> LookedIntoAsync(TaskTrouble trouble, CancellationToken cancellation)
    {
        if (trouble.Task.Status is not { Err: "", ContainerStatus.ContainerId: { Length: > 0 } id }) return trouble;
        var container = await services.Engine.Containers.InspectAsync(id, cancellation);
        return container?.State.Health is { Status: "unhealthy" } health
            ? trouble with { Reason = "ContainerUnhealthy", Message = SecretsOf(trouble.Task).Hide($"{trouble.Message.TrimEnd('.')}: it was unhealthy by its HEALTHCHECK{ReplicaHealth.Said(health)}.") }
            : trouble;
    }

    private static EnvironmentSecrets SecretsOf(ServiceTask task) => EnvironmentSecrets.Of((task.Spec["ContainerSpec"] as JsonObject ?? []).Strings("Env"));

    /// <summary>The record of what failed, though the engine does not say so.</summary>
    private async Task<ServiceRecord> FailedAsync(ServiceSnapshot seen, ServiceRecord record, CancellationToken cancellation) =>
        (await ExplainedAsync(TaskTrouble.Of(seen, seen.Spec.Image)!, record, cancellation)).Mark(record.To, HealthVerdict.Unhealthy) with { Phase = RolloutPhase.Failed, CompletedAt = Now };

    /// <summary>They are a help: where they cannot be had, nothing is said. What fails likes to write down its settings, which may be secrets.</summary>
    private async Task<string> LogAsync(ServiceTask task, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(LogPatience, services.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            var lines = await services.Engine.Services.LogTailAsync(task, LogLines, both.Token);
            return lines.Count == 0 ? "" : SecretsOf(task).Hide($" Its last log lines:\n{string.Join('\n', lines)}");
        }
        catch (RolloutException)
        {
            return "";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "";
        }
    }

    /// <summary>The record as the checks leave it, with its phase where that is not Healthy; and whether it is to go back.</summary>
    private async Task<(ServiceRecord Record, bool GoesBack)> CheckedAsync(ServiceSnapshot seen, ServiceRecord record, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        if (!seen.IsSettled)
        {
            var missing = ServiceStatus.Standing(seen);
            return ((record with { Phase = RolloutPhase.Degraded, Reason = missing.Reason, Message = missing.Message, CompletedAt = Now }).Mark(record.To, HealthVerdict.Unhealthy), false);
        }

        var completed = Decision("Completed", $"{seen.Spec.Image} serves.", HealthVerdict.Healthy);
        if (checks.Count == 0) return ((record with { CompletedAt = Now }).With(completed), false);
        RolloutHealth health;
        try
        {
            var status = Status(seen, record, RolloutPhase.Progressing, "Checking", "Its health is checked.");
            health = await new HealthCheckRunner(new ServiceReplicaStates(services), services.Time) { EndsAtFirstUnhealthy = true }.RunAsync(status, checks, reporter, cancellation);
        }
        catch (RolloutException problem)
        {
            return (record with { Phase = RolloutPhase.Failed, Reason = problem.Id, Message = problem.Message, CompletedAt = Now }, MayGoBack(seen, record));
        }

        var decided = (record with { CompletedAt = Now }).With([.. health.ToDecisions()]);
        if (health.Verdict == HealthVerdict.Healthy) return (decided.With(completed), false);
        if (health.Verdict == HealthVerdict.Unhealthy) decided = decided.Mark(record.To, HealthVerdict.Unhealthy);
        var phase = record.OnFailure == FailureAction.Continue ? RolloutPhase.Degraded : RolloutPhase.Failed;
        return (decided with { Phase = phase, Reason = "HealthCheckFailed", Message = health.Findings }, MayGoBack(seen, record));
    }

    private static bool MayGoBack(ServiceSnapshot seen, ServiceRecord record) =>
        record.OnFailure == FailureAction.Undo && record.From != record.To && seen.Previous is not null && record.Find(record.From)?.Image == seen.Previous.Image;

    private async Task<ServiceRecord> LateAsync(ServiceSnapshot seen, ServiceRecord record, CancellationToken cancellation)
    {
        var trouble = TaskTrouble.Of(seen, seen.Spec.Image);
        var message = $"It was not done within {record.TimeoutSec:0} s: {ServiceStatus.Counts(seen)}{(trouble is null ? "" : $" {trouble.Message}{await LogAsync(trouble.Task, cancellation)}")}";
        var late = (record with { Reason = "Timeout", Message = message }).With(Decision("Failed", message));
        return trouble is null ? late : late.Mark(record.To, HealthVerdict.Unhealthy);
    }

    /// <summary>Has the engine roll back; the record is written when that is done.</summary>
    private async Task<(ServiceRecord Record, DateTimeOffset? Stamp)> GoBackAsync(ServiceSnapshot seen, ServiceRecord record, CancellationToken cancellation)
    {
        await services.Engine.Services.RollBackAsync(seen.Service, cancellation);
        var back = record.Find(record.From)!;
        var going = record with { From = record.To, To = record.From, IsUndo = true, Phase = null, CompletedAt = null };
        return (going.With(Decision("Undoing", $"Back to revision {back.Number}, {back.Image}.")), seen.Previous!.Record?.StartedAt);
    }

    /// <summary>What ran before runs again. A rollback by the engine has nothing to go back to any more, so that the record can be written.</summary>
    private async Task<RolloutStatus> UndoneAsync(ServiceSnapshot seen, ServiceRecord record, CancellationToken cancellation)
    {
        var undone = record.IsUndo ? record : (record with { From = record.To, To = record.From, IsUndo = true }).Mark(record.To, HealthVerdict.Unhealthy);
        var ended = (undone with { Phase = RolloutPhase.Undone, CompletedAt = Now, IsAsked = undone.IsAsked || (undone.Reason is null && seen.IsRollbackAsked) }).With(Decision("Undone", $"{seen.Spec.Image} serves again."));
        return seen.State == "completed" ? Status(seen, ended, RolloutPhase.Undone, ended.Reason, ended.Message) : await WrittenAsync(seen, ended, cancellation);
    }

    private RolloutStatus Stuck(ServiceSnapshot seen, ServiceRecord record)
    {
        var (phase, reason, _) = ServiceStatus.Standing(seen);
        return Status(seen, record with { CompletedAt = Now }, phase, record.Reason ?? reason, ServiceStatus.Stopped(seen, record.Message));
    }

    /// <summary>Writes down how it ended, unless somebody else changed the service meanwhile.</summary>
    private async Task<RolloutStatus> WrittenAsync(ServiceSnapshot seen, ServiceRecord record, CancellationToken cancellation)
    {
        var release = record.To;
        var stamp = seen.Record?.StartedAt;
        var service = seen.Service;
        for (var tries = 1; tries <= WriteTries; tries++)
        {
            try
            {
                await services.Engine.Services.UpdateAsync(service, new ServiceSpec(service.Spec).WithRecord(record, release).Json, null, cancellation);
                break;
            }
            catch (RolloutException meanwhile) when (meanwhile.Id == "ServiceChangedMeanwhile")
            {
                if (await services.Engine.Services.InspectAsync(name, cancellation) is not { } now || new ServiceSpec(now.Spec).Record is var theirs && (theirs?.StartedAt != stamp || theirs is { Phase: not null })) break;
                service = now;
            }
        }

        return Status(await reader.ReadAsync(name, cancellation) ?? seen, record, record.Phase!.Value, record.Reason, record.Message);
    }

    private RolloutStatus Status(ServiceSnapshot seen, ServiceRecord record, RolloutPhase phase, string? reason, string? message) =>
        ServiceStatus.Build(services.Engine.Endpoint, seen, record, phase, reason, message);

    private RolloutDecision Decision(string action, string message, HealthVerdict? verdict = null) => new(Now, action, message, verdict);
}
