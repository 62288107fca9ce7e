namespace Rollout.Engine.Kubernetes.Api;

/// <summary>The server's answer where it is not an object: mostly an error.</summary>
internal sealed record Status
{
    public int Code { get; init; }
    public string Reason { get; init => field = value ?? ""; } = "";
    public string Message { get; init => field = value ?? ""; } = "";
    public StatusDetails Details { get; init => field = value ?? new(); } = new();
}

/// <summary>details of a Status.</summary>
internal sealed record StatusDetails
{
    public string Kind { get; init => field = value ?? ""; } = "";
    public string Name { get; init => field = value ?? ""; } = "";
    public int RetryAfterSeconds { get; init; }
    public IReadOnlyList<StatusCause> Causes { get; init => field = value ?? []; } = [];
}

/// <summary>One of details.causes.</summary>
internal sealed record StatusCause
{
    public string Reason { get; init => field = value ?? ""; } = "";
    public string Message { get; init => field = value ?? ""; } = "";
    public string Field { get; init => field = value ?? ""; } = "";
}
