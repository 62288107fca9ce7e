using System.Security.Cryptography.X509Certificates;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>Where a client has its credentials from.</summary>
internal interface ICredentialSource
{
    /// <summary>The credential to use now; kept until it expires or is refused.</summary>
    ValueTask<Credential> GetAsync(CancellationToken cancellation);

    /// <summary>The server answered 401 to it. True where <see cref="GetAsync"/> may now give a better one.</summary>
    bool Refused(Credential credential);
}

/// <summary>What a request or a connection proves itself with.</summary>
internal sealed class Credential(string? authorization, X509Certificate2? certificate)
{
    public static Credential None { get; } = new(null, null);

    /// <summary>The Authorization header, or null.</summary>
    public string? Authorization { get; } = authorization;

    /// <summary>The client certificate with its key, or null.</summary>
    public X509Certificate2? Certificate { get; } = certificate;
}

/// <summary>One that never changes: a token, a certificate, a name and password, or nothing.</summary>
internal sealed class FixedCredential(Credential credential) : ICredentialSource
{
    public ValueTask<Credential> GetAsync(CancellationToken cancellation) => ValueTask.FromResult(credential);

    public bool Refused(Credential refused) => false;
}
