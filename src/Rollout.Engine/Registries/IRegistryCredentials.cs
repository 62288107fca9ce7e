using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>Where credentials for a registry come from.</summary>
public interface IRegistryCredentials
{
    /// <summary>
    /// The credentials for a registry, named as <see cref="ImageReference.Registry"/> names it (<c>docker.io</c>, <c>localhost:5000</c>);
    /// null where there are none.
    /// </summary>
    Task<RegistryAuth?> FindAsync(string registry, CancellationToken cancellation);
}
