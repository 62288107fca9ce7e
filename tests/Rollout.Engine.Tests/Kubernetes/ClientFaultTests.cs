using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Argo;
using Rollout.Engine.Kubernetes.Configuration;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>The client against a server that is slow, cut off, overloaded, restarted or forgetful.</summary>
public sealed class ClientFaultTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly CancellationToken _patience = TestLimit.FromNow;
    private TestCluster _cluster = null!;
    private KubernetesClient _client = null!;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _client = _cluster.Client();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task AReadIsTriedAgainWhereTheServerIsBusy(int code)
    {
        _cluster.Next(IsGet, new Fault.Answer(code));

        await _client.ListAsync(Resources.Leases, "default", new ListQuery(), None);

        Assert.Equal(2, _cluster.Requests.Count);
    }

    [Fact]
    public async Task HoweverManyRequestsBeginAtOnceAFewAreUnderWay()
    {
        var connection = _cluster.Connection();
        var gate = new GatedCredential(connection.Credentials);
        using var client = new KubernetesClient(new KubernetesConnection(connection.Server, gate) { Authorities = connection.Authorities }, TimeProvider.System, new Random(1));

        var all = Enumerable.Range(0, 100).Select(i => client.GetAsync(Resources.Leases, "default", $"none-{i}", _patience)).ToList();
        Assert.Equal(32, gate.Asked);
        gate.Open();

        Assert.All(await Task.WhenAll(all), Assert.Null);
        Assert.Equal(100, gate.Asked);
    }

    [Fact]
    public async Task AReadIsTriedAgainWhereTheConnectionIsCut()
    {
        _cluster.Next(IsGet, new Fault.CutBefore());

        await _client.ListAsync(Resources.Leases, "default", new ListQuery(), None);

        Assert.Equal(2, _cluster.Requests.Count);
    }

    [Fact]
    public async Task AWriteIsTriedAgainOnlyWhereTheServerAsksForIt()
    {
        _cluster.Next(IsPost, new Fault.Answer(429, RetryAfter: 0));
        await CreateAsync("one");

        _cluster.Next(IsPost, new Fault.Answer(500));
        Assert.Equal("KubernetesUnavailable", (await Assert.ThrowsAsync<RolloutException>(() => CreateAsync("two"))).Id);

        _cluster.Next(IsPost, new Fault.CutAfter());
        Assert.Equal("KubernetesNotReachable", (await Assert.ThrowsAsync<RolloutException>(() => CreateAsync("three"))).Id);

        Assert.Equal(4, _cluster.Requests.Count);
        Assert.NotNull(await _client.GetAsync(Resources.Leases, "default", "three", None));
    }

    [Fact]
    public async Task AServerThatStaysBusyIsAnErrorInTheEnd()
    {
        for (var i = 0; i < 20; i++) _cluster.Next(IsGet, new Fault.Answer(429, RetryAfter: 0));

        Assert.Equal("KubernetesLimited", (await Assert.ThrowsAsync<RolloutException>(() => _client.VersionAsync(None))).Id);
        Assert.Equal(5, _cluster.Requests.Count);
    }

    [Fact]
    public async Task ACredentialThatIsRefusedIsToldWithoutBeingShown()
    {
        using var client = _cluster.Client("wrong-secret");

        var error = await Assert.ThrowsAsync<RolloutException>(() => client.VersionAsync(None));

        Assert.Equal("KubernetesUnauthorized", error.Id);
        Assert.DoesNotContain("wrong-secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("ümlaut")]
    public async Task ATokenThatNoHeaderTakesIsToldAsThatAndNotShown(string token)
    {
        using var client = _cluster.Client(token);

        var error = await Assert.ThrowsAsync<RolloutException>(() => client.VersionAsync(None));

        Assert.Equal("KubernetesUnauthorized", error.Id);
        Assert.DoesNotContain(token, error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_cluster.Requests);
    }

    [Fact]
    public async Task AProxyThatRefusesIsNamedWithoutItsLogin()
    {
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var address = new UriBuilder("http", "127.0.0.1", ((IPEndPoint)proxy.LocalEndpoint).Port) { UserName = "jane", Password = "hunter2" }.Uri;
        var connection = new KubernetesConnection(new Uri(_cluster.Address), new FixedCredential(Credential.None)) { Proxy = address };
        using var client = new KubernetesClient(connection, TimeProvider.System, new Random(1));
        using var end = new CancellationTokenSource();
        var refusing = RefuseAsync(proxy, end.Token);

        var error = await Assert.ThrowsAsync<RolloutException>(() => client.VersionAsync(None));

        await end.CancelAsync();
        await refusing;
        Assert.Equal("KubernetesNotReachable", error.Id);
        Assert.Contains($"through the proxy http://127.0.0.1:{address.Port}: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task RefuseAsync(TcpListener proxy, CancellationToken end)
    {
        try
        {
            while (true)
            {
                using var asking = await proxy.AcceptTcpClientAsync(end);
                using var stream = asking.GetStream();
                using var reader = new StreamReader(stream);
                while (await reader.ReadLineAsync(end) is { Length: > 0 })
                {
                }

                await stream.WriteAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), end);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    [Fact]
    public async Task AMissingRightIsNamed()
    {
        _cluster.Allows = (verb, resource, _) => (verb, resource) != ("create", "coordination.k8s.io/leases");

        var error = await Assert.ThrowsAsync<RolloutException>(() => CreateAsync("one"));

        Assert.Equal("KubernetesForbidden", error.Id);
        Assert.Contains("cannot create resource", error.Message, StringComparison.Ordinal);
        Assert.False(await _client.MayAsync(new ResourceAttributes("create", "coordination.k8s.io", "leases", "default"), None));
        Assert.True(await _client.MayAsync(new ResourceAttributes("get", "coordination.k8s.io", "leases", "default"), None));
    }

    [Fact]
    public async Task ACertificateOfAnotherAuthorityIsNotTrustedUnlessToldSo()
    {
        var connection = new KubernetesConnection(new Uri(_cluster.Address), new FixedCredential(new Credential("Bearer " + TestCluster.Token, null)));
        using var careful = new KubernetesClient(connection, TimeProvider.System, Random.Shared);
        using var careless = new KubernetesClient(new KubernetesConnection(connection.Server, connection.Credentials) { SkipsVerification = true }, TimeProvider.System, Random.Shared);

        Assert.Equal("KubernetesNotTrusted", (await Assert.ThrowsAsync<RolloutException>(() => careful.VersionAsync(None))).Id);
        await careless.VersionAsync(None);
    }

    [Fact]
    public async Task WhereNothingIsServedThePathInTheServersAddressIsNamed()
    {
        _cluster.HasArgo = false;
        var connection = _cluster.Connection();
        using var astray = new KubernetesClient(new KubernetesConnection(new Uri(connection.Server, "prefix/x"), connection.Credentials) { Authorities = connection.Authorities }, TimeProvider.System, Random.Shared);

        var error = await Assert.ThrowsAsync<RolloutException>(() => astray.ListAsync(Resources.Deployments, "default", new ListQuery(), None));
        var ofAKind = await Assert.ThrowsAsync<RolloutException>(() => _client.ListAsync(ArgoRollout.Resource, "default", new ListQuery(), None));

        Assert.Equal(("KubernetesKindNotServed", "KubernetesKindNotServed"), (error.Id, ofAKind.Id));
        Assert.Contains("'/prefix/x' may be wrong", error.Mend, StringComparison.Ordinal);
        Assert.DoesNotContain("path", ofAKind.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheServersNameMustBeInItsCertificate()
    {
        using var right = new KubernetesClient(_cluster.Connection(serverName: "other.name"), TimeProvider.System, Random.Shared);
        using var wrong = new KubernetesClient(_cluster.Connection(serverName: "evil.name"), TimeProvider.System, Random.Shared);

        await right.VersionAsync(None);
        Assert.Equal("KubernetesNotTrusted", (await Assert.ThrowsAsync<RolloutException>(() => wrong.VersionAsync(None))).Id);
    }

    [Fact]
    public async Task AServerThatIsGoneIsToldSoon()
    {
        await _cluster.StopAsync();

        Assert.Equal("KubernetesNotReachable", (await Assert.ThrowsAsync<RolloutException>(() => _client.VersionAsync(_patience))).Id);
    }

    [Theory]
    [InlineData("in the stream")]
    [InlineData("as an answer")]
    public async Task WhereTheVersionIsTooOldEverythingIsListedAgain(string how)
    {
        await CreateAsync("one");
        Fault fault = how == "in the stream" ? new Fault.ExpiredInStream() : new Fault.Answer(410);
        _cluster.Next(IsWatch, fault);

        Assert.Equal(["listed one", "listed one two", "three"], await SeenAsync(3, () => CreateAsync("two"), () => CreateAsync("three")));
    }

    [Fact]
    public async Task AWatchFromBeforeTheHistoryIsAnErrorOfItsOwn()
    {
        var error = await Assert.ThrowsAsync<RolloutException>(async () =>
        {
            await foreach (var _ in _client.WatchAsync(Resources.Leases, "default", new WatchQuery { ResourceVersion = "1", Timeout = TimeSpan.FromMinutes(5) }, _patience)) { }
        });

        Assert.Equal("KubernetesExpired", error.Id);
    }

    [Fact]
    public async Task WhatHappenedWhileTheHistoryWasForgottenIsInTheNextList()
    {
        await CreateAsync("one");
        _cluster.Next(IsWatch, new Fault.EndWatch());
        _cluster.Next(IsWatch, new Fault.Answer(410));

        var seen = await SeenAsync(2, async () =>
        {
            await _client.DeleteAsync(Resources.Leases, "default", "one", null, None);
            await CreateAsync("two");
            _cluster.Locked(_cluster.Store.Compact);
        });

        Assert.Equal("listed two", seen[^1]);
    }

    [Theory]
    [InlineData("cut in a message")]
    [InlineData("cut")]
    [InlineData("busy")]
    [InlineData("ended")]
    public async Task AWatchThatBreaksGoesOnWithoutALossOrARepeat(string how)
    {
        await CreateAsync("zero");
        _cluster.Next(IsWatch, how switch { "cut in a message" => new Fault.CutInMessage(), "cut" => new Fault.CutBefore(), "busy" => new Fault.Answer(503), _ => new Fault.EndWatch() });

        var seen = await SeenAsync(4, async () =>
        {
            await CreateAsync("one");
            await CreateAsync("two");
            await CreateAsync("three");
        });

        Assert.Equal(["listed zero", "one", "two", "three"], seen.Where(line => line != "interrupted"));
        Assert.Equal(1, _cluster.Requests.Count(request => request.Contains("/leases?limit", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AServerThatRestartsIsWaitedForAndToldOnce()
    {
        await CreateAsync("zero");

        var seen = await SeenAsync(3, () => CreateAsync("one"), async () =>
        {
            await _cluster.StopAsync();
            _cluster.Locked(() => _cluster.Store.Create(new Key("coordination.k8s.io/leases", "default", "meanwhile"), [], dryRun: false));
            await _cluster.RestartAsync();
        });

        Assert.Equal(["listed zero", "one", "interrupted", "meanwhile"], seen);
    }

    [Fact]
    public async Task ARightLostIsNotWaitedFor()
    {
        await CreateAsync("zero");

        var error = await Assert.ThrowsAsync<RolloutException>(() => SeenAsync(5, () =>
        {
            _cluster.Allows = (_, _, _) => false;
            return Task.CompletedTask;
        }));

        Assert.Equal("KubernetesForbidden", error.Id);
    }

    [Fact]
    public async Task AListWhosePagesExpireIsReadAgainAtOnce()
    {
        for (var i = 0; i < 501; i++) _cluster.Locked(() => _cluster.Store.Create(new Key("coordination.k8s.io/leases", "default", $"l{i:000}"), [], dryRun: false));
        _cluster.Next(request => request.Query.ContainsKey("continue"), new Fault.Answer(410));

        var all = await _client.ListAllAsync(Resources.Leases, "default", new ListQuery(), None);

        Assert.Equal(501, all.Items.Select(item => item.Metadata.Name).Distinct().Count());
    }

    [Fact]
    public async Task ManyRequestsAndWatchesShareOneConnection()
    {
        using var end = new CancellationTokenSource();
        var watches = Enumerable.Range(0, 20).Select(async _ =>
        {
            try
            {
                await foreach (var message in _client.WatchAsync(Resources.Leases, "default", new WatchQuery { ResourceVersion = "1000", Timeout = TimeSpan.FromMinutes(5) }, end.Token)) { }
            }
            catch (OperationCanceledException)
            {
                // It was ended.
            }
        }).ToList();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => _client.VersionAsync(None)));

        Assert.Equal(1, _cluster.Connections);
        await end.CancelAsync();
        await Task.WhenAll(watches);
    }

    private static bool IsGet(HttpRequest request) => request.Method == "GET";

    private static bool IsPost(HttpRequest request) => request.Method == "POST";

    private static bool IsWatch(HttpRequest request) => request.Query.ContainsKey("watch");

    private Task CreateAsync(string name) => _client.CreateAsync(Resources.Leases, "default", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } }, dryRun: false, None);

    /// <summary>The first messages of a ListWatch, and the interruptions among them; after each of the first messages something is done.</summary>
    private async Task<List<string>> SeenAsync(int count, params Func<Task>[] afterEach)
    {
        var seen = new List<string>();
        var changes = new ListWatch<Lease>(_client, Resources.Leases, "default", new ListQuery(), TimeProvider.System, new Random(1));
        await foreach (var change in changes.RunAsync(_patience))
        {
            seen.Add(change switch
            {
                Change<Lease>.Listed listed => "listed " + string.Join(' ', listed.Items.Select(item => item.Metadata.Name)),
                Change<Lease>.Updated updated => updated.Item.Metadata.Name,
                Change<Lease>.Deleted deleted => "deleted " + deleted.Item.Metadata.Name,
                _ => "interrupted",
            });
            if (seen.Count <= afterEach.Length) await afterEach[seen.Count - 1]();
            if (seen.Count(line => line != "interrupted") == count) break;
        }

        return seen;
    }

    /// <summary>A credential that is not there before the gate is opened.</summary>
    private sealed class GatedCredential(ICredentialSource credentials) : ICredentialSource
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _asked;

        public int Asked => _asked;

        public void Open() => _opened.SetResult();

        public async ValueTask<Credential> GetAsync(CancellationToken cancellation)
        {
            Interlocked.Increment(ref _asked);
            await _opened.Task.WaitAsync(cancellation);
            return await credentials.GetAsync(cancellation);
        }

        public bool Refused(Credential credential) => credentials.Refused(credential);
    }
}
