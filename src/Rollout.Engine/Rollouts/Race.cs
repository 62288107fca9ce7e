namespace Rollout.Engine.Rollouts;

/// <summary>Work that something else may make pointless while it lasts: checks, and the end that somebody puts to what they are about.</summary>
internal static class Race
{
    /// <summary>What ends first counts, the work where both have; the other is broken off, and not at work any more when this returns.</summary>
    /// <param name="work">The work. What would make it pointless is not looked for where it is done at once.</param>
    /// <param name="pointless">Ends when the work is pointless, with what is found in its place.</param>
    /// <param name="cancellation">Ends both.</param>
    public static async Task<T> FirstAsync<T>(Func<CancellationToken, Task<T>> work, Func<CancellationToken, Task<T>> pointless, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var working = work(end.Token);
        if (working.IsCompleted) return await working;
        var watching = pointless(end.Token);
        var first = await Task.WhenAny(working, watching);
        await end.CancelAsync();
        await ((Task)Task.WhenAll(working, watching)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await first;
    }
}
