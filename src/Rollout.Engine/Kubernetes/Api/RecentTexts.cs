using System.Text.Json;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>
/// The short texts that were read last. Labels, reasons and names come with every change of every object of a fleet; most are there already, and are not made again.
/// </summary>
internal static class RecentTexts
{
    private const int LongestBytes = 64;
    private const int Slots = 4096;

    // Written by any thread without a lock: a slot that is lost to another text only means that a text is made once more.
    private static readonly string?[] Recent = new string?[Slots];

    /// <summary>The text that the reader is at.</summary>
    public static string Read(ref Utf8JsonReader json)
    {
        if (json.HasValueSequence || json.ValueIsEscaped || json.ValueSpan.Length > LongestBytes) return json.GetString()!;
        ref var slot = ref Recent[SlotOf(json.ValueSpan)];
        return slot is { } known && json.ValueTextEquals(known) ? known : slot = json.GetString()!;
    }

    private static int SlotOf(ReadOnlySpan<byte> text)
    {
        var hash = new HashCode();
        hash.AddBytes(text);
        return hash.ToHashCode() & (Slots - 1);
    }
}
