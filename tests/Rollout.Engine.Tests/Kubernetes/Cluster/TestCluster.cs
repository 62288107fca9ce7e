using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Configuration;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>What a request meets in place of its answer.</summary>
internal abstract record Fault
{
    /// <summary>A status code, with Retry-After where seconds are given.</summary>
    public sealed record Answer(int Code, int? RetryAfter = null) : Fault;

    /// <summary>The connection is cut before anything is done.</summary>
    public sealed record CutBefore : Fault;

    /// <summary>It is done, but the connection is cut before the answer.</summary>
    public sealed record CutAfter : Fault;

    /// <summary>A watch says 410 in its stream.</summary>
    public sealed record ExpiredInStream : Fault;

    /// <summary>A watch is cut in the middle of its first message.</summary>
    public sealed record CutInMessage : Fault;

    /// <summary>The server ends a watch at once, as when its time is over.</summary>
    public sealed record EndWatch : Fault;
}

/// <summary>
/// A Kubernetes API on a loopback port: TLS, HTTP/2, the objects Rollout uses, controllers that act as the real ones do
/// (<see cref="Controllers"/>), and faults on demand.
/// </summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public const string Token = "test-token";
    private const int Bookmark = 50;

    private readonly Lock _lock = new();
    private readonly Certificates _certificates = new();
    private readonly X509Certificate2 _certificate;
    private readonly List<(Func<HttpRequest, bool> Matches, Fault Fault)> _faults = [];
    private readonly List<string> _requests = [];
    private CancellationTokenSource _up = new();
    private WebApplication? _web;
    private int _port;

    public TestCluster()
    {
        _certificate = _certificates.Server("127.0.0.1", "localhost", "other.name");
        Store = new ObjectStore();
        Controllers = new Controllers(Store, _lock);
        Store.Create(new Key("namespaces", "", "default"), [], dryRun: false);
    }

    public ObjectStore Store { get; }

    public Controllers Controllers { get; }

    /// <summary>Who may do what: gets verb, resource (group/plural) and namespace.</summary>
    public Func<string, string, string?, bool> Allows { get; set; } = (_, _, _) => true;

    /// <summary>False: the cluster has no Argo Rollouts.</summary>
    public bool HasArgo { get; set; } = true;

    /// <summary>False: a version before 0.10, whose status is part of the object.</summary>
    public bool HasArgoStatus { get; set; } = true;

    public string Address => $"https://127.0.0.1:{_port}";

    public string AuthorityPem => _certificates.AuthorityPem;

    /// <summary>Method and path of each request so far.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_lock) return [.. _requests];
        }
    }

    /// <summary>The server's minor version.</summary>
    public string Minor { get; set; } = "32";

    /// <summary>True: every request is cut off before anything is done.</summary>
    public bool IsAway { get; set; }

    /// <summary>Connections accepted so far.</summary>
    public int Connections { get; private set; }

    public static async Task<TestCluster> StartAsync()
    {
        var cluster = new TestCluster();
        await cluster.ListenAsync();
        return cluster;
    }

    /// <summary>A client with the token that is let in.</summary>
    public KubernetesClient Client(string token = Token) => new(Connection(token), TimeProvider.System, new Random(1));

    public KubernetesConnection Connection(string token = Token, string? serverName = null)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(_certificates.AuthorityPem);
        return new KubernetesConnection(new Uri(Address), new FixedCredential(new Credential("Bearer " + token, null))) { Authorities = authorities, Context = "test", ServerName = serverName };
    }

    /// <summary>The next request that matches meets the fault.</summary>
    public void Next(Func<HttpRequest, bool> matches, Fault fault)
    {
        lock (_lock) _faults.Add((matches, fault));
    }

    /// <summary>Does something with the state held still.</summary>
    public T Locked<T>(Func<T> action)
    {
        lock (_lock) return action();
    }

    public void Locked(Action action)
    {
        lock (_lock) action();
    }

    /// <summary>The server goes away: every connection is cut.</summary>
    public async Task StopAsync()
    {
        await _up.CancelAsync();
        await _web!.StopAsync();
        await _web.DisposeAsync();
        _web = null;
    }

    /// <summary>And comes back on the same port with the same state.</summary>
    public Task RestartAsync()
    {
        _up = new CancellationTokenSource();
        return ListenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null) await StopAsync();
        Controllers.Dispose();
    }

    private async Task ListenAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, _port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(_certificate);
                listen.Use(next => connection =>
                {
                    Locked(() => Connections++);
                    return next(connection);
                });
            });
        });
        _web = builder.Build();
        _web.Run(AnswerAsync);
        await _web.StartAsync();
        _port = new Uri(_web.Urls.First()).Port;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _up.Token);
        try
        {
            var fault = TakeFault(context.Request);
            if (IsAway || fault is Fault.CutBefore) throw new IOException();
            if (fault is Fault.Answer answer)
            {
                if (answer.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
                throw new StatusException(answer.Code, "Fault", "as the test wants it");
            }

            if (context.Request.Headers.Authorization != "Bearer " + Token) throw new StatusException(401, "Unauthorized", "Unauthorized");
            await RouteAsync(context, fault, both.Token);
        }
        catch (StatusException e)
        {
            await WriteAsync(context, e.Code, e.Body);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            context.Abort();
        }
    }

    private Fault? TakeFault(HttpRequest request)
    {
        lock (_lock)
        {
            _requests.Add($"{request.Method} {request.Path}{request.QueryString}");
            var at = _faults.FindIndex(fault => fault.Matches(request));
            if (at < 0) return null;
            var fault = _faults[at].Fault;
            _faults.RemoveAt(at);
            return fault;
        }
    }

    private async Task RouteAsync(HttpContext context, Fault? fault, CancellationToken cancellation)
    {
        var request = context.Request;
        if (request.Path == "/version")
        {
            await WriteAsync(context, 200, new JsonObject { ["major"] = "1", ["minor"] = Minor, ["gitVersion"] = $"v1.{Minor}.0-test" });
            return;
        }

        if (request.Path.Value!.Split('/') is ["", "apis", var group, var version])
        {
            // Argo CD has the group too.
            string[] plurals = group == "argoproj.io" ? HasArgo ? ["rollouts", "rollouts/status"] : ["applications"] : [];
            await WriteAsync(context, 200, new JsonObject { ["kind"] = "APIResourceList", ["groupVersion"] = $"{group}/{version}", ["resources"] = new JsonArray([.. plurals.Select(plural => new JsonObject { ["name"] = plural })]) });
            return;
        }

        var route = Route.Parse(request.Path.Value!) ?? throw new StatusException(404, "NotFound", "the server could not find the requested resource");
        var body = request.ContentLength is > 0 or null && request.Method is not "GET" ? await JsonNode.ParseAsync(request.Body, cancellationToken: cancellation) : null;
        if (route.Resource == "authorization.k8s.io/selfsubjectaccessreviews")
        {
            await WriteAsync(context, 201, Review((JsonObject)body!));
            return;
        }

        // The first object of a kind installs it.
        if (IsOfNoInstalledKind(route.Resource) && (request.Method != "POST" || route.Resource == Controllers.Rollouts))
        {
            context.Response.StatusCode = 404;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync("404 page not found\n", cancellation);
            return;
        }

        var isWatch = request.Query["watch"] == "true";
        var verb = request.Method switch { "GET" when isWatch => "watch", "GET" when route.Name is null => "list", "GET" => "get", "POST" => "create", "PATCH" => "patch", _ => "delete" };
        if (!Allows(verb, route.Subresource is null ? route.Resource : $"{route.Resource}/{route.Subresource}", route.Namespace))
        {
            throw new StatusException(403, "Forbidden", $"{route.Resource} is forbidden: User \"test\" cannot {verb} resource \"{route.Resource}\" in the namespace \"{route.Namespace}\"");
        }

        if (isWatch)
        {
            await WatchAsync(context, route, fault, cancellation);
            return;
        }

        if (route.Subresource == "log")
        {
            Locked(() => Store.Find(route.Key) ?? throw ObjectStore.NotFound(route.Key));
            await context.Response.WriteAsync($"log of {route.Name} container {request.Query["container"]}\n", cancellation);
            return;
        }

        var answer = Locked(() => (JsonObject)Done(request, route, body).DeepClone());
        if (fault is Fault.CutAfter) throw new IOException();
        await WriteAsync(context, request.Method == "POST" ? 201 : 200, answer);
    }

    /// <summary>Kinds that are not Kubernetes' own are there where a test has put an object of one; Argo's where it says so.</summary>
    private bool IsOfNoInstalledKind(string resource) => resource == Controllers.Rollouts ? !HasArgo : resource.Split('/')[0].EndsWith(".io", StringComparison.Ordinal) && (!resource.Contains(".k8s.io/", StringComparison.Ordinal) || resource == "metrics.k8s.io/pods")
        && Locked(() => !Store.All(resource, null).Any());

    private JsonObject Done(HttpRequest request, Route route, JsonNode? body)
    {
        var dryRun = request.Query["dryRun"] == "All";
        switch (request.Method)
        {
            case "GET" when route.Name is null: return List(request, route);
            case "GET": return Store.Find(route.Key) ?? throw ObjectStore.NotFound(route.Key);
            case "POST":
                var created = (JsonObject)body!;
                if (route.Namespace is not null && Store.Find(new Key("namespaces", "", route.Namespace)) is null) throw ObjectStore.NotFound(new Key("namespaces", "", route.Namespace));
                if (created.Name().Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '.'))) throw new StatusException(422, "Invalid", $"metadata.name: Invalid value: \"{created.Name()}\"");
                return Store.Create(route.Key with { Name = created.Name() }, Controllers.WithDefaults(route.Resource, created), dryRun);
            case "PATCH":
                var mediaType = request.ContentType!;
                if (mediaType.StartsWith("application/apply", StringComparison.Ordinal) && Store.Find(route.Key) is null) return Store.Create(route.Key, Controllers.WithDefaults(route.Resource, (JsonObject)body!), dryRun);
                if (route.Resource == Controllers.Rollouts) return Store.Change(route.Key, Custom(route, mediaType, body!), dryRun);
                return Store.Change(route.Key, target => Controllers.Validated(route.Resource, Counted(route, (JsonObject)target.DeepClone(), Patches.Apply(mediaType, target, body!))), dryRun);
            case "DELETE":
                var found = Store.Find(route.Key) ?? throw ObjectStore.NotFound(route.Key);
                if (body.Text("preconditions", "uid") is { } uid && uid != found.Uid()) throw new StatusException(409, "Conflict", "Precondition failed: UID in precondition");
                if (body.Text("preconditions", "resourceVersion") is { } version && version != found.Text("metadata", "resourceVersion")) throw new StatusException(409, "Conflict", "Precondition failed: ResourceVersion in precondition");
                Controllers.Delete(route.Key);
                return new JsonObject { ["kind"] = "Status", ["status"] = "Success" };
            default: throw new StatusException(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        }
    }

    /// <summary>A custom resource takes no strategic patch; its status changes through its subresource alone, and nothing else does there.</summary>
    private Func<JsonObject, JsonObject> Custom(Route route, string mediaType, JsonNode body)
    {
        if (mediaType.StartsWith("application/strategic", StringComparison.Ordinal)) throw new StatusException(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - {mediaType} - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
        if (!HasArgoStatus) return route.Subresource is null ? target => Patches.Apply(mediaType, target, body) : throw new StatusException(404, "NotFound", "the server could not find the requested resource");
        return target =>
        {
            var before = (JsonObject)target.DeepClone();
            var after = Patches.Apply(mediaType, target, body);
            var (kept, from) = route.Subresource == "status" ? (before, after) : (after, before);
            // The precondition of either.
            kept.Child("metadata")["resourceVersion"] = after.Child("metadata")["resourceVersion"]?.DeepClone();
            kept.Remove("status");
            if (from["status"] is { } status) kept["status"] = status.DeepClone();
            return kept;
        };
    }

    /// <summary>Of a Deployment a change of the annotations counts as one of the spec, unless its controller makes it.</summary>
    private static JsonObject Counted(Route route, JsonObject before, JsonObject after)
    {
        var isChanged = route.Resource == "apps/deployments" && !JsonNode.DeepEquals(before.At("metadata", "annotations"), after.At("metadata", "annotations"));
        if (isChanged) after.Child("metadata")["generation"] = before.Number("metadata", "generation") + 1;
        return after;
    }

    private JsonObject List(HttpRequest request, Route route)
    {
        var selected = Selectors.Parse(request.Query["labelSelector"], request.Query["fieldSelector"]);
        _ = int.TryParse(request.Query["limit"], out var limit);
        var (version, items, next) = Store.Page(route.Resource, route.Namespace, selected, limit, request.Query["continue"]);
        var metadata = new JsonObject { ["resourceVersion"] = version.Text() };
        if (next.Length > 0) metadata["continue"] = next;
        return new JsonObject { ["kind"] = "List", ["metadata"] = metadata, ["items"] = new JsonArray([.. items.Select(item => item.DeepClone())]) };
    }

    private JsonObject Review(JsonObject body)
    {
        var attributes = body.At("spec", "resourceAttributes");
        var group = attributes.Text("group");
        var resource = (string.IsNullOrEmpty(group) ? "" : group + "/") + attributes.Text("resource") + (attributes.Text("subresource") is { } sub ? "/" + sub : "");
        return new JsonObject { ["status"] = new JsonObject { ["allowed"] = Allows(attributes.Text("verb")!, resource, attributes.Text("namespace")) } };
    }

    private async Task WatchAsync(HttpContext context, Route route, Fault? fault, CancellationToken cancellation)
    {
        var request = context.Request;
        var selected = Selectors.Parse(request.Query["labelSelector"], request.Query["fieldSelector"]);
        bool Wants(Write write) => write.Key.Resource == route.Resource && (route.Namespace is null || write.Key.Namespace == route.Namespace)
            && (write.Before is not null && selected(write.Before) || write.After is not null && selected(write.After));
        var after = long.Parse(request.Query["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture);
        var end = () => { };
        var writes = Locked(() => Store.Watch(after, Wants, out end));
        try
        {
            context.Response.ContentType = "application/json";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await context.Response.StartAsync(cancellation);
            if (fault is Fault.EndWatch) return;
            if (fault is Fault.ExpiredInStream)
            {
                await LineAsync(context, "ERROR", ObjectStore.Expired("The resourceVersion for the provided watch is too old.").Body, cancellation);
                return;
            }

            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(int.Parse(request.Query["timeoutSeconds"]!, System.Globalization.CultureInfo.InvariantCulture)));
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
            while (true)
            {
                var more = writes.WaitToReadAsync(both.Token).AsTask();
                if (await Task.WhenAny(more, Task.Delay(Bookmark, both.Token)) != more && !both.IsCancellationRequested)
                {
                    // Only where nothing is waiting: a bookmark says that all before it has been told.
                    var version = Locked(() => writes.TryPeek(out _) ? null : Store.Version.Text());
                    if (version is not null) await LineAsync(context, "BOOKMARK", new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = version } }, cancellation);
                }

                if (limit.IsCancellationRequested) return;
                await more;
                while (writes.TryRead(out var write))
                {
                    var (type, item) = Told(write, selected);
                    if (fault is Fault.CutInMessage)
                    {
                        await context.Response.WriteAsync("{\"type\":\"MODIFIED\",\"obj", cancellation);
                        await context.Response.Body.FlushAsync(cancellation);
                        throw new IOException();
                    }

                    await LineAsync(context, type, item, cancellation);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Its time is over.
        }
        finally
        {
            Locked(end);
        }
    }

    private static (string Type, JsonObject Item) Told(Write write, Func<JsonObject, bool> selected)
    {
        var was = write.Before is not null && selected(write.Before);
        var isStill = write.After is not null && selected(write.After);
        if (isStill) return (was && write.After is not null ? "MODIFIED" : "ADDED", write.After!);
        var gone = (JsonObject)(write.After ?? write.Before)!.DeepClone();
        gone.Child("metadata")["resourceVersion"] = write.Version.Text();
        return ("DELETED", gone);
    }

    private async Task LineAsync(HttpContext context, string type, JsonObject item, CancellationToken cancellation)
    {
        var line = Locked(() => $"{{\"type\":\"{type}\",\"object\":{item.ToJsonString()}}}\n");
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(line), cancellation);
        await context.Response.Body.FlushAsync(cancellation);
    }

    private static async Task WriteAsync(HttpContext context, int code, JsonObject body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString());
    }

    private sealed record Route(string Resource, string? Namespace, string? Name, string? Subresource)
    {
        public Key Key => new(Resource, Namespace ?? "", Name ?? "");

        public static Route? Parse(string path)
        {
            var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
            var (group, rest) = parts switch
            {
                ["api", "v1", .. var core] => ("", core),
                ["apis", var name, _, .. var others] => (name + "/", others),
                _ => ("", []),
            };
            return rest switch
            {
                ["namespaces", var only] => new Route("namespaces", null, only, null),
                ["namespaces", var ns, var plural, .. var more] => new Route(group + plural, ns, more.ElementAtOrDefault(0), more.ElementAtOrDefault(1)),
                [var plural, .. var more] => new Route(group + plural, null, more.ElementAtOrDefault(0), more.ElementAtOrDefault(1)),
                _ => null,
            };
        }
    }
}
