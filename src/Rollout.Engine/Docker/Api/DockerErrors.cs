using System.Net;
using System.Text.RegularExpressions;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Docker.Api;

/// <summary>The failures of a Docker engine and of the way to it.</summary>
internal static partial class DockerErrors
{
    private const string ChooseEngine = "Name the engine with -DockerHost, DOCKER_HOST or 'docker context use'.";

    // The way to the engine.

    internal static RolloutException InvalidHost(string host, string problem) => new(
        "InvalidDockerHost",
        ErrorKind.Syntax,
        $"'{UserInfo.Hide(host)}' is not a Docker host: {problem}.",
        "Write unix:///var/run/docker.sock, npipe:////./pipe/docker_engine or tcp://host:2376.",
        UserInfo.Hide(host));

    internal static RolloutException SshNotSupported(string host) => new(
        "DockerHostNotSupported",
        ErrorKind.NotSupported,
        $"The Docker host '{UserInfo.Hide(host)}' is reached over ssh, which is not supported.",
        "Forward the engine's socket, ssh -NL /tmp/docker.sock:/var/run/docker.sock user@host, and use unix:///tmp/docker.sock; or use tcp:// with TLS.",
        UserInfo.Hide(host));

    internal static RolloutException ContextNotFound(string name, string directory) => new(
        "DockerContextNotFound",
        ErrorKind.NotFound,
        $"There is no Docker context '{name}' in {directory}.",
        "See 'docker context ls', and choose another with 'docker context use' or DOCKER_CONTEXT.",
        name);

    internal static RolloutException ContextUnusable(string file, string problem) => new(
        "DockerContextUnusable",
        ErrorKind.InvalidData,
        $"{file} cannot be used: {problem}.",
        "Mend the file, or create the context anew with 'docker context create'.",
        file);

    internal static RolloutException ContextMoved(RolloutEndpoint from, DockerEndpoint now) => new(
        "DockerContextMoved",
        ErrorKind.InvalidInput,
        $"The Docker context '{from.Context}' was {from.DockerHost} when this object was made, and is {now} now.",
        "Get the object anew, or set the context back.",
        from);

    internal static RolloutException CertificatesMissing(string directory) => new(
        "DockerCertificateUnusable",
        ErrorKind.InvalidData,
        $"DOCKER_CERT_PATH names {directory}, which has neither ca.pem nor cert.pem and key.pem.",
        "Put the certificates there, or unset DOCKER_CERT_PATH.",
        directory);

    internal static RolloutException HalfACertificate(string directory) => new(
        "DockerCertificateUnusable",
        ErrorKind.InvalidData,
        $"{directory} has only one of cert.pem and key.pem.",
        "Put both there, or none.",
        directory);

    internal static RolloutException CertificateUnusable(string file, Exception cause) => new(
        "DockerCertificateUnusable",
        ErrorKind.InvalidData,
        $"{file} cannot be used for TLS to the Docker engine: {cause.Message}",
        "Give a PEM file that this user may read.",
        file,
        cause);

    internal static RolloutException EngineNotReachable(RolloutEndpoint endpoint, Exception cause) =>
        EngineNotReachable(endpoint, cause.Message, $"Start the engine. {ChooseEngine}", cause);

    internal static RolloutException EngineNotReachable(RolloutEndpoint endpoint, string problem, string mend, Exception cause) => new(
        "DockerEngineNotReachable",
        ErrorKind.Connection,
        $"The Docker engine at {endpoint} cannot be reached: {problem.TrimEnd('.')}.",
        mend,
        endpoint,
        cause);

    internal static RolloutException SocketMissing(RolloutEndpoint endpoint, Exception cause) =>
        EngineNotReachable(endpoint, "there is no such socket", $"Start the engine (systemctl start docker). {ChooseEngine}", cause);

    internal static RolloutException ConnectionRefused(RolloutEndpoint endpoint, Exception cause) =>
        EngineNotReachable(endpoint, "nothing listens there", $"Start the engine (systemctl start docker), and see its log where it does not stay up. {ChooseEngine}", cause);

    internal static RolloutException HostUnknown(RolloutEndpoint endpoint, Exception cause) =>
        EngineNotReachable(endpoint, "the host name is not known", $"Mend the host name. {ChooseEngine}", cause);

    internal static RolloutException ConnectTimeout(RolloutEndpoint endpoint, TimeSpan after, Exception cause) =>
        EngineNotReachable(endpoint, $"it did not answer within {after.TotalSeconds:0} s", $"See whether the host is up and a firewall lets the port through. {ChooseEngine}", cause);

