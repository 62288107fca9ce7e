using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that changes what runs, and follows the change to its end unless it is told not to.</summary>
public abstract class ChangeCmdlet : FleetCmdlet
{
    /// <summary>
    /// Emits the first status and lets the change go on in this PowerShell. Where that ends first, nobody is at work on it any more:
    /// Wait-Rollout and Resume-Rollout carry it on, from any shell.
    /// </summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Does what was planned; the status is the last, or with <paramref name="noWait"/> the first.</summary>
    private protected static async Task<RolloutStatus> ApplyAsync(DockerEngine engine, IRolloutTarget target, RolloutPlan plan, bool noWait, WorkItem item)
    {
        if (!noWait) return await target.ApplyAsync(plan, null, item, item.Cancellation);

        // What comes of it stands in the workload's record; the pipeline it was started from may be gone by then.
        var begun = new TaskCompletionSource<RolloutStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        var whole = target.ApplyAsync(plan, status => begun.TrySetResult(status), SilentReporter.Instance, CancellationToken.None);
        engine.KeepUntil(whole);
        return await await Task.WhenAny(begun.Task, whole);
    }
}
