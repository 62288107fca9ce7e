namespace Rollout.Engine.Rollouts;

/// <summary>
/// The name of a target as the user writes it, <c>kind/name</c> in the platform's own words: <c>docker/shop</c>,
/// <c>compose/project/service</c>, <c>deployment/shop</c> (<c>deploy/shop</c>) and so on.
/// </summary>
/// <param name="Kind">The kind in its long form, lower case.</param>
/// <param name="Name">The rest: the workload's name; for compose <c>project/service</c>.</param>
public sealed record TargetName(string Kind, string Name)
{
    /// <summary>Where it lives.</summary>
    public TargetHome Home => TargetKind.Find(Kind)?.Home ?? throw RolloutErrors.InvalidTarget(ToString(), $"'{Kind}' is no kind of target");

    /// <summary>Parses a target.</summary>
    /// <exception cref="RolloutException">InvalidTarget.</exception>
    public static TargetName Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == text.Length - 1) throw RolloutErrors.InvalidTarget(text, "it has not the form kind/name");
        var kind = TargetKind.Find(text[..slash]) ?? throw RolloutErrors.InvalidTarget(text, $"'{text[..slash]}' is no kind of target");

        var name = text[(slash + 1)..];
        var parts = name.Split('/');
        if (parts.Length != kind.NameParts || parts.Any(part => part.Length == 0))
        {
            throw RolloutErrors.InvalidTarget(text, kind.NameParts > 1 ? "a compose target is compose/project/service" : "the name has a slash");
        }

        return new TargetName(kind.Name, name);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Name}";
}
