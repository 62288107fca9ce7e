using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Literals;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that changes what runs, and follows the change to its end unless it is told not to.</summary>
public abstract class ChangeCmdlet : FleetCmdlet
{
    private readonly Dictionary<object, Task> _last = [];

    /// <summary>
    /// Emits the first status and lets the change go on in this PowerShell. Where that ends first, nobody is at work on it any more:
    /// Wait-Rollout and Resume-Rollout carry it on, from any shell.
    /// </summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Seconds until every replica must be healthy.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [WholeNumber(1, 86_400)]
    public Given<int>? TimeoutSec { get; set; }

    private bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
        ? given is SwitchParameter { IsPresent: true }
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>-TimeoutSec, where it was given for this target.</summary>
    private protected TimeSpan? AskedTimeout(string target) => TimeoutSec is { } given ? TimeSpan.FromSeconds(given.For(target)) : null;

    /// <summary>Starts work on a target. Several inputs for one target are worked on one after another, in the order they came.</summary>
    private protected void Run(IRolloutTarget target, Func<WorkItem, Task> work)
    {
        var before = _last.GetValueOrDefault(target, Task.CompletedTask);
        var done = new TaskCompletionSource();
        _last[target] = done.Task;
        Run(async item =>
        {
            try
            {
                await before.WaitAsync(item.Cancellation);
                await work(item);
            }
            finally
            {
                done.TrySetResult();
            }
        });
    }

    /// <summary>Asks -WhatIf and -Confirm about a plan; under -WhatIf with what the platform says it would change.</summary>
    private protected async Task<bool> IsAgreedAsync(IRolloutTarget target, RolloutPlan plan, WorkItem item)
    {
        var preview = IsWhatIf ? await target.PreviewAsync(plan, item.Cancellation) : [];
        return await item.ShouldProcessAsync(string.Join("\n  ", preview.Prepend($"{plan.Target}: {plan.Description}.")));
    }

    /// <summary>Does what was planned; the status is the last, or with -NoWait the first.</summary>
    private protected async Task<RolloutStatus> ApplyAsync(IRolloutTarget target, RolloutPlan plan, WorkItem item)
    {
        if (!NoWait) return await FollowAsync(target, plan, item);

        // What comes of it stands in the workload's record; the pipeline it was started from may be gone by then.
        var begun = new TaskCompletionSource<RolloutStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        var whole = target.ApplyAsync(plan, status => begun.TrySetResult(status), SilentReporter.Instance, CancellationToken.None);
        KeepUntil(whole);
        return await await Task.WhenAny(begun.Task, whole);
    }

    /// <summary>Where it can be followed no longer, as when the cluster, the engine or the router stays away, what was seen last comes before the error.</summary>
    private static async Task<RolloutStatus> FollowAsync(IRolloutTarget target, RolloutPlan plan, WorkItem item)
    {
        RolloutStatus? last = null;
        try
        {
            return await target.ApplyAsync(plan, status => last = status, item, item.Cancellation);
        }
        catch (RolloutException) when (last is not null)
        {
            item.Write(last);
            throw;
        }
    }

    /// <summary>True where a status is no failure: what was asked for is there, is still on its way, or is held at a step that was asked for.</summary>
    private protected static bool IsOnItsWay(RolloutStatus status) =>
        status.Succeeded || status.Phase == RolloutPhase.Progressing || status is { Phase: RolloutPhase.Paused, Step: not null };
}
