using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Tests.Kubernetes.Argo;

/// <summary>A CustomResourceDefinition for Rollouts, written for the tests: any spec and status, the status as a subresource.</summary>
internal static partial class ArgoDefinition
{
    private const string Name = "rollouts.argoproj.io";

    private static readonly Resource<Definition> Definitions = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", DefinitionJson.Default.Definition, DefinitionJson.Default.KubernetesListDefinition);

    private static readonly Lazy<SemaphoreSlim> One = new(() => new SemaphoreSlim(1));

    /// <summary>Installs it where it is not there yet, and waits until it is served. It stays: others may use it.</summary>
    public static async Task InstallAsync(IKubernetesClient client)
    {
        await One.Value.WaitAsync();
        try
        {
            if (await client.GetAsync(Definitions, null, Name, CancellationToken.None) is null) await client.CreateAsync(Definitions, null, Body(), dryRun: false, CancellationToken.None);
            using var patience = new CancellationTokenSource(TestLimit.Time);
            var changes = new ListWatch<Definition>(client, Definitions, null, new ListQuery { FieldSelector = "metadata.name=" + Name }, TimeProvider.System, Random.Shared);
            await foreach (var change in changes.RunAsync(patience.Token))
            {
                var definition = change switch { Change<Definition>.Listed { Items: [var listed] } => listed, Change<Definition>.Updated updated => updated.Item, _ => null };
                if (definition?.Status["conditions"] is JsonArray conditions && conditions.Any(condition => (string?)condition!["type"] == "Established" && (string?)condition["status"] == "True")) return;
            }
        }
        finally
        {
            One.Value.Release();
        }
    }

    private static JsonObject Body()
    {
        var anything = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = Name },
            ["spec"] = new JsonObject
            {
                ["group"] = "argoproj.io",
                ["scope"] = "Namespaced",
                ["names"] = new JsonObject { ["kind"] = "Rollout", ["listKind"] = "RolloutList", ["plural"] = "rollouts", ["singular"] = "rollout" },
                ["versions"] = new JsonArray(new JsonObject
                {
                    ["name"] = "v1alpha1",
                    ["served"] = true,
                    ["storage"] = true,
                    ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                    ["schema"] = new JsonObject
                    {
                        ["openAPIV3Schema"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["spec"] = anything, ["status"] = anything.DeepClone() } },
                    },
                }),
            },
        };
    }

    internal sealed record Definition : IKubernetesObject
    {
        public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
        public JsonObject Status { get; init => field = value ?? []; } = [];
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(KubernetesList<Definition>))]
    internal sealed partial class DefinitionJson : JsonSerializerContext;
}
