using System.Management.Automation;
using Rollout.Engine.Health;
using Rollout.Engine.Rollouts;
using Rollout.Module.Completers;
using Rollout.Module.Literals;
using Rollout.Module.Pipeline;
using Rollout.Module.Places;

namespace Rollout.Module.Cmdlets;

/// <summary>Checks whether a rollout is well.</summary>
[Cmdlet(VerbsDiagnostic.Test, "RolloutHealth")]
[OutputType(typeof(RolloutHealth), typeof(bool))]
public sealed class TestRolloutHealthCommand : HealthCheckCmdlet
{
    private OpenPlaces? _open;

    /// <summary>The rollout to check.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public RolloutStatus? Rollout { get; set; }

    /// <summary>Checks made by New-RolloutHealthCheck.</summary>
    [Parameter]
    [StoredChecks]
    [ArgumentCompleter(typeof(CheckCompleter))]
    public RolloutHealthCheck[] Check { get; set; } = [];

    /// <summary>How many are checked at a time.</summary>
    [Parameter]
    [ValidateRange(1, 1_000)]
    public int ThrottleLimit { get; set; } = FleetCmdlet.DefaultLimit;

    /// <summary>Emits only whether it is healthy.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>The context: kubeconfig's for a target in a cluster, docker's for one on an engine.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ContextCompleter))]
    public string? Context { get; set; }

    /// <summary>The kubeconfig file; without it, those that kubectl would take.</summary>
    [Parameter]
    public string? Kubeconfig { get; set; }

    /// <summary>The Docker engine's address; without it, the one that the docker CLI would take.</summary>
    [Parameter]
    public string? DockerHost { get; set; }

    private protected override int WorkLimit => ThrottleLimit;

    private protected override void Close(Task work) => _open?.CloseAfter(work);

    private PlaceChoice Places => new(_open ??= new OpenPlaces(CurrentDirectory))
    {
        DockerHost = Text(DockerHost),
        Context = Text(Context),
        Kubeconfig = Text(Kubeconfig) is { } path ? FileSystemPath(path) : null,
    };

    /// <summary>Those that were made before, and those that the command line describes; where there is none, the containers are looked at.</summary>
    private IReadOnlyList<RolloutHealthCheck> Checks
    {
        get
        {
            RolloutHealthCheck[] checks = [.. Check.Select(WithCommon), .. DescribedChecks(null)];
            return checks.Length > 0 ? checks : [WithCommon(new ContainerHealthCheck { Name = "containers" })];
        }
    }

    private protected override void Process()
    {
        var rollout = Rollout!;
        Row = new Row(rollout, rollout.Target, rollout.Namespace);
        var place = Places.PlaceOf(rollout);
        var checks = Checks;
        Run(item => TestAsync(rollout, place, checks, item));
    }

    private async Task TestAsync(RolloutStatus rollout, IRolloutTargets place, IReadOnlyList<RolloutHealthCheck> checks, WorkItem item)
    {
        var runner = new HealthCheckRunner(place.ReplicaStates, TimeProvider.System);
        var health = await runner.RunAsync(rollout, ScriptChecks.RunBy(item, checks), item, item.Cancellation);
        if (Quiet) item.Write(health.Healthy);
        else item.Write(health);
    }
}
