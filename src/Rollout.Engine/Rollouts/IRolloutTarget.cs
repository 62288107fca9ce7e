namespace Rollout.Engine.Rollouts;

/// <summary>
/// One workload that can be rolled out. Each platform implements it in a folder of its own; strategies, health and the cmdlets
/// know only this.
/// </summary>
public interface IRolloutTarget
{
    /// <summary>Its name.</summary>
    TargetName Name { get; }

    /// <summary>Its namespace; null on a Docker engine, which has none.</summary>
    string? Namespace { get; }

    /// <summary>Reads where it stands now; null where there is no such workload.</summary>
    Task<RolloutStatus?> ReadAsync(CancellationToken cancellation);

    /// <summary>Works out what a request would do, and refuses what cannot be done. Changes nothing.</summary>
    Task<RolloutPlan> PlanAsync(RolloutRequest request, IReporter reporter, CancellationToken cancellation);

    /// <summary>
    /// Does what was planned, and follows it to its end (Healthy, Failed or Undone). A rollout that fails is a status with its reason,
    /// not an exception; an exception says that it could not be tried, or that nobody knows how it ended.
    /// </summary>
    /// <param name="plan">From one of the planning methods.</param>
    /// <param name="changed">Gets each status on the way.</param>
    /// <param name="reporter">Where progress goes.</param>
    /// <param name="cancellation">Stops following at once; what was begun can be carried on with <see cref="CarryOnAsync"/>.</param>
    Task<RolloutStatus> ApplyAsync(RolloutPlan plan, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation);

    /// <summary>Carries on a rollout whose shell died, or mends what is Degraded; returns the status where there is nothing to do.</summary>
    Task<RolloutStatus> CarryOnAsync(Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation);

    /// <summary>Every change of its status, the present one first, until cancelled or gone.</summary>
    IAsyncEnumerable<RolloutStatus> WatchAsync(CancellationToken cancellation);

    /// <summary>Works out what an undo would do, and refuses what cannot be undone. Changes nothing. The plan is applied like another.</summary>
    Task<RolloutPlan> PlanUndoAsync(UndoRequest request, IReporter reporter, CancellationToken cancellation);

    /// <summary>Works out what a command would do, and refuses what cannot be done here. Changes nothing. The plan is applied like another.</summary>
    Task<RolloutPlan> PlanAsync(RolloutCommand command, IReporter reporter, CancellationToken cancellation);

    /// <summary>
    /// What a plan would change in the workload, line by line, as the platform itself answers when it only tries; empty where the
    /// plan's description says all there is. Changes nothing.
    /// </summary>
    Task<IReadOnlyList<string>> PreviewAsync(RolloutPlan plan, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>The revisions that are kept, newest first.</summary>
    Task<IReadOnlyList<RolloutRevision>> HistoryAsync(CancellationToken cancellation);
}

/// <summary>What is to be rolled out, and how. Null and empty mean: as it is now, or the platform's default.</summary>
public sealed record RolloutRequest
{
    /// <summary>How long one may take where nothing is said of it.</summary>
    public static readonly TimeSpan UsualTimeout = TimeSpan.FromMinutes(10);

    /// <summary>The image.</summary>
    public required ImageSource Image { get; init; }

    /// <summary>Which of the workload's containers gets it; null where there is only one.</summary>
    public string? Container { get; init; }

    /// <summary>Deploy by tag, without the digest.</summary>
    public bool ByTag { get; init; }

    /// <summary>How the new replaces the old.</summary>
    public RolloutStrategy Strategy { get; init; } = RolloutStrategy.Rolling;

    /// <summary>The steps of a canary, or what comes between the complete new set and the switch of a blue-green rollout; empty means the strategy's own.</summary>
    public IReadOnlyList<RolloutStep> Steps { get; init; } = [];

    /// <summary>True where a blue-green rollout switches by itself; else it waits until it is resumed.</summary>
    public bool AutoPromote { get; init; }

    /// <summary>True where as many replicas of the old version as of the new are made beside them, to compare the new with.</summary>
    public bool Baseline { get; init; }

