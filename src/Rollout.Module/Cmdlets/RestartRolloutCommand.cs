using System.Management.Automation;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Cmdlets;

/// <summary>Replaces every replica of a workload by a new one of the same image and shape, without an interruption.</summary>
[Cmdlet(VerbsLifecycle.Restart, "Rollout", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutStatus))]
public sealed class RestartRolloutCommand : CommandCmdlet
{
    private protected override RolloutCommand Command => new(RolloutVerb.Restart);
}
