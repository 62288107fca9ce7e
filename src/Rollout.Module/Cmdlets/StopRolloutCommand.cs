using System.Management.Automation;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Cmdlets;

/// <summary>Breaks off a rollout that is under way: what ran before runs again.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Rollout", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutStatus))]
public sealed class StopRolloutCommand : CommandCmdlet
{
    /// <summary>Does it though a GitOps controller would take it back.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override RolloutCommand Command => new(RolloutVerb.Stop) { Force = Force };
}
