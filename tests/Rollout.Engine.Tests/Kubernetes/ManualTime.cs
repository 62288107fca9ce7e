namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>A clock that stands until it is moved. Timers run on the real clock.</summary>
internal sealed class ManualTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;
}
