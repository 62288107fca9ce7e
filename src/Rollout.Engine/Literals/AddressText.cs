using System.Collections;

namespace Rollout.Engine.Literals;

/// <summary>Addresses of servers as users write them: <c>http://host:port/path</c>, <c>https://user:password@host</c>.</summary>
public static class AddressText
{
    /// <summary>Reads what PowerShell made of what the user wrote (without its PSObject). Empty counts as absent.</summary>
    /// <exception cref="RolloutException">InvalidAddress: no error repeats a login that may stand in it.</exception>
    public static Uri? From(object? value)
    {
        if (value is IList { Count: > 1 } several) throw LiteralErrors.InvalidAddress(string.Join(", ", several.Cast<object?>()), "it is several; give one, and make a check of each");
        var text = (value as Uri)?.OriginalString ?? value?.ToString();
        if (string.IsNullOrWhiteSpace(text)) return null;
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri)) throw LiteralErrors.InvalidAddress(text, "it is none that can be read; write http://host:port or https://host/path");
        return uri.Scheme is "http" or "https" ? uri : throw LiteralErrors.InvalidAddress(text, "it does not begin with http:// or https://; write http://host:port or https://host/path");
    }
}
