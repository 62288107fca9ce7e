namespace Rollout.Engine.Kubernetes.Api;

/// <summary>The server's answer where it is not an object: mostly an error.</summary>
internal sealed record Status
{
    public int Code { get; set; }
    public string Reason { get; set => field = value ?? ""; } = "";
    public string Message { get; set => field = value ?? ""; } = "";
    public StatusDetails Details { get; set => field = value ?? new(); } = new();
}

/// <summary>details of a Status.</summary>
internal sealed record StatusDetails
{
    public string Kind { get; set => field = value ?? ""; } = "";
    public string Name { get; set => field = value ?? ""; } = "";
    public int RetryAfterSeconds { get; set; }
    public IReadOnlyList<StatusCause> Causes { get; set => field = value ?? []; } = [];
}

/// <summary>One of details.causes.</summary>
internal sealed record StatusCause
{
    public string Reason { get; set => field = value ?? ""; } = "";
    public string Message { get; set => field = value ?? ""; } = "";
    public string Field { get; set => field = value ?? ""; } = "";
}
