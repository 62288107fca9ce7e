using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>Looks at services and their tasks.</summary>
internal sealed class ServiceReader(IDockerClient engine)
{
    /// <summary>One service; null where there is none.</summary>
    public async Task<ServiceSnapshot?> ReadAsync(string name, CancellationToken cancellation)
    {
        if (await engine.Services.InspectAsync(name, cancellation) is not { } service) return null;
        return new ServiceSnapshot(service, await engine.Services.TasksAsync(service.Id, cancellation));
    }

    /// <summary>Every service by name, without jobs; none where the engine manages no swarm, which one request finds out.</summary>
    public async Task<IReadOnlyList<ServiceSnapshot>> ReadAllAsync(CancellationToken cancellation)
    {
        IReadOnlyList<ServiceInspect> services;
        try
        {
            services = await engine.Services.ListAsync(cancellation);
        }
        catch (RolloutException noManager) when (noManager.Id == "SwarmManagerNeeded")
        {
            return [];
        }

        if (services.Count == 0) return [];
        var tasks = (await engine.Services.TasksAsync(null, cancellation)).ToLookup(task => task.ServiceId);
        return
        [
            .. services.Select(service => new ServiceSnapshot(service, [.. tasks[service.Id]]))
                .Where(seen => !seen.Spec.IsJob)
                .OrderBy(seen => seen.Spec.Name, StringComparer.Ordinal),
        ];
    }
}
