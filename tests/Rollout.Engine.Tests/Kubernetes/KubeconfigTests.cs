using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Kubernetes.Configuration;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

public sealed class KubeconfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _environment = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheFirstFileThatDefinesAnEntryDefinesItWhole()
    {
        var first = _folder.Write("a", Config("one", "https://one", "current-context: one"));
        var second = _folder.Write("b", """
            current-context: two
            clusters:
            - {name: one, cluster: {server: "https://other", tls-server-name: other}}
            - {name: two, cluster: {server: "https://two"}}
            contexts:
            - {name: two, context: {cluster: two, namespace: finance}}
            """);
        _environment["KUBECONFIG"] = string.Join(Path.PathSeparator, first, Path.Combine(_folder.Path, "missing"), second);

        var one = Connect();
        var two = Connect(context: "two");

        Assert.Equal(("https://one/", null, "one", "default"), (one.Server.AbsoluteUri, one.ServerName, one.Context, one.Namespace));
        Assert.Equal(("https://two/", "two", "finance"), (two.Server.AbsoluteUri, two.Context, two.Namespace));
        Assert.Equal(["one", "two"], Kubeconfig.Contexts(null, Variable));
    }

    [Fact]
    public void WithoutKubeconfigTheHomeDirectorysIsRead()
    {
        _folder.Write(".kube/config", Config("home", "https://home", "current-context: home"));
        _environment["HOME"] = _folder.Path;

        Assert.Equal("https://home", Connect().Endpoint.Server);
    }

    [Fact]
    public void PathsAreRelativeToTheFileThatHasThem()
    {
        var certificates = new Certificates();
        var (certificate, key) = certificates.Client("jane");
        _folder.Write("sub/pki/ca.crt", certificates.AuthorityPem);
        _folder.Write("sub/pki/jane.crt", certificate);
        _folder.Write("sub/pki/jane.key", key);
        var file = _folder.Write("sub/config", Config("x", "https://x", "current-context: x", "certificate-authority: pki/ca.crt", "client-certificate: pki/jane.crt, client-key: pki/jane.key"));

        var connection = Connect(file);

        Assert.Equal("CN=test-authority", Assert.Single(connection.Authorities!).Subject);
        Assert.Equal("CN=jane", Credential(connection).Certificate!.Subject);
    }

    [Fact]
    public void DataGoesBeforeAFileOfTheSameThing()
    {
        var certificates = new Certificates();
        var (certificate, key) = certificates.Client("data");
        static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        var file = _folder.Write("config", Config("x", "https://x", "current-context: x", $"certificate-authority: gone, certificate-authority-data: {Base64(certificates.AuthorityPem)}",
            $"client-certificate: gone, client-certificate-data: {Base64(certificate)}, client-key-data: {Base64(key)}"));

        Assert.Equal("CN=data", Credential(Connect(file)).Certificate!.Subject);
    }

    [Theory]
    [InlineData("token: abc", "Bearer abc")]
    [InlineData("token: abc, username: u, password: p", "Bearer abc")]
    [InlineData("username: u, password: p", "Basic dTpw")]
    [InlineData("", null)]
    public void CredentialsBecomeTheAuthorizationHeader(string user, string? header)
    {
        var file = _folder.Write("config", Config("x", "https://x", "current-context: x", user: user));

        Assert.Equal(header, Credential(Connect(file)).Authorization);
    }

    [Fact]
    public void ATokenFileGoesBeforeATokenAndIsReadAgain()
    {
        var time = new ManualTime();
        var token = _folder.Write("token", "first\n");
        var file = _folder.Write("config", Config("x", "https://x", "current-context: x", user: "token: other, tokenFile: token"));
        var connection = Kubeconfig.Connection(file, null, Variable, time);

        Assert.Equal("Bearer first", Credential(connection).Authorization);
        File.WriteAllText(token, "second");
        Assert.Equal("Bearer first", Credential(connection).Authorization);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("Bearer second", Credential(connection).Authorization);
        File.Delete(token);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("Bearer second", Credential(connection).Authorization);
    }

    [Theory]
    [InlineData("gone", "Could not find")]
    [InlineData("folder", "denied")]
    [InlineData("empty", "it is empty")]
    public void ATokenFileThatGivesNoTokenIsAnErrorAndNotAnonymous(string token, string cause)
    {
        _folder.Write("empty", "\n");
        _folder.Write("folder/x", "");
        var file = _folder.Write("config", Config("x", "https://x", "current-context: x", user: $"tokenFile: {token}"));

        var error = Assert.Throws<RolloutException>(() => Credential(Connect(file)));

        Assert.Equal("KubernetesTokenUnreadable", error.Id);
        Assert.Contains($"'{Path.Combine(_folder.Path, token)}' cannot be read: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutItsTokenFileTheTokenBesideItIsTaken()
    {
        var time = new ManualTime();
        var file = _folder.Write("config", Config("x", "https://x", "current-context: x", user: "token: beside, tokenFile: later"));
        var connection = Kubeconfig.Connection(file, null, Variable, time);

        Assert.Equal("Bearer beside", Credential(connection).Authorization);
        _folder.Write("later", "file");
        Assert.True(connection.Credentials.Refused(Credential(connection)));
        Assert.Equal("Bearer file", Credential(connection).Authorization);
    }

    [Fact]
    public void ImpersonationBecomesHeaders()
    {
        var file = _folder.Write("config", Config("x", "https://x", "current-context: x", user: "as: jane, as-uid: u1, as-groups: [dev, ops], as-user-extra: {acme/scope: [a, b]}"));

        Assert.Equal(
            [("Impersonate-User", "jane"), ("Impersonate-Uid", "u1"), ("Impersonate-Group", "dev"), ("Impersonate-Group", "ops"), ("Impersonate-Extra-acme%2Fscope", "a"), ("Impersonate-Extra-acme%2Fscope", "b")],
            Connect(file).Headers);
    }

    [Fact]
    public void APodsServiceAccountIsTakenWhereThereIsNoKubeconfig()
    {
        _folder.Write("account/token", "pod");
        _folder.Write("account/ca.crt", new Certificates().AuthorityPem);
        _folder.Write("account/namespace", "finance\n");
        _environment["KUBERNETES_SERVICE_HOST"] = "fd00::1";
        _environment["KUBERNETES_SERVICE_PORT"] = "6443";

        var connection = Kubeconfig.InPod(Variable, Path.Combine(_folder.Path, "account"), TimeProvider.System)!;

        Assert.Equal(("https://[fd00::1]:6443", "finance"), (connection.Endpoint.Server, connection.Namespace));
        Assert.Equal("Bearer pod", Credential(connection).Authorization);
        Assert.NotNull(connection.Authorities);
    }

    [Theory]
    [InlineData("current-context: gone", "KubernetesContextNotFound")]
    [InlineData("", "KubernetesContextNotChosen")]
    [InlineData("current-context: [", "KubeconfigInvalid")]
    [InlineData("current-context: nouser", "KubeconfigInvalid")]
    [InlineData("current-context: nocluster", "KubeconfigInvalid")]
    [InlineData("current-context: ftp", "KubeconfigInvalid")]
    [InlineData("current-context: badca", "KubernetesCertificateUnreadable")]
    [InlineData("current-context: nokey", "KubernetesCertificateUnreadable")]
    [InlineData("current-context: oidc", "KubernetesAuthProviderNotSupported")]
    [InlineData("current-context: oldexec", "KubeconfigInvalid")]
    [InlineData("current-context: groups", "KubeconfigInvalid")]
    [InlineData("current-context: uid", "KubeconfigInvalid")]
    [InlineData("current-context: extra", "KubeconfigInvalid")]
    [InlineData("current-context: careless", "KubeconfigInvalid")]
    [InlineData("kind: Deployment", "KubeconfigInvalid")]
    [InlineData("apiVersion: v2", "KubeconfigInvalid")]
    public void WhatCannotBeUsedIsOneClearError(string top, string id)
    {
        var file = _folder.Write("config", $$$"""
            {{{top}}}
            clusters:
            - {name: ok, cluster: {server: "https://x"}}
            - {name: ftp, cluster: {server: "ftp://x"}}
            - {name: badca, cluster: {server: "https://x", certificate-authority-data: "!!"}}
            - {name: careless, cluster: {server: "https://x", certificate-authority-data: AAAA, insecure-skip-tls-verify: true}}
            users:
            - {name: groups, user: {as-groups: [dev]}}
            - {name: uid, user: {as-uid: u1}}
            - {name: extra, user: {as-user-extra: {scope: [a]} } }
            - {name: nokey, user: {client-certificate-data: AAAA}}
            - {name: oidc, user: {auth-provider: {name: oidc} } }
            - {name: oldexec, user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x} } }
            contexts:
            - {name: nouser, context: {cluster: ok, user: gone}}
            - {name: nocluster, context: {user: nokey}}
            - {name: ftp, context: {cluster: ftp}}
            - {name: badca, context: {cluster: badca}}
            - {name: nokey, context: {cluster: ok, user: nokey}}
            - {name: oidc, context: {cluster: ok, user: oidc}}
            - {name: oldexec, context: {cluster: ok, user: oldexec}}
            - {name: groups, context: {cluster: ok, user: groups}}
            - {name: uid, context: {cluster: ok, user: uid}}
            - {name: extra, context: {cluster: ok, user: extra}}
            - {name: careless, context: {cluster: careless}}
            """);

        var error = Assert.Throws<RolloutException>(() => Connect(file));

        Assert.Equal(id, error.Id);
    }

    [Theory]
    [InlineData("clusters: [{name: x, cluster: {server: 'https://a'}}, {name: x, cluster: {server: 'https://b'}}]", "two of its clusters have the name 'x'")]
    [InlineData("users: [{name: x}, {name: x}]", "two of its users have the name 'x'")]
    [InlineData("contexts: [{name: x}, {name: y}, {name: x}]", "two of its contexts have the name 'x'")]
    public void ANameTwiceInOneFileIsRefused(string text, string cause)
    {
        var error = Assert.Throws<RolloutException>(() => Connect(_folder.Write("config", text)));

        Assert.Equal("KubeconfigInvalid", error.Id);
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownContextIsNamedWithThoseThereAre()
    {
        var file = _folder.Write("config", Config("prod", "https://x", "current-context: prod"));

        var error = Assert.Throws<RolloutException>(() => Connect(file, "production"));

        Assert.Contains("'production'", error.Message, StringComparison.Ordinal);
        Assert.Contains("prod.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsBrokenIsNotQuoted()
    {
        var file = _folder.Write("config", "users: [{name: x, user: {token: hunter2 ");

        Assert.DoesNotContain("hunter2", Assert.Throws<RolloutException>(() => Connect(file)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ATextCutOrChangedAnywhereIsReadOrRefusedButNeverMore()
    {
        var whole = Config("x", "https://x", "current-context: x", "tls-server-name: 'a'", "exec: {apiVersion: v1, command: x, args: [a, \"b\"]}");
        var changed = from at in Gen.Choose(0, whole.Length - 1) from c in Gen.Elements("[]{}\"':,|>&*!%@\n\t-#\0ä".ToCharArray()) select whole[..at] + c + whole[(at + 1)..];
        var cut = from length in Gen.Choose(0, whole.Length) select whole[..length];

        Check.QuickThrowOnFailure(Prop.ForAll(Gen.OneOf(changed, cut).ToArbitrary(), text =>
        {
            var error = Record.Exception(() => KubeconfigFile.Parse("config", text));
            return error is null or RolloutException { Id: "KubeconfigInvalid" };
        }));
    }

    [Fact]
    public void AnExpiredClientCertificateIsToldBeforeAnythingIsSent()
    {
        var (certificate, key) = new Certificates().Client("jane", DateTimeOffset.UtcNow.AddDays(-1));
        _folder.Write("crt", certificate);
        _folder.Write("key", key);
        var file = _folder.Write("config", Config("x", "https://x", "current-context: x", user: "client-certificate: crt, client-key: key"));

        Assert.Equal("KubernetesClientCertificateExpired", Assert.Throws<RolloutException>(() => Connect(file)).Id);
    }

    [Fact]
    public void AFileNamedButMissingAndNothingAtAllAreDifferentErrors()
    {
        _environment["HOME"] = _folder.Path;

        Assert.Equal("KubeconfigNotFound", Assert.Throws<RolloutException>(() => Connect(Path.Combine(_folder.Path, "gone"))).Id);
        Assert.Equal("KubeconfigNotFound", Assert.Throws<RolloutException>(() => Connect("no\0name")).Id);
        Assert.Equal("KubernetesNotConfigured", Assert.Throws<RolloutException>(() => Connect()).Id);
    }

    [Fact]
    public void WhatIsLookedForAndNotFoundIsNamed()
    {
        _environment["KUBECONFIG"] = $"{_folder.Path}/one{Path.PathSeparator}{_folder.Path}/two";

        Assert.Contains($"{_folder.Path}/one or {_folder.Path}/two", Assert.Throws<RolloutException>(() => Connect()).Message, StringComparison.Ordinal);
        Assert.Contains("it is empty", Assert.Throws<RolloutException>(() => Connect(_folder.Write("empty", ""))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsThereAndCannotBeReadIsNotPassedOver()
    {
        var good = _folder.Write("good", Config("x", "https://x", "current-context: x"));
        AssertUnreadable(_folder.Path, "it is a directory");
        // As with a directory that may not be entered, there is no way to know whether the file exists.
        var loop = Path.Combine(_folder.Path, "loop");
        Directory.CreateSymbolicLink(loop, loop);
        AssertUnreadable(Path.Combine(loop, "config"), "Too many");

        void AssertUnreadable(string path, string cause)
        {
            _environment["KUBECONFIG"] = path + Path.PathSeparator + good;
            foreach (var named in new[] { path, null })
            {
                var error = Assert.Throws<RolloutException>(() => Connect(named));
                Assert.Equal(("KubeconfigInvalid", path), (error.Id, error.Subject));
                Assert.Contains(cause, error.Message, StringComparison.Ordinal);
                Assert.Contains("Let this user read it", error.Mend, StringComparison.Ordinal);
            }
        }
    }

    private static string Config(string name, string server, string top, string cluster = "", string user = "") => $$$"""
        apiVersion: v1
        kind: Config
        {{{top}}}
        clusters: [{name: {{{name}}}, cluster: { {{{cluster}}}{{{(cluster.Length > 0 ? ", " : "")}}}server: "{{{server}}}"}}]
        users: [{name: {{{name}}}, user: { {{{user}}} }}]
        contexts: [{name: {{{name}}}, context: {cluster: {{{name}}}, user: {{{name}}}}}]
        """;

    private static Credential Credential(KubernetesConnection connection) =>
        connection.Credentials.GetAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private KubernetesConnection Connect(string? path = null, string? context = null) => Kubeconfig.Connection(path, context, Variable, TimeProvider.System);

    private string? Variable(string name) => _environment.GetValueOrDefault(name);
}
