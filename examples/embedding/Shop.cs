using Rollout;
using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Health;
using Rollout.Engine.Images;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Embedding;

/// <summary>The shop on this machine's Docker engine: the same chain as in the quickstart's Deploy.ps1.</summary>
internal sealed class Shop(IDockerClient docker, IReporter reporter)
{
    private readonly DockerConfig credentials = new();

    private DockerTargets Targets => new(docker, credentials, Environment.CurrentDirectory);

    private IRolloutTarget Target => Targets.Find(TargetName.Parse("docker/shop"));

    public async Task<int> DeployAsync(string registry, string site, string version, string health, CancellationToken cancellation)
    {
        // New-RolloutImage
        var built = await new ImageBuild(docker, credentials).RunAsync(
            new ImageBuildRequest
            {
                Path = "shop",
                BuildArgs = new Dictionary<string, string> { ["VERSION"] = version, ["HEALTH"] = health },
            },
            reporter,
            cancellation);
        Console.WriteLine($"  Built {Short(built.Reference)} with {built.Builder}: {built.Steps} steps, {built.CachedSteps} from cache.");

        // Set-ImageTag
        var tagged = await new ImageTagging(docker).RunAsync(
            new ImageTagRequest { Image = built, Tags = [$"{registry}/demo/shop:{version}"] }, cancellation);

        // Publish-Image
        var published = await ImagePublish.RunAsync(
            new PublishRequest { Docker = docker, Image = tagged, Credentials = credentials }, reporter, cancellation);
        Console.WriteLine($"  Published as {published.Digest}: the registry has its manifest, its config and {published.Layers.Count} layers.");

        // Start-Rollout
        var status = await ApplyAsync(await Target.PlanAsync(Rollout(published), reporter, cancellation), cancellation);
        if (status.Phase is RolloutPhase.Undone) return 2;

        // Test-RolloutHealth
        var check = new HttpHealthCheck { Name = "site", Uri = new Uri($"{site}/healthz") };
        var found = await new HealthCheckRunner(Targets.ReplicaStates, TimeProvider.System).RunAsync(status, [check], reporter, cancellation);
        foreach (var result in found.Checks) Console.WriteLine($"  {result.Name} is {result.Verdict}: {result.Message}");
        return found.Healthy ? 0 : 1;
    }

    public async Task<int> ShowAsync(CancellationToken cancellation)
    {
        // Get-Rollout
        if (await Target.ReadAsync(cancellation) is { } status) Show(status);

        // Get-RolloutHistory
        foreach (var revision in await Target.HistoryAsync(cancellation))
        {
            Console.WriteLine($"  {(revision.Current ? '*' : ' ')} revision {revision.Revision}: {Short(revision.Image)}, {revision.Verdict}");
        }

        return 0;
    }

    public async Task<int> UndoAsync(CancellationToken cancellation)
    {
        // Undo-Rollout
        var status = await ApplyAsync(await Target.PlanUndoAsync(new UndoRequest(), reporter, cancellation), cancellation);
        return status.Phase is RolloutPhase.Undone ? 0 : 1;
    }

    private static RolloutRequest Rollout(ImageSource image) => new()
    {
        Image = image,
        Docker = new DockerWorkload
        {
            Replicas = 2,
            Port = 8080,
            Router = "haproxy",
            RouterEndpoint = "./haproxy.sock",
            Backend = "shop",
        },
    };

    private async Task<RolloutStatus> ApplyAsync(RolloutPlan plan, CancellationToken cancellation)
    {
        var status = await Target.ApplyAsync(plan, changed: null, reporter, cancellation);
        Show(status);
        return status;
    }

    private static void Show(RolloutStatus status)
    {
        Console.WriteLine($"  {status.Target} is {status.Phase}: revision {status.Revision}, {Short(status.Image)}, {status.Available} of {status.Desired} replicas serve");
        if (status.Message is { } message) Console.WriteLine($"    {message.ReplaceLineEndings("\n    ")}");
    }

    private static string Short(ImageReference? image) => $"{image?.Repository}:{image?.Tag}";
}
