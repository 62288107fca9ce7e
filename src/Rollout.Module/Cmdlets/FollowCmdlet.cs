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
        Row = Row.Of(rollout, Text(Namespace));
        var target = Places.Find(rollout, EndpointOf(rollout.Target));
        Run(item => FollowAsync(target, rollout.Status, item));
    }

    /// <summary>
    /// What is there now, as the end of the rollout that came in: where somebody else has put their own image over it meanwhile, that one is no success of it, however
    /// well it runs. It is known by the record that does not count for that image; what is still to be given back is waited for first.
    /// </summary>
    /// <param name="known">As it came in; null where it was only named.</param>
    /// <param name="now">As it is.</param>
    private protected static RolloutStatus AsEndOf(RolloutStatus? known, RolloutStatus now)
    {
        var isSuperseded = known is { Phase: RolloutPhase.Progressing or RolloutPhase.Paused, StartedAt: not null } && now is { StartedAt: null, Reason: not ("Overtaken" or "Abandoned") };
        if (!isSuperseded) return now;
        return now with { Phase = RolloutPhase.Failed, Succeeded = false, Reason = "Superseded", Message = $"Somebody else's {now.Image} is there in place of {known!.Image}." };
    }

    /// <summary>Follows one rollout.</summary>
    /// <param name="target">The workload.</param>
    /// <param name="known">As it came in; null where it was only named.</param>
    /// <param name="item">The work.</param>
    private protected abstract Task FollowAsync(IRolloutTarget target, RolloutStatus? known, WorkItem item);
}
