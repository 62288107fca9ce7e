using System.Text;

namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>Writes HPACK header blocks in the plainest way there is: literals that nobody has to remember, without Huffman's code.</summary>
internal static class HpackEncoder
{
    internal static byte[] Encode(params IEnumerable<Header> headers)
    {
        using var block = new MemoryStream();
        foreach (var header in headers)
        {
            block.WriteByte(0);
            WriteText(block, header.Name);
            WriteText(block, header.Value);
        }

        return block.ToArray();
    }

    private static void WriteText(MemoryStream block, string text)
    {
        const int Most = 0x7f;
        var octets = Encoding.Latin1.GetBytes(text);
        var length = octets.Length;
        block.WriteByte((byte)Math.Min(length, Most));
        if (length >= Most)
        {
            for (length -= Most; length >= 0x80; length >>= 7) block.WriteByte((byte)(length | 0x80));
            block.WriteByte((byte)length);
        }

        block.Write(octets);
    }
}
