using System.Runtime.CompilerServices;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>Looks at what rollouts need of a Docker engine. Changes nothing.</summary>
internal sealed class EngineChecks(DockerTargets targets, IDockerClient engine)
{
    /// <summary>Reach and version, and the routers of the workloads there are; ends with the first without which the rest cannot be asked.</summary>
    internal async IAsyncEnumerable<EnvironmentCheck> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var reach = await ReachAsync(cancellation);
        yield return reach;
        if (!reach.Passed) yield break;
        foreach (var rollout in await targets.ListAsync(TargetFilter.None, cancellation)) yield return Standing(rollout);
    }

    private async Task<EnvironmentCheck> ReachAsync(CancellationToken cancellation)
    {
        const string Name = "Docker engine";
        try
        {
            var version = await engine.System.VersionAsync(cancellation);
            return new EnvironmentCheck { Name = Name, Status = EnvironmentStatus.Passed, Message = $"Docker {version.Version} with API {version.ApiVersion} answers at {engine.Endpoint}.", Endpoint = engine.Endpoint };
        }
        catch (RolloutException problem)
        {
            return new EnvironmentCheck { Name = Name, Status = EnvironmentStatus.Failed, Message = problem.Message, Recommendation = problem.Mend, Endpoint = engine.Endpoint };
        }
    }

    private static EnvironmentCheck Standing(RolloutStatus rollout)
    {
        var isWell = rollout.Phase is not (RolloutPhase.Failed or RolloutPhase.Degraded) && rollout.Reason != "Abandoned";
        return new EnvironmentCheck
        {
            Name = $"Rollout {rollout.Target}",
            Status = isWell ? EnvironmentStatus.Passed : EnvironmentStatus.Warning,
            Message = isWell ? $"It is {rollout.Phase}, {rollout.Available} of {rollout.Desired} serve." : $"It is {rollout.Phase}: {rollout.Message ?? rollout.Reason}",
            Recommendation = isWell ? null : "See Get-Rollout; Resume-Rollout mends what is Degraded and carries on what was left.",
            Endpoint = rollout.Endpoint,
        };
    }
}
