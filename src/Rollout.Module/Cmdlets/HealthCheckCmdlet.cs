using System.Management.Automation;
using Rollout.Engine.Health;
using Rollout.Module.Literals;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that takes the parameters of health checks: each thing that is named is one check, and what is common holds for all.</summary>
public abstract partial class HealthCheckCmdlet : RolloutCmdlet
{
    /// <summary>Good answers in a row that make it healthy.</summary>
    [Parameter]
    [ValidateRange(1, 1_000)]
    public int? SuccessesNeeded { get; set; }

    /// <summary>Bad answers in a row that make it unhealthy.</summary>
    [Parameter]
    [ValidateRange(1, 1_000)]
    public int? FailureLimit { get; set; }

    /// <summary>Bad answers in all that make it unhealthy.</summary>
    [Parameter]
    [ValidateRange(1, 10_000)]
    public int? TotalFailureLimit { get; set; }

    /// <summary>So many tries at most, of which -SuccessesNeeded must be good.</summary>
    [Parameter]
    [ValidateRange(1, 10_000)]
    public int? OutOf { get; set; }

    /// <summary>Time between two tries.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Interval { get; set; }

    /// <summary>Seconds that one try may take.</summary>
    [Parameter]
    [ValidateRange(1, 86_400)]
    public int? TimeoutSec { get; set; }

    /// <summary>How long it must stay well.</summary>
    [Parameter]
    [Duration]
    public TimeSpan For { get; set; }

    /// <summary>The checks that the command line describes, in the order of the parameters.</summary>
    /// <param name="name">The name of the only one, and what those of several begin with; null for names of their own.</param>
    private protected IReadOnlyList<RolloutHealthCheck> DescribedChecks(string? name)
    {
        CheckBelonging();
        RolloutHealthCheck[] described = [.. WebChecks(), .. MetricChecks(), .. AlertChecks(), .. LocalChecks()];
        RolloutHealthCheck[] named = [.. described.Select(check => WithCommon(name is null ? check : check with { Name = described.Length == 1 ? name : $"{name}: {check.Name}" }))];
        foreach (var check in named) HealthCheckRules.Apply(check);
        return named;
    }

    private protected RolloutHealthCheck WithCommon(RolloutHealthCheck check) => check with
    {
        SuccessesNeeded = SuccessesNeeded ?? check.SuccessesNeeded,
        FailureLimit = FailureLimit ?? check.FailureLimit,
        TotalFailureLimit = TotalFailureLimit ?? check.TotalFailureLimit,
        OutOf = OutOf ?? check.OutOf,
        Interval = Interval ?? check.Interval,
        Timeout = TimeoutSec is { } seconds ? TimeSpan.FromSeconds(seconds) : check.Timeout,
        For = For > check.For ? For : check.For,
    };

    private void CheckBelonging()
    {
        Need([nameof(ExpectStatus), nameof(ExpectHeader), nameof(ExpectBody)], Uri is not null, "-Uri");
        Need([nameof(ArgumentList)], Text(Command) is not null, "-Command");
        Need([nameof(Below), nameof(Above), nameof(Step), nameof(Baseline)], Text(Query) is not null, "-Query");
        Need([nameof(BaselineQuery), nameof(Direction)], Baseline, "-Baseline");
        if (Baseline && ((string[])[nameof(Below), nameof(Above), nameof(MinimumRequests), nameof(RequestsQuery)]).FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } threshold) throw HealthCheckErrors.ParametersApart($"-{threshold}", "-Baseline");
        if (Prometheus is null && Saturation.FirstOrDefault(name => !Enum.TryParse<LimitedResource>(name, ignoreCase: true, out _)) is { } measured) throw HealthCheckErrors.ParameterMissing($"-Saturation {measured}", "-Prometheus");
        Need([nameof(Query), nameof(Template), nameof(Selector), nameof(Percentile), nameof(RequestsQuery)], Prometheus is not null, "-Prometheus");
        Need([nameof(Credential), nameof(Token), nameof(AlertMatcher)], AsksMonitoring, "-Prometheus or -Alertmanager");
        Need([nameof(Header), nameof(CertificateAuthority), nameof(SkipCertificateCheck)], Uri is not null || AsksMonitoring, "-Uri, -Prometheus or -Alertmanager");
        Need([nameof(Prometheus)], AsksForMetric || (Alertmanager is null && AlertMatcher.Length > 0), $"-ErrorRateBelow, -LatencyBelow, -Query{(Alertmanager is null ? ", -Saturation or -AlertMatcher" : " or -Saturation")}");
        Need([nameof(Window), nameof(OnNoData)], AsksForMetric, "-ErrorRateBelow, -LatencyBelow or -Query");
        Need([nameof(MinimumRequests)], ErrorRateBelow is not null || LatencyBelow is not null || Text(Query) is not null, "-ErrorRateBelow, -LatencyBelow or -Query");
        Need([nameof(RequestsQuery)], MinimumRequests is not null, "-MinimumRequests");
        Need([nameof(OnError)], AsksForMetric || AsksMonitoring, "-Prometheus or -Alertmanager");
    }

    private void Need(string[] given, bool isThere, string missing)
    {
        if (!isThere && given.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } lone) throw HealthCheckErrors.ParameterMissing($"-{lone}", missing);
    }
}
