using System.Collections;
using System.Management.Automation;
using Rollout.Module.Literals;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that takes the parameters of one health check.</summary>
public abstract class HealthCheckCmdlet : RolloutCmdlet
{
    private protected const string HttpSet = "Http";
    private static readonly HttpHealthCheck Defaults = new() { Name = "", Uri = new Uri("about:blank") };

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

    /// <summary>Good answers in a row that make it healthy.</summary>
    [Parameter]
    [ValidateRange(1, 1_000)]
    public int SuccessesNeeded { get; set; } = Defaults.SuccessesNeeded;

    /// <summary>Bad answers in a row that make it unhealthy.</summary>
    [Parameter]
    [ValidateRange(1, 1_000)]
    public int FailureLimit { get; set; } = Defaults.FailureLimit;

    /// <summary>Time between two tries.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Interval { get; set; } = Defaults.Interval;

    /// <summary>Seconds that one try may take.</summary>
    [Parameter]
    [ValidateRange(1, 3_600)]
    public int TimeoutSec { get; set; } = (int)Defaults.Timeout.TotalSeconds;

    private protected HttpHealthCheck HttpCheck(string? name) => new HttpHealthCheck
    {
        Name = name ?? HttpHealthCheck.Shown(Uri),
        Uri = Uri,
        ExpectStatus = ExpectStatus,
        ExpectBody = Text(ExpectBody),
        SuccessesNeeded = SuccessesNeeded,
        FailureLimit = FailureLimit,
        Interval = Interval,
        Timeout = TimeSpan.FromSeconds(TimeoutSec),
    }.WithHeaders(Texts(Header));

    private protected ContainerHealthCheck ContainerCheck(string? name) => new()
    {
        Name = name ?? "containers",
        SuccessesNeeded = SuccessesNeeded,
        FailureLimit = FailureLimit,
        Interval = Interval,
        Timeout = TimeSpan.FromSeconds(TimeoutSec),
    };
}
