using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Completers;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that does one thing with rollouts there are.</summary>
public abstract class CommandCmdlet : ChangeCmdlet
{
    /// <summary>The rollout, or its target.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Target")]
    [ArgumentCompleter(typeof(TargetCompleter))]
    public RolloutSource? Rollout { get; set; }

    /// <summary>Where the rollout lives, as an object tells that was a rollout before it came through a file or a job.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public RolloutEndpoint? Endpoint { get; set; }

    private protected override IEnumerable<string> NamedTargets => Rollout is { } rollout ? [rollout.Target] : [];

    private protected abstract RolloutCommand Command { get; }

    /// <summary>Whether a status is what was asked for, or on its way there.</summary>
    private protected virtual bool IsGood(RolloutStatus? before, RolloutStatus after) => IsOnItsWay(after);

    private protected override void Process()
    {
        var rollout = Rollout!;
        var target = Places.Find(rollout, Endpoint);
        var command = Command with { AskedTimeout = AskedTimeout(rollout.Target) };
        Run(rollout.Status ?? (object)rollout.Target, target, item => DoAsync(target, command, item));
    }

    private async Task DoAsync(IRolloutTarget target, RolloutCommand command, WorkItem item)
    {
        var plan = await target.PlanAsync(command, item, item.Cancellation);
        if (!await IsAgreedAsync(target, plan, item)) return;

        var status = await ApplyAsync(target, plan, item);
        item.Write(status);
        if (!IsGood(plan.Before, status)) throw ModuleErrors.CommandFailed(status, MyInvocation.MyCommand.Name);
    }
}
