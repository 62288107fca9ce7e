namespace Rollout.Engine.Kubernetes.Api;

/// <summary>The failures of a cluster, of the way to it, and of what describes that way.</summary>
internal static class KubernetesErrors
{
    internal static bool IsConflict(RolloutException error) => error.Id == "KubernetesConflict";

    internal static bool IsExpired(RolloutException error) => error.Id == "KubernetesExpired";

    internal static bool IsNotFound(RolloutException error) => error.Id == "KubernetesNotFound";

    /// <summary>The server serves no such kind: a custom resource that is not installed.</summary>
    internal static bool IsKindNotServed(RolloutException error) => error.Id == "KubernetesKindNotServed";

    /// <summary>What may well be over in a moment: the server is away, overloaded or starting.</summary>
    internal static bool IsTransient(RolloutException error) => error.Kind is ErrorKind.Connection or ErrorKind.Unavailable or ErrorKind.LimitExceeded or ErrorKind.Timeout;

    // ---- kubeconfig

    internal static RolloutException KubeconfigNotFound(string path) => new(
        "KubeconfigNotFound",
        ErrorKind.NotFound,
        $"The kubeconfig '{path}' does not exist.",
        "Name one that exists with -Kubeconfig or KUBECONFIG.",
        path);

    internal static RolloutException KubeconfigInvalid(string path, string problem, string? mend = null, Exception? cause = null) => new(
        "KubeconfigInvalid",
        ErrorKind.InvalidData,
        $"The kubeconfig '{path}' cannot be used: {problem}.",
        mend ?? "Correct it; 'kubectl config view' shows how kubectl reads it.",
        path,
        cause);

    internal static RolloutException ContextNotFound(string context, IEnumerable<string> known) => new(
        "KubernetesContextNotFound",
        ErrorKind.NotFound,
        $"The kubeconfig has no context '{context}'. It has: {Listed(known)}.",
        "Name one of them with -Context.",
        context);

    internal static RolloutException ContextNotChosen(IEnumerable<string> known) => new(
        "KubernetesContextNotChosen",
        ErrorKind.InvalidInput,
        $"The kubeconfig has no current context. It has: {Listed(known)}.",
        "Name one of them with -Context, or choose it with 'kubectl config use-context'.");

    internal static RolloutException ContextMoved(RolloutEndpoint from, RolloutEndpoint now) => new(
        "KubernetesContextMoved",
        ErrorKind.InvalidInput,
        $"The object came from the cluster at {from}, but {((from.Context ?? now.Context) is { } context ? $"the context '{context}'" : "this Pod's service account")} names {now} by now.",
        "Name the cluster with -Context or -Kubeconfig, or get the object anew (Get-Rollout).",
        from);

    internal static RolloutException NotConfigured(IEnumerable<string> paths) => new(
        "KubernetesNotConfigured",
        ErrorKind.NotFound,
        $"There is no kubeconfig at {string.Join(" or ", paths)}, and this is no Pod with a service account.",
        "Name a kubeconfig with -Kubeconfig or KUBECONFIG, or put it at ~/.kube/config.");

    internal static RolloutException CertificateUnreadable(string what, string problem, Exception? cause = null) => new(
        "KubernetesCertificateUnreadable",
        ErrorKind.InvalidData,
        $"The kubeconfig's {what} cannot be read: {problem}.",
        "Correct it in the kubeconfig, or get a new kubeconfig from the cluster's administrator.",
        what,
        cause);

    internal static RolloutException TokenUnreadable(string path, string problem, Exception? cause = null) => new(
        "KubernetesTokenUnreadable",
        ErrorKind.InvalidData,
        $"The token file '{path}' cannot be read: {problem}.",
        "Put a token there that this user may read, or correct tokenFile in the kubeconfig.",
        path,
        cause);

    internal static RolloutException ClientCertificateExpired(string user, DateTimeOffset since) => new(
        "KubernetesClientCertificateExpired",
        ErrorKind.Authentication,
        $"The client certificate of user '{user}' expired on {since.UtcDateTime:yyyy-MM-dd HH:mm} UTC.",
        "Get a new kubeconfig or certificate.",
        user);

    internal static RolloutException CredentialPluginFailed(string command, string problem, string? installHint = null, Exception? cause = null) => new(
        "KubernetesCredentialPluginFailed",
        ErrorKind.Authentication,
        $"The credential plugin '{command}' that the kubeconfig names failed: {problem}.",
        string.IsNullOrWhiteSpace(installHint) ? "Run it by hand to see why; many need a login first." : ForeignText.Neutralise(installHint),
        command,
        cause);

    internal static RolloutException AuthProviderNotSupported(string user, string provider) => new(
        "KubernetesAuthProviderNotSupported",
        ErrorKind.NotSupported,
        $"User '{user}' logs in through the auth provider '{provider}', which kubeconfig has given up.",
        "Use the provider's exec credential plugin: kubelogin, gke-gcloud-auth-plugin.",
        user);

    // ---- the way there

    /// <param name="endpoint">The cluster.</param>
    /// <param name="proxy">The proxy in between; null where none is configured.</param>
    /// <param name="cause">What went wrong; it may quote a proxy's address with the login in it.</param>
    internal static RolloutException NotReachable(RolloutEndpoint endpoint, Uri? proxy, Exception cause) => new(
        "KubernetesNotReachable",
        ErrorKind.Connection,
        $"The cluster at {endpoint} cannot be reached{(proxy is null ? "" : $" through the proxy {proxy.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}")}: {UserInfo.Hide(cause.Message).Trim('"', '.')}.",
        "See whether the server's address in the kubeconfig is right and reachable from here: network, VPN, proxy.",
        endpoint,
        cause);

