using System.Collections;
using System.Management.Automation;
using System.Runtime.CompilerServices;
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
    private const int LongestCause = 1_024;

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
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Choice<RolloutStrategy>]
    [ArgumentCompleter(typeof(ChoiceCompleter<RolloutStrategy>))]
    public Given<RolloutStrategy>? Strategy { get; set; }

    /// <summary>The steps: '5%,2m,25%,pause,check' as one text or several, or hashtables.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Step]
    [ArgumentCompleter(typeof(StepCompleter))]
    public Given<RolloutStep[]>? Step { get; set; }

    /// <summary>A blue-green rollout switches by itself, as soon as its steps are done.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter AutoPromote { get; set; }

    /// <summary>How long a blue-green rollout keeps the old set running after the switch.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [GivenDuration]
    public Given<TimeSpan>? ScaleDownDelay { get; set; }

    /// <summary>Makes as many replicas of the old version as of the new beside them, to compare the new with.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter Baseline { get; set; }

    /// <summary>Replicas above the wanted number while it goes on: a number or a percentage.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? MaxSurge { get; set; }

    /// <summary>Replicas that may be missing from the wanted number while it goes on: a number or a percentage.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? MaxUnavailable { get; set; }

    /// <summary>Checks that must pass before it counts as Healthy.</summary>
    [Parameter]
    [StoredChecks]
    [ArgumentCompleter(typeof(CheckCompleter))]
    public RolloutHealthCheck[] HealthCheck { get; set; } = [];

    /// <summary>What is done when it fails.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Choice<FailureAction>]
    [ArgumentCompleter(typeof(ChoiceCompleter<FailureAction>))]
    public Given<FailureAction>? OnFailure { get; set; }

    /// <summary>Restarts of a new replica that are forgiven.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [WholeNumber(0, 1_000)]
    public Given<int>? GraceRestarts { get; set; }

    /// <summary>Seconds a new replica may look bad before it counts as failed.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [WholeNumber(0, 86_400)]
    public Given<int>? GraceSec { get; set; }

    /// <summary>Starts no more rollouts after so many have failed.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? MaxFailures { get; set; }

    /// <summary>Deploys by tag, without the digest.</summary>
    [Parameter]
    public SwitchParameter ByTag { get; set; }

    /// <summary>Why, for the history.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? ChangeCause { get; set; }

    /// <summary>Does it though a safety rule would refuse.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The traffic router.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(RouterCompleter))]
    public string? Router { get; set; }

    /// <summary>Where the router listens: a socket's path or host:port; in a cluster, the route's name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? RouterEndpoint { get; set; }

    /// <summary>The router's backend; in a cluster, the Service.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Backend { get; set; }

    /// <summary>How many containers.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [WholeNumber(1, 1_000)]
    public Given<int>? Replicas { get; set; }

    /// <summary>The port the container listens on.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [WholeNumber(1, 65_535)]
    public Given<int>? Port { get; set; }

    /// <summary>Ports to publish, as docker run -p takes them.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string[]? Publish { get; set; }

    /// <summary>Environment variables. Their values are never shown.</summary>
    [Parameter]
    public Hashtable Env { get; set; } = [];

    /// <summary>Networks to be on.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string[]? Network { get; set; }

    /// <summary>Volumes, as docker run -v takes them.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string[]? Volume { get; set; }

    /// <summary>The memory limit of a container.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Memory { get; set; }

    /// <summary>The CPU limit of a container, in cores.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [GivenNumber]
    public Given<double>? Cpu { get; set; }

    // What has a meaning on one platform only, and would be ignored on the other.
    private Dictionary<string, object?> OfEngine => new()
    {
        [nameof(Replicas)] = Replicas,
        [nameof(Port)] = Port,
        [nameof(Publish)] = Texts(Publish),
        [nameof(Env)] = Env,
        [nameof(Network)] = Texts(Network),
        [nameof(Volume)] = Texts(Volume),
        [nameof(Memory)] = Text(Memory),
        [nameof(Cpu)] = Cpu,
    };

    private Dictionary<string, object?> OfCluster => new() { [nameof(Container)] = Text(Container), [nameof(MaxUnavailable)] = Text(MaxUnavailable) };

    /// <summary>Where the target lives; null where nothing says so. An image brings along where it was made.</summary>
    private RolloutEndpoint? Home => Rollout?.Endpoint ?? (EndpointOf($"{Target}") is { } given && given != Image?.Endpoint ? given : null);

    /// <summary>Whether what is piped is no row: a rollout or a revision says where it lives.</summary>
    private bool IsRecord => Home is not null && !IsNamed(nameof(Rollout)) && !IsNamed(nameof(Endpoint));

    private protected override IEnumerable<string> NamedTargets => Text(Target) is { } target ? [target] : [];

    private protected override RolloutException? Refusal() => Failures >= MaxFailures ? ModuleErrors.RolloutNotStarted(Row.Target!, Failures) : null;

    private protected override void Process()
    {
        if (Text(Target) is { } named) Row = new Row(Rollout ?? (object)named, named, Rollout?.Namespace ?? Text(Namespace));
        // A piped rollout has an Image of its own, which would bind by its name.
        if (Rollout is not null && !IsNamed(nameof(Image))) throw ModuleErrors.RolloutWithoutImage(Rollout);

        var name = Text(Target) ?? throw ModuleErrors.TargetMissing(Image);
        var image = Image ?? throw ModuleErrors.ImageMissing(name);
        // What is none is refused before anything is asked.
        _ = image.Reference;
        var target = Places.Find(name, Home, Rollout?.Namespace, image);
        CheckApplies(target.Name);
        var request = Request(name, image);
        // By then the pipeline that scripts run on is gone.
        if (NoWait && ScriptChecks.FirstOf(request) is { } script) throw ModuleErrors.ScriptNeedsWait(script);
        Run(target, item => StartAsync(target, request, item));
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
        var given = strange.Where(parameter => parameter.Value is not (null or ICollection { Count: 0 })).Select(parameter => parameter.Key).ToList();
        if (given.Count > 0) throw ModuleErrors.ParameterNotApplicable($"{target}", given);
    }

    /// <summary>What a rollout or a revision has by the name of a parameter tells how that came about, and not how the next is to be.</summary>
    private T? Asked<T>(T? given, [CallerArgumentExpression(nameof(given))] string parameter = "")
        where T : class => IsRecord && !IsNamed(parameter) ? null : given;

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

    private RolloutRequest Request(string target, ImageSource image) => new()
    {
        Image = image,
        Container = Text(Container),
        ByTag = ByTag,
        Strategy = Asked(Strategy)?.For(target) ?? RolloutStrategy.Rolling,
        Steps = Asked(Step)?.For(target) ?? [],
        AutoPromote = AutoPromote,
        ScaleDownDelay = ScaleDownDelay?.For(target) ?? TimeSpan.Zero,
        Baseline = Baseline,
        MaxSurge = Text(MaxSurge),
        MaxUnavailable = Text(MaxUnavailable),
        OnFailure = OnFailure?.For(target) ?? FailureAction.Undo,
        HealthChecks = HealthCheck,
        Timeout = AskedTimeout(target) ?? RolloutRequest.UsualTimeout,
        GraceRestarts = GraceRestarts?.For(target) ?? 0,
        Grace = TimeSpan.FromSeconds(GraceSec?.For(target) ?? 0),
        ChangeCause = Cause(target),
        Force = Force,
        Docker = Workload(target),
    };

    private string? Cause(string target) => Text(Asked(ChangeCause)) switch
    {
        { Length: > LongestCause } cause => throw ModuleErrors.ChangeCauseTooLong(target, cause.Length, LongestCause),
        var cause => cause,
    };

    private DockerWorkload Workload(string target) => new()
    {
        Replicas = Replicas?.For(target),
        Port = Port?.For(target),
        Publish = Texts(Publish),
        Env = Texts(Env),
        Networks = Texts(Network),
        Volumes = Texts(Volume),
        Memory = Text(Memory),
        Cpu = Cpu?.For(target),
        Router = Text(Router),
        RouterEndpoint = Text(RouterEndpoint),
        Backend = Text(Backend),
    };
}
