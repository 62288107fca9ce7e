using Rollout.Engine.Docker.Api;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Tests.Docker;

/// <summary>The end of a life: nothing catches it but what lets go of everything anyway.</summary>
internal sealed class DiedException : OperationCanceledException;

/// <summary>Lasts for a number of changes; then every call fails.</summary>
/// <param name="changes">How many.</param>
/// <param name="afterEach">Done after each.</param>
internal sealed class Life(int changes, Func<Task>? afterEach = null)
{
    private int left = changes;

    internal void Look()
    {
        if (Volatile.Read(ref left) <= 0) throw new DiedException();
    }

    /// <summary>A change is made, and is the last thing that happens where the life is over.</summary>
    internal async Task<T> ChangeAsync<T>(Func<Task<T>> change)
    {
        Look();
        var result = await change();
        if (afterEach is not null) await afterEach();
        if (Interlocked.Decrement(ref left) <= 0) throw new DiedException();
        return result;
    }

    internal Task ChangeAsync(Func<Task> change) => ChangeAsync(async () =>
    {
        await change();
        return true;
    });
}

/// <summary>A client of a shell that dies.</summary>
internal sealed class MortalClient(IDockerClient inner, Life life) : IDockerClient
{
    public RolloutEndpoint Endpoint => inner.Endpoint;

    public TimeSpan ClockAhead => inner.ClockAhead;

    public IContainerOperations Containers { get; } = new MortalContainers(inner.Containers, life);

    public IImageOperations Images => inner.Images;

    public INetworkOperations Networks => inner.Networks;

    public IServiceOperations Services => inner.Services;

    public ISystemOperations System => inner.System;

    public void Dispose()
    {
    }

    private sealed class MortalContainers(IContainerOperations inner, Life life) : IContainerOperations
    {
        public Task<IReadOnlyList<ContainerSummary>> ListAsync(IReadOnlyCollection<string> labels, bool all, CancellationToken cancellation)
        {
            life.Look();
            return inner.ListAsync(labels, all, cancellation);
        }

        public Task<ContainerInspect?> InspectAsync(string idOrName, CancellationToken cancellation)
        {
            life.Look();
            return inner.InspectAsync(idOrName, cancellation);
        }

        public Task<string> CreateAsync(string name, CreateContainerBody body, CancellationToken cancellation) => life.ChangeAsync(() => inner.CreateAsync(name, body, cancellation));

        public Task StartAsync(string id, CancellationToken cancellation) => life.ChangeAsync(() => inner.StartAsync(id, cancellation));

        public Task StopAsync(string id, TimeSpan? grace, CancellationToken cancellation) => life.ChangeAsync(() => inner.StopAsync(id, grace, cancellation));

        public Task RemoveAsync(string id, CancellationToken cancellation) => life.ChangeAsync(() => inner.RemoveAsync(id, cancellation));

        public Task UpdateRestartPolicyAsync(string id, string policy, int maximumRetryCount, CancellationToken cancellation) =>
            life.ChangeAsync(() => inner.UpdateRestartPolicyAsync(id, policy, maximumRetryCount, cancellation));

        public Task<IReadOnlyList<string>> LogTailAsync(string id, int lines, CancellationToken cancellation) => inner.LogTailAsync(id, lines, cancellation);

        public Task<ContainerStats?> StatsAsync(string id, CancellationToken cancellation) => inner.StatsAsync(id, cancellation);
    }
}

/// <summary>A router of a shell that dies.</summary>
internal sealed class MortalRouter(ITrafficRouter inner, Life life) : ITrafficRouter
{
    public Task CheckAsync(CancellationToken cancellation)
    {
        life.Look();
        return inner.CheckAsync(cancellation);
    }

    public Task<IReadOnlyList<RouterServer>> ServersAsync(CancellationToken cancellation)
    {
        life.Look();
        return inner.ServersAsync(cancellation);
    }

    public Task<IReadOnlyList<ServerCounters>> CountersAsync(CancellationToken cancellation)
    {
        life.Look();
        return inner.CountersAsync(cancellation);
    }

    public Task AddAsync(string name, string address, int weight, CancellationToken cancellation) => life.ChangeAsync(() => inner.AddAsync(name, address, weight, cancellation));

    public Task SetWeightsAsync(IReadOnlyDictionary<string, int> weights, CancellationToken cancellation) => life.ChangeAsync(() => inner.SetWeightsAsync(weights, cancellation));

    public Task DrainAsync(string name, CancellationToken cancellation) => life.ChangeAsync(() => inner.DrainAsync(name, cancellation));

    public Task<int> RemoveAsync(string name, TimeSpan patience, CancellationToken cancellation) => life.ChangeAsync(() => inner.RemoveAsync(name, patience, cancellation));

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
