using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>
/// Finds and reads the kubeconfig as kubectl does: the file named, else those in KUBECONFIG merged, else ~/.kube/config,
/// else the service account of the Pod this runs in.
/// </summary>
public static class Kubeconfig
{
    private const string ServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>The connection of a context.</summary>
    /// <param name="path">The file; null for what KUBECONFIG and the home directory say.</param>
    /// <param name="context">The context; null for the current one.</param>
    /// <param name="environment">Environment variables by name.</param>
    /// <param name="time">For credentials that expire.</param>
    /// <exception cref="RolloutException">KubeconfigNotFound, KubeconfigInvalid, KubernetesContextNotFound, KubernetesContextNotChosen,
    /// KubernetesNotConfigured, KubernetesCertificateUnreadable, KubernetesClientCertificateExpired, KubernetesAuthProviderNotSupported.</exception>
    public static KubernetesConnection Connection(string? path, string? context, Func<string, string?> environment, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(time);
        var file = Read(path, environment);
        var asked = string.IsNullOrEmpty(context) ? null : context;
        if (!file.IsEmpty) return FromContext(file, asked ?? file.CurrentContext ?? throw KubernetesErrors.ContextNotChosen(file.Contexts.Keys), time);
        if (!string.IsNullOrEmpty(path)) throw KubernetesErrors.KubeconfigInvalid(path, "it is empty");
        return (asked is null ? InPod(environment, ServiceAccount, time) : null) ?? throw KubernetesErrors.NotConfigured(Usual(environment));
    }

    /// <summary>The connection to the cluster that an object came from; refused where its context names another server by now.</summary>
    /// <exception cref="RolloutException">As <see cref="Connection(string?, string?, Func{string, string?}, TimeProvider)"/>, and KubernetesContextMoved.</exception>
    public static KubernetesConnection Connection(RolloutEndpoint from, Func<string, string?> environment, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(environment);
        // One of several files in KUBECONFIG may need the others: its context's cluster and user may be there.
        var isMerged = from.Kubeconfig is { } file && Usual(environment).Any(path => Path.GetFullPath(path) == file);
        var connection = Connection(isMerged ? null : from.Kubeconfig, from.Context, environment, time);
        return connection.Endpoint.Server == from.Server ? connection : throw KubernetesErrors.ContextMoved(from, connection.Endpoint);
    }

    /// <summary>The contexts there are, the current one first; empty where there is no kubeconfig.</summary>
    public static IReadOnlyList<string> Contexts(string? path, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var file = Read(path, environment);
        return [.. file.Contexts.Keys.OrderByDescending(name => name == file.CurrentContext).ThenBy(name => name, StringComparer.Ordinal)];
    }

    /// <summary>The connection of the Pod this runs in; null outside of one.</summary>
    internal static KubernetesConnection? InPod(Func<string, string?> environment, string account, TimeProvider time)
    {
        var (host, port) = (environment("KUBERNETES_SERVICE_HOST"), environment("KUBERNETES_SERVICE_PORT"));
        var token = Path.Combine(account, "token");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(token)) return null;

