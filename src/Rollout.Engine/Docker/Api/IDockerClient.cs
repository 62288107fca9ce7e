using System.Text.Json.Nodes;

namespace Rollout.Engine.Docker.Api;

/// <summary>
/// The Docker Engine API (1.41 and later), as far as Rollout uses it, in the API's own terms. The one place the rest of the engine
/// talks to a Docker engine through. Every failure is a <see cref="RolloutException"/>; see <see cref="DockerErrors"/>.
/// </summary>
public interface IDockerClient : IDisposable
{
    /// <summary>The engine this client talks to.</summary>
    RolloutEndpoint Endpoint { get; }

    /// <summary>How far the engine's clock is ahead of this machine's, to the second, by the Date of its last answer.</summary>
    TimeSpan ClockAhead { get; }

    /// <summary>Containers.</summary>
    IContainerOperations Containers { get; }

    /// <summary>Images: build, tag, push, pull.</summary>
    IImageOperations Images { get; }

    /// <summary>Networks.</summary>
    INetworkOperations Networks { get; }

    /// <summary>Services of the swarm that the engine manages.</summary>
    IServiceOperations Services { get; }

    /// <summary>The engine itself.</summary>
    ISystemOperations System { get; }
}

/// <summary>The engine's /containers endpoints.</summary>
public interface IContainerOperations
{
    /// <summary>Lists containers that have all the labels (<c>key</c> or <c>key=value</c>); stopped ones too where <paramref name="all"/>.</summary>
    Task<IReadOnlyList<ContainerSummary>> ListAsync(IReadOnlyCollection<string> labels, bool all, CancellationToken cancellation);

    /// <summary>Reads one container by id or name; null where there is none.</summary>
    Task<ContainerInspect?> InspectAsync(string idOrName, CancellationToken cancellation);

    /// <summary>Creates a container; returns its id. ContainerNameTaken where the name is in use.</summary>
    Task<string> CreateAsync(string name, CreateContainerBody body, CancellationToken cancellation);

    /// <summary>Starts a container; nothing happens where it runs. PortTaken where a published port is in use.</summary>
    Task StartAsync(string id, CancellationToken cancellation);

    /// <summary>Stops a container: its stop signal, then SIGKILL after <paramref name="grace"/> (null: the container's own).</summary>
    Task StopAsync(string id, TimeSpan? grace, CancellationToken cancellation);

    /// <summary>Removes a container, with its anonymous volumes; running ones are killed. Nothing happens where there is none.</summary>
    Task RemoveAsync(string id, CancellationToken cancellation);

    /// <summary>Changes the restart policy (<c>no</c>, <c>always</c>, <c>unless-stopped</c>, <c>on-failure</c>).</summary>
    Task UpdateRestartPolicyAsync(string id, string policy, int maximumRetryCount, CancellationToken cancellation);

    /// <summary>The last lines of stdout and stderr together, neutralised.</summary>
    Task<IReadOnlyList<string>> LogTailAsync(string id, int lines, CancellationToken cancellation);

    /// <summary>What a container uses, over the second that the answer takes; null where there is none.</summary>
    Task<ContainerStats?> StatsAsync(string id, CancellationToken cancellation);
}

/// <summary>The engine's /images and /build endpoints.</summary>
public interface IImageOperations
{
    /// <summary>Reads an image by id or reference; null where there is none.</summary>
    Task<ImageInspect?> InspectAsync(string idOrReference, CancellationToken cancellation);

    /// <summary>Gives an image another name.</summary>
    Task TagAsync(string idOrReference, ImageReference reference, CancellationToken cancellation);

    /// <summary>Removes a name, and with the last the image.</summary>
    Task RemoveAsync(string idOrReference, bool force, CancellationToken cancellation);

    /// <summary>Every local reference of a repository (<c>registry/repository</c>), or with null of all.</summary>
    Task<IReadOnlyList<ImageReference>> ReferencesAsync(string? repositoryName, CancellationToken cancellation);

    /// <summary>Pulls an image. Ends with an exception where the stream reports an error.</summary>
    Task PullAsync(ImageReference reference, string? platform, RegistryAuth? auth, Action<StreamMessage>? progress, CancellationToken cancellation);

    /// <summary>Pushes one tag; the result carries the digest the registry gave. Ends with an exception where the stream reports an error.</summary>
    Task<PushResult> PushAsync(ImageReference reference, RegistryAuth? auth, Action<StreamMessage>? progress, CancellationToken cancellation);

