using System.Management.Automation;
using Rollout.Module.Literals;

namespace Rollout.Module.Cmdlets;

// The alerts that are looked at.
public abstract partial class HealthCheckCmdlet
{
    /// <summary>The address of Alertmanager.</summary>
    [Parameter]
    [Address]
    public Uri? Alertmanager { get; set; }

    /// <summary>Which alerts count: severity="critical", with =, !=, =~ or !~. With -Prometheus alone, its own alerts are looked at.</summary>
    [Parameter]
    public string[] AlertMatcher { get; set; } = [];

    private IEnumerable<RolloutHealthCheck> AlertChecks()
    {
        if (Alertmanager is { } manager) yield return Alerts(manager, AlertSource.Alertmanager);
        else if (Prometheus is { } server && AlertMatcher.Length > 0) yield return Alerts(server, AlertSource.Prometheus);
    }

    private WebHealthCheck Alerts(Uri server, AlertSource source) => ForMonitoring(new AlertHealthCheck
    {
        Name = "alerts",
        Uri = server,
        Source = source,
        Matchers = Texts(AlertMatcher),
        OnError = OnError,
    });
}
