using Rollout.Engine.Docker.Api;

namespace Rollout.Module.Places;

/// <summary>Which Docker engine a command line means: the one an object came from, else the one named, else the docker CLI's.</summary>
/// <param name="dockerHost">-DockerHost.</param>
/// <param name="context">-Context.</param>
internal sealed class EngineChoice(string? dockerHost, string? context)
{
    /// <summary>The engine to act on, for one piece of work; nothing is sent yet.</summary>
    /// <inheritdoc cref="EndpointFor"/>
    internal DockerEngine For(RolloutEndpoint? carried, RolloutEndpoint? otherwise = null) => new(new DockerClient(EndpointFor(carried, otherwise)));

    /// <summary>Where that engine listens.</summary>
    /// <param name="carried">Where the object at hand lives, and nowhere else; null where it does not say.</param>
    /// <param name="otherwise">Where it came from, though it can be had elsewhere too.</param>
    /// <exception cref="RolloutException">
    /// AnotherEngine: the user names another engine than the object's. DockerContextMoved: the object's context names another by now.
    /// </exception>
    internal DockerEndpoint EndpointFor(RolloutEndpoint? carried, RolloutEndpoint? otherwise = null)
    {
        var origin = carried ?? otherwise;
        // An object carries its context as a property too, which binds by its name.
        var isNamed = !string.IsNullOrWhiteSpace(dockerHost) || (!string.IsNullOrWhiteSpace(context) && context != origin?.Context);
        if (!isNamed && origin is not null) return DockerEndpoint.Resolve(origin, DockerSettings.OfThisProcess);

        var named = DockerEndpoint.Resolve(dockerHost, context, DockerSettings.OfThisProcess);
        if (carried is not null && carried.DockerHost != named.ToString()) throw ModuleErrors.AnotherEngine(carried, named.ToRolloutEndpoint());
        return named;
    }
}
