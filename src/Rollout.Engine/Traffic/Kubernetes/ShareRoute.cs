namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>Which object shares the traffic out, and how its two sides are told apart. Kept with the workload.</summary>
internal sealed record ShareRoute
{
    /// <summary>Service, Gateway or Istio.</summary>
    public string Router { get; init => field = value ?? ""; } = "";

    /// <summary>The Service, HTTPRoute or VirtualService.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>The Service of the old side.</summary>
    public string Backend { get; init => field = value ?? ""; } = "";

    /// <summary>The Service of the new side, made for the time of a rollout.</summary>
    public string Second { get; init => field = value ?? ""; } = "";

    /// <summary>The label by which the sides are told apart, and its two values.</summary>
    public string Label { get; init => field = value ?? ""; } = "";

    public string OldValue { get; init => field = value ?? ""; } = "";

    public string NewValue { get; init => field = value ?? ""; } = "";

    /// <summary>The old side's weights as they were, in order.</summary>
    public IReadOnlyList<int> Weights { get; init => field = value ?? []; } = [];

    /// <summary>True where the route had no reference to the new side, so that it is taken out again.</summary>
    public bool AddsReference { get; init; }
}
