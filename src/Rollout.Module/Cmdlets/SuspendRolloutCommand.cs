using System.Management.Automation;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Cmdlets;

/// <summary>Holds a rollout where it is.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "Rollout", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutStatus))]
public sealed class SuspendRolloutCommand : CommandCmdlet
{
    private protected override RolloutCommand Command => new(RolloutVerb.Suspend);

    /// <summary>Held it is, however it stands otherwise.</summary>
    private protected override bool IsGood(RolloutStatus? before, RolloutStatus after) => true;
}
