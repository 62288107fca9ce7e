using System.Management.Automation;

namespace Rollout.Module.Cmdlets;

/// <summary>Makes health checks: once, to be kept in a plan and used often.</summary>
[Cmdlet(VerbsCommon.New, "RolloutHealthCheck")]
[OutputType(
    typeof(HttpHealthCheck),
    typeof(ContainerHealthCheck),
    typeof(PrometheusHealthCheck),
    typeof(BaselineHealthCheck),
    typeof(RouterHealthCheck),
    typeof(SaturationHealthCheck),
    typeof(AlertHealthCheck),
    typeof(TcpHealthCheck),
    typeof(ScriptHealthCheck),
    typeof(CommandHealthCheck))]
public sealed class NewRolloutHealthCheckCommand : HealthCheckCmdlet
{
    /// <summary>The name the result is shown under.</summary>
    [Parameter]
    public string? Name { get; set; }

    private protected override void Process()
    {
        var checks = DescribedChecks(Text(Name));
        if (checks.Count == 0) throw HealthCheckErrors.NothingToCheck();
        WriteObject(checks, enumerateCollection: true);
    }
}
