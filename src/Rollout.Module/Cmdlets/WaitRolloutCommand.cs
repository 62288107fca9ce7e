using System.Management.Automation;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Waits until a rollout has settled, or has reached a phase, and emits it as it is then.</summary>
[Cmdlet(VerbsLifecycle.Wait, "Rollout")]
[OutputType(typeof(RolloutStatus))]
public sealed class WaitRolloutCommand : FleetCmdlet
{
    /// <summary>The rollout to wait for.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public RolloutStatus? Rollout { get; set; }

    /// <summary>The phases to wait for; without any, Healthy.</summary>
    [Parameter]
    public RolloutPhase[] Phase { get; set; } = [RolloutPhase.Healthy];

    /// <summary>Seconds to wait at most.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue / 1000)]
    public int TimeoutSec { get; set; } = 600;

    private protected override void Process()
    {
        var rollout = Rollout!;
        var engine = Engine.For(rollout.Endpoint);
        Run(rollout, item => WaitAsync(rollout, engine, item));
    }

    private async Task WaitAsync(RolloutStatus rollout, DockerEngine engine, WorkItem item)
    {
        using var _ = engine;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(item.Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(TimeoutSec));

        var last = rollout;
        try
        {
            var target = engine.Target(rollout.Target);
            await foreach (var status in target.WatchAsync(patience.Token))
            {
                // Nobody is at work: it would be waited for in vain.
                last = status.Reason == "Abandoned" ? await target.CarryOnAsync(null, item, patience.Token) : status;
                item.Progress(new ProgressReport($"Waiting for {rollout.Target}", $"{last.Phase}, {last.Ready} of {last.Desired} ready"));
                if (Phase.Contains(last.Phase) || HasEnded(last)) break;
            }
        }
        catch (OperationCanceledException) when (!item.Cancellation.IsCancellationRequested)
        {
            item.Write(last);
            throw ModuleErrors.WaitTimedOut(last, Phase, TimeoutSec);
        }

        item.Write(last);
        if (!Phase.Contains(last.Phase)) throw ModuleErrors.RolloutPhaseNotReached(last, Phase);
    }

    /// <summary>True where nothing will change by itself any more.</summary>
    private static bool HasEnded(RolloutStatus status) => status.Phase is RolloutPhase.Healthy or RolloutPhase.Failed or RolloutPhase.Undone;
}
