namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>How much the other side is ready to take, of a stream or of the connection; who wants to send more waits.</summary>
internal sealed class SendWindow(int size)
{
    private readonly Lock _lock = new();
    private long _free = size;
    private TaskCompletionSource? _more;

    /// <summary>The other side takes more; or, after a change of its settings, less.</summary>
    /// <exception cref="Http2Exception">More than there can be.</exception>
    internal void Grant(int count)
    {
        lock (_lock)
        {
            _free += count;
            if (_free > int.MaxValue) throw Http2Exception.FlowControl("a window beyond 2^31-1");
            if (_free <= 0) return;
            _more?.TrySetResult();
            _more = null;
        }
    }

    /// <summary>Takes up to so much, as soon as there is anything.</summary>
    internal async ValueTask<int> TakeAsync(int wanted, CancellationToken cancellation)
    {
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_free > 0)
                {
                    var taken = (int)Math.Min(wanted, _free);
                    _free -= taken;
                    return taken;
                }

                _more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                more = _more.Task;
            }

            await more.WaitAsync(cancellation);
        }
    }
}
