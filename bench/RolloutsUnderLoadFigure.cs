using System.Globalization;
using Rollout.Engine.Tests.Engines;

namespace Rollout.Bench;

/// <summary>20 rollouts in a row behind HAProxy under at least 1,000 requests a second: 0 failed requests.</summary>
internal static class RolloutsUnderLoadFigure
{
    private const int Rollouts = 20;
    private const int LeastPerSecond = 1000;

    internal static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var engine = new DockerEngineFixture();
        await engine.InitializeAsync();
        try
        {
            var result = await RolloutsUnderLoad.RunAsync(engine, Rollouts);
            var durations = result.Durations.Order().ToList();
            var measured = string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Load.Failures.Count} of {result.Load.Requests:N0} requests failed, at {result.Load.PerSecond:N0} a second; a rollout took {durations[durations.Count / 2].TotalSeconds:0.0} s (median)");
            foreach (var failure in result.Load.Failures.Take(10)) Console.WriteLine($"  {failure}");
            yield return new Figure(
                $"{Rollouts} rollouts in a row behind HAProxy",
                measured,
                $"0 failed, at {LeastPerSecond:N0} a second or more",
                result.Load.Failures.Count == 0 && result.Load.PerSecond >= LeastPerSecond);
        }
        finally
        {
            await engine.DisposeAsync();
        }
    }
}
