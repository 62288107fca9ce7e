using System.Text.Json;
using System.Text.RegularExpressions;
using Rollout.Engine.Kubernetes.Argo;

namespace Rollout.Engine.Tests.Kubernetes.Argo;

/// <summary>Rollouts as tests write them: JSON without the quotes around single words, generation 2.</summary>
internal static partial class ArgoDocuments
{
    public const string FiveSteps = "{canary:{steps:[{setWeight:20},{pause:{}},{setWeight:40},{pause:{duration:5m}},{analysis:{}}]}}";
    public const string BlueGreen = "{blueGreen:{activeService:shop,previewService:shop_preview,autoPromotionEnabled:false}}";

    public static ArgoRollout Read(string strategy, string status, string spec = "replicas:4", string metadata = "generation:2") =>
        JsonSerializer.Deserialize(Quoted($"{{metadata:{{{metadata}}},spec:{{{spec},strategy:{strategy}}},status:{{{status}}}}}"), ArgoJson.Default.ArgoRollout)!;

    /// <summary>A text of several words is written 'like this'.</summary>
    private static string Quoted(string words) =>
        Word().Replace(words, word => word.Value switch
        {
            "true" or "false" or "null" => word.Value,
            ['\'', .. var text, '\''] => $"\"{text}\"",
            var value when Number().IsMatch(value) => value,
            var value => $"\"{value}\"",
        });

    [GeneratedRegex(@"'[^']*'|[A-Za-z0-9_]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^[0-9]+\z")]
    private static partial Regex Number();
}
