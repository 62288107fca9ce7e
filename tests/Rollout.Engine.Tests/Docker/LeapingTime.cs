namespace Rollout.Engine.Tests.Docker;

/// <summary>
/// A clock that a test sets forward where it would have to wait, and who hears what is told: as soon as something that is away is waited for, the minute it is given is over.
/// </summary>
internal sealed class LeapingTime : TimeProvider, IReporter
{
    private int leaps;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromMinutes(Volatile.Read(ref leaps));

    internal void Leap() => Interlocked.Increment(ref leaps);

    public void Verbose(string message)
    {
        if (message.EndsWith("It is waited for.", StringComparison.Ordinal)) Leap();
    }

    public void Progress(ProgressReport report)
    {
    }

    public void Warning(string message)
    {
    }
}
