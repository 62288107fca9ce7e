namespace Rollout.Engine.Docker.Api;

/// <summary>What the docker CLI's settings are read from: environment variables and the files under <c>~/.docker</c>.</summary>
public sealed class DockerSettings
{
    private readonly Func<string, string?> _variable;
    private readonly Func<string, string?> _readFile;
    private readonly string _home;

    /// <summary>Creates settings that are read from the sources given.</summary>
    /// <param name="variable">The value of an environment variable, or null.</param>
    /// <param name="readFile">The text of a file, or null where there is none.</param>
    /// <param name="home">The user's home directory.</param>
    /// <param name="isWindows">Whether this machine runs Windows.</param>
    public DockerSettings(Func<string, string?> variable, Func<string, string?> readFile, string home, bool isWindows)
    {
        _variable = variable;
        _readFile = readFile;
        _home = home;
        IsWindows = isWindows;
    }

    /// <summary>The settings of this process's user.</summary>
    public static DockerSettings OfThisProcess { get; } = new(
        Environment.GetEnvironmentVariable,
        path => File.Exists(path) ? File.ReadAllText(path) : null,
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        OperatingSystem.IsWindows());

    /// <summary>Whether this machine runs Windows.</summary>
    public bool IsWindows { get; }

    /// <summary>The directory of <c>config.json</c> and the contexts: DOCKER_CONFIG, else <c>~/.docker</c>.</summary>
    public string ConfigDirectory => Variable("DOCKER_CONFIG") ?? Path.Combine(_home, ".docker");

    /// <summary>An environment variable; null where it is not set or empty.</summary>
    public string? Variable(string name) => _variable(name) is { Length: > 0 } value ? value : null;

    /// <summary>The text of a file; null where there is none.</summary>
    public string? ReadFile(string path) => _readFile(path);
}
