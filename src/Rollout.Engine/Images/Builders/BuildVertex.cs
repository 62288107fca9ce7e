namespace Rollout.Engine.Images.Builders;

/// <summary>The latest state of one step, as BuildKit reports it (a vertex of its graph); later states replace earlier ones.</summary>
/// <param name="Id">Its digest, or its number.</param>
/// <param name="Name">What it does: <c>[build 2/5] RUN make</c>.</param>
/// <param name="IsStarted">It has begun.</param>
/// <param name="IsCompleted">It has ended, well or not.</param>
/// <param name="IsCached">Its result came from the cache.</param>
/// <param name="Error">Why it failed; null where it did not.</param>
internal sealed record BuildVertex(string Id, string Name, bool IsStarted, bool IsCompleted, bool IsCached, string? Error);
