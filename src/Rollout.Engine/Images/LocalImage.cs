using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Images;

/// <summary>An image as the engine describes it, in Rollout's words.</summary>
internal static class LocalImage
{
    internal static RolloutImage Of(ImageInspect image, IReadOnlyList<ImageReference> references, RolloutEndpoint endpoint) => new()
    {
        Id = image.Id,
        Reference = references[0],
        References = references,
        Tags = image.RepoTags,
        Size = image.Size,
        Created = image.Created ?? DateTimeOffset.UnixEpoch,
        Platform = PlatformOf(image),
        Labels = LabelsOf(image),
        Layers = image.RootFs.Layers,
        Endpoint = endpoint,
    };

    internal static string PlatformOf(ImageInspect image) =>
        $"{image.Os}/{image.Architecture}{(image.Variant.Length == 0 ? "" : "/" + image.Variant)}";

    private static Dictionary<string, string> LabelsOf(ImageInspect image) =>
        image.Config?["Labels"]?.AsObject().ToDictionary(l => l.Key, l => ForeignText.Neutralise(l.Value?.GetValue<string>() ?? "")) ?? [];
}
