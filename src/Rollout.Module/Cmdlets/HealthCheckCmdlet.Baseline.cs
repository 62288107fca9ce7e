using System.Management.Automation;

namespace Rollout.Module.Cmdlets;

// What is compared with a baseline instead of a threshold.
public abstract partial class HealthCheckCmdlet
{
    /// <summary>Compares the query's samples of the canary with those of the baseline; {{role}} in it stands for the side.</summary>
    [Parameter]
    public SwitchParameter Baseline { get; set; }

    /// <summary>The query of the baseline's samples.</summary>
    [Parameter]
    public string? BaselineQuery { get; set; }

    /// <summary>The direction that is bad.</summary>
    [Parameter]
    public MetricDirection Direction { get; set; }

    private WebHealthCheck Compared(Uri server, string query)
    {
        var check = new BaselineHealthCheck
        {
            Name = "canary",
            Uri = server,
            Metrics = [new BaselineMetric { Name = "query", Query = query, BaselineQuery = Text(BaselineQuery), Direction = Direction }],
            Window = Window,
            Quantile = Percentile / 100,
            OnNoData = OnNoData,
            OnError = OnError,
        };
        return ForMonitoring(Step is { } step ? check with { Step = step } : check);
    }
}