    internal static RolloutException SocketDenied(RolloutEndpoint endpoint, Exception cause) => new(
        "DockerSocketDenied",
        ErrorKind.PermissionDenied,
        $"This user may not open the Docker engine's socket {endpoint}.",
        "Run as a member of the socket's group: sudo usermod -aG docker $USER, then log in again.",
        endpoint,
        cause);

    internal static RolloutException TlsFailed(RolloutEndpoint endpoint, Exception cause) => new(
        "DockerTlsFailed",
        ErrorKind.Connection,
        $"TLS with the Docker engine at {endpoint} failed: {cause.Message}",
        "See that ca.pem signed the engine's certificate, that the certificate names this host, and that cert.pem and key.pem are what the engine wants.",
        endpoint,
        cause);

    internal static RolloutException TlsExpected(RolloutEndpoint endpoint) => new(
        "DockerTlsFailed",
        ErrorKind.Connection,
        $"The Docker engine at {endpoint} speaks TLS, and was spoken to without.",
        "Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or use a docker context that has the certificates.",
        endpoint);

    internal static RolloutException ConnectionLost(RolloutEndpoint endpoint, string operation, Exception? cause) => new(
        "EngineConnectionLost",
        ErrorKind.Connection,
        $"The connection to the Docker engine at {endpoint} was lost during '{operation}'.",
        "See whether the engine restarted or stopped, and try again.",
        endpoint,
        cause);

    // What the engine is.

    internal static RolloutException ApiTooOld(RolloutEndpoint endpoint, string engine, string wanted) => new(
        "DockerApiTooOld",
        ErrorKind.NotSupported,
        $"The Docker engine at {endpoint} speaks API {engine}; at least {wanted} is needed.",
        "Update the engine to 20.10 or later.",
        endpoint);

    internal static RolloutException ApiTooNew(RolloutEndpoint endpoint, string answer) => new(
        "DockerApiTooNew",
        ErrorKind.NotSupported,
        $"The Docker engine at {endpoint} no longer speaks an API version that Rollout knows: {answer}",
        "Update Rollout.",
        endpoint);

    internal static RolloutException MalformedAnswer(RolloutEndpoint endpoint, string operation, Exception? cause) => new(
        "DockerAnswerMalformed",
        ErrorKind.InvalidData,
        $"What answered at {endpoint} to '{operation}' does not speak the Docker Engine API.",
        $"See that the address is a Docker engine's. {ChooseEngine}",
        endpoint,
        cause);

    // What the engine says no to. Its text is looked at first: one status stands for many things.

    internal static RolloutException Refused(RolloutEndpoint endpoint, EngineRequest request, HttpStatusCode status, string message)
    {
        if (status == HttpStatusCode.BadRequest && TooNewPattern().IsMatch(message)) return ApiTooNew(endpoint, message);
        if (status == HttpStatusCode.BadRequest && TlsWantedPattern().IsMatch(message)) return TlsExpected(endpoint);
        if (NoManagerPattern().IsMatch(message)) return SwarmManagerNeeded(endpoint);
        if (OutOfSequencePattern().IsMatch(message)) return ServiceChangedMeanwhile(endpoint);
        if (request.Explain is not null) return request.Explain(message);
        if (NameTakenPattern().IsMatch(message)) return NameTaken(message);
        if (PortTakenPattern().IsMatch(message)) return PortTaken(message);
        if (ImageMissing(message) is { } imageMissing) return imageMissing;
        if (ReferencePattern().IsMatch(message)) return ImageReferenceRefused(endpoint, message);
        if (ContainerNotFoundPattern().Match(message) is { Success: true } container) return ContainerNotFound(container.Groups["name"].Value);
        if (NetworkNotFoundPattern().Match(message) is { Success: true } network) return NetworkNotFound(network.Groups["name"].Value);
        return (int)status switch
        {
            404 => new("DockerNotFound", ErrorKind.NotFound, Says("knows nothing of that"), "See that the name is right and that the engine is the one meant.", endpoint),
            409 => new("DockerConflict", ErrorKind.Conflict, Says("refused"), "See what else uses or changes the same thing.", endpoint),
            401 or 403 => new("DockerRequestDenied", ErrorKind.PermissionDenied, Says("denied"), "See the engine's authorization plugin, or use other certificates.", endpoint),
            501 => new("DockerNotImplemented", ErrorKind.NotSupported, Says("cannot do"), "Use an engine or a driver that can.", endpoint),
            >= 500 => new("DockerEngineFailed", ErrorKind.OperationFailed, Says("failed"), "See the engine's log (journalctl -u docker).", endpoint),
            _ => new("DockerRequestRefused", ErrorKind.InvalidInput, Says("refused"), "See the engine's message.", endpoint),
        };

        string Says(string verb) => $"The Docker engine at {endpoint} {verb} ('{request}'): {message}";
    }

