using System.Security.Cryptography.X509Certificates;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>
/// How one cluster is reached and as whom: what a kubeconfig's context, or a Pod's service account, comes down to.
/// Made by <see cref="Kubeconfig"/>.
/// </summary>
public sealed class KubernetesConnection
{
    internal KubernetesConnection(Uri server, ICredentialSource credentials)
    {
        Server = server;
        Credentials = credentials;
    }

    /// <summary>The server's address; a path in it goes before the API's.</summary>
    public Uri Server { get; }

    /// <summary>The context it came from; null for a Pod's service account.</summary>
    public string? Context { get; internal init; }

    /// <summary>The namespace where none is named.</summary>
    public string Namespace { get; internal init; } = "default";

    /// <summary>Where it came from, for people and for a later cmdlet.</summary>
    public RolloutEndpoint Endpoint => new() { Kubeconfig = Kubeconfig, Context = Context, Server = Server.AbsoluteUri.TrimEnd('/') };

    internal string? Kubeconfig { get; init; }

    internal ICredentialSource Credentials { get; }

    /// <summary>Authorities to trust; null for the system's.</summary>
    internal X509Certificate2Collection? Authorities { get; init; }

    internal bool SkipsVerification { get; init; }

    /// <summary>The name in the server's certificate, where it is not the address's.</summary>
    internal string? ServerName { get; init; }

    internal Uri? Proxy { get; init; }

    /// <summary>Headers that go with every request: Impersonate-User and its like.</summary>
    internal IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => Endpoint.ToString();
}
