using System.Globalization;
using System.Text;

namespace Rollout.Engine.Tests.Engines;

/// <summary>The names under which a library, a mesh or a proxy counts requests.</summary>
/// <param name="Counter">The counter of requests.</param>
/// <param name="Status">Its label that tells the good from the bad.</param>
/// <param name="Good">That label's value for a good one.</param>
/// <param name="Bad">And for a bad one.</param>
/// <param name="Buckets">The histogram of response times.</param>
/// <param name="PerSecond">Its units in a second.</param>
/// <param name="Labels">Labels that all its series have besides.</param>
internal sealed record RequestNames(string Counter, string Status, string Good, string Bad, string Buckets, int PerSecond = 1, string Labels = "")
{
    internal static RequestNames Http { get; } = new("http_requests_total", "code", "200", "500", "http_request_duration_seconds_bucket");
}

/// <summary>Requests as they are counted, in the text that Prometheus scrapes.</summary>
internal sealed class RequestMetrics(RequestNames names)
{
    private static readonly double[] Bounds = [0.05, 0.1, 0.2, 0.5, 1, 2, 4, double.PositiveInfinity];

    private readonly Lock _gate = new();
    private readonly long[] _inBucket = new long[Bounds.Length];
    private long _good;
    private long _bad;

    /// <summary>Counts requests that took the same time, and those of them that failed.</summary>
    internal void Count(long requests, long errors, double seconds)
    {
        lock (_gate)
        {
            _bad += errors;
            _good += requests - errors;
            _inBucket[Array.FindIndex(Bounds, bound => seconds <= bound)] += requests;
        }
    }

    internal void Write(StringBuilder text)
    {
        lock (_gate)
        {
            var more = names.Labels.Length > 0 ? $",{names.Labels}" : "";
            text.Append(CultureInfo.InvariantCulture, $"{names.Counter}{{{names.Status}=\"{names.Good}\"{more}}} {_good}\n");
            // As with most libraries, a series is there once something was counted.
            if (_bad > 0) text.Append(CultureInfo.InvariantCulture, $"{names.Counter}{{{names.Status}=\"{names.Bad}\"{more}}} {_bad}\n");
            var sum = 0L;
            foreach (var (bound, count) in Bounds.Zip(_inBucket))
            {
                sum += count;
                text.Append(CultureInfo.InvariantCulture, $"{names.Buckets}{{le=\"{(double.IsFinite(bound) ? bound * names.PerSecond : "+Inf")}\"{more}}} {sum}\n");
            }
        }
    }
}
