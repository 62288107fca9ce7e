namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>
/// HPACK's Huffman code (RFC 7541, appendix B). The code is canonical: within a length the codes count up in the order of the symbols, so the lengths alone
/// say all of it.
/// </summary>
internal static class HpackHuffman
{
    private const int EndOfString = 256;
    private const int LongestCode = 30;
    private const int LongestPadding = 7;

    private static readonly byte[] Lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    // The symbols in the order of their codes, and by length the first code and where its symbol stands.
    private static readonly int[] Symbols = [.. Enumerable.Range(0, Lengths.Length).OrderBy(symbol => Lengths[symbol]).ThenBy(symbol => symbol)];
    private static readonly (uint First, int At, int Count)[] ByLength = Layout();

    /// <summary>Decodes a string.</summary>
    /// <exception cref="Http2Exception">It is not in this code.</exception>
    internal static byte[] Decode(ReadOnlySpan<byte> coded)
    {
        var decoded = new List<byte>(coded.Length * 2);
        uint code = 0;
        var length = 0;
        foreach (var octet in coded)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                code = (code << 1) | (uint)((octet >> bit) & 1);
                if (++length > LongestCode) throw Http2Exception.Compression("a Huffman code that is none");
                var (first, at, count) = ByLength[length];
                if (code - first >= count) continue;

                var symbol = Symbols[at + (int)(code - first)];
                if (symbol == EndOfString) throw Http2Exception.Compression("the end of a string within it");
                decoded.Add((byte)symbol);
                (code, length) = (0, 0);
            }
        }

        // The last octet is filled up with the beginning of the end of string: ones.
        if (length > LongestPadding || code != (1u << length) - 1) throw Http2Exception.Compression("a wrong padding");
        return [.. decoded];
    }

    private static (uint, int, int)[] Layout()
    {
        var layout = new (uint, int, int)[LongestCode + 1];
        uint code = 0;
        var at = 0;
        for (var length = 1; length <= LongestCode; length++)
        {
            code <<= 1;
            var count = Lengths.Count(one => one == length);
            layout[length] = (code, at, count);
            code += (uint)count;
            at += count;
        }

        return layout;
    }
}
