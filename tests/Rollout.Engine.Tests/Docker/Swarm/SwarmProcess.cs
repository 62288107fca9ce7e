using Rollout.Engine.Tests.Engines;

namespace Rollout.Engine.Tests.Docker.Swarm;

/// <summary>
/// A private engine that manages a swarm as a process, for the module's tests: <c>dotnet Rollout.Engine.Tests.dll swarm</c>. Says where it listens, and ends when its
/// input does.
/// </summary>
internal static class SwarmProcess
{
    public static async Task<int> RunAsync()
    {
        await using var engine = await PrivateEngine.StartAsync();
        await engine.InitialiseSwarmAsync();
        Console.WriteLine($"unix://{engine.Socket}");
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        return 0;
    }
}
