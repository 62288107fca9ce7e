using System.Management.Automation;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Cmdlets;

/// <summary>Lets a rollout go on that is held, carries on one whose shell died, and mends one that is Degraded.</summary>
[Cmdlet(VerbsLifecycle.Resume, "Rollout", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutStatus))]
public sealed class ResumeRolloutCommand : CommandCmdlet
{
    /// <summary>Past every step that is left, to the end.</summary>
    [Parameter]
    public SwitchParameter Full { get; set; }

    /// <summary>What was undone before is no failure of this.</summary>
    private protected override bool IsGood(RolloutStatus? before, RolloutStatus after) =>
        base.IsGood(before, after) || (before?.Phase == RolloutPhase.Undone && after.Phase == RolloutPhase.Undone);

    private protected override RolloutCommand Command => new(Full ? RolloutVerb.Promote : RolloutVerb.Resume);
}
