using System.Management.Automation;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet whose inputs are worked on side by side, each result coming out when it is there.</summary>
public abstract class FleetCmdlet : TargetCmdlet
{
    internal const int DefaultLimit = 32;

    /// <summary>How many are worked on at a time.</summary>
    [Parameter]
    [ValidateRange(1, 1_000)]
    public int ThrottleLimit { get; set; } = DefaultLimit;

    /// <summary>Where the rollout lives, as an object tells that is one, or was before it came through a file or a job.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public RolloutEndpoint? Endpoint { get; set; }

    private protected override int WorkLimit => ThrottleLimit;
}
