using System.Management.Automation;
using System.Management.Automation.Host;
using Rollout.Engine.Rollouts;
using Rollout.Module.Completers;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Puts back what ran before.</summary>
[Cmdlet(VerbsCommon.Undo, "Rollout", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutStatus))]
public sealed class UndoRolloutCommand : RolloutChangeCmdlet
{
    private bool _yesToAll;
    private bool _noToAll;

    /// <summary>What the checks found, as Test-RolloutHealth emits it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public HealthVerdict? Verdict { get; set; }

    /// <summary>The revision to go back to: its number, or one from Get-RolloutHistory.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(RevisionCompleter))]
    public RevisionSource? ToRevision { get; set; }

    /// <summary>The image to go back to.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(RevisionCompleter))]
    public string? ToImage { get; set; }

    /// <summary>Undoes only what is Unhealthy, Failed or Degraded, and passes the rest through.</summary>
    [Parameter]
    public SwitchParameter IfUnhealthy { get; set; }

    /// <summary>Does not ask about a healthy rollout, and undoes though a GitOps controller would take it back.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private bool IsNotToAsk =>
        Force || (MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && confirm is SwitchParameter { IsPresent: false });

    private protected override void Process()
    {
        Row = RowOf();
        if (ToRevision is not null && Text(ToImage) is { } other) throw ModuleErrors.TwoRevisions(ToRevision, other);
        var target = TargetOf();
        var rollout = Rollout?.Status;
        var request = new UndoRequest
        {
            ToRevision = ToRevision?.Number,
            ToImage = Text(ToImage) is { } image ? ImageReference.Parse(image) : null,
            Verdict = Verdict,
            Force = Force,
            AskedTimeout = AskedTimeout($"{target.Name}"),
        };
        Run(target, item => UndoAsync(target, request, rollout, item));
    }

    /// <summary>A piped revision has a target by the name of the parameter, and is what was piped all the same.</summary>
    private Row RowOf() => ToRevision?.Revision is { } revision && Rollout?.Status is null
        ? new Row(revision, Rollout?.Target ?? revision.Target, revision.Namespace)
        : Rollout is null ? Row.None : Row.Of(Rollout, Text(Namespace));

    /// <summary>A revision names its workload and the place of that too.</summary>
    private IRolloutTarget TargetOf()
    {
        var revision = ToRevision?.Revision;
        if (Rollout is not null && revision is not null && Rollout.Target != revision.Target) throw ModuleErrors.RevisionOfAnother(Rollout.Target, revision);
        if (Rollout is not null && (Rollout.Status is not null || revision is null)) return Places.Find(Rollout, EndpointOf(Rollout.Target));
        return revision is null ? throw ModuleErrors.TargetMissing(null) : Places.Find(revision.Target, revision.Endpoint, revision.Namespace);
    }

    private async Task UndoAsync(IRolloutTarget target, UndoRequest request, RolloutStatus? known, WorkItem item)
    {
        // What is only named is looked at first: a healthy rollout is asked about however it was named.
        var rollout = known ?? await target.ReadAsync(item.Cancellation) ?? throw ModuleErrors.RolloutNotFound(target);
        var verdict = request.Verdict ?? VerdictOf(rollout);
        // What was undone already is not undone again, whatever is found of what runs now.
        if (IfUnhealthy && (rollout.Phase == RolloutPhase.Undone || verdict != HealthVerdict.Unhealthy))
        {
            item.Write(rollout);
            return;
        }

        if (known is not null && await AnotherSinceAsync(target, known, item) is { } another)
        {
            await UndoAsync(target, request with { Verdict = null }, another, item);
            return;
        }

        var plan = await target.PlanUndoAsync(request, item, item.Cancellation);
        if (!await IsAgreedAsync(target, plan, item)) return;
        if (verdict == HealthVerdict.Healthy && !IsNotToAsk && !await item.AskAsync(() => ShouldUndo(rollout, plan.Description))) return;

        var status = await ApplyAsync(target, plan, item);
        item.Write(status);
        if (!IsOnItsWay(status)) throw ModuleErrors.UndoFailed(status);
    }

    /// <summary>What somebody rolled out since the object was made; null where it is still that. What was found of the one says nothing of the other.</summary>
    private static async Task<RolloutStatus?> AnotherSinceAsync(IRolloutTarget target, RolloutStatus known, WorkItem item)
    {
        var now = await target.ReadAsync(item.Cancellation);
        if (now is null || now.Revision == known.Revision || $"{now.Image}" == $"{known.Image}") return null;
        item.Warning($"{known.Target}: {now.Image} was rolled out as revision {now.Revision} since revision {known.Revision} was looked at. What was found of {known.Image} is not held against it.");
        return now;
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
    private static HealthVerdict? VerdictOf(RolloutStatus rollout) => rollout.Phase switch
    {
        RolloutPhase.Healthy or RolloutPhase.Undone => HealthVerdict.Healthy,
        RolloutPhase.Failed or RolloutPhase.Degraded => HealthVerdict.Unhealthy,
        _ => null,
    };
}
