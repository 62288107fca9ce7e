using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Lists the revisions of a workload that can be gone back to, newest first.</summary>
[Cmdlet(VerbsCommon.Get, "RolloutHistory")]
[OutputType(typeof(RolloutRevision))]
public sealed class GetRolloutHistoryCommand : FollowCmdlet
{
    private protected override async Task FollowAsync(IRolloutTarget target, RolloutStatus? known, WorkItem item)
    {
        var revisions = await target.HistoryAsync(item.Cancellation);
        if (revisions.Count == 0 && await target.ReadAsync(item.Cancellation) is null) throw ModuleErrors.RolloutNotFound(target);
        foreach (var revision in revisions) item.Write(revision);
    }
}
