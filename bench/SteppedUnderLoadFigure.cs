using System.Globalization;
using Rollout.Engine.Tests.Engines;

namespace Rollout.Bench;

/// <summary>
/// 20 canaries and 20 blue-green switches behind HAProxy under at least 1,000 requests a second: 0 failed requests; and a switch is over at most 50 ms after
/// it was decided.
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

                var decided = Milliseconds(result.Switches, one => one.FromDecision);
                var called = Milliseconds(result.Switches, one => one.FromCall);
                yield return new Figure(
                    "From the decision to switch to the last request that the old side was sent, the record written between",
                    string.Create(CultureInfo.InvariantCulture, $"{decided[decided.Count / 2]:0} ms (median), {decided[^1]:0} ms (longest); from the call of Resume-Rollout {called[called.Count / 2]:0} and {called[^1]:0} ms"),
                    $"at most {MostMilliseconds:0} ms",
                    decided[^1] <= MostMilliseconds);
            }
        }
        finally
        {
            await engine.DisposeAsync();
        }
    }

    private static List<double> Milliseconds(IEnumerable<Switch> switches, Func<Switch, TimeSpan> measured) => [.. switches.Select(one => measured(one).TotalMilliseconds).Order()];
}
