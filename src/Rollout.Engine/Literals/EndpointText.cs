namespace Rollout.Engine.Literals;

/// <summary>
/// Where an object lives, as its text has it: the address alone, <c>https://host:6443</c> of a cluster, <c>unix:///var/run/docker.sock</c> of an
/// engine. A job leaves no more of it.
/// </summary>
public static class EndpointText
{
    /// <summary>Reads what <see cref="RolloutEndpoint.ToString"/> wrote.</summary>
    /// <exception cref="RolloutException">InvalidEndpoint: no error repeats a login that may stand in it.</exception>
    public static RolloutEndpoint From(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var address = text.Trim();
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || !address.Contains("://", StringComparison.Ordinal) || uri.UserInfo.Length > 0) throw LiteralErrors.InvalidEndpoint(text);
        return uri.Scheme switch
        {
            "http" or "https" => new RolloutEndpoint { Server = uri.AbsoluteUri.TrimEnd('/') },
            "unix" or "npipe" or "tcp" => new RolloutEndpoint { DockerHost = address },
            _ => throw LiteralErrors.InvalidEndpoint(text),
        };
    }
}
