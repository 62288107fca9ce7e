using System.Management.Automation;

namespace Rollout.Module.Cmdlets;

/// <summary>Makes a health check: once, to be kept in a plan and used often.</summary>
[Cmdlet(VerbsCommon.New, "RolloutHealthCheck", DefaultParameterSetName = HttpSet)]
[OutputType(typeof(HttpHealthCheck), ParameterSetName = [HttpSet])]
[OutputType(typeof(ContainerHealthCheck), ParameterSetName = [ContainerSet])]
public sealed class NewRolloutHealthCheckCommand : HealthCheckCmdlet
{
    private const string ContainerSet = "Container";

    /// <summary>Looks at the containers themselves.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerSet)]
    public SwitchParameter Container { get; set; }

    /// <summary>The name the result is shown under.</summary>
    [Parameter]
    public string? Name { get; set; }

    private protected override void Process()
    {
        if (Container) WriteObject(ContainerCheck(Text(Name)));
        else WriteObject(HttpCheck(Text(Name)));
    }
}
