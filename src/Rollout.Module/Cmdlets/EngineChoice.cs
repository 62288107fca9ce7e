using Rollout.Engine.Docker.Api;

namespace Rollout.Module.Cmdlets;

/// <summary>Which Docker engine a command line means: the one an object came from, else the one named, else the docker CLI's.</summary>
/// <param name="DockerHost">-DockerHost.</param>
/// <param name="Context">-Context.</param>
internal sealed record EngineChoice(string? DockerHost, string? Context)
{
    /// <summary>True where the user named an engine.</summary>
    internal bool IsNamed => !string.IsNullOrWhiteSpace(DockerHost) || !string.IsNullOrWhiteSpace(Context);

    /// <summary>The engine named, else the docker CLI's.</summary>
    internal RolloutEndpoint Named() => DockerEndpoint.Resolve(DockerHost, Context, DockerSettings.OfThisProcess).ToRolloutEndpoint();

    /// <summary>The engine to act on.</summary>
    /// <param name="carried">Where the object at hand lives, and nowhere else; null where it does not say.</param>
    /// <param name="otherwise">Where it came from, though it can be had elsewhere too.</param>
    /// <exception cref="RolloutException">AnotherEngine: the user names another engine than the object's.</exception>
    internal RolloutEndpoint For(RolloutEndpoint? carried, RolloutEndpoint? otherwise = null)
    {
        if (!IsNamed) return carried ?? otherwise ?? Named();

        var named = Named();
        if (carried is not null && carried.DockerHost != named.DockerHost) throw ModuleErrors.AnotherEngine(carried, named);
        return named;
    }

    /// <summary>A client for an engine; refuses where the context it was chosen by names another by now.</summary>
    internal static DockerClient Open(RolloutEndpoint endpoint) => new(DockerEndpoint.Resolve(endpoint, DockerSettings.OfThisProcess));
}
