using System.Threading.Channels;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker;

/// <summary>Listens to what the engine tells, so that nobody has to ask.</summary>
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
        : this(engine, time, OfWorkload(name), IsSign)
    {
    }

    /// <summary>Starts listening.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="time">The clock.</param>
    /// <param name="filters">What is listened to, in the API's terms.</param>
    /// <param name="isSign">Whether an event says that something happened.</param>
    internal EngineWatch(IDockerClient engine, TimeProvider time, IReadOnlyDictionary<string, IReadOnlyList<string>> filters, Predicate<EngineEvent> isSign)
    {
        this.engine = engine;
        this.time = time;
        listening = ListenAsync(filters, isSign);
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

    private async Task ListenAsync(IReadOnlyDictionary<string, IReadOnlyList<string>> filters, Predicate<EngineEvent> isSign)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                await foreach (var one in engine.System.EventsAsync(filters, null, ended.Token))
                {
                    if (isSign(one)) signs.Writer.TryWrite(true);
                }
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

    private static Dictionary<string, IReadOnlyList<string>> OfWorkload(string? name) => new()
    {
        ["type"] = ["container"],
        ["label"] = [name is null ? WorkloadLabels.Name : $"{WorkloadLabels.Name}={name}"],
    };

    /// <summary>The record's own coming and going says nothing, nor does a HEALTHCHECK's run before its result.</summary>
    private static bool IsSign(EngineEvent one) =>
        !one.Actor.Attributes.ContainsKey(WorkloadLabels.Sequence) && !one.Action.StartsWith("exec_", StringComparison.Ordinal);

    private Task PauseAsync() =>
        Task.Delay(ListenAgainAfter, time, ended.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
