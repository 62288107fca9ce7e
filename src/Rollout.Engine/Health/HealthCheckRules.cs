using System.Text;
using Rollout.Engine.Health.Alerts;

namespace Rollout.Engine.Health;

/// <summary>What a check must be to be made. Looked at when it is created, and again before it is made: it may come from a file.</summary>
public static class HealthCheckRules
{
    /// <summary>Refuses a check that could not be made.</summary>
    /// <exception cref="RolloutException">InvalidHealthCheck, UnknownQueryVariable.</exception>
    public static void Apply(RolloutHealthCheck check)
    {
        ArgumentNullException.ThrowIfNull(check);
        Refuse(check, check.SuccessesNeeded < 1, "it needs at least 1 good answer");
        Refuse(check, check.FailureLimit < 1, "its failure limit must be at least 1");
        Refuse(check, check.TotalFailureLimit < 1, "its total failure limit must be at least 1");
        Refuse(check, check.OutOf < check.SuccessesNeeded, $"{check.SuccessesNeeded} good answers cannot be had out of {check.OutOf}");
        Refuse(check, check.Timeout <= TimeSpan.Zero, "a try's timeout must be longer than nothing");
        Refuse(check, check.Interval < TimeSpan.Zero, "the time between two tries may not be negative");
        Refuse(check, check.For < TimeSpan.Zero, "the time it is watched for may not be negative");
        if (check is WebHealthCheck web) Apply(web);
        switch (check)
        {
            case HttpHealthCheck http: Apply(http); break;
            case PrometheusHealthCheck prometheus: Apply(prometheus); break;
            case BaselineHealthCheck baseline: Apply(baseline); break;
            case AlertHealthCheck alert: Apply(alert); break;
            case RouterHealthCheck router: Apply(router); break;
            case SaturationHealthCheck saturation: Apply(saturation); break;
            case TcpHealthCheck tcp: Refuse(check, tcp.Port is < 1 or > 65535 || tcp.HostName.Length == 0, "it names no host and port from 1 to 65535"); break;
            case CommandHealthCheck command: Refuse(check, string.IsNullOrWhiteSpace(command.Command), "it names no program"); break;
            case ScriptHealthCheck script: Refuse(check, string.IsNullOrWhiteSpace(script.Script), "its script is empty"); break;
        }
    }

    private static void Apply(WebHealthCheck check)
    {
        Refuse(check, !check.Uri.IsAbsoluteUri, $"'{WebHealthCheck.Shown(check.Uri)}' is not an absolute address");
        Refuse(check, check.Uri.Scheme is not ("http" or "https"), $"'{WebHealthCheck.Shown(check.Uri)}' is neither http:// nor https://");
        using var request = new HttpRequestMessage();
        foreach (var (name, value) in check.Headers)
        {
            // A value with a line end would be a second header. It may be a secret: the name alone is told.
            Refuse(check, value.AsSpan().ContainsAny('\r', '\n', '\0'), $"the value of header '{name}' has a line end");
            Refuse(check, !Ascii.IsValid(value), $"the value of header '{name}' has characters that are not ASCII, which a header cannot carry");
            Refuse(check, !request.Headers.TryAddWithoutValidation(name, value), $"'{name}' cannot be sent as a header of a request");
        }
    }

    private static void Apply(HttpHealthCheck check)
    {
        foreach (var status in check.ExpectStatus) Refuse(check, status is < 100 or > 599, $"{status} is no HTTP status");
        if (check.ExpectBody is { } body) HttpProbe.Pattern(check, "the body's pattern", body);
        foreach (var (name, value) in check.ExpectHeader) HttpProbe.Pattern(check, $"the pattern of header '{name}'", value);
    }

