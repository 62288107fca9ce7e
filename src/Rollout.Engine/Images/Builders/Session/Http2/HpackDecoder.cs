using System.Text;

namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>Reads HPACK header blocks (RFC 7541). Keeps the table that the other side builds up, so every block must pass through it, in order.</summary>
internal sealed class HpackDecoder
{
    // What this side allows, which is the protocol's default.
    private const int TableLimit = 4096;
    private const int EntryOverhead = 32;

    private readonly LinkedList<Header> _table = [];
    private int _size;
    private int _limit = TableLimit;

    /// <summary>Reads one whole block.</summary>
    /// <exception cref="Http2Exception">It is malformed.</exception>
    internal IReadOnlyList<Header> Decode(ReadOnlySpan<byte> block)
    {
        var headers = new List<Header>();
        var reader = new Reader(block);
        while (!reader.IsAtEnd)
        {
            var first = reader.Peek();
            if ((first & 0x80) != 0) headers.Add(At(reader.Integer(7)));
            else if ((first & 0x40) != 0) headers.Add(Remember(Literal(ref reader, 6)));
            else if ((first & 0x20) != 0) Resize(reader.Integer(5));
            else headers.Add(Literal(ref reader, 4)); // without indexing, or never indexed
        }

        return headers;
    }

    private Header Literal(ref Reader reader, int prefix)
    {
        var index = reader.Integer(prefix);
        var name = index == 0 ? reader.Text() : At(index).Name;
        return new Header(name, reader.Text());
    }

    private Header At(int index)
    {
        if (index == 0) throw Http2Exception.Compression("the index 0");
        if (index <= HpackStaticTable.Entries.Count) return HpackStaticTable.Entries[index - 1];

        var node = _table.First;
        for (var i = HpackStaticTable.Entries.Count + 1; i < index && node is not null; i++) node = node.Next;
        return node?.Value ?? throw Http2Exception.Compression($"the index {index}, which is not in the table");
    }

    private Header Remember(Header header)
    {
        _table.AddFirst(header);
        _size += SizeOf(header);
        Evict();
        return header;
    }

    private void Resize(int limit)
    {
        if (limit > TableLimit) throw Http2Exception.Compression($"a table of {limit} bytes");
        _limit = limit;
        Evict();
    }

    private void Evict()
    {
        while (_size > _limit && _table.Last is { } oldest)
        {
            _size -= SizeOf(oldest.Value);
            _table.RemoveLast();
        }
    }

    private static int SizeOf(Header header) => Encoding.Latin1.GetByteCount(header.Name) + Encoding.Latin1.GetByteCount(header.Value) + EntryOverhead;

    private ref struct Reader(ReadOnlySpan<byte> block)
    {
        private const int LongestInteger = 4; // octets behind the prefix: more than any block has

        private ReadOnlySpan<byte> _rest = block;

        internal readonly bool IsAtEnd => _rest.IsEmpty;

        internal readonly byte Peek() => _rest.IsEmpty ? throw Http2Exception.Compression("an end within a header") : _rest[0];

        internal int Integer(int prefix)
        {
            var most = (1 << prefix) - 1;
            var value = Take() & most;
            if (value < most) return value;

            for (var octet = 0; octet < LongestInteger; octet++)
            {
                var next = Take();
                value += (next & 0x7f) << (7 * octet);
                if ((next & 0x80) == 0) return value;
            }

            throw Http2Exception.Compression("an integer that is too large");
        }

        // Octets as they are: names and values need not be UTF-8.
        internal string Text()
        {
            var isHuffman = (Peek() & 0x80) != 0;
            var length = Integer(7);
            if (length > _rest.Length) throw Http2Exception.Compression("an end within a text");
            var octets = _rest[..length];
            _rest = _rest[length..];
            return Encoding.Latin1.GetString(isHuffman ? HpackHuffman.Decode(octets) : octets);
        }

        private byte Take()
        {
            var octet = Peek();
            _rest = _rest[1..];
            return octet;
        }
    }
}
