using Polly;
using Polly.Retry;

namespace Rollout.Engine.Registries;

/// <summary>
/// Tries again what is transient (<see cref="RegistryErrors.IsTransient"/>), and that alone: after what the registry asks for
/// (Retry-After), else after a growing delay with jitter.
/// </summary>
internal static class RegistryRetry
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    // A registry may ask for hours; who waits that long should be told instead.
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    public static ResiliencePipeline Create(int count, TimeProvider time, Random random, IReporter reporter)
    {
        if (count == 0) return ResiliencePipeline.Empty;

        return new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = count,
                Delay = FirstDelay,
                MaxDelay = LongestDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Randomizer = random.NextDouble,
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is RolloutException error && MayRetry(error)),
                DelayGenerator = args => ValueTask.FromResult(RegistryErrors.RetryAfterOf(args.Outcome.Exception!)),
                OnRetry = args =>
                {
                    reporter.Warning($"{args.Outcome.Exception!.Message} Trying again in {args.RetryDelay.TotalSeconds:0.#} s ({args.AttemptNumber + 1} of {count}).");
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    private static bool MayRetry(RolloutException error) =>
        RegistryErrors.IsTransient(error) && !(RegistryErrors.RetryAfterOf(error) > LongestRetryAfter);
}
