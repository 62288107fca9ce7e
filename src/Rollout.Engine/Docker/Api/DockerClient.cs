namespace Rollout.Engine.Docker.Api;

/// <summary>The Docker Engine API over HTTP. Nothing is sent before the first call.</summary>
public sealed class DockerClient : IDockerClient
{
    private readonly DockerConnection _connection;

    /// <summary>Creates a client of the engine at an endpoint.</summary>
    /// <exception cref="RolloutException">DockerCertificateUnusable.</exception>
    public DockerClient(DockerEndpoint endpoint)
    {
        _connection = new DockerConnection(endpoint);
        Containers = new ContainerOperations(_connection);
        Images = new ImageOperations(_connection);
        Networks = new NetworkOperations(_connection);
        Services = new ServiceOperations(_connection);
        System = new SystemOperations(_connection);
    }

    /// <inheritdoc/>
    public RolloutEndpoint Endpoint => _connection.Endpoint;

    /// <inheritdoc/>
    public TimeSpan ClockAhead => _connection.ClockAhead;

    /// <inheritdoc/>
    public IContainerOperations Containers { get; }

    /// <inheritdoc/>
    public IImageOperations Images { get; }

    /// <inheritdoc/>
    public INetworkOperations Networks { get; }

    /// <inheritdoc/>
    public IServiceOperations Services { get; }

    /// <inheritdoc/>
    public ISystemOperations System { get; }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();
}
