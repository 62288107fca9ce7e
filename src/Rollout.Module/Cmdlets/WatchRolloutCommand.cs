using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Emits a rollout at each change of its status, until it reaches a phase, time is up, or Ctrl+C.</summary>
[Cmdlet(VerbsCommon.Watch, "Rollout")]
[OutputType(typeof(RolloutStatus))]
public sealed class WatchRolloutCommand : FollowCmdlet
{
    /// <summary>Ends at the first of these phases.</summary>
    [Parameter]
    public RolloutPhase[] Phase { get; set; } = [];

    /// <summary>Ends after so many seconds; without it, it goes on.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue / 1000)]
    public int? TimeoutSec { get; set; }

    private protected override async Task FollowAsync(IRolloutTarget target, RolloutStatus? known, WorkItem item)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(item.Cancellation);
        if (TimeoutSec is { } seconds) patience.CancelAfter(TimeSpan.FromSeconds(seconds));
        var isThere = false;
        try
        {
            await foreach (var seen in target.WatchAsync(patience.Token))
            {
                var status = AsEndOf(known, seen);
                isThere = true;
                item.Write(status);
                if (Phase.Contains(status.Phase)) return;
            }
        }
        catch (OperationCanceledException) when (!item.Cancellation.IsCancellationRequested)
        {
            item.Verbose($"The watch on {target.Name} ended after {TimeoutSec} seconds.");
            return;
        }

        if (!isThere && known is null) throw ModuleErrors.RolloutNotFound(target);
    }
}
