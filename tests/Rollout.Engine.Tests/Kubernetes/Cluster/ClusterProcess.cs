using System.Text;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>
/// The in-process cluster as a process, for the module's tests: <c>dotnet Rollout.Engine.Tests.dll cluster KUBECONFIG</c>. Three clusters, each a
/// context: <c>one</c> and <c>two</c> let one do everything, <c>reader</c> only read. Says <c>ready</c>, and ends when its input does.
/// </summary>
internal static class ClusterProcess
{
    public static async Task<int> RunAsync(string kubeconfig)
    {
        await using var one = await TestCluster.StartAsync();
        await using var two = await TestCluster.StartAsync();
        await using var reader = await TestCluster.StartAsync();
        reader.Allows = (verb, _, _) => verb is "get" or "list" or "watch";

        // JSON is YAML.
        await File.WriteAllTextAsync(kubeconfig, Kubeconfig(("one", one), ("two", two), ("reader", reader)).ToJsonString());
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        return 0;
    }

    private static JsonObject Kubeconfig(params (string Name, TestCluster Cluster)[] clusters) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Config",
        ["current-context"] = clusters[0].Name,
        ["clusters"] = Each(clusters, "cluster", (_, cluster) => new JsonObject
        {
            ["server"] = cluster.Address,
            ["certificate-authority-data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(cluster.AuthorityPem)),
        }),
        ["users"] = Each(clusters, "user", (_, _) => new JsonObject { ["token"] = TestCluster.Token }),
        ["contexts"] = Each(clusters, "context", (name, _) => new JsonObject { ["cluster"] = name, ["user"] = name, ["namespace"] = "default" }),
    };

    private static JsonArray Each((string Name, TestCluster Cluster)[] clusters, string key, Func<string, TestCluster, JsonObject> value) =>
        [.. clusters.Select(item => new JsonObject { ["name"] = item.Name, [key] = value(item.Name, item.Cluster) })];
}
