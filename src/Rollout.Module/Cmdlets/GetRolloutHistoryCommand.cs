using System.Management.Automation;
using Rollout.Module.Completers;

namespace Rollout.Module.Cmdlets;

/// <summary>Lists the revisions of a workload that can be gone back to, newest first.</summary>
[Cmdlet(VerbsCommon.Get, "RolloutHistory", DefaultParameterSetName = TargetSet)]
[OutputType(typeof(RolloutRevision))]
public sealed class GetRolloutHistoryCommand : DockerCmdlet
{
    private const string TargetSet = "Target";
    private const string RolloutSet = "Rollout";

    /// <summary>The workload's target.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = TargetSet)]
    [ArgumentCompleter(typeof(TargetCompleter))]
    public string Target { get; set; } = "";

    /// <summary>The workload as Get-Rollout shows it.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = RolloutSet)]
    public RolloutStatus? Rollout { get; set; }

    private protected override void Process()
    {
        var target = Rollout?.Target ?? Target;
        var engine = Engine.For(Rollout?.Endpoint);
        Run(Rollout ?? (object)Target, async item =>
        {
            using var _ = engine;
            var history = await engine.Target(target).HistoryAsync(item.Cancellation);
            foreach (var revision in history) item.Write(revision);
        });
    }
}
