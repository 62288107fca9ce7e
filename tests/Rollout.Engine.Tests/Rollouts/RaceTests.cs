using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Rollouts;

/// <summary>Work and what makes it pointless: whichever ends first counts, and the other has ended too by then.</summary>
public sealed class RaceTests : IDisposable
{
    private readonly Runner _work = new();
    private readonly Runner _pointless = new();
    private readonly CancellationTokenSource _cancellation = new();

    private Task<string> Racing => field ??= Race.FirstAsync(_work.RunAsync, _pointless.RunAsync, _cancellation.Token);

    [Fact]
    public async Task WhatTheWorkFindsCountsAndNobodyWatchesAnyMore()
    {
        _ = Racing;
        _work.End.SetResult("found");
        await AssertEndedAsync("found", _pointless);
    }

    [Fact]
    public async Task WhatMakesItPointlessCountsAndNobodyIsAtWorkAnyMore()
    {
        _ = Racing;
        _pointless.End.SetResult("over");
        await AssertEndedAsync("over", _work);
    }

    [Fact]
    public async Task WhatIsBrokenOffIsWaitedFor()
    {
        _work.Leaves = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = Racing;
        _pointless.End.SetResult("over");
        await _work.BrokenOff.Task;
        for (var turns = 0; turns < 100; turns++) await Task.Yield();
        Assert.False(Racing.IsCompleted);
        _work.Leaves.SetResult();
        await AssertEndedAsync("over", _work);
    }

    [Fact]
    public async Task WorkThatFindsSomethingAsItIsBrokenOffCountsForNothing()
    {
        _work.OnceCancelled = () => "found late";
        _ = Racing;
        _pointless.End.SetResult("over");
        await AssertEndedAsync("over", _work);
    }

    [Fact]
    public async Task WorkThatFailsAsItIsBrokenOffCountsForNothing()
    {
        _work.OnceCancelled = () => throw new InvalidOperationException("cut off");
        _ = Racing;
        _pointless.End.SetResult("over");
        await AssertEndedAsync("over", _work);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AFailureCountsToo(bool isOfTheWork)
    {
        _ = Racing;
        (isOfTheWork ? _work : _pointless).End.SetException(new InvalidOperationException("failed"));
        Assert.Equal("failed", (await Assert.ThrowsAsync<InvalidOperationException>(() => Racing)).Message);
        Assert.True((isOfTheWork ? _pointless : _work).HasEnded);
    }

    [Fact]
    public async Task WhatIsDoneAtOnceIsNotWatched()
    {
        _work.End.SetResult("found");
        Assert.Equal("found", await Racing);
        Assert.False(_pointless.HasBegun);
    }

    [Fact]
    public async Task WhoeverCancelsEndsBoth()
    {
        _ = Racing;
        await _cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Racing);
        Assert.True(_work.HasEnded && _pointless.HasEnded);
    }

    public void Dispose() => _cancellation.Dispose();

    private async Task AssertEndedAsync(string found, Runner other)
    {
        Assert.Equal(found, await Racing);
        Assert.True(other.HasEnded);
    }

    /// <summary>Ends when told to, or when it is cancelled.</summary>
    private sealed class Runner
    {
        public TaskCompletionSource<string> End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource BrokenOff { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What it waits for once it is cancelled; null for nothing.</summary>
        public TaskCompletionSource? Leaves { get; set; }

        public Func<string>? OnceCancelled { get; set; }

        public bool HasBegun { get; private set; }

        public bool HasEnded { get; private set; }

        public async Task<string> RunAsync(CancellationToken cancellation)
        {
            HasBegun = true;
            try
            {
                return await End.Task.WaitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                BrokenOff.SetResult();
                if (Leaves is not null) await Leaves.Task;
                if (OnceCancelled is null) throw;
                return OnceCancelled();
            }
            finally
            {
                HasEnded = true;
            }
        }
    }
}
