namespace Rollout.Engine.Images.Context;

/// <summary>The order of the UTF-8 bytes, which is BuildKit's. UTF-16 differs from it in one thing: surrogates come before U+E000 to U+FFFF.</summary>
internal static class Utf8Order
{
    internal static int Compare(string one, string other)
    {
        var length = Math.Min(one.Length, other.Length);
        for (var i = 0; i < length; i++)
        {
            if (one[i] != other[i]) return Rank(one[i]) - Rank(other[i]);
        }

        return one.Length - other.Length;
    }

    private static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