    /// <summary>How long a blue-green rollout keeps the old set running after the switch, for an undo at once.</summary>
    public TimeSpan ScaleDownDelay { get; init; }

    /// <summary>Replicas above the wanted number while it goes on: a number or a percentage.</summary>
    public string? MaxSurge { get; init; }

    /// <summary>Replicas that may be missing from the wanted number while it goes on: a number or a percentage.</summary>
    public string? MaxUnavailable { get; init; }

    /// <summary>What is done when it fails.</summary>
    public FailureAction OnFailure { get; init; } = FailureAction.Undo;

    /// <summary>Checks that must pass before it counts as Healthy.</summary>
    public IReadOnlyList<RolloutHealthCheck> HealthChecks { get; init; } = [];

    /// <summary>How long it may take until every new replica is healthy.</summary>
    public TimeSpan Timeout { get; init; } = UsualTimeout;

    /// <summary>Restarts of a new replica that are forgiven.</summary>
    public int GraceRestarts { get; init; }

    /// <summary>How long a new replica may look bad before it counts as failed.</summary>
    public TimeSpan Grace { get; init; }

    /// <summary>Why, for the history.</summary>
    public string? ChangeCause { get; init; }

    /// <summary>Does it though a safety rule would refuse.</summary>
    public bool Force { get; init; }

    /// <summary>What a plain Docker engine needs to know besides.</summary>
    public DockerWorkload Docker { get; init; } = new();
}

/// <summary>The shape of a workload on a plain Docker engine; null and empty mean: as it is now.</summary>
public sealed record DockerWorkload
{
    /// <summary>How many containers.</summary>
    public int? Replicas { get; init; }

    /// <summary>The port the container listens on.</summary>
    public int? Port { get; init; }

    /// <summary>Published ports as <c>docker run -p</c> takes them.</summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    /// <summary>Environment variables, set over what is carried over. Values may be secrets.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Networks to be on.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>Volumes as <c>docker run -v</c> takes them.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Memory limit: <c>512m</c>, <c>2g</c>.</summary>
    public string? Memory { get; init; }

    /// <summary>CPU limit in cores: <c>1.5</c>.</summary>
    public double? Cpu { get; init; }

    /// <summary>The traffic router: <c>haproxy</c>.</summary>
    public string? Router { get; init; }

    /// <summary>Where the router listens: a unix socket's path or host:port.</summary>
    public string? RouterEndpoint { get; init; }

    /// <summary>The router's backend.</summary>
    public string? Backend { get; init; }

    /// <summary>Whether anything of a router is named.</summary>
    internal bool NamesRouter => (Router ?? RouterEndpoint ?? Backend) is not null;
}

/// <summary>What to go back to. Nothing named means the newest revision verified healthy that is not the present one, else the previous one not known bad.</summary>
public sealed record UndoRequest
{
    /// <summary>A revision's number.</summary>
    public int? ToRevision { get; init; }

    /// <summary>An image.</summary>
    public ImageReference? ToImage { get; init; }

    /// <summary>The verdict that led to it; an unhealthy one is kept with the revision that is left.</summary>
    public HealthVerdict? Verdict { get; init; }

    /// <summary>Does it though a safety rule would refuse.</summary>
    public bool Force { get; init; }

    /// <summary>How long it may take.</summary>
    public TimeSpan Timeout { get => AskedTimeout ?? RolloutRequest.UsualTimeout; init => AskedTimeout = value; }

    /// <summary>The same where it was asked for; null leaves a rollout in its steps the time that it was begun with.</summary>
    public TimeSpan? AskedTimeout { get; init; }
}

/// <summary>What will be done: made by a target, shown under -WhatIf, and given back to it.</summary>
public abstract record RolloutPlan
{
    /// <summary>The target.</summary>
    public required TargetName Target { get; init; }

    /// <summary>What would be done, in a sentence, for -WhatIf and -Confirm.</summary>
    public required string Description { get; init; }

    /// <summary>The status before.</summary>
    public RolloutStatus? Before { get; init; }
}
