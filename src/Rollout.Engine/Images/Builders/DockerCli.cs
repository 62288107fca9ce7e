using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Images.Builders;

/// <summary>The docker programs of this machine, and what they can build with. Looking costs a few file lookups, and once per program a start of it.</summary>
internal sealed partial class DockerCli(DockerSettings settings)
{
    // BuildKit came into the CLI with 18.09, and went out into buildx with 23.0.
    private static readonly Version FirstWithBuildKit = new(18, 9);
    private static readonly Version FirstWithoutBuildKit = new(23, 0);

    // Asking a program takes as long as a build that finds everything cached; it says the same as long as its file is the same.
    private static readonly ConcurrentDictionary<(string Program, DateTime Written), Version> Versions = [];

    private static readonly string[] PluginDirectories =
    [
        "/usr/local/lib/docker/cli-plugins",
        "/usr/local/libexec/docker/cli-plugins",
        "/usr/lib/docker/cli-plugins",
        "/usr/libexec/docker/cli-plugins",
    ];

    private string Suffix => settings.IsWindows ? ".exe" : "";

    /// <summary>The docker program to run buildx through; null where program or plugin is missing.</summary>
    internal string? WithBuildx() => HasBuildx() ? Programs().FirstOrDefault() : null;

    /// <summary>A docker program with BuildKit of its own; null where there is none.</summary>
    internal async Task<string?> WithBuildKitAsync(CancellationToken cancellation)
    {
        foreach (var program in Programs())
        {
            if (await VersionOfAsync(program, cancellation) is { } version && version >= FirstWithBuildKit && version < FirstWithoutBuildKit) return program;
        }

        return null;
    }

    private static async Task<Version?> VersionOfAsync(string program, CancellationToken cancellation)
    {
        var file = (program, File.GetLastWriteTimeUtc(program));
        if (Versions.TryGetValue(file, out var known)) return known;

        var answer = await new ChildProcess(program, "--version").TryReadAsync(cancellation);
        var match = VersionText().Match(answer ?? "");
        return match.Success ? Versions[file] = new Version(Number(match.Groups["major"]), Number(match.Groups["minor"])) : null;

        static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);
    }

    private bool HasBuildx()
    {
        var plugin = "docker-buildx" + Suffix;
        string[] own = [Path.Combine(settings.ConfigDirectory, "cli-plugins")];
        var directories = settings.IsWindows
            ? own.Append(Path.Combine(settings.Variable("ProgramData") ?? "", "Docker", "cli-plugins"))
                .Append(Path.Combine(settings.Variable("ProgramFiles") ?? "", "Docker", "cli-plugins"))
            : own.Concat(PluginDirectories);
        return directories.Any(directory => File.Exists(Path.Combine(directory, plugin)));
    }

    private IEnumerable<string> Programs() => (settings.Variable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(directory => Path.Combine(directory, "docker" + Suffix))
        .Where(File.Exists);

    [GeneratedRegex(@"version (?<major>\d+)\.(?<minor>\d+)\.")]
    private static partial Regex VersionText();
}