    /// <summary>
    /// POST /build: the context is written into the request as it is made. Messages come as they arrive; an error in the stream is
    /// thrown. <paramref name="query"/> holds the API's own parameters, each possibly several times.
    /// </summary>
    /// <param name="query">The API's query parameters.</param>
    /// <param name="writeContext">Writes the tar to the stream given.</param>
    /// <param name="auths">Credentials by registry for X-Registry-Config.</param>
    /// <param name="message">Each message of the stream.</param>
    /// <param name="cancellation">Cancels by closing the connection, which ends the step.</param>
    Task BuildAsync(
        IReadOnlyList<KeyValuePair<string, string>> query,
        Func<Stream, CancellationToken, Task> writeContext,
        IReadOnlyDictionary<string, RegistryAuth> auths,
        Action<StreamMessage> message,
        CancellationToken cancellation);

    /// <summary>Whether the engine has the path /session; opens none.</summary>
    Task<bool> TakesSessionsAsync(CancellationToken cancellation);

    /// <summary>
    /// POST /session: a connection over which the engine's BuildKit, as the client, calls the methods of a gRPC server here, as long as it is open.
    /// </summary>
    /// <param name="id">The session's id, for a build's <c>session</c> parameter.</param>
    /// <param name="sharedKey">What of one session may serve another with the same key.</param>
    /// <param name="method">The one method that BuildKit wants to know of beforehand.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Stream> OpenSessionAsync(string id, string sharedKey, string method, CancellationToken cancellation);
}

/// <summary>The engine's /networks endpoints.</summary>
public interface INetworkOperations
{
    /// <summary>Reads a network by id or name; null where there is none.</summary>
    Task<JsonObject?> InspectAsync(string idOrName, CancellationToken cancellation);

    /// <summary>Creates a bridge network with labels; returns its id.</summary>
    Task<string> CreateAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellation);

    /// <summary>Removes a network that nothing is attached to. Nothing happens where there is none.</summary>
    Task RemoveAsync(string idOrName, CancellationToken cancellation);

    /// <summary>Attaches a container to a network under aliases.</summary>
    Task ConnectAsync(string network, string containerId, JsonObject endpointSettings, CancellationToken cancellation);

    /// <summary>Detaches a container from a network.</summary>
    Task DisconnectAsync(string network, string containerId, CancellationToken cancellation);
}

/// <summary>The engine's /services and /tasks endpoints. SwarmManagerNeeded where the engine manages no swarm.</summary>
public interface IServiceOperations
{
    /// <summary>Every service.</summary>
    Task<IReadOnlyList<ServiceInspect>> ListAsync(CancellationToken cancellation);

    /// <summary>Reads a service by its name; null where there is none.</summary>
    Task<ServiceInspect?> InspectAsync(string name, CancellationToken cancellation);

    /// <summary>
    /// Replaces the spec of a service as it was read. ServiceChangedMeanwhile where it is another by now. Without <paramref name="auth"/> its nodes keep the
    /// credentials that they have.
    /// </summary>
    Task UpdateAsync(ServiceInspect service, JsonObject spec, RegistryAuth? auth, CancellationToken cancellation);

    /// <summary>Has the engine put a service's PreviousSpec in the place of its spec. ServiceChangedMeanwhile as with an update.</summary>
    Task RollBackAsync(ServiceInspect service, CancellationToken cancellation);

    /// <summary>The tasks of a service, ended ones too; with null of all.</summary>
    Task<IReadOnlyList<ServiceTask>> TasksAsync(string? serviceId, CancellationToken cancellation);

    /// <summary>The last lines of a task's stdout and stderr together, neutralised.</summary>
    Task<IReadOnlyList<string>> LogTailAsync(ServiceTask task, int lines, CancellationToken cancellation);
}

/// <summary>The engine's own endpoints: /version, /info, /events.</summary>
public interface ISystemOperations
{
    /// <summary>The engine's settings.</summary>
    Task<SystemInfo> InfoAsync(CancellationToken cancellation);

    /// <summary>Finds out whether the engine answers, which is quick; returns the system its containers are for: <c>linux</c>, <c>windows</c>.</summary>
    Task<string> PingAsync(CancellationToken cancellation);

    /// <summary>Version and platform of the engine.</summary>
    Task<SystemVersion> VersionAsync(CancellationToken cancellation);

    /// <summary>Events from now on (or since a moment) until cancelled; filters as the API's (<c>label</c>, <c>type</c>, <c>event</c>).</summary>
    IAsyncEnumerable<EngineEvent> EventsAsync(IReadOnlyDictionary<string, IReadOnlyList<string>> filters, DateTimeOffset? since, CancellationToken cancellation);
}
