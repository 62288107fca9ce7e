using System.Management.Automation;
using System.Management.Automation.Host;
using Rollout.Engine.Rollouts;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Puts back what ran before.</summary>
[Cmdlet(VerbsCommon.Undo, "Rollout", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutStatus))]
public sealed class UndoRolloutCommand : ChangeCmdlet
{
    private bool _yesToAll;
    private bool _noToAll;

    /// <summary>The rollout to undo.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public RolloutStatus? Rollout { get; set; }

    /// <summary>What the checks found, as Test-RolloutHealth emits it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public HealthVerdict? Verdict { get; set; }

    /// <summary>The revision to go back to: its number, or one from Get-RolloutHistory.</summary>
    [Parameter(ValueFromPipeline = true)]
    public RevisionSource? ToRevision { get; set; }

    /// <summary>The image to go back to.</summary>
    [Parameter]
    public string? ToImage { get; set; }

    /// <summary>Undoes only what is Unhealthy, Failed or Degraded, and passes the rest through.</summary>
    [Parameter]
    public SwitchParameter IfUnhealthy { get; set; }

    /// <summary>Does not ask about a healthy rollout.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Seconds until what ran before must be healthy.</summary>
    [Parameter]
    [ValidateRange(1, 86_400)]
    public int TimeoutSec { get; set; } = 600;

    private bool IsNotToAsk =>
        Force || (MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && confirm is SwitchParameter { IsPresent: false });

    private protected override void Process()
    {
        var target = Rollout?.Target ?? Text(ToRevision?.Target) ?? throw ModuleErrors.TargetMissing(null);
        var request = new UndoRequest
        {
            ToRevision = ToRevision?.Number,
            ToImage = Text(ToImage) is { } image ? ImageReference.Parse(image) : null,
            Verdict = Verdict,
            Force = Force,
            Timeout = TimeSpan.FromSeconds(TimeoutSec),
        };
        var engine = Engine.For(Rollout?.Endpoint);
        var verdict = Verdict ?? VerdictOf(Rollout);
        // What was undone already is not undone again, whatever is found of what runs now.
        if (IfUnhealthy && Rollout is not null && (Rollout.Phase == RolloutPhase.Undone || verdict != HealthVerdict.Unhealthy))
        {
            WriteObject(Rollout);
            return;
        }

        var rollout = Rollout;
        var noWait = NoWait;
        var asks = rollout is not null && verdict == HealthVerdict.Healthy && !IsNotToAsk;
        Run(rollout ?? (object)target, item => UndoAsync(target, engine, request, asks ? rollout : null, noWait, item));
    }

    private async Task UndoAsync(string name, DockerEngine engine, UndoRequest request, RolloutStatus? healthy, bool noWait, WorkItem item)
    {
        using var _ = engine;
        var target = engine.Target(name);
        var plan = await target.PlanUndoAsync(request, item.Cancellation);
        if (!await item.ShouldProcessAsync(plan.Description)) return;
        if (healthy is not null && !await item.AskAsync(() => ShouldUndo(healthy, plan.Description))) return;

        var status = await ApplyAsync(engine, target, plan, noWait, item);
        item.Write(status);
        if (status.Phase is RolloutPhase.Failed or RolloutPhase.Degraded && status.Reason != "TakenBack") throw ModuleErrors.UndoFailed(status);
    }

    private bool ShouldUndo(RolloutStatus rollout, string description)
    {
        if (Console.IsInputRedirected && Host.Name == "ConsoleHost") throw ModuleErrors.UndoHealthyNeedsForce(rollout);
        try
        {
            return ShouldContinue(ForeignText.Neutralise(description), $"{rollout.Target} is Healthy. Undo it all the same?", ref _yesToAll, ref _noToAll);
        }
        catch (Exception error) when (error is HostException or PSInvalidOperationException or NotImplementedException)
        {
            throw ModuleErrors.UndoHealthyNeedsForce(rollout);
        }
    }

    /// <summary>What a rollout's own phase says where no check was made.</summary>
    private static HealthVerdict? VerdictOf(RolloutStatus? rollout) => rollout?.Phase switch
    {
        RolloutPhase.Healthy or RolloutPhase.Undone => HealthVerdict.Healthy,
        RolloutPhase.Failed or RolloutPhase.Degraded => HealthVerdict.Unhealthy,
        _ => null,
    };
}
