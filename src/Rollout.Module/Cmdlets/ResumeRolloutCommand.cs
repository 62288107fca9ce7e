using System.Management.Automation;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Carries on a rollout whose shell died, and mends one that is Degraded.</summary>
[Cmdlet(VerbsLifecycle.Resume, "Rollout", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutStatus))]
public sealed class ResumeRolloutCommand : FleetCmdlet
{
    /// <summary>The rollout to carry on.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public RolloutStatus? Rollout { get; set; }

    private protected override void Process()
    {
        var rollout = Rollout!;
        var engine = Engine.For(rollout.Endpoint);
        Run(rollout, item => ResumeAsync(rollout, engine, item));
    }

    private static async Task ResumeAsync(RolloutStatus rollout, DockerEngine engine, WorkItem item)
    {
        if (!await item.ShouldProcessAsync($"Carry on or mend {rollout.Target}, which is {rollout.Phase}.")) return;

        using var _ = engine;
        var status = await engine.Target(rollout.Target).CarryOnAsync(null, item, item.Cancellation);
        item.Write(status);

        // An undo that was carried on ends Undone, without a reason.
        if (status.Phase != RolloutPhase.Healthy && status is not { Phase: RolloutPhase.Undone, Reason: null }) throw ModuleErrors.RolloutFailed(status, status.Image);
    }
}
