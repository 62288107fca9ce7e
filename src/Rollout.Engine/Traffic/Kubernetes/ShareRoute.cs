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

    /// <summary>The old side's weights as they were, in order; null where none was written.</summary>
    public IReadOnlyList<int?> Weights { get; init => field = value ?? []; } = [];

    /// <summary>Who else has written its weights: whoever writes them takes the place of the one before in what the API tells, so that it is remembered here.</summary>
    public IReadOnlyList<RouteWriter> Writers { get; init => field = value ?? []; } = [];

    /// <summary>Which of its rules had a reference to the new side themselves, in order: from every other it is taken out again.</summary>
    public IReadOnlyList<bool> Referring { get; init => field = value ?? []; } = [];
}

/// <summary>One who wrote a route's weights.</summary>
/// <param name="Manager">The name it gave itself.</param>
/// <param name="Operation">Apply or Update.</param>
internal sealed record RouteWriter(string Manager, string Operation);
