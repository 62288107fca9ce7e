using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Completers;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that looks on at rollouts.</summary>
public abstract class FollowCmdlet : FleetCmdlet
{
    /// <summary>The rollout, or its target.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Target")]
    [ArgumentCompleter(typeof(TargetCompleter))]
    public RolloutSource? Rollout { get; set; }

    private protected override IEnumerable<string> NamedTargets => Rollout is { } rollout ? [rollout.Target] : [];

    private protected override void Process()
    {
        var rollout = Rollout ?? throw ModuleErrors.TargetMissing(null);
        var target = Places.Find(rollout, Endpoint);
        Run(rollout.Status ?? (object)rollout.Target, item => FollowAsync(target, rollout.Status, item));
    }

    /// <summary>Follows one rollout.</summary>
    /// <param name="target">The workload.</param>
    /// <param name="known">As it came in; null where it was only named.</param>
    /// <param name="item">The work.</param>
    private protected abstract Task FollowAsync(IRolloutTarget target, RolloutStatus? known, WorkItem item);
}
