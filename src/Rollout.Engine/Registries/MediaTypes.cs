namespace Rollout.Engine.Registries;

/// <summary>The media types of images, Docker's and the OCI image specification's.</summary>
internal static class MediaTypes
{
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>Everything a tag can stand for.</summary>
    public static readonly IReadOnlyList<string> Manifests = [OciIndex, OciManifest, DockerList, DockerManifest];

    private static readonly HashSet<string> Configs =
    [
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.oci.image.config.v1+json",
    ];

    private static readonly HashSet<string> Layers =
    [
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.in-toto+json", // an attestation, in an index beside the image
    ];

    // Base layers that their licence keeps out of registries: a manifest names them, with addresses elsewhere.
    private static readonly HashSet<string> ForeignLayers =
    [
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    ];

    public static bool IsIndex(string type) => type is DockerList or OciIndex;

    public static bool IsManifest(string type) => type is DockerManifest or OciManifest;

    public static bool IsConfig(string type) => Configs.Contains(type);

    public static bool IsLayer(string type) => Layers.Contains(type) || IsForeignLayer(type);

    public static bool IsForeignLayer(string type) => ForeignLayers.Contains(type);
}
