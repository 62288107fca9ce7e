namespace Rollout.Engine.Tests;

/// <summary>How long is waited for what must come: so long that only what never comes is missed, on however laden a machine.</summary>
internal static class TestLimit
{
    /// <summary>Shorter than what a run waits for a test that hangs, so the test itself says what did not come.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromMinutes(4);

    /// <summary>A limit of that length. One that a whole class shared would be used up by its first tests.</summary>
    public static CancellationToken FromNow => new CancellationTokenSource(Time).Token;
}
