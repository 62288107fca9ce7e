using Rollout.Engine.Docker.Api;

namespace Rollout.Module.Cmdlets;

/// <summary>Which Docker engine a command line means: the one an object came from, else the one named, else the docker CLI's.</summary>
/// <param name="dockerHost">-DockerHost.</param>
/// <param name="context">-Context.</param>
/// <param name="directory">Where the user stands.</param>
internal sealed class EngineChoice(string? dockerHost, string? context, string directory)
{
    /// <summary>True where the user named an engine.</summary>
    internal bool IsNamed => !string.IsNullOrWhiteSpace(dockerHost) || !string.IsNullOrWhiteSpace(context);

    /// <summary>The engine to act on; nothing is sent yet.</summary>
    /// <param name="carried">Where the object at hand lives, and nowhere else; null where it does not say.</param>
    /// <param name="otherwise">Where it came from, though it can be had elsewhere too.</param>
    /// <exception cref="RolloutException">
    /// AnotherEngine: the user names another engine than the object's. DockerContextMoved: the object's context names another by now.
    /// </exception>
    internal DockerEngine For(RolloutEndpoint? carried, RolloutEndpoint? otherwise = null)
    {
        var origin = carried ?? otherwise;
        if (!IsNamed && origin is not null) return Engine(DockerEndpoint.Resolve(origin, DockerSettings.OfThisProcess));

        var named = DockerEndpoint.Resolve(dockerHost, context, DockerSettings.OfThisProcess);
        if (carried is not null && carried.DockerHost != named.ToString()) throw ModuleErrors.AnotherEngine(carried, named.ToRolloutEndpoint());
        return Engine(named);
    }

    private DockerEngine Engine(DockerEndpoint endpoint) => new(new DockerClient(endpoint), directory);
}
