using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>
/// Credentials that an engine may be handed for a pull: only after the registry was asked where it would have them sent, and that is
/// trusted (<see cref="RegistryClient.CredentialsForEngineAsync"/>). Where there are none, nothing is asked.
/// </summary>
/// <param name="credentials">Where they come from.</param>
/// <param name="engine">The engine that pulls.</param>
public sealed class TrustedCredentials(IRegistryCredentials credentials, IDockerClient engine) : IRegistryCredentials
{
    /// <inheritdoc/>
    /// <exception cref="RolloutException">TokenRealmNotTrusted, RegistryUnauthorized, and what keeps the registry from answering.</exception>
    public async Task<RegistryAuth?> FindAsync(string registry, CancellationToken cancellation)
    {
        if (await credentials.FindAsync(registry, cancellation) is null) return null;

        using var client = new RegistryClient(new RegistryOptions
        {
            Registry = registry,
            Credentials = credentials,
            IsInsecure = await InsecureRegistries.ContainAsync(engine, registry, cancellation),
        });
        return await client.CredentialsForEngineAsync(null, cancellation);
    }
}
