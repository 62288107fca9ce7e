namespace Rollout.Engine.Docker.Api;

/// <summary>The failures of a Docker engine and of the way to it.</summary>
internal static class DockerErrors
{
    internal static RolloutException EngineNotReachable(RolloutEndpoint endpoint, Exception cause) => new(
        "DockerEngineNotReachable",
        ErrorKind.Connection,
        $"The Docker engine at {endpoint} cannot be reached: {cause.Message}",
        "Start the engine, or name another with -DockerHost, DOCKER_HOST or 'docker context use'.",
        endpoint,
        cause);
}
