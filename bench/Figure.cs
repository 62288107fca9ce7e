namespace Rollout.Bench;

/// <summary>One figure: what was measured against what was promised.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Measured">What came out, with what it came from.</param>
/// <param name="Promised">What was promised.</param>
/// <param name="Kept">Whether it was kept.</param>
internal sealed record Figure(string Name, string Measured, string Promised, bool Kept);
