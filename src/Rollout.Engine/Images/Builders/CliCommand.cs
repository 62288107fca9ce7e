using System.Globalization;

namespace Rollout.Engine.Images.Builders;

/// <summary>The command line of a docker program for a build, and the environment that holds what must not stand on it.</summary>
internal sealed class CliCommand
{
    private readonly List<string> _arguments = [];
    private readonly Dictionary<string, string?> _environment = [];

    internal CliCommand(BuildJob job, bool isBuildx, string resultFile)
    {
        ResultFile = resultFile;
        string[] start = isBuildx
            ? ["buildx", "build", "--progress", "rawjson", "--load", "--metadata-file", resultFile]
            : ["build", "--progress", "plain", "--iidfile", resultFile];
        _arguments.AddRange(start);
        Add(job);
        _arguments.Add(job.Directory);
    }

    internal IReadOnlyList<string> Arguments => _arguments;

    internal IReadOnlyDictionary<string, string?> Environment => _environment;

    /// <summary>Where the program writes which image it made.</summary>
    internal string ResultFile { get; }

    private void Add(BuildJob job)
    {
        var request = job.Request;
        Add("--file", job.Dockerfile.Path);
        foreach (var reference in job.References) Add("--tag", reference.ToString());
        if (!string.IsNullOrEmpty(request.Target)) Add("--target", request.Target);
        if (request.Platforms.Count > 0) Add("--platform", string.Join(',', request.Platforms));
        if (request.NoCache) _arguments.Add("--no-cache");
        if (request.Pull) _arguments.Add("--pull");
        foreach (var (name, value) in request.Labels) Add("--label", $"{name}={value}");
        foreach (var source in request.CacheFrom) Add("--cache-from", source);
        foreach (var target in request.CacheTo) Add("--cache-to", target);
        foreach (var (name, value) in request.BuildArgs) AddBuildArg(name, value);
        foreach (var (id, secret) in request.Secrets) AddSecret(id, secret);
    }

    private void Add(string option, string value)
    {
        _arguments.Add(option);
        _arguments.Add(value);
    }

    private void AddBuildArg(string name, string value)
    {
        if (SteersTheProgram(name))
        {
            Add("--build-arg", $"{name}={value}");
            return;
        }

        // Without a value the program takes it from its environment, where other users do not see it.
        Add("--build-arg", name);
        _environment[name] = value;
    }

    private void AddSecret(string id, BuildSecret secret)
    {
        if (secret.File is not null)
        {
            Add("--secret", $"id={id},{Field($"src={secret.File}")}");
            return;
        }

        var variable = string.Create(CultureInfo.InvariantCulture, $"ROLLOUT_BUILD_SECRET_{_environment.Count}");
        Add("--secret", $"id={id},env={variable}");
        _environment[variable] = secret.Value;
    }

    /// <summary>A field of a comma-separated value.</summary>
    private static string Field(string text) =>
        text.AsSpan().ContainsAny(',', '"') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    /// <summary>A variable that the program itself looks at must keep its own value.</summary>
    private static bool SteersTheProgram(string name) =>
        name is "PATH" or "HOME" or "TMPDIR" or "USERPROFILE"
        || name.StartsWith("DOCKER_", StringComparison.Ordinal)
        || name.StartsWith("BUILDX_", StringComparison.Ordinal)
        || name.StartsWith("BUILDKIT_", StringComparison.Ordinal);
}
