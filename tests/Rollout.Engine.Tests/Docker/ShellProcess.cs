using System.Diagnostics;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Tests.Docker;

/// <summary>
/// Another shell: a process that rolls an image out, or carries a rollout on, and stops and waits for a line after each change to the engine, or at each step, so that a
/// test can kill it there.
/// </summary>
internal sealed class ShellProcess : IAsyncDisposable
{
    private const string Changed = "changed";

    private readonly Process process;

    private ShellProcess(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(ShellProcess).Assembly.Location, "shell", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        process = Process.Start(start)!;
    }

    internal int Id => process.Id;

    /// <summary>What it does: <see cref="Program"/> calls it in the process of its own.</summary>
    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        using var engine = new DockerClient(DockerEndpoint.Resolve(null, null, DockerSettings.OfThisProcess));
        var status = arguments switch
        {
            [var name, var image] => await new TestWorkload(new MortalClient(engine, new Life(int.MaxValue, WaitAsync)), "", name).StartAsync(TestWorkload.Request(ImageReference.Parse(image))),
            [var name, var image, var strategy, var steps] => await new TestWorkload(engine, "", name).StartAsync(Stepped(image, Enum.Parse<RolloutStrategy>(strategy), steps), AtEachStep()),
            _ => await new TestWorkload(engine, "", arguments[0]).CommandAsync(RolloutVerb.Resume, AtEachStep()),
        };
        return status.Phase == RolloutPhase.Healthy ? 0 : 1;
    }

    /// <summary>Rolls an image out, and waits after each change to the engine.</summary>
    internal static ShellProcess Start(string workload, ImageReference image) => new(workload, image.ToString());

    /// <summary>Rolls an image out in steps, and waits at each.</summary>
    internal static ShellProcess Start(string workload, ImageReference image, RolloutStrategy strategy, string steps) => new(workload, image.ToString(), $"{strategy}", steps);

    /// <summary>Carries a rollout on, and waits at each step.</summary>
    internal static ShellProcess Resume(string workload) => new(workload);

    /// <summary>Lets it make as many changes; false where it came to its end before.</summary>
    internal async Task<bool> MakeAsync(int changes)
    {
        for (var made = 1; ; made++)
        {
            var line = await process.StandardOutput.ReadLineAsync();
            if (line is null) return false;
            if (line != Changed) throw new InvalidOperationException(line);
            if (made == changes) return true;
            await GoOnAsync();
        }
    }

    /// <summary>Lets it come to a step that is none of those known; null where it came to its end before.</summary>
    internal async Task<string?> ComeToAsync(IReadOnlyCollection<string> known)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } step)
        {
            if (!known.Contains(step)) return step;
            await GoOnAsync();
        }

        return null;
    }

    /// <summary>kill -9.</summary>
    internal async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await KillAsync();
        process.Dispose();
    }

    private static RolloutRequest Stepped(string image, RolloutStrategy strategy, string steps)
    {
        var request = TestWorkload.Request(ImageReference.Parse(image)) with { Strategy = strategy, Steps = StepText.Parse(steps) };
        return strategy == RolloutStrategy.BlueGreen ? request with { AutoPromote = true, ScaleDownDelay = TimeSpan.FromMilliseconds(1) } : request;
    }

    private static async Task WaitAsync()
    {
        Console.WriteLine(Changed);
        await Console.In.ReadLineAsync();
    }

    private static Action<RolloutStatus> AtEachStep()
    {
        var last = "";
        return status =>
        {
            if (status.Step is not { } step || step == last) return;
            Console.WriteLine(last = step);
            Console.ReadLine();
        };
    }

    private async Task GoOnAsync()
    {
        await process.StandardInput.WriteLineAsync();
        await process.StandardInput.FlushAsync();
    }
}
