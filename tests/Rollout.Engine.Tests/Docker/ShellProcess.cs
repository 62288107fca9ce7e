using System.Diagnostics;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Tests.Docker;

/// <summary>
/// Another shell: a process that rolls an image out, and after each change to the engine stops and waits for a line, so that a test can kill it there.
/// </summary>
internal sealed class ShellProcess : IAsyncDisposable
{
    private const string Changed = "changed";

    private readonly Process process;

    private ShellProcess(Process process) => this.process = process;

    internal int Id => process.Id;

    /// <summary>What it does: <see cref="Program"/> calls it in the process of its own.</summary>
    internal static async Task<int> RunAsync(string name, string image, string? steps = null)
    {
        using var engine = new DockerClient(DockerEndpoint.Resolve(null, null, DockerSettings.OfThisProcess));
        var life = new Life(int.MaxValue, async () =>
        {
            Console.WriteLine(Changed);
            await Console.In.ReadLineAsync();
        });
        var workload = new TestWorkload(new MortalClient(engine, life), "", name);
        var request = TestWorkload.Request(ImageReference.Parse(image));
        if (steps is not null) request = request with { Strategy = RolloutStrategy.Canary, Steps = StepText.Parse(steps) };
        var status = await workload.StartAsync(request);
        return status.Phase == RolloutPhase.Healthy ? 0 : 1;
    }

    /// <param name="workload">The workload.</param>
    /// <param name="image">The image to roll out.</param>
    /// <param name="steps">The steps of a canary; none for a rolling one.</param>
    internal static ShellProcess Start(string workload, ImageReference image, params string[] steps)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(ShellProcess).Assembly.Location, workload, image.ToString(), .. steps])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new ShellProcess(Process.Start(start)!);
    }

    /// <summary>Lets it make as many changes; false where it came to its end before.</summary>
    internal async Task<bool> MakeAsync(int changes)
    {
        for (var made = 1; ; made++)
        {
            var line = await process.StandardOutput.ReadLineAsync();
            if (line is null) return false;
            if (line != Changed) throw new InvalidOperationException(line);
            if (made == changes) return true;
            await process.StandardInput.WriteLineAsync();
            await process.StandardInput.FlushAsync();
        }
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
}
