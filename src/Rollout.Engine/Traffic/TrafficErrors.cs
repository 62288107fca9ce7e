using System.Net;

namespace Rollout.Engine.Traffic;

/// <summary>The failures of a traffic router and of the way to it.</summary>
internal static class TrafficErrors
{
    private const string AdminSocket = "Give HAProxy's configuration a 'stats socket PATH mode 660 level admin' in its global section, and run as a user who may write to that socket.";

    internal static RolloutException UnknownRouter(string router, string where, IReadOnlyList<string> known) => new(
        "UnknownRouter",
        ErrorKind.NotSupported,
        $"There is no traffic router '{router}' {where}.",
        $"Name one of these: {string.Join(", ", known)}.",
        router);

    internal static RolloutException InvalidRouterEndpoint(string endpoint, string problem) => new(
        "InvalidRouterEndpoint",
        ErrorKind.Syntax,
        $"'{UserInfo.Hide(endpoint)}' is not where a router can listen: {problem}.",
        "Write a unix socket's path (./haproxy.sock, /run/haproxy/admin.sock) or host:port.",
        UserInfo.Hide(endpoint));

    internal static RolloutException InvalidRouterName(string what, string name) => new(
        "InvalidRouterName",
        ErrorKind.InvalidInput,
        $"'{name}' cannot be the name of a {what} in HAProxy.",
        "HAProxy's names consist of letters, digits and the characters - _ . : alone.",
        name);

    internal static RolloutException InvalidServerAddress(string name, string address) => new(
        "InvalidServerAddress",
        ErrorKind.InvalidInput,
        $"'{address}' is not an address for server '{name}': it must be an IP address and a port.",
        "Write 127.0.0.1:8080 or [::1]:8080; HAProxy does not look up names of servers added at runtime.",
        address);

    internal static RolloutException RouterNotReachable(HAProxyEndpoint endpoint, string problem, Exception? cause = null) => new(
        "RouterNotReachable",
        ErrorKind.Connection,
        $"HAProxy's runtime socket at {endpoint} cannot be used: {problem}.",
        "Start HAProxy, or name its socket ('stats socket' in its configuration) with -RouterEndpoint.",
        endpoint.Text,
        cause);

    internal static RolloutException RouterPermissionDenied(HAProxyEndpoint endpoint, string problem, Exception? cause = null) => new(
        "RouterPermissionDenied",
        ErrorKind.PermissionDenied,
        $"HAProxy at {endpoint} does not allow changes: {problem}.",
        AdminSocket,
        endpoint.Text,
        cause);

    internal static RolloutException RouterBackendNotFound(HAProxyEndpoint endpoint, string backend, IReadOnlyList<string> existing) => new(
        "RouterBackendNotFound",
        ErrorKind.NotFound,
        $"HAProxy at {endpoint} has no backend '{backend}'. It has: {(existing.Count == 0 ? "none" : string.Join(", ", existing))}.",
        "Name one of them with -Backend, or add the backend to HAProxy's configuration and reload it.",
        backend);

    internal static RolloutException RouterServerNotFound(HAProxyEndpoint endpoint, string backend, string server) => new(
        "RouterServerNotFound",
        ErrorKind.NotFound,
        $"Backend '{backend}' of HAProxy at {endpoint} has no server '{server}'; a reload of HAProxy takes away what was added at runtime.",
        "Start the rollout again: it puts back what is missing.",
        server);

    internal static RolloutException RouterServerNameTaken(HAProxyEndpoint endpoint, string backend, string server, string address) => new(
        "RouterServerNameTaken",
        ErrorKind.Conflict,
        $"Backend '{backend}' of HAProxy at {endpoint} has a server '{server}' already, at {address}, which Rollout did not add.",
        "Give it another name in HAProxy's configuration, or take it out there.",
        server);

    internal static RolloutException RouterServerDown(HAProxyEndpoint endpoint, string backend, string server, IPEndPoint address, string lastCheck) => new(
        "RouterServerDown",
        ErrorKind.OperationFailed,
        $"The check that HAProxy at {endpoint} makes of server '{server}' ({address}) in backend '{backend}' does not pass{(lastCheck.Length == 0 ? "" : $": {lastCheck}")}.",
        "See whether HAProxy can reach that address, and what the backend's 'option httpchk' asks for.",
        server);

    internal static RolloutException RouterSharesNotKept(string workload, decimal percent, string backend) => new(
        "RouterSharesNotKept",
        ErrorKind.Conflict,
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The new version of '{workload}' is to get {percent:0.####} % of the traffic, but backend '{backend}' does not keep the weights it is given."),
        "See who else sets its weights (an agent-check, another tool), and leave them to one.",
        backend);

    internal static RolloutException RouterRefused(HAProxyEndpoint endpoint, string command, string answer) => new(
        "RouterRefused",
        ErrorKind.OperationFailed,
        $"HAProxy at {endpoint} refused '{command}': {answer}",
        "See HAProxy's own words; dynamic servers need HAProxy 2.6 or later and a balance such as roundrobin.",
        command);

    internal static RolloutException RouterAnswerNotUnderstood(HAProxyEndpoint endpoint, Exception cause) => new(
        "RouterAnswerNotUnderstood",
        ErrorKind.InvalidData,
        $"What answered at {endpoint} is not HAProxy's runtime socket, or a version of it that Rollout does not know: {cause.Message}.",
        "Name the socket of HAProxy 2.6 or later with -RouterEndpoint.",
        endpoint.Text,
        cause);
}
