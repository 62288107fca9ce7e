using System.Collections.Concurrent;
using System.Management.Automation;

namespace Rollout.Module.Pipeline;

/// <summary>
/// What other threads want done on the pipeline thread, in their order. It is never completed: that work has ended is an action in
/// the queue like any other, so nothing it queued before can be lost, and nothing that comes after a stop can throw.
/// </summary>
internal sealed class PipelineQueue(CancellationToken stopped)
{
    private readonly BlockingCollection<Action> _actions = [];

    /// <summary>Queues an action. From any thread.</summary>
    internal void Post(Action action) => _actions.Add(action);

    /// <summary>Runs what is queued; then waits for more until <paramref name="enough"/> holds. On the pipeline thread.</summary>
    /// <exception cref="PipelineStoppedException">It was stopped.</exception>
    internal void PumpUntil(Func<bool> enough)
    {
        while (true)
        {
            if (stopped.IsCancellationRequested) throw new PipelineStoppedException();
            if (!_actions.TryTake(out var action))
            {
                if (enough()) return;
                action = Next();
            }

            action();
        }
    }

    private Action Next()
    {
        try
        {
            return _actions.Take(stopped);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }
}
