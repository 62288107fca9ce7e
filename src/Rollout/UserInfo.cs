using System.Text.RegularExpressions;

namespace Rollout;

/// <summary>The <c>user:password@</c> that some write into an address where none belongs, and which an error must not repeat.</summary>
internal static partial class UserInfo
{
    /// <summary>The text with its password, where it has one, made <c>***</c>. A port and a digest are none.</summary>
    internal static string Hide(string text) => PasswordPattern().Replace(text, "$1:***@");

    [GeneratedRegex(@"((?:^|//)[^:/@]*):(?!//|[0-9]+/).*@(?!sha[0-9]+:)", RegexOptions.CultureInvariant)]
    private static partial Regex PasswordPattern();
}
