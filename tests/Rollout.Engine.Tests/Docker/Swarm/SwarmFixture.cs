using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Swarm;

/// <summary>A private engine that manages a swarm of its own, with images of some behaviours. Nothing is started where something it needs is missing.</summary>
public sealed class SwarmFixture : IAsyncLifetime
{
    internal static readonly string[] Needed = ["dockerd", "containerd", "ip", "root", "busybox"];

    internal PrivateEngine Engine { get; private set; } = null!;

    internal ImageReference V1 { get; } = Image("v1");

    internal ImageReference V2 { get; } = Image("v2");

    /// <summary>Says its settings and ends, as what cannot find its database does.</summary>
    internal ImageReference Bad { get; } = Image("bad");

    public async Task InitializeAsync()
    {
        if (Needs.Missing(Needed) is not null) return;
        Engine = await PrivateEngine.StartAsync();
        await Engine.InitialiseSwarmAsync();
        await BuildAsync(V1, "ENV VERSION=1");
        await BuildAsync(V2, "ENV VERSION=2");
        await BuildAsync(Bad, "CMD [\"sh\", \"-c\", \"echo no database for $PASSWORD; exit 3\"]");
    }

    public async Task DisposeAsync()
    {
        if (Engine is not null) await Engine.DisposeAsync();
    }

    internal static ImageReference Image(string tag) => ImageReference.Parse($"localhost/swarm-shop:{tag}");

    // busybox as PID 1 ignores SIGTERM.
    internal Task BuildAsync(ImageReference image, string dockerfile = "") => TestImages.BuildAsync(Engine.Client, image, $"STOPSIGNAL SIGKILL\n{dockerfile}");
}
