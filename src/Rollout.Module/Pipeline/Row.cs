using System.Text.RegularExpressions;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Pipeline;

/// <summary>One input of a cmdlet, which its failures are about. Where it is a target, each of them names it: of a hundred rows one wants to know which.</summary>
/// <param name="Input">The user's object: what was piped, or the target as it was named.</param>
/// <param name="Target">The target, where the input is one.</param>
/// <param name="Namespace">Its namespace, where the input says it.</param>
internal sealed record Row(object? Input, string? Target = null, string? Namespace = null)
{
    /// <summary>Before there is an input.</summary>
    internal static Row None { get; } = new((object?)null);

    /// <summary>A rollout, or the target of one in a namespace that was named beside it.</summary>
    internal static Row Of(RolloutSource rollout, string? @namespace) =>
        new(rollout.Status ?? (object)rollout.Target, rollout.Target, rollout.Status?.Namespace ?? @namespace);

    /// <summary>A message with the target and the namespace before it, as far as it does not name them itself.</summary>
    internal string Named(string message)
    {
        var target = Target is null || NamesTarget(message) ? null : $"'{Target}'";
        var space = Namespace is null || NamesNamespace(message) ? null : $"namespace '{Namespace}'";
        return (target, space) switch
        {
            (null, null) => message,
            (null, _) => $"N{space[1..]}: {message}",
            (_, null) => $"{target}: {message}",
            _ => $"{target} in the {space}: {message}",
        };
    }

    /// <summary>By its short kind or its long one; on an engine the name alone, in quotes, is it too.</summary>
    private bool NamesTarget(string message)
    {
        var (kind, name) = Target!.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 ? (TargetKind.Find(Target[..slash]), Target[(slash + 1)..]) : (null, "");
        if (kind is { Home: not TargetHome.Cluster } && message.Contains($"'{name}'", StringComparison.Ordinal)) return true;
        return HasWord(message, Target) || (kind is not null && HasWord(message, $"{kind.Name}/{name}"));
    }

    private bool NamesNamespace(string message) =>
        message.Contains($"namespace '{Namespace}'", StringComparison.Ordinal)
        || message.Contains($"namespace \"{Namespace}\"", StringComparison.Ordinal)
        || HasWord(message, $"{Namespace}/{Target}");

    /// <summary>deployment/shop is not in deployment/shop-api; a full stop may follow it.</summary>
    private static bool HasWord(string message, string word) => Regex.IsMatch(message, $@"(?<![\w.-]){Regex.Escape(word)}(?![\w/-]|\.\w)", RegexOptions.CultureInvariant);
}
