using System.Collections.Concurrent;
using System.Diagnostics;

namespace Rollout.Engine.Tests.Engines;

/// <summary>A program that a test runs beside itself, in the foreground, and ends by its process id.</summary>
internal sealed class Service : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private Service(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Needs.Program(program)!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    internal int ProcessId => _process.Id;

    internal bool IsRunning => !_process.HasExited;

    /// <summary>Starts a program and waits until it answers.</summary>
    internal static async Task<Service> StartAsync(string program, IEnumerable<string> arguments, Func<Task<bool>> answers)
    {
        var service = new Service(program, arguments);
        var deadline = Stopwatch.StartNew();
        while (!await answers())
        {
            if (!service._process.HasExited && deadline.Elapsed < Patience)
            {
                await Task.Delay(20);
                continue;
            }

            var output = string.Join('\n', service._output.TakeLast(20));
            await service.KillAsync();
            throw new InvalidOperationException($"{program} did not start:\n{output}");
        }

        return service;
    }

    /// <summary>Asks it to end (SIGTERM), and waits until it has.</summary>
    internal async Task StopAsync()
    {
        if (_process.HasExited) return;
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"])) await kill.WaitForExitAsync();
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
    }

    /// <summary>Ends it as a crash does (SIGKILL); what it started runs on.</summary>
    internal async Task CrashAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Ends it at once, with what it started.</summary>
    internal async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
