using System.Management.Automation;
using Rollout.Engine.Health;
using Rollout.Module.Literals;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Checks whether a rollout is well.</summary>
[Cmdlet(VerbsDiagnostic.Test, "RolloutHealth", DefaultParameterSetName = ContainerSet)]
[OutputType(typeof(RolloutHealth), typeof(bool))]
public sealed class TestRolloutHealthCommand : HealthCheckCmdlet
{
    private const string ContainerSet = "Container";
    private const string CheckSet = "Check";

    /// <summary>The rollout to check.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public RolloutStatus? Rollout { get; set; }

    /// <summary>Checks made by New-RolloutHealthCheck.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CheckSet)]
    public RolloutHealthCheck[] Check { get; set; } = [];

    /// <summary>How long it must stay well.</summary>
    [Parameter]
    [Duration]
    public TimeSpan For { get; set; }

    /// <summary>How many are checked at a time.</summary>
    [Parameter]
    [ValidateRange(1, 1_000)]
    public int ThrottleLimit { get; set; } = FleetCmdlet.DefaultLimit;

    /// <summary>Emits only whether it is healthy.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>The engine's address.</summary>
    [Parameter]
    public string? DockerHost { get; set; }

    /// <summary>The docker context whose engine is meant.</summary>
    [Parameter]
    public string? Context { get; set; }

    private protected override int WorkLimit => ThrottleLimit;

    private IReadOnlyList<RolloutHealthCheck> Checks => ParameterSetName switch
    {
        HttpSet => [HttpCheck(null)],
        CheckSet => Check,
        _ => [ContainerCheck(null)],
    };

    private protected override void Process()
    {
        var rollout = Rollout!;
        var engine = new EngineChoice(DockerHost, Context, CurrentDirectory).For(rollout.Endpoint);
        var checks = Checks;
        Run(rollout, item => TestAsync(rollout, engine, checks, item));
    }

    private async Task TestAsync(RolloutStatus rollout, DockerEngine engine, IReadOnlyList<RolloutHealthCheck> checks, WorkItem item)
    {
        using var _ = engine;
        var runner = new HealthCheckRunner(engine.Targets.ReplicaStates, TimeProvider.System) { For = For };
        var health = await runner.RunAsync(rollout, checks, item, item.Cancellation);
        if (Quiet) item.Write(health.Healthy);
        else item.Write(health);
    }
}
