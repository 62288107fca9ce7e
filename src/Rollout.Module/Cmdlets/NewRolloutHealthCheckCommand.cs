using System.Collections;
using System.Management.Automation;

namespace Rollout.Module.Cmdlets;

/// <summary>Makes a health check: once, to be kept in a plan and used often.</summary>
[Cmdlet(VerbsCommon.New, "RolloutHealthCheck", DefaultParameterSetName = HttpSet)]
[OutputType(typeof(HttpHealthCheck), ParameterSetName = [HttpSet])]
[OutputType(typeof(ContainerHealthCheck), ParameterSetName = [ContainerSet])]
public sealed class NewRolloutHealthCheckCommand : RolloutCmdlet
{
    private const string HttpSet = "Http";
    private const string ContainerSet = "Container";

    /// <summary>The address to GET.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = HttpSet)]
    public Uri Uri { get; set; } = null!;

    /// <summary>The statuses that are good; 200 to 299 where none is given.</summary>
    [Parameter(ParameterSetName = HttpSet)]
    [ValidateRange(100, 599)]
    public int[] ExpectStatus { get; set; } = [];

    /// <summary>A regular expression that the body must match.</summary>
    [Parameter(ParameterSetName = HttpSet)]
    public string? ExpectBody { get; set; }

    /// <summary>Headers to send. Their values are never shown.</summary>
    [Parameter(ParameterSetName = HttpSet)]
    public Hashtable Header { get; set; } = [];

    /// <summary>Looks at the containers themselves.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerSet)]
    public SwitchParameter Container { get; set; }

    /// <summary>The name the result is shown under.</summary>
    [Parameter]
    public string? Name { get; set; }

    private protected override void Process() => WriteObject(Container ? ContainerCheck() : HttpCheck());

    private ContainerHealthCheck ContainerCheck() => new() { Name = Name ?? "container" };

    private HttpHealthCheck HttpCheck() => new()
    {
        Name = Name ?? Uri.ToString(),
        Uri = Uri,
        ExpectStatus = ExpectStatus,
        ExpectBody = ExpectBody,
        Headers = Header.Cast<DictionaryEntry>().ToDictionary(entry => $"{entry.Key}", entry => $"{entry.Value}"),
    };
}