    internal static RolloutException NameTaken(string message) => new(
        "ContainerNameTaken",
        ErrorKind.Conflict,
        message,
        "Choose another name, or remove or rename the container that has it.");

    internal static RolloutException PortTaken(string message) => new(
        "PortTaken",
        ErrorKind.Conflict,
        $"A port that the container publishes is in use: {message}",
        "Publish another port, or stop what listens there (docker ps, ss -ltnp).");

    /// <summary>The failure where the engine's words say that it has no such image; null where they say something else.</summary>
    internal static RolloutException? ImageMissing(string message) =>
        ImageNotFoundPattern().Match(message) is { Success: true } image ? ImageNotFound(image.Groups["name"].Value) : null;

    internal static RolloutException ImageNotFound(string name) => new(
        "ImageNotFound",
        ErrorKind.NotFound,
        $"The engine has no image '{name}'.",
        "Build or pull it first, or mend the name.",
        name);

    internal static RolloutException ImageReferenceRefused(RolloutEndpoint endpoint, string message) => new(
        "ImageReferenceRefused",
        ErrorKind.InvalidInput,
        $"The Docker engine at {endpoint} does not take that name for an image: {message}",
        "Older engines know no IPv6 address as a registry: give the registry a host name (in /etc/hosts, for instance), and use that.",
        endpoint);

    internal static RolloutException ContainerNotFound(string name) => new(
        "ContainerNotFound",
        ErrorKind.NotFound,
        $"The engine has no container '{name}'.",
        "See 'docker ps -a'; somebody may have removed it.",
        name);

    internal static RolloutException SwarmManagerNeeded(RolloutEndpoint endpoint) => new(
        "SwarmManagerNeeded",
        ErrorKind.NotSupported,
        $"The Docker engine at {endpoint} manages no swarm, so it has no services.",
        "Name a manager of the swarm with -DockerHost or -Context, or make the engine one with 'docker swarm init'.",
        endpoint);

    internal static RolloutException ServiceChangedMeanwhile(RolloutEndpoint endpoint) => new(
        "ServiceChangedMeanwhile",
        ErrorKind.Conflict,
        $"Somebody else changed the service at {endpoint} after it was looked at; nothing was done.",
        "Look at what they did (Get-Rollout, Get-RolloutHistory), then try again.",
        endpoint);

    internal static RolloutException NetworkNotFound(string name) => new(
        "NetworkNotFound",
        ErrorKind.NotFound,
        $"The engine has no network '{name}'.",
        "See 'docker network ls', and create it with 'docker network create'.",
        name);

    // What a stream ends with.

    internal static RolloutException PullFailed(ImageReference reference, string message) => EngineReport.Read(reference, message) ?? new(
        "PullFailed", ErrorKind.OperationFailed, $"Pulling {reference} failed: {message}", "See the engine's message.", reference);

    internal static RolloutException PushFailed(ImageReference reference, string message) => EngineReport.Read(reference, message) ?? new(
        "PushFailed", ErrorKind.OperationFailed, $"Pushing {reference} failed: {message}", "See the engine's message.", reference);

    internal static RolloutException BuildFailed(string message) => new(
        "BuildFailed", ErrorKind.OperationFailed, $"The build failed: {message}", "See the failing step's output.");

    [GeneratedRegex("client version .* is too old", RegexOptions.IgnoreCase)]
    private static partial Regex TooNewPattern();

    [GeneratedRegex("HTTP request to an HTTPS server", RegexOptions.IgnoreCase)]
    private static partial Regex TlsWantedPattern();

    [GeneratedRegex("is not a swarm manager", RegexOptions.IgnoreCase)]
    private static partial Regex NoManagerPattern();

    [GeneratedRegex("update out of sequence", RegexOptions.IgnoreCase)]
    private static partial Regex OutOfSequencePattern();

    [GeneratedRegex("name .* is already in use by container", RegexOptions.IgnoreCase)]
    private static partial Regex NameTakenPattern();

    [GeneratedRegex("port is already allocated|address already in use", RegexOptions.IgnoreCase)]
    private static partial Regex PortTakenPattern();

    [GeneratedRegex(@"no such image: (?<name>\S+)|image does not exist locally with the tag: (?<name>\S+)|tag does not exist: (?<name>\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex ImageNotFoundPattern();

    [GeneratedRegex("invalid reference format", RegexOptions.IgnoreCase)]
    private static partial Regex ReferencePattern();

    [GeneratedRegex(@"no such container: (?<name>\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex ContainerNotFoundPattern();

    [GeneratedRegex(@"network (?<name>\S+) not found|no such network: (?<name>\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex NetworkNotFoundPattern();
}
