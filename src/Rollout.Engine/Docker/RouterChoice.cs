using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>The router in front of a workload.</summary>
/// <param name="Kind">The router: <c>haproxy</c>.</param>
/// <param name="Endpoint">Where it listens.</param>
/// <param name="Backend">Its backend.</param>
internal sealed record RouterChoice(string Kind, string Endpoint, string Backend)
{
    /// <summary>As a label has it.</summary>
    internal string ToLabel() => StoredJson.Write(this);

    /// <summary>Reads what <see cref="ToLabel"/> wrote; null where that is nothing, or something else.</summary>
    internal static RouterChoice? FromLabel(string? label) => label is null ? null : StoredJson.Read<RouterChoice>(label);
}
