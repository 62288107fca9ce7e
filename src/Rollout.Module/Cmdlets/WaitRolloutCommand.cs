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
            await foreach (var status in engine.Target(rollout.Target).WatchAsync(patience.Token))
            {
                last = status;
                item.Progress(new ProgressReport($"Waiting for {rollout.Target}", $"{status.Phase}, {status.Ready} of {status.Desired} ready"));
                if (Phase.Contains(status.Phase) || HasEnded(status)) break;
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
