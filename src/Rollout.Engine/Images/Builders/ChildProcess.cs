using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Rollout.Engine.Images.Builders;

/// <summary>
/// A program run to its end, without a shell. A cancelled one is ended with all it started. What it left running behind it is not waited for, though that
/// may hold its output open.
/// </summary>
/// <param name="Program">Its full path, or its name on PATH.</param>
/// <param name="Arguments">Its arguments, one by one.</param>
internal sealed record ChildProcess(string Program, params IReadOnlyList<string> Arguments)
{
    /// <summary>For what a program that has ended wrote last to be read.</summary>
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(1);

    /// <summary>The working directory; null for this process's.</summary>
    internal string? Directory { get; init; }

    /// <summary>Environment variables besides this process's; null takes one away.</summary>
    internal IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Runs it; returns its exit code.</summary>
    /// <param name="output">Each line of its standard output.</param>
    /// <param name="error">Each line of its standard error.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Win32Exception">There is no such program.</exception>
    internal async Task<int> RunAsync(Action<string> output, Action<string> error, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var process = Process.Start(StartInfo())!;
        process.StandardInput.Close();
        using var kill = cancellation.Register(() => Kill(process));
        using var ended = new CancellationTokenSource();
        var read = Task.WhenAll(ReadAsync(process.StandardOutput, output, ended.Token), ReadAsync(process.StandardError, error, ended.Token));
        await process.WaitForExitAsync(CancellationToken.None);
        ended.CancelAfter(OutputGrace);
        await read;
        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode;
    }

    /// <summary>Runs it; returns its standard output, or null where it failed or is not there.</summary>
    internal async Task<string?> TryReadAsync(CancellationToken cancellation)
    {
        var text = new StringBuilder();
        try
        {
            return await RunAsync(line => text.Append(line).Append('\n'), _ => { }, cancellation) == 0 ? text.ToString() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private ProcessStartInfo StartInfo()
    {
        var start = new ProcessStartInfo(Program, Arguments)
        {
            WorkingDirectory = Directory ?? "",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        return start;
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> take, CancellationToken ended)
    {
        try
        {
            while (await reader.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(ended) is { } line) take(line);
        }
        catch (OperationCanceledException)
        {
            // Another has it open still.
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended meanwhile.
        }
    }
}
