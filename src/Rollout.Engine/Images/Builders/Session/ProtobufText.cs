using Google.Protobuf;

namespace Rollout.Engine.Images.Builders.Session;

/// <summary>Messages whose fields are texts or bytes.</summary>
internal static class ProtobufText
{
    /// <summary>A field's text; empty where there is none.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is no message.</exception>
    internal static string Read(byte[] message, int field)
    {
        var input = new CodedInputStream(message);
        var text = "";
        while (input.ReadTag() is not 0 and var tag)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field) text = input.ReadString();
            else input.SkipLastField();
        }

        return text;
    }

    internal static ByteString Write(params IEnumerable<(int Field, string Text)> fields) =>
        Write(fields.Select(one => (one.Field, ByteString.CopyFromUtf8(one.Text))));

    internal static ByteString Write(params IEnumerable<(int Field, ByteString Bytes)> fields)
    {
        using var message = new MemoryStream();
        using (var output = new CodedOutputStream(message, leaveOpen: true))
        {
            foreach (var (field, bytes) in fields)
            {
                output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(bytes);
            }
        }

        return ByteString.CopyFrom(message.GetBuffer(), 0, (int)message.Length);
    }
}