    private static void Apply(PrometheusHealthCheck check)
    {
        Refuse(check, string.IsNullOrWhiteSpace(check.Query), "it has no query");
        Refuse(check, check is { Below: null, Above: null }, "it has no threshold; give -Below or -Above");
        Refuse(check, check.Below is { } below && !double.IsFinite(below), "its threshold is no number");
        Refuse(check, check.Above is { } above && !double.IsFinite(above), "its threshold is no number");
        Refuse(check, check.Unit != MetricUnit.None && check.Below <= 0, "nothing is below 0, so that it could never be healthy");
        Refuse(check, check.Below <= check.Above, $"no number is below {check.Below} and above {check.Above}");
        Refuse(check, check.Window < TimeSpan.FromMilliseconds(1), "its window must be longer than nothing; give -Window '5m'");
        Refuse(check, check.Step is { } step && (step <= TimeSpan.Zero || step > check.Window), "the step of a range must be longer than nothing, and not longer than its window");
        Refuse(check, check.Step is { } point && check.Window / point > 11_000, "Prometheus gives at most 11000 points of a range; take a longer step");
        Refuse(check, check.Quantile is not (> 0 and < 1), "a quantile must be between 0 and 1");
        Refuse(check, check.MinimumRequests < 1, "the requests that are needed must be at least 1");
        Refuse(check, check is { MinimumRequests: not null, RequestsQuery: null }, "nothing says how requests are counted; give -RequestsQuery");
        QueryTemplate.Check(check.Query, check);
        if (check.RequestsQuery is { } requests) QueryTemplate.Check(requests, check);
    }

    private static void Apply(AlertHealthCheck check)
    {
        foreach (var matcher in check.Matchers)
        {
            QueryTemplate.Check(matcher, check);
            try
            {
                AlertMatcher.Parse(matcher);
            }
            catch (FormatException problem)
            {
                throw HealthErrors.InvalidHealthCheck(check, problem.Message);
            }
        }
    }

    private static void Apply(RouterHealthCheck check)
    {
        Refuse(check, check is { ErrorRateBelow: null, LatencyBelow: null }, "it has no threshold; give -ErrorRateBelow or -LatencyBelow");
        Refuse(check, check.ErrorRateBelow is not (null or (> 0 and <= 1)), "an error rate must be above 0% and at most 100%");
        Refuse(check, check.LatencyBelow <= TimeSpan.Zero, "a response time must be longer than nothing");
        Refuse(check, check.Window < TimeSpan.FromMilliseconds(1), "its window must be longer than nothing; give -Window '5m'");
        Refuse(check, check.MinimumRequests < 1, "the requests that are needed must be at least 1");
    }

    private static void Apply(SaturationHealthCheck check)
    {
        Refuse(check, check.Resources.Count == 0, "it looks at no resource");
        Refuse(check, check.Share is not (> 0 and <= 1), "a share of a limit must be above 0% and at most 100%");
        Refuse(check, check.Window < TimeSpan.Zero, "the time that it must be above may not be negative");
    }

    private static void Apply(BaselineHealthCheck check)
    {
        Refuse(check, check.Metrics.Count == 0, "it compares no metric");
        Refuse(check, check.Quantile is not (> 0 and < 1), "a quantile must be between 0 and 1");
        Refuse(check, check.CanaryRole == check.BaselineRole && check.Metrics.Any(metric => metric.BaselineQuery is null), $"both sides have the role '{check.CanaryRole}'");
        Refuse(check, check.Step <= TimeSpan.Zero || check.Step > check.Window, "the time between two samples must be longer than nothing, and not longer than the window");
        Refuse(check, check.Window / check.Step > 11_000, "Prometheus gives at most 11000 samples of a window; take a longer step");
        Refuse(check, !(check.MarginalScore >= 0 && check.PassScore >= check.MarginalScore && check.PassScore <= 100), "scores go from 0 to 100, and the one that passes is not below the marginal one");
        foreach (var metric in check.Metrics)
        {
            Refuse(check, string.IsNullOrWhiteSpace(metric.Query), $"the metric '{metric.Name}' has no query");
            Refuse(check, metric.BaselineQuery is null && !QueryTemplate.HasRole(metric.Query), $"the query of '{metric.Name}' is the same for both sides; use {{{{role}}}} in it, or give one for the baseline");
            QueryTemplate.Check(metric.Query, check);
            if (metric.BaselineQuery is { } query) QueryTemplate.Check(query, check);
        }
    }

    private static void Refuse(RolloutHealthCheck check, bool isWrong, string problem)
    {
        if (isWrong) throw HealthErrors.InvalidHealthCheck(check, problem);
    }
}
