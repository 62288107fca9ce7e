using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Images.Builders;

/// <summary>
/// Builds by a docker program: its buildx plugin, or the BuildKit that a 20.10 CLI has inside. It opens a session with BuildKit, so logins of
/// Docker's config.json, secrets and a context sent in parts all work. Nothing secret stands on the command line.
/// </summary>
internal sealed class CliBuilder(ImageBuilderKind kind, IDockerClient client, DockerSettings settings) : IImageBuilder
{
    private static readonly string[] DigestFields = ["containerimage.digest", "containerimage.config.digest"];

    private readonly DockerCli _cli = new(settings);

    public ImageBuilderKind Kind => kind;

    private bool IsBuildx => kind == ImageBuilderKind.Buildx;

    public async Task<string?> MissingAsync(CancellationToken cancellation)
    {
        if (await ProgramAsync(cancellation) is not null) return null;
        return IsBuildx
            ? "there is no docker program with the buildx plugin on PATH"
            : "there is no docker program with BuildKit of its own (18.09 to 20.10) on PATH";
    }

    public async Task<string> BuildAsync(BuildJob job, BuildProgress progress, CancellationToken cancellation)
    {
        var program = await ProgramAsync(cancellation) ?? throw ImageErrors.BuilderNotFound(kind, "it is not there any more");
        var result = TemporaryDirectory();
        try
        {
            var command = new CliCommand(job, IsBuildx, Path.Combine(result.FullName, "result"));
            var said = new List<string>();
            var exitCode = await RunAsync(program, command, progress, said, cancellation);
            if (exitCode != 0) throw progress.Failure(Problem(said, exitCode), null);
            return await ImageIdAsync(command.ResultFile, job, cancellation);
        }
        finally
        {
            result.Delete(recursive: true);
        }
    }

    private static DirectoryInfo TemporaryDirectory()
    {
        try
        {
            return Directory.CreateTempSubdirectory("rollout-build-");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.TemporaryDirectoryUnusable(Path.GetTempPath(), e);
        }
    }

    private async Task<int> RunAsync(string program, CliCommand command, BuildProgress progress, List<string> said, CancellationToken cancellation)
    {
        var process = new ChildProcess(program, command.Arguments) { Environment = Environment(command) };
        try
        {
            return await process.RunAsync(progress.Detail, Lines(), cancellation);
        }
        catch (Win32Exception e)
        {
            throw ImageErrors.BuilderNotFound(kind, e.Message);
        }

        Action<string> Lines() => IsBuildx ? new RawJsonOutput(progress, Say).Take : new PlainOutput(progress, Say).Take;

        void Say(string line)
        {
            if (line.Length == 0) return;
            said.Add(line);
            progress.Detail(line);
        }
    }

    private Task<string?> ProgramAsync(CancellationToken cancellation) =>
        IsBuildx ? Task.FromResult(_cli.WithBuildx()) : _cli.WithBuildKitAsync(cancellation);

    private Dictionary<string, string?> Environment(CliCommand command)
    {
        var environment = new Dictionary<string, string?>(command.Environment)
        {
            ["DOCKER_CONFIG"] = settings.ConfigDirectory,
            // The engine that was chosen, whatever this process's environment says.
            ["DOCKER_CONTEXT"] = client.Endpoint.Context,
            ["DOCKER_HOST"] = client.Endpoint.Context is null ? client.Endpoint.DockerHost : null,
        };
        if (!IsBuildx) environment["DOCKER_BUILDKIT"] = "1";
        return environment;
    }

    private static string Problem(List<string> said, int exitCode)
    {
        var error = said.FindLastIndex(line => line.StartsWith("ERROR: ", StringComparison.Ordinal));
        if (error >= 0) return string.Join('\n', said.Skip(error))["ERROR: ".Length..];
        return said.Count > 0 ? said[^1] : $"the docker program ended with exit code {exitCode}";
    }

    /// <summary>The first of what the builder names, and of the references it set, that the engine knows.</summary>
    private async Task<string> ImageIdAsync(string resultFile, BuildJob job, CancellationToken cancellation)
    {
        var text = File.Exists(resultFile) ? await File.ReadAllTextAsync(resultFile, cancellation) : "";
        var named = IsBuildx ? Digests(text) : [text.Trim()];
        foreach (var name in named.Where(n => n.Length > 0).Concat(job.References.Select(r => r.ToString())))
        {
            if (await client.Images.InspectAsync(name, cancellation) is { } image) return image.Id;
        }

        throw ImageErrors.BuildFailed(job.Dockerfile.Path, $"the image is not in the engine at {client.Endpoint}", null);
    }

    /// <summary>From buildx's metadata: with the containerd image store an image's id is its manifest's digest, else its configuration's.</summary>
    private static IEnumerable<string> Digests(string metadata)
    {
        JsonNode? json = null;
        try
        {
            json = JsonNode.Parse(metadata);
        }
        catch (JsonException)
        {
            // Then the references say which image it is.
        }

        return DigestFields.Select(name => json is JsonObject o && o[name] is JsonValue value && value.TryGetValue<string>(out var digest) ? digest : "");
    }
}
