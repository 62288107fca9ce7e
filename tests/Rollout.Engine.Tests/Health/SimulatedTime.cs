namespace Rollout.Engine.Tests.Health;

/// <summary>A clock that jumps to the next timer as soon as one is set: what waits an hour waits no time at all.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private readonly Lock gate = new();
    private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Jump(this, callback, state, dueTime);

    // The limit of a try is set as a timer too: only waits for the next try, shorter than any limit here, move the clock.
    internal TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(9);

    private sealed class Jump : ITimer
    {
        private readonly SimulatedTime time;
        private readonly TimerCallback callback;
        private readonly object? state;

        internal Jump(SimulatedTime time, TimerCallback callback, object? state, TimeSpan due)
        {
            (this.time, this.callback, this.state) = (time, callback, state);
            Change(due, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime < TimeSpan.Zero || dueTime > time.LongestWait) return true;
            lock (time.gate) time.now += dueTime;
            ThreadPool.UnsafeQueueUserWorkItem(_ => callback(state), null);
            return true;
        }

        public void Dispose() { }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
