using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>Listens to what the engine tells of a service: its updates, and what happens to those of its tasks that run on this node.</summary>
internal static class ServiceWatch
{
    private const string ServiceOfContainer = "com.docker.swarm.service.id";

    private static readonly Dictionary<string, IReadOnlyList<string>> Filters = new()
    {
        ["type"] = ["service", "container"],
        ["event"] = ["update", "remove", "start", "die", "destroy", "health_status"],
    };

    public static EngineWatch Of(DockerTargetServices services, string serviceId) => new(services.Engine, services.Time, Filters, one => IsOf(one, serviceId));

    private static bool IsOf(EngineEvent one, string serviceId) =>
        one.Type == "service" ? one.Actor.Id == serviceId : one.Actor.Attributes.GetValueOrDefault(ServiceOfContainer) == serviceId;
}
