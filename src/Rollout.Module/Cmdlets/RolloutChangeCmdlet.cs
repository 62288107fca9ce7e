using System.Management.Automation;
using Rollout.Module.Completers;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that changes rollouts there are.</summary>
public abstract class RolloutChangeCmdlet : ChangeCmdlet
{
    /// <summary>The rollout, or its target.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Target")]
    [ArgumentCompleter(typeof(TargetCompleter))]
    public RolloutSource? Rollout { get; set; }

    private protected override IEnumerable<string> NamedTargets => Rollout is { } rollout ? [rollout.Target] : [];
}
