using System.Text.RegularExpressions;

namespace Rollout.Engine.Traffic;

/// <summary>Why HAProxy did not do what it was told, as far as it can be told from its free text.</summary>
internal enum HAProxyRefusal
{
    /// <summary>It did it.</summary>
    None,
    /// <summary>There is no such backend.</summary>
    NoSuchBackend,
    /// <summary>There is no such server in the backend.</summary>
    NoSuchServer,
    /// <summary>The socket is not of level admin.</summary>
    PermissionDenied,
    /// <summary>Another server has the id.</summary>
    IdTaken,
    /// <summary>A weight above 256.</summary>
    WeightOutOfRange,
    /// <summary>Something is still connected to the server.</summary>
    StillConnected,
    /// <summary>The backend is switched off, or a reload is ending the process that answered.</summary>
    ProxyDisabled,
    /// <summary>Anything else: see the text.</summary>
    Other,
}

/// <summary>
/// One answer of HAProxy's runtime socket. The texts carry no codes, but after <c>set severity-output number</c> they begin with syslog's
/// severity: <c>[3]: No such server.</c> Nothing or <c>[6]:</c> means done.
/// </summary>
internal sealed partial record HAProxyReply(HAProxyRefusal Refusal, string Text)
{
    private const int SyslogError = 3;

    internal static HAProxyReply Parse(string raw)
    {
        var text = raw.Trim('\n', '\r', ' ');
        var severity = Severity().Match(text);
        if (!severity.Success) return new HAProxyReply(HAProxyRefusal.None, text);

        text = text[severity.Length..];
        var refused = severity.ValueSpan[1] - '0' <= SyslogError || text.StartsWith("Unknown command", StringComparison.Ordinal);
        return new HAProxyReply(refused ? Recognise(text) : HAProxyRefusal.None, text);
    }

    private static HAProxyRefusal Recognise(string text)
    {
        if (Says("No such backend") || Says("No such proxy")) return HAProxyRefusal.NoSuchBackend;
        if (Says("No such server")) return HAProxyRefusal.NoSuchServer;
        if (Says("Permission denied")) return HAProxyRefusal.PermissionDenied;
        if (Says("custom id")) return HAProxyRefusal.IdTaken;
        if (Says("is not within 0 and 256")) return HAProxyRefusal.WeightOutOfRange;
        if (Says("still has connections")) return HAProxyRefusal.StillConnected;
        if (Says("Proxy is disabled")) return HAProxyRefusal.ProxyDisabled;
        return HAProxyRefusal.Other;

        bool Says(string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"^\[[0-7]\]: ?")]
    private static partial Regex Severity();
}
