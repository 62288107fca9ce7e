using System.Text.RegularExpressions;

namespace Rollout;

/// <summary>The <c>user:password@</c> that some write into an address where none belongs, and which an error must not repeat.</summary>
internal static partial class UserInfo
{
    /// <summary>The text with its password, where it has one, made <c>***</c>. A port and a digest are none.</summary>
    internal static string Hide(string text) => PasswordPattern().Replace(text, "$1:***@");

    /// <summary>A text that ought to be an address and is none: whatever in it may be a login or a query is left out.</summary>
    internal static string HideAll(string address)
    {
        var path = address.Split('?')[0];
        return path.LastIndexOf('@') is >= 0 and var at ? $"***{path[at..]}" : path;
    }

    [GeneratedRegex(@"((?:^|//)[^:/@]*):(?!//|[0-9]+/).*@(?!sha[0-9]+:)", RegexOptions.CultureInvariant)]
    private static partial Regex PasswordPattern();
}
