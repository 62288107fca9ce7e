using System.Collections;
using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Completers;
using Rollout.Module.Literals;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Rolls an image out to a target and follows it to its end.</summary>
[Cmdlet(VerbsLifecycle.Start, "Rollout", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutStatus))]
public sealed class StartRolloutCommand : ChangeCmdlet
{
    // What has a meaning on one platform only, and would be ignored on the other.
    private static readonly string[] OfEngine = [nameof(Replicas), nameof(Port), nameof(Publish), nameof(Env), nameof(Network), nameof(Volume), nameof(Memory), nameof(Cpu)];
    private static readonly string[] OfCluster = [nameof(Container), nameof(MaxUnavailable)];

    private bool _imageIsNamed;

    /// <summary>The target: <c>deployment/x</c>, <c>statefulset/x</c>, <c>daemonset/x</c>, <c>docker/x</c>, <c>compose/project/service</c> or <c>service/x</c>.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TargetCompleter))]
    public string? Target { get; set; }

    /// <summary>The image.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public ImageSource? Image { get; set; }

    /// <summary>A rollout whose target is meant; needs -Image.</summary>
    [Parameter(ValueFromPipeline = true)]
    public RolloutStatus? Rollout { get; set; }

    /// <summary>The container that gets the image, where the workload has several.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Container { get; set; }

    /// <summary>How the new replaces the old.</summary>
    [Parameter]
    public RolloutStrategy Strategy { get; set; } = RolloutStrategy.Rolling;

    /// <summary>The steps: '5%,2m,25%,pause,check' as one text or several, or hashtables.</summary>
    [Parameter]
    [Step]
    [ArgumentCompleter(typeof(StepCompleter))]
    public object[] Step { get; set; } = [];

    /// <summary>A blue-green rollout switches by itself, as soon as its steps are done.</summary>
    [Parameter]
    public SwitchParameter AutoPromote { get; set; }

    /// <summary>How long a blue-green rollout keeps the old set running after the switch.</summary>
    [Parameter]
    [Duration]
    public TimeSpan ScaleDownDelay { get; set; }

    /// <summary>Makes as many replicas of the old version as of the new beside them, to compare the new with.</summary>
    [Parameter]
    public SwitchParameter Baseline { get; set; }

    /// <summary>Replicas above the wanted number while it goes on: a number or a percentage.</summary>
    [Parameter]
    public string? MaxSurge { get; set; }

    /// <summary>Replicas that may be missing from the wanted number while it goes on: a number or a percentage.</summary>
    [Parameter]
    public string? MaxUnavailable { get; set; }

    /// <summary>Checks that must pass before it counts as Healthy.</summary>
    [Parameter]
    [StoredChecks]
    [ArgumentCompleter(typeof(CheckCompleter))]
    public RolloutHealthCheck[] HealthCheck { get; set; } = [];

    /// <summary>What is done when it fails.</summary>
    [Parameter]
    public FailureAction OnFailure { get; set; } = FailureAction.Undo;

    /// <summary>Restarts of a new replica that are forgiven.</summary>
    [Parameter]
    [ValidateRange(0, 1_000)]
    public int GraceRestarts { get; set; }

    /// <summary>Seconds a new replica may look bad before it counts as failed.</summary>
    [Parameter]
    [ValidateRange(0, 86_400)]
    public int GraceSec { get; set; }

    /// <summary>Starts no more rollouts after so many have failed.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? MaxFailures { get; set; }

    /// <summary>Deploys by tag, without the digest.</summary>
    [Parameter]
    public SwitchParameter ByTag { get; set; }

    /// <summary>Why, for the history.</summary>
    [Parameter]
    [ValidateLength(0, 1_024)]
    public string? ChangeCause { get; set; }

    /// <summary>Does it though a safety rule would refuse.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The traffic router.</summary>
    [Parameter]
    [ValidateSet("HAProxy", "Gateway", "Istio", "Service")]
    public string? Router { get; set; }

    /// <summary>Where the router listens: a socket's path or host:port; in a cluster, the route's name.</summary>
    [Parameter]
    public string? RouterEndpoint { get; set; }

    /// <summary>The router's backend; in a cluster, the Service.</summary>
    [Parameter]
    public string? Backend { get; set; }

    /// <summary>How many containers.</summary>
    [Parameter]
    [ValidateRange(1, 1_000)]
    public int? Replicas { get; set; }

    /// <summary>The port the container listens on.</summary>
    [Parameter]
    [ValidateRange(1, 65_535)]
    public int? Port { get; set; }

