using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Health;

/// <summary>
/// GETs an address, each try on a connection of its own, and looks at status and body. Redirects are not followed: where a service sends
/// others to is not its health. The body is read to its end, at most 1 MiB, so that an answer cut short is a bad one.
/// </summary>
internal sealed class HttpProbe : IHealthProbe
{
    private const int BodyLimit = 1024 * 1024;
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(500);

    private readonly HttpHealthCheck check;
    private readonly TimeProvider time;
    private readonly Regex? body;
    private readonly (string Name, Regex Value)[] headers;
    private readonly HttpClient client;

    /// <exception cref="RolloutException">InvalidHealthCheck.</exception>
    internal HttpProbe(HttpHealthCheck check, TimeProvider time)
    {
        this.check = check;
        this.time = time;
        body = check.ExpectBody is { } pattern ? Pattern(check, "the body's pattern", pattern) : null;
        headers = [.. check.ExpectHeader.Select(header => (header.Key, Pattern(check, $"the pattern of header '{header.Key}'", header.Value)))];
        client = WebAccess.Fresh(check);
    }

    public string? Query => HttpHealthCheck.Shown(check.Uri);

    public string Threshold => string.Join(", ", [ExpectedStatus, .. headers.Select(header => $"{header.Name} matches {header.Value}"), .. body is null ? [] : new[] { $"body matches {body}" }]);

    private string ExpectedStatus => check.ExpectStatus.Count == 0 ? "200-299" : string.Join(", ", check.ExpectStatus);

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var response = await client.GetAsync(check.Uri, HttpCompletionOption.ResponseHeadersRead, both.Token);
            return Judge(response, await ReadAsync(response.Content, both.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Bad(null, $"no complete answer within {check.Timeout.TotalSeconds:0.###} s");
        }
        catch (RegexMatchTimeoutException)
        {
            return Bad(null, $"matching the answer took too long");
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or InvalidDataException)
        {
            return Bad(null, WebAccess.Explain(problem));
        }
    }

    public void Dispose() => client.Dispose();

    private HealthTry Judge(HttpResponseMessage response, string text)
    {
        var status = (int)response.StatusCode;
        var value = status.ToString(CultureInfo.InvariantCulture);
        var expected = check.ExpectStatus.Count == 0 ? status is >= 200 and <= 299 : check.ExpectStatus.Contains(status);
        if (!expected)
        {
            var redirect = response.Headers.Location is { } to ? $" (a redirect to {HttpHealthCheck.Shown(to)}, which is not followed)" : "";
            return Bad(value, $"status {status}{redirect}, expected {ExpectedStatus}");
        }

        if (headers.Where(header => !HeaderOf(response, header.Name).Any(value => header.Value.IsMatch(value))).Select(header => header.Name).FirstOrDefault() is { } missed)
        {
            return Bad(value, $"status {status}, but header {missed} {(HeaderOf(response, missed).Any() ? "is another" : "is missing")}");
        }

        if (body is not null && !body.IsMatch(text)) return Bad(value, $"status {status}, but the body does not match {body}");
        return new HealthTry(HealthVerdict.Healthy, value, $"status {status}");
    }

    private static IEnumerable<string> HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var own) ? own : response.Content.Headers.NonValidated.TryGetValues(name, out var content) ? content : [];

    private static HealthTry Bad(string? value, string message) => new(HealthVerdict.Unhealthy, value, ForeignText.Neutralise(message));

    private static async Task<string> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        var bytes = new byte[64 * 1024];
        using var read = new MemoryStream();
        while (read.Length < BodyLimit && await stream.ReadAsync(bytes, cancellation) is var count and > 0)
        {
            read.Write(bytes, 0, (int)Math.Min(count, BodyLimit - read.Length));
        }

        return Charset(content.Headers.ContentType).GetString(read.GetBuffer(), 0, (int)read.Length);
    }

    private static Encoding Charset(MediaTypeHeaderValue? type)
    {
        try
        {
            return type?.CharSet is { } name ? Encoding.GetEncoding(name.Trim('"')) : Encoding.UTF8;
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8;
        }
    }

    /// <exception cref="RolloutException">InvalidHealthCheck.</exception>
    internal static Regex Pattern(HttpHealthCheck check, string what, string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException problem)
        {
            throw HealthErrors.InvalidHealthCheck(check, $"{what} is no regular expression ({problem.Message.TrimEnd('.')})");
        }
    }
}
