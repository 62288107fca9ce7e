using System.Management.Automation;
using Rollout.Module.Literals;

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
    [Endpoint]
    public Given<RolloutEndpoint>? Endpoint { get; set; }

    private protected override int WorkLimit => ThrottleLimit;

    private protected override void Begin()
    {
        base.Begin();
        foreach (var given in MyInvocation.BoundParameters.Values.OfType<Given>()) given.Check(null);
    }

    /// <summary>-Endpoint, where it was given for this target. A text tells no context: the one that came beside it is its own.</summary>
    private protected RolloutEndpoint? EndpointOf(string target)
    {
        var given = Endpoint?.For(target);
        return given is { Context: null } && !IsNamed(nameof(Context)) ? given with { Context = Text(Context) } : given;
    }
}