    internal static RolloutException NotTrusted(RolloutEndpoint endpoint, string problem, Exception cause) => new(
        "KubernetesNotTrusted",
        ErrorKind.Authentication,
        $"The server at {endpoint} did not prove who it is, or refused this client's certificate: {problem}",
        "Correct certificate-authority, tls-server-name or client-certificate in the kubeconfig.",
        endpoint,
        cause);

    internal static RolloutException TimedOut(RolloutEndpoint endpoint, TimeSpan limit) => new(
        "KubernetesTimeout",
        ErrorKind.Timeout,
        $"The cluster at {endpoint} did not answer within {limit.TotalSeconds:0} s.",
        "Try again; see whether the control plane is overloaded.",
        endpoint);

    // ---- the server's answers

    internal static RolloutException Unauthorized(RolloutEndpoint endpoint) => new(
        "KubernetesUnauthorized",
        ErrorKind.Authentication,
        $"The cluster at {endpoint} does not accept the credentials.",
        "Log in again; a token or certificate in the kubeconfig may have expired.",
        endpoint);

    /// <summary>Rights are no help to whom the server does not know.</summary>
    internal static RolloutException Anonymous(RolloutEndpoint endpoint, string message) => new(
        "KubernetesUnauthorized",
        ErrorKind.Authentication,
        $"The cluster at {endpoint} does not know who asks: {message}",
        "Log in; the context's user in the kubeconfig has no credentials, or none that this server takes.",
        endpoint);

    internal static RolloutException TokenNotSendable(RolloutEndpoint endpoint) => new(
        "KubernetesUnauthorized",
        ErrorKind.Authentication,
        $"The credentials for the cluster at {endpoint} cannot be sent: there is more in the token than letters, digits and signs on one line.",
        "Correct the token in the kubeconfig, in its token file, or in what its plugin prints.",
        endpoint);

    internal static RolloutException Forbidden(string message) => new(
        "KubernetesForbidden",
        ErrorKind.PermissionDenied,
        $"The cluster does not allow it: {message}",
        "Have the right that it names granted; docs/rbac.yaml lists those that Rollout needs.");

    internal static RolloutException NotFound(string what, string message) => new(
        "KubernetesNotFound",
        ErrorKind.NotFound,
        $"The cluster has no {what}: {message}",
        "See the name, the namespace and the context.",
        what);

    internal static RolloutException KindNotServed(RolloutEndpoint endpoint, string what) => new(
        "KubernetesKindNotServed",
        ErrorKind.NotFound,
        $"The cluster at {endpoint} serves no such kind of object: {what}.",
        WrongPath(endpoint) + "Install what brings that kind (its CustomResourceDefinition), or name another cluster with -Context.",
        what);

    /// <summary>Behind a path that leads nowhere no kind is served at all.</summary>
    private static string WrongPath(RolloutEndpoint endpoint) =>
        Uri.TryCreate(endpoint.Server, UriKind.Absolute, out var server) && server.AbsolutePath is not "/" and var path
            ? $"See whether the server's address in the kubeconfig has the right path: '{path}' may be wrong. "
            : "";

    internal static RolloutException Conflict(string what, string message) => new(
        "KubernetesConflict",
        ErrorKind.Conflict,
        $"Somebody else changed {what} at the same time: {message}",
        "Look at what they did (Get-Rollout), then try again.",
        what);

    internal static RolloutException Expired(string message) => new(
        "KubernetesExpired",
        ErrorKind.Unavailable,
        $"The state asked for is no longer kept: {message}",
        "Try again.");

    internal static RolloutException Invalid(string what, string message) => new(
        "KubernetesInvalid",
        ErrorKind.InvalidInput,
        $"The cluster refuses what was asked of {what}: {message}",
        "Correct what it names.",
        what);

    internal static RolloutException Limited(RolloutEndpoint endpoint, string message) => new(
        "KubernetesLimited",
        ErrorKind.LimitExceeded,
        $"The cluster at {endpoint} takes no more requests for now: {message}",
        "Try again later, or with a smaller -ThrottleLimit.",
        endpoint);

    internal static RolloutException Unavailable(RolloutEndpoint endpoint, int code, string message) => new(
        "KubernetesUnavailable",
        ErrorKind.Unavailable,
        $"The cluster at {endpoint} cannot do it now (HTTP {code}): {message}",
        "Try again; where it stays so, see the control plane's health.",
        endpoint);

    internal static RolloutException NotUnderstood(RolloutEndpoint endpoint, string problem, Exception? cause = null) => new(
        "KubernetesAnswerNotUnderstood",
        ErrorKind.InvalidData,
        $"What answers at {endpoint} is not a Kubernetes API: {problem}",
        "See whether the server's address in the kubeconfig is right, and whether a proxy or login page is in between.",
        endpoint,
        cause);

    private static string Listed(IEnumerable<string> names)
    {
        var sorted = names.Order(StringComparer.Ordinal).ToList();
        return sorted.Count == 0 ? "none" : string.Join(", ", sorted.Take(20)) + (sorted.Count > 20 ? $" and {sorted.Count - 20} more" : "");
    }
}
