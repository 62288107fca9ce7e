using System.Globalization;
using Rollout.Engine.Tests.Engines;

namespace Rollout.Bench;

/// <summary>
/// 20 canaries and 20 blue-green switches behind HAProxy under at least 1,000 requests a second: 0 failed requests; and a switch is over at most 50 ms after
/// Resume-Rollout was called.
/// </summary>
internal static class SteppedUnderLoadFigure
{
    private const int Rollouts = 20;
    private const int LeastPerSecond = 1000;
    private const double MostMilliseconds = 50;

    internal static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var engine = new DockerEngineFixture();
        await engine.InitializeAsync();
        try
        {
            foreach (var strategy in new[] { RolloutStrategy.Canary, RolloutStrategy.BlueGreen })
            {
                var result = await SteppedUnderLoad.RunAsync(engine, strategy, Rollouts);
                foreach (var failure in result.Load.Failures.Take(10)) Console.WriteLine($"  {failure}");
                yield return new Figure(
                    $"{Rollouts} rollouts in a row behind HAProxy, -Strategy {strategy}",
                    string.Create(CultureInfo.InvariantCulture, $"{result.Load.Failures.Count} of {result.Load.Requests:N0} requests failed, at {result.Load.PerSecond:N0} a second"),
                    $"0 failed, at {LeastPerSecond:N0} a second or more",
                    result.Load.Failures.Count == 0 && result.Load.PerSecond >= LeastPerSecond);
                if (result.Switches.Count == 0) continue;

                var switches = result.Switches.Select(one => one.TotalMilliseconds).Order().ToList();
                yield return new Figure(
                    "From the call that lets it switch to the last request that the old side was sent",
                    string.Create(CultureInfo.InvariantCulture, $"{switches[switches.Count / 2]:0} ms (median), {switches[^1]:0} ms (longest)"),
                    $"at most {MostMilliseconds:0} ms",
                    switches[^1] <= MostMilliseconds);
            }
        }
        finally
        {
            await engine.DisposeAsync();
        }
    }
}
