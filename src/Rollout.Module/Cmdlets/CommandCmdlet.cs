using Rollout.Engine.Rollouts;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that does one thing with rollouts there are.</summary>
public abstract class CommandCmdlet : RolloutChangeCmdlet
{
    private protected abstract RolloutCommand Command { get; }

    /// <summary>Whether a status is what was asked for, or on its way there.</summary>
    private protected virtual bool IsGood(RolloutStatus? before, RolloutStatus after) => IsOnItsWay(after);

    private protected override void Process()
    {
        var rollout = Rollout ?? throw ModuleErrors.TargetMissing(null);
        Row = Row.Of(rollout, Text(Namespace));
        var target = Places.Find(rollout, EndpointOf(rollout.Target));
        var command = Command with { AskedTimeout = AskedTimeout(rollout.Target) };
        Run(target, item => DoAsync(target, command, item));
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
