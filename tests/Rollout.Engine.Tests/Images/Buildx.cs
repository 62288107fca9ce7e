using Rollout.Engine.Docker.Api;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Images;

/// <summary>Docker's settings with the buildx plugin that tests/run.sh --setup puts beside the system.</summary>
internal static class Buildx
{
    private static readonly string? Plugin = Environment.GetEnvironmentVariable("ROLLOUT_TEST_BUILDX") is { Length: > 0 } path && File.Exists(path) ? path : null;

    private static readonly Lazy<TemporaryDirectory> Directory = new(() => InConfig(new TemporaryDirectory()));

    internal static bool IsThere => Plugin is not null;

    /// <summary>This process's settings, with the plugin where there is one.</summary>
    internal static DockerSettings Settings => IsThere ? SettingsIn(Directory.Value.Path) : DockerSettings.OfThisProcess;

    /// <summary>This process's settings with another configuration directory.</summary>
    internal static DockerSettings SettingsIn(string configDirectory) => new(
        name => name == "DOCKER_CONFIG" ? configDirectory : Environment.GetEnvironmentVariable(name),
        DockerSettings.OfThisProcess.ReadFile,
        "/nowhere",
        isWindows: false);

    internal static TemporaryDirectory InConfig(TemporaryDirectory config)
    {
        System.IO.Directory.CreateDirectory(config.At("cli-plugins"));
        if (Plugin is not null) File.CreateSymbolicLink(config.At("cli-plugins/docker-buildx"), Plugin);
        return config;
    }
}

/// <summary>A theory over builders; skipped, visibly, where there is no engine, or no buildx and nothing can be tested without.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BuilderTheoryAttribute : TheoryAttribute
{
    public BuilderTheoryAttribute(bool needsBuildx = false) =>
        Skip = Needs.Missing("docker", "busybox", "docker-registry", "htpasswd")
            ?? (needsBuildx && !Buildx.IsThere ? "not on this machine: the plugin that ROLLOUT_TEST_BUILDX names" : null);
}
