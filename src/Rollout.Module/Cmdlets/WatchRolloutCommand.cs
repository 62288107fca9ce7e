using System.Management.Automation;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Emits a rollout at each change of its status, until it reaches a phase, time is up, or Ctrl+C.</summary>
[Cmdlet(VerbsCommon.Watch, "Rollout")]
[OutputType(typeof(RolloutStatus))]
public sealed class WatchRolloutCommand : FleetCmdlet
{
    /// <summary>The rollout to watch.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public RolloutStatus? Rollout { get; set; }

    /// <summary>Ends at the first of these phases.</summary>
    [Parameter]
    public RolloutPhase[] Phase { get; set; } = [];

    /// <summary>Ends after so many seconds; without it, it goes on.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue / 1000)]
    public int? TimeoutSec { get; set; }

    private protected override void Process()
    {
        var rollout = Rollout!;
        var engine = Engine.For(rollout.Endpoint);
        Run(rollout, item => WatchAsync(rollout, engine, item));
    }

    private async Task WatchAsync(RolloutStatus rollout, DockerEngine engine, WorkItem item)
    {
        using var _ = engine;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(item.Cancellation);
        if (TimeoutSec is { } seconds) patience.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            await foreach (var status in engine.Target(rollout.Target).WatchAsync(patience.Token))
            {
                item.Write(status);
                if (Phase.Contains(status.Phase)) return;
            }
        }
        catch (OperationCanceledException) when (!item.Cancellation.IsCancellationRequested)
        {
            item.Verbose($"The watch on {rollout.Target} ended after {TimeoutSec} seconds.");
        }
    }
}
