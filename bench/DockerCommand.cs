using System.Diagnostics;

namespace Rollout.Bench;

/// <summary>The docker CLI, which Rollout is measured against: Debian's own, with BuildKit inside, where there are several.</summary>
internal static class DockerCommand
{
    private static readonly string Program = File.Exists("/usr/bin/docker") ? "/usr/bin/docker" : "docker";

    internal static async Task RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"docker {string.Join(' ', arguments)}: {await error}{await output}");
    }
}
