using System.Globalization;

namespace Rollout.Engine.Rollouts;

/// <summary>
/// One point on the way from an old set of replicas to a new one: it is reached when at least <paramref name="New"/> of the new set
/// serve and at most <paramref name="Old"/> of the old set are left.
/// </summary>
/// <param name="New">New replicas that serve, at least.</param>
/// <param name="Old">Old replicas that are left, at most.</param>
/// <param name="Verified">True where the checks must have passed before the next point is made for.</param>
internal sealed record Waypoint(int New, int Old, bool Verified = false);

/// <summary>
/// The whole way. Along a path New never falls and Old never rises, so that what is observed alone says how far it has come: a shell
/// that carries on needs no memory of what another did. A strategy is a way of laying out waypoints, not another driver.
/// </summary>
internal sealed record RolloutPath(IReadOnlyList<Waypoint> Waypoints)
{
    /// <summary>
    /// The new set comes up in batches of <paramref name="batch"/>. With room for all of it beside the old (<paramref name="surge"/> at least
    /// <paramref name="replicas"/>) no old replica is touched before all of the new serve and are verified; with less room
    /// each batch replaces as many.
    /// </summary>
    internal static RolloutPath Rolling(int replicas, int old, int surge, int batch)
    {
        var points = new List<Waypoint>();
        var step = Math.Max(1, Math.Min(surge, batch));
        var floor = Math.Min(replicas, old);
        var left = old;
        for (var up = Math.Min(step, replicas); ; up = Math.Min(up + step, replicas))
        {
            points.Add(new Waypoint(up, left));
            if (up == replicas) break;
            if (surge >= replicas) continue;
            left = Math.Min(left, Math.Max(0, floor - up));
            points.Add(new Waypoint(up, left));
        }

        points[^1] = points[^1] with { Verified = true };
        points.Add(new Waypoint(replicas, 0));
        return new RolloutPath(points);
    }

    /// <summary>The old set stops before the new one starts.</summary>
    internal static RolloutPath Recreate(int replicas) =>
        new([new Waypoint(0, 0), new Waypoint(replicas, 0, Verified: true)]);

    /// <summary>Back to a set that ran before: all of it first, and only then the other goes; without room for both, the other way round.</summary>
    internal static RolloutPath Back(int replicas, bool sideBySide) => sideBySide
        ? new([new Waypoint(replicas, int.MaxValue), new Waypoint(replicas, 0)])
        : new([new Waypoint(0, 0), new Waypoint(replicas, 0)]);

    /// <summary>
    /// Reads a MaxSurge: a number of replicas or a percentage of them, rounded up, at least 1. Null means room for all.
    /// </summary>
    internal static int Surge(string? maxSurge, int replicas)
    {
        if (string.IsNullOrWhiteSpace(maxSurge)) return replicas;
        var text = maxSurge.Trim();
        var isPercentage = text.EndsWith('%');
        if (!decimal.TryParse(isPercentage ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || value <= 0 || value > 100_000 || (!isPercentage && value != decimal.Truncate(value)))
        {
            throw RolloutErrors.InvalidMaxSurge(maxSurge);
        }

        return Math.Max(1, (int)decimal.Ceiling(isPercentage ? replicas * value / 100 : value));
    }

    /// <summary>How many start at a time where there is room for all: a quarter, so that a bad image is found out by few.</summary>
    internal static int Batch(int surge, int replicas) => surge < replicas ? surge : Math.Max(1, (replicas + 3) / 4);
}
