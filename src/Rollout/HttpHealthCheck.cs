namespace Rollout;

/// <summary>GETs an address and looks at status, headers and body. Redirects are not followed.</summary>
public sealed record HttpHealthCheck : WebHealthCheck
{
    /// <inheritdoc/>
    public override string Kind => "Http";

    /// <summary>The statuses that are good; empty means 200 to 299.</summary>
    public IReadOnlyList<int> ExpectStatus { get; init; } = [];

    /// <summary>Headers that the answer must have, each with a regular expression that its value must match.</summary>
    public IReadOnlyDictionary<string, string> ExpectHeader { get; init; } = new Dictionary<string, string>();

    /// <summary>A regular expression that the body must match; null for any body.</summary>
    public string? ExpectBody { get; init; }
}
