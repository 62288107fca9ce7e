using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
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
    private readonly HttpClient client;

    /// <exception cref="RolloutException">InvalidHealthCheck.</exception>
    internal HttpProbe(HttpHealthCheck check, TimeProvider time)
    {
        this.check = check;
        this.time = time;
        if (!check.Uri.IsAbsoluteUri) throw HealthErrors.InvalidHealthCheck(check, $"'{check.Uri}' is not an absolute address");
        if (check.Uri.Scheme is not ("http" or "https")) throw HealthErrors.InvalidHealthCheck(check, $"'{HttpHealthCheck.Shown(check.Uri)}' is neither http:// nor https://");
        if (check.ExpectStatus.FirstOrDefault(status => status is < 100 or > 599) is var odd and not 0) throw HealthErrors.InvalidHealthCheck(check, $"{odd} is no HTTP status");

        body = check.ExpectBody is null ? null : Pattern(check);
        client = Client(check);
    }

    public string? Query => HttpHealthCheck.Shown(check.Uri);

    public string Threshold => body is null ? ExpectedStatus : $"{ExpectedStatus}, body matches {body}";

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
            return Bad(null, $"matching the body against {body} took too long");
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or InvalidDataException)
        {
            return Bad(null, Explain(problem));
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

        if (body is not null && !body.IsMatch(text)) return Bad(value, $"status {status}, but the body does not match {body}");
        return new HealthTry(HealthVerdict.Healthy, value, $"status {status}");
    }

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

    private static string Explain(Exception problem)
    {
        var cause = problem.InnerException ?? problem;
        var error = (problem as HttpRequestException)?.HttpRequestError ?? (problem as HttpIOException)?.HttpRequestError;
        return error switch
        {
            HttpRequestError.NameResolutionError => "the host's name is not known",
            HttpRequestError.ConnectionError when cause is SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
            HttpRequestError.ConnectionError => $"no connection: {cause.Message}",
            HttpRequestError.SecureConnectionError => $"no TLS connection: {cause.Message}",
            HttpRequestError.ResponseEnded => "the answer was cut off",
            HttpRequestError.InvalidResponse => "what answered does not speak HTTP",
            HttpRequestError.HttpProtocolError => $"a breach of the protocol: {cause.Message}",
            _ => $"the answer could not be read: {cause.Message}",
        };
    }

    private static Regex Pattern(HttpHealthCheck check)
    {
        try
        {
            return new Regex(check.ExpectBody!, RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException problem)
        {
            throw HealthErrors.InvalidHealthCheck(check, $"the body's pattern is no regular expression ({problem.Message})");
        }
    }

    private static HttpClient Client(HttpHealthCheck check)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,

            // A proxy cannot reach this machine's loopback.
            UseProxy = !check.Uri.IsLoopback,
            PooledConnectionLifetime = TimeSpan.Zero,
        })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
        var headers = client.DefaultRequestHeaders;
        foreach (var (name, value) in check.Headers)
        {
            // A value with a line end would be a second header. It may be a secret: the name alone is told.
            if (value.AsSpan().ContainsAny('\r', '\n', '\0')) throw HealthErrors.InvalidHealthCheck(check, $"the value of header '{name}' has a line end");
            if (!headers.TryAddWithoutValidation(name, value)) throw HealthErrors.InvalidHealthCheck(check, $"'{name}' cannot be sent as a header of a request");
        }

        if (!headers.Contains("User-Agent")) headers.UserAgent.ParseAdd("Rollout-HealthCheck");
        if (!headers.Contains("Authorization") && check.Uri.UserInfo.Length > 0)
        {
            var login = Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(check.Uri.UserInfo)));
            headers.Authorization = new AuthenticationHeaderValue("Basic", login);
        }

        return client;
    }
}
