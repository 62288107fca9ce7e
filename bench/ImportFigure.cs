using System.Diagnostics;

namespace Rollout.Bench;

/// <summary>
/// A PowerShell that imports the staged module against a bare one: at most 1.3 times its time; and with a first cmdlet, which loads the engine
/// and asks Docker: at most 1.6 times.
/// </summary>
internal static class ImportFigure
{
    private const int Rounds = 15;

    internal static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        if (!IsThere("pwsh")) yield break;

        var import = await SideBySide.MeasureAsync(Rounds, NothingAsync, () => RunAsync("Import-Module Rollout"), () => RunAsync("1"));
        yield return import.ToFigure("import of the module", "a bare PowerShell", 1.3);
        var first = await SideBySide.MeasureAsync(Rounds, NothingAsync, () => RunAsync("Import-Module Rollout; Get-Rollout docker/none -ErrorAction Ignore; exit 0"), () => RunAsync("1"));
        yield return first.ToFigure("import and first cmdlet", "a bare PowerShell", 1.6);
    }

    private static Task NothingAsync() => Task.CompletedTask;

    private static bool IsThere(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task RunAsync(string command)
    {
        var start = new ProcessStartInfo("pwsh", ["-NoProfile", "-NonInteractive", "-Command", command]) { RedirectStandardOutput = true };
        start.Environment["PSModulePath"] = Path.Combine(Environment.CurrentDirectory, "out");
        using var process = Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"'{command}' ended with {process.ExitCode}");
    }
}
