using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Waits until a rollout has settled, or has reached a phase, and emits it as it is then.</summary>
[Cmdlet(VerbsLifecycle.Wait, "Rollout")]
[OutputType(typeof(RolloutStatus))]
public sealed class WaitRolloutCommand : FollowCmdlet
{
    /// <summary>The phases to wait for; without any, Healthy.</summary>
    [Parameter]
    public RolloutPhase[] Phase { get; set; } = [RolloutPhase.Healthy];

    /// <summary>Seconds to wait at most.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue / 1000)]
    public int TimeoutSec { get; set; } = 600;

    private protected override async Task FollowAsync(IRolloutTarget target, RolloutStatus? known, WorkItem item)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(item.Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(TimeoutSec));

        var last = known;
        try
        {
            await foreach (var status in target.WatchAsync(patience.Token))
            {
                last = status.Reason == "Abandoned" ? await CarryOnAsync(target, moved => last = moved, item, patience.Token) ?? status : AsEndOf(known, status);
                item.Progress(new ProgressReport($"Waiting for {target.Name}", $"{last.Phase}, {last.Ready} of {last.Desired} ready"));
                if (Phase.Contains(last.Phase) || HasEnded(last)) break;
            }
        }
        catch (OperationCanceledException) when (!item.Cancellation.IsCancellationRequested && last is not null)
        {
            item.Write(last);
            throw ModuleErrors.WaitTimedOut(last, Phase, TimeoutSec);
        }
        catch (RolloutException) when (last is not null)
        {
            // Where it can be followed no longer, what was seen last comes before the error.
            item.Write(last);
            throw;
        }

        if (last is null) throw ModuleErrors.RolloutNotFound(target);
        item.Write(last);
        if (!Phase.Contains(last.Phase)) throw ModuleErrors.RolloutPhaseNotReached(last, Phase);
    }

    /// <summary>Nobody is at work: it would be waited for in vain. Null where another shell took it up just now.</summary>
    private static async Task<RolloutStatus?> CarryOnAsync(IRolloutTarget target, Action<RolloutStatus> changed, WorkItem item, CancellationToken cancellation)
    {
        try
        {
            return await target.CarryOnAsync(changed, item, cancellation);
        }
        catch (RolloutException error) when (error.Id == "RolloutInProgress")
        {
            return null;
        }
    }

    /// <summary>True where nothing will change by itself any more.</summary>
    private static bool HasEnded(RolloutStatus status) => status.Phase is RolloutPhase.Healthy or RolloutPhase.Failed or RolloutPhase.Undone;
}
