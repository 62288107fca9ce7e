using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>One name and password for whatever registry is asked for: what the user gave with -Credential.</summary>
/// <param name="name">The user's name.</param>
/// <param name="password">The password or access token.</param>
public sealed class GivenCredential(string name, string password) : IRegistryCredentials
{
    /// <inheritdoc/>
    public Task<RegistryAuth?> FindAsync(string registry, CancellationToken cancellation) =>
        Task.FromResult<RegistryAuth?>(new() { Username = name, Password = password, ServerAddress = DockerConfig.ServerOf(registry) });
}
