using System.Text.Json.Serialization;

namespace Rollout;

/// <summary>One check of a rollout's health: made once, kept in a plan, used often.</summary>
[JsonDerivedType(typeof(HttpHealthCheck), "http")]
[JsonDerivedType(typeof(ContainerHealthCheck), "container")]
public abstract record RolloutHealthCheck
{
    /// <summary>The name under which the result is shown.</summary>
    public required string Name { get; init; }

    /// <summary>The sort of check: <c>Http</c>, <c>Container</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>How long one try may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Good answers in a row that make it healthy; as many bad ones in a row as <see cref="FailureLimit"/> make it unhealthy.</summary>
    public int SuccessesNeeded { get; init; } = 1;

    /// <summary>Bad answers in a row that make it unhealthy.</summary>
    public int FailureLimit { get; init; } = 3;

    /// <summary>Time between two tries.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>GETs an address and looks at status and body. Redirects are not followed.</summary>
public sealed record HttpHealthCheck : RolloutHealthCheck
{
    /// <inheritdoc/>
    public override string Kind => "Http";

    /// <summary>The address.</summary>
    public required Uri Uri { get; init; }

    /// <summary>An address as it may be shown: user, password and query can be secrets.</summary>
    public static string Shown(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return uri.IsAbsoluteUri ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : uri.OriginalString;
    }

    /// <summary>The statuses that are good; empty means 200 to 299.</summary>
    public IReadOnlyList<int> ExpectStatus { get; init; } = [];

    /// <summary>A regular expression that the body must match; null for any body.</summary>
    public string? ExpectBody { get; init; }

    /// <summary>The names of the headers to send. Their values may be secrets, and can be given but not read: no view, JSON or log shows them.</summary>
    [JsonIgnore]
    public IEnumerable<string> HeaderNames => Headers.Keys;

    /// <summary>The headers to send, by name.</summary>
    internal IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The same check with these headers, and no others.</summary>
    public HttpHealthCheck WithHeaders(IReadOnlyDictionary<string, string> headers) => this with { Headers = headers };
}

/// <summary>Looks at the containers of the rollout themselves: running, HEALTHCHECK, restarts since the rollout, out of memory.</summary>
public sealed record ContainerHealthCheck : RolloutHealthCheck
{
    /// <inheritdoc/>
    public override string Kind => "Container";
}
