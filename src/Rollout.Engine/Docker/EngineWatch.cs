using System.Threading.Channels;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker;

/// <summary>Listens to what the engine tells about containers, so that nobody has to ask.</summary>
internal sealed class EngineWatch : IAsyncDisposable
{
    private static readonly TimeSpan ListenAgainAfter = TimeSpan.FromSeconds(1);

    // One sign is enough, however much happened.
    private readonly Channel<bool> signs = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource ended = new();
    private readonly IDockerClient engine;
    private readonly TimeProvider time;
    private readonly Task listening;

    /// <summary>Starts listening.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="name">The workload, or null for all.</param>
    /// <param name="time">The clock.</param>
    internal EngineWatch(IDockerClient engine, string? name, TimeProvider time)
    {
        this.engine = engine;
        this.time = time;
        listening = ListenAsync(new Dictionary<string, IReadOnlyList<string>>
        {
            ["type"] = ["container"],
            ["label"] = [name is null ? WorkloadLabels.Name : $"{WorkloadLabels.Name}={name}"],
        });
    }

    /// <summary>Ends when something happened since the last time, or after the time given.</summary>
    internal async Task WaitAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(atMost, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await signs.Reader.ReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Nothing happened. Look all the same: an event may have been lost.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await listening;
        ended.Dispose();
    }

    private async Task ListenAsync(Dictionary<string, IReadOnlyList<string>> filters)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                await foreach (var one in engine.System.EventsAsync(filters, null, ended.Token)) Sign(one);
            }
            catch (RolloutException)
            {
                // The engine went away, which is worth a look too.
                signs.Writer.TryWrite(true);
                await PauseAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>The record's own coming and going says nothing, nor does a HEALTHCHECK's run before its result.</summary>
    private void Sign(EngineEvent one)
    {
        if (one.Actor.Attributes.ContainsKey(WorkloadLabels.Sequence) || one.Action.StartsWith("exec_", StringComparison.Ordinal)) return;
        signs.Writer.TryWrite(true);
    }

    private Task PauseAsync() =>
        Task.Delay(ListenAgainAfter, time, ended.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