        var authority = Path.Combine(account, "ca.crt");
        var @namespace = Path.Combine(account, "namespace");
        return new KubernetesConnection(new UriBuilder("https", host, int.Parse(port, CultureInfo.InvariantCulture)).Uri, new TokenFile(token, Credential.None, time))
        {
            Namespace = File.Exists(@namespace) ? File.ReadAllText(@namespace).Trim() : "default",
            Authorities = File.Exists(authority) ? ClientCertificate.ReadAuthorities(File.ReadAllBytes(authority), authority) : null,
        };
    }

    private static KubeconfigFile Read(string? path, Func<string, string?> environment) =>
        string.IsNullOrEmpty(path) ? KubeconfigFile.ReadAll(Usual(environment)) : KubeconfigFile.Read(path) ?? throw KubernetesErrors.KubeconfigNotFound(path);

    /// <summary>The files that are read where none is named; they need not be there.</summary>
    private static string[] Usual(Func<string, string?> environment)
    {
        var listed = (environment("KUBECONFIG") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (listed.Length > 0) return listed;

        var home = environment("HOME") is { Length: > 0 } set ? set : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return [Path.Combine(home, ".kube", "config")];
    }

    private static KubernetesConnection FromContext(KubeconfigFile file, string name, TimeProvider time)
    {
        if (!file.Contexts.TryGetValue(name, out var context)) throw KubernetesErrors.ContextNotFound(name, file.Contexts.Keys);
        var cluster = Named(context, "cluster", file.Clusters) ?? throw context.Wrong("cluster", "is missing");
        var user = Named(context, "user", file.Users);
        var authorities = cluster.Bytes("certificate-authority");
        var skips = cluster.Flag("insecure-skip-tls-verify");
        if (skips && authorities is not null) throw cluster.Wrong("insecure-skip-tls-verify", "is true, but there is a certificate-authority to verify the server by");
        return new KubernetesConnection(Server(cluster), user is null ? new FixedCredential(Credential.None) : Credentials(user, cluster, time))
        {
            Kubeconfig = Path.GetFullPath(context.File),
            Context = name,
            Namespace = context.Text("namespace") ?? "default",
            Authorities = authorities is null ? null : ClientCertificate.ReadAuthorities(authorities, $"certificate-authority of '{cluster.Name}'"),
            SkipsVerification = skips,
            ServerName = cluster.Text("tls-server-name"),
            Proxy = Proxy(cluster),
            Headers = user is null ? [] : [.. Impersonation(user)],
        };
    }

    private static KubeconfigEntry? Named(KubeconfigEntry context, string key, IReadOnlyDictionary<string, KubeconfigEntry> entries)
    {
        if (context.Text(key) is not { } name) return null;
        return entries.TryGetValue(name, out var entry) ? entry : throw context.Wrong(key, $"names '{name}', which is not there");
    }

    private static Uri Server(KubeconfigEntry cluster)
    {
        var text = cluster.Text("server") ?? throw cluster.Wrong("server", "is missing");
        // kubectl takes a bare host and port for http.
        var address = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        return Uri.TryCreate(address, UriKind.Absolute, out var server) && server.Scheme is "http" or "https" && server.UserInfo.Length == 0
            ? server
            : throw cluster.Wrong("server", "is not an address of http or https");
    }

    private static Uri? Proxy(KubeconfigEntry cluster)
    {
        if (cluster.Text("proxy-url") is not { } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5"
            ? proxy
            : throw cluster.Wrong("proxy-url", "is not an address of http, https or socks5");
    }

    /// <summary>A token file goes before a token, a token before name and password, and these before a plugin. A certificate goes with any.</summary>
    private static ICredentialSource Credentials(KubeconfigEntry user, KubeconfigEntry cluster, TimeProvider time)
    {
        var certificate = Certificate(user, time);
        var token = user.Text("token") is { } text ? new Credential("Bearer " + text, certificate) : null;
        if (user.FilePath("tokenFile") is { } file) return new TokenFile(file, token ?? new Credential(null, certificate), time);
        if (token is not null) return new FixedCredential(token);
        if (user.Text("username") is { } name)
        {
            var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{user.Text("password")}"));
            return new FixedCredential(new Credential("Basic " + basic, certificate));
        }

        if (user.Inner("exec") is { } exec) return new ExecCredential(ExecPlugin.Read(exec, cluster), certificate, time);
        if (user.Inner("auth-provider") is { } provider) throw KubernetesErrors.AuthProviderNotSupported(user.Name, provider.Text("name") ?? "");
        return new FixedCredential(new Credential(null, certificate));
    }

    private static X509Certificate2? Certificate(KubeconfigEntry user, TimeProvider time)
    {
        var what = $"client-certificate of '{user.Name}'";
        var (certificate, key) = (user.Bytes("client-certificate"), user.Bytes("client-key"));
        if (certificate is null && key is null) return null;
        if (certificate is null || key is null) throw KubernetesErrors.CertificateUnreadable(what, "a certificate and a key are needed, and one is missing");

        var pair = ClientCertificate.Read(Encoding.UTF8.GetString(certificate), Encoding.UTF8.GetString(key), what);
        return pair.NotAfter.ToUniversalTime() > time.GetUtcNow().UtcDateTime ? pair : throw KubernetesErrors.ClientCertificateExpired(user.Name, pair.NotAfter);
    }

    private static IEnumerable<(string Name, string Value)> Impersonation(KubeconfigEntry user)
    {
        var name = user.Text("as");
        var isMore = user.Text("as-uid") is not null || user.TextList("as-groups").Count > 0 || user.Inner("as-user-extra")?.Keys.Any() == true;
        if (name is null && isMore) throw user.Wrong("as", "is missing, but as-uid, as-groups or as-user-extra is there");
        if (name is not null) yield return ("Impersonate-User", name);
        if (user.Text("as-uid") is { } uid) yield return ("Impersonate-Uid", uid);
        foreach (var group in user.TextList("as-groups")) yield return ("Impersonate-Group", group);
        if (user.Inner("as-user-extra") is not { } extra) yield break;
        foreach (var key in extra.Keys)
        {
            foreach (var value in extra.TextList(key)) yield return ("Impersonate-Extra-" + Uri.EscapeDataString(key), value);
        }
    }
}
