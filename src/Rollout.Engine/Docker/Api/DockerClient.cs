namespace Rollout.Engine.Docker.Api;

/// <summary>The Docker Engine API over HTTP. Nothing is sent before the first call.</summary>
public sealed class DockerClient : IDockerClient
{
    private readonly DockerConnection connection;

    /// <summary>Creates a client of the engine at an endpoint.</summary>
    /// <exception cref="RolloutException">DockerCertificateUnusable.</exception>
    public DockerClient(DockerEndpoint endpoint)
    {
        connection = new DockerConnection(endpoint);
        Containers = new ContainerOperations(connection);
        Images = new ImageOperations(connection);
        Networks = new NetworkOperations(connection);
        System = new SystemOperations(connection);
    }

    /// <inheritdoc/>
    public RolloutEndpoint Endpoint => connection.Endpoint;

    /// <inheritdoc/>
    public IContainerOperations Containers { get; }

    /// <inheritdoc/>
    public IImageOperations Images { get; }

    /// <inheritdoc/>
    public INetworkOperations Networks { get; }

    /// <inheritdoc/>
    public ISystemOperations System { get; }

    /// <inheritdoc/>
    public void Dispose() => connection.Dispose();
}
