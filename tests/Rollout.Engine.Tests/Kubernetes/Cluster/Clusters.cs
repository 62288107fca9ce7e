using System.Reflection;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Configuration;
using Xunit.Sdk;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>
/// Runs a test of the contract against the in-process cluster, and against the real one that ROLLOUT_TEST_KUBECONFIG names. What differs is a
/// defect of the in-process one.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EachClusterAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) =>
        Clusters.RealKubeconfig is null ? [["in-process"]] : [["in-process"], ["real"]];
}

/// <summary>As <see cref="EachClusterAttribute"/>, with further values for each.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class EachClusterWithAttribute(params object[] values) : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => new EachClusterAttribute().GetData(testMethod).Select(row => row.Concat(values).ToArray());
}

/// <summary>The clusters tests run against, each started once for all of them.</summary>
internal static class Clusters
{
    private static readonly Lazy<Task<TestCluster>> InProcess = new(TestCluster.StartAsync);
    private static readonly Lazy<Task<TestCluster>> AtRest = new(async () =>
    {
        var cluster = await TestCluster.StartAsync();
        cluster.Controllers.AreRunning = false;
        return cluster;
    });

    public static string? RealKubeconfig { get; } = Environment.GetEnvironmentVariable("ROLLOUT_TEST_KUBECONFIG") is { Length: > 0 } path ? path : null;

    /// <summary>A namespace of its own for one test.</summary>
    /// <param name="cluster">in-process or real.</param>
    /// <param name="atRest">In the in-process one no controller moves anything: what is left is the API.</param>
    public static async Task<Playground> PlaygroundAsync(string cluster, bool atRest = false)
    {
        var connection = cluster == "real" ? Kubeconfig.Connection(RealKubeconfig, null, _ => null, TimeProvider.System) : (await (atRest ? AtRest : InProcess).Value).Connection();
        var client = new KubernetesClient(connection, TimeProvider.System, Random.Shared);
        var name = "t-" + Guid.NewGuid().ToString("N")[..10];
        await client.CreateAsync(Resources.Namespaces, null, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } }, dryRun: false, CancellationToken.None);
        return new Playground(client, name, cluster == "real");
    }
}

/// <summary>A namespace, its client, and the workloads tests put there. Removed at the end.</summary>
internal sealed class Playground(KubernetesClient client, string @namespace, bool isReal) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public KubernetesClient Client => client;

    public string Namespace => @namespace;

    public bool IsReal => isReal;

    public static JsonObject Workload(string name, string image, int replicas = 2, JsonObject? spec = null)
    {
        var whole = new JsonObject
        {
            ["replicas"] = replicas,
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = name } },
                ["spec"] = new JsonObject
                {
                    ["terminationGracePeriodSeconds"] = 1,
                    ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = image, ["readinessProbe"] = new JsonObject { ["tcpSocket"] = new JsonObject { ["port"] = 80 } } }),
                },
            },
        };
        foreach (var (key, value) in spec ?? []) whole[key] = value?.DeepClone();
        return new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = whole };
    }

    public Task<T> CreateAsync<T>(Resource<T> resource, JsonObject body) where T : class, IKubernetesObject => client.CreateAsync(resource, @namespace, body, dryRun: false, CancellationToken.None);

    public Task<T> PatchAsync<T>(Resource<T> resource, string name, Patch patch) where T : class, IKubernetesObject => client.PatchAsync(resource, @namespace, name, patch, CancellationToken.None);

    public Task<T?> GetAsync<T>(Resource<T> resource, string name) where T : class, IKubernetesObject => client.GetAsync(resource, @namespace, name, CancellationToken.None);

    /// <summary>Follows an object until it is as wanted.</summary>
    public async Task<T> UntilAsync<T>(Resource<T> resource, string name, Func<T, bool> wanted) where T : class, IKubernetesObject
    {
        using var patience = new CancellationTokenSource(Patience);
        var changes = new ListWatch<T>(client, resource, @namespace, new ListQuery { FieldSelector = "metadata.name=" + name }, TimeProvider.System, Random.Shared);
        T? last = null;
        try
        {
            await foreach (var change in changes.RunAsync(patience.Token))
            {
                last = change switch { Change<T>.Listed listed => listed.Items.SingleOrDefault(), Change<T>.Updated updated => updated.Item, _ => last };
                if (last is not null && wanted(last)) return last;
            }
        }
        catch (OperationCanceledException)
        {
            // Told below, with what there was.
        }

        throw new TimeoutException($"{resource.Kind} {name} never was as wanted; last: {last}");
    }

    public async ValueTask DisposeAsync()
    {
        await client.DeleteAsync(Resources.Namespaces, null, @namespace, null, CancellationToken.None);
        client.Dispose();
    }
}
