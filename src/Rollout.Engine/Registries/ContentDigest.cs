using System.Security.Cryptography;

namespace Rollout.Engine.Registries;

/// <summary>The digest of content: <c>algorithm:hex</c>.</summary>
internal static class ContentDigest
{
    /// <summary>The digest of some bytes by the algorithm that all registries know.</summary>
    public static string OfSha256(ReadOnlySpan<byte> content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    /// <summary>The digest of some bytes by the algorithm of another digest.</summary>
    public static string Like(string digest, ReadOnlySpan<byte> content)
    {
        var algorithm = digest[..digest.IndexOf(':', StringComparison.Ordinal)];
        var hash = CryptographicOperations.HashData(new HashAlgorithmName(algorithm.ToUpperInvariant()), content);
        return $"{algorithm}:{Convert.ToHexStringLower(hash)}";
    }
}