    /// <summary>Ports to publish, as docker run -p takes them.</summary>
    [Parameter]
    public string[] Publish { get; set; } = [];

    /// <summary>Environment variables. Their values are never shown.</summary>
    [Parameter]
    public Hashtable Env { get; set; } = [];

    /// <summary>Networks to be on.</summary>
    [Parameter]
    public string[] Network { get; set; } = [];

    /// <summary>Volumes, as docker run -v takes them.</summary>
    [Parameter]
    public string[] Volume { get; set; } = [];

    /// <summary>The memory limit of a container.</summary>
    [Parameter]
    public string? Memory { get; set; }

    /// <summary>The CPU limit of a container, in cores.</summary>
    [Parameter]
    [Number]
    public double? Cpu { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() =>
        _imageIsNamed = MyInvocation.BoundParameters.ContainsKey(nameof(Image));

    private protected override void BeforeStart(object? input)
    {
        if (Failures >= MaxFailures) throw ModuleErrors.RolloutNotStarted($"{input}", Failures);
    }

    private protected override void Process()
    {
        // A piped rollout has an Image of its own, which would bind by its name.
        if (Rollout is not null && !_imageIsNamed) throw ModuleErrors.RolloutWithoutImage(Rollout);

        var name = Text(Target) ?? throw ModuleErrors.TargetMissing(Image);
        var image = Image ?? throw ModuleErrors.ImageMissing(name);
        var target = Places.Find(name, Rollout?.Endpoint, Rollout?.Namespace, image);
        CheckApplies(target.Name);
        var request = Request(image);
        // By then the pipeline that scripts run on is gone.
        if (NoWait && ScriptChecks.FirstOf(request) is { } script) throw ModuleErrors.ScriptNeedsWait(script);
        Run(name, target, item => StartAsync(target, request, item));
    }

    private void CheckApplies(TargetName target)
    {
        var strange = target switch
        {
            { Home: TargetHome.Cluster } => OfEngine,
            // A swarm knows some of both, and says itself what it does not take.
            { Kind: "service" } => [],
            _ => OfCluster,
        };
        var given = strange.Where(IsGiven).ToList();
        if (given.Count > 0) throw ModuleErrors.ParameterNotApplicable($"{target}", given);
    }

    /// <summary>Empty counts as absent: a column of a CSV file may be.</summary>
    private bool IsGiven(string parameter) =>
        MyInvocation.BoundParameters.TryGetValue(parameter, out var value) && value is not (null or "" or ICollection { Count: 0 });

    private async Task StartAsync(IRolloutTarget target, RolloutRequest request, WorkItem item)
    {
        request = ScriptChecks.RunBy(item, request);
        var plan = await target.PlanAsync(request, item, item.Cancellation);
        if (!await IsAgreedAsync(target, plan, item)) return;

        var status = await ApplyAsync(target, plan, item);
        item.Write(status);
        // What another shell had taken back has reached what that one asked for, and not what was asked for here.
        var isTakenBack = status.Phase == RolloutPhase.Undone && status.StartedAt != plan.Before?.StartedAt;
        if (isTakenBack || !IsOnItsWay(status)) throw ModuleErrors.RolloutFailed(status, request.Image.Reference);
    }

    private RolloutRequest Request(ImageSource image) => new()
    {
        Image = image,
        Container = Text(Container),
        ByTag = ByTag,
        Strategy = Strategy,
        Steps = [.. Step.Cast<RolloutStep>()],
        AutoPromote = AutoPromote,
        ScaleDownDelay = ScaleDownDelay,
        Baseline = Baseline,
        MaxSurge = Text(MaxSurge),
        MaxUnavailable = Text(MaxUnavailable),
        OnFailure = OnFailure,
        HealthChecks = HealthCheck,
        Timeout = Timeout,
        GraceRestarts = GraceRestarts,
        Grace = TimeSpan.FromSeconds(GraceSec),
        ChangeCause = Text(ChangeCause),
        Force = Force,
        Docker = Workload(),
    };

    private DockerWorkload Workload() => new()
    {
        Replicas = Replicas,
        Port = Port,
        Publish = Texts(Publish),
        Env = Texts(Env),
        Networks = Texts(Network),
        Volumes = Texts(Volume),
        Memory = Text(Memory),
        Cpu = Cpu,
        Router = Text(Router),
        RouterEndpoint = Text(RouterEndpoint),
        Backend = Text(Backend),
    };
}
