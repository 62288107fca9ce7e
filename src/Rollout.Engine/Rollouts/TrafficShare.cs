namespace Rollout.Engine.Rollouts;

/// <summary>What a router gives the new side of the traffic.</summary>
/// <param name="Percent">Its share.</param>
/// <param name="Match">The headers with which a request goes to it whatever its share; null where none do.</param>
internal sealed record TrafficShare(decimal Percent, HeaderStep? Match = null)
{
    /// <summary>What a router has that no step asks for, so that it is to be written anew.</summary>
    internal static TrafficShare Unclear { get; } = new(-1);

    /// <summary>As a step leaves it: a later header match takes the place of one before, and one without headers takes it out.</summary>
    internal TrafficShare After(RolloutStep step) => step switch
    {
        WeightStep weight => this with { Percent = weight.Percent },
        HeaderStep match => this with { Match = match.Headers.Count > 0 ? match : null },
        _ => this,
    };
}
