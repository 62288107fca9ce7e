using System.Text;
using Google.Protobuf;

namespace Rollout.Engine.Images.Builders;

/// <summary>
/// Reads the records of <c>moby.buildkit.trace</c>: StatusResponse of BuildKit's control.proto, of which vertexes (1) and logs (3)
/// are taken, and within them the fields named here.
/// </summary>
internal sealed class BuildKitTrace(BuildProgress progress)
{
    // A character may be split over two records of a step's output.
    private readonly Dictionary<string, Decoder> _decoders = [];

    /// <summary>Reads one record.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is no such record.</exception>
    internal void Take(byte[] record)
    {
        var input = new CodedInputStream(record);
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    progress.Take(ReadVertex(input.ReadBytes().CreateCodedInput()));
                    break;
                case 3:
                    ReadLog(input.ReadBytes().CreateCodedInput());
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private static BuildVertex ReadVertex(CodedInputStream input)
    {
        string id = "", name = "", error = "";
        bool cached = false, started = false, completed = false;
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    id = input.ReadString();
                    break;
                case 3:
                    name = input.ReadString();
                    break;
                case 4:
                    cached = input.ReadBool();
                    break;
                case 5:
                    started = true;
                    input.SkipLastField();
                    break;
                case 6:
                    completed = true;
                    input.SkipLastField();
                    break;
                case 7:
                    error = input.ReadString();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return new BuildVertex(id, name, started, completed, cached, error.Length == 0 ? null : error);
    }

    private void ReadLog(CodedInputStream input)
    {
        var id = "";
        var message = ByteString.Empty;
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    id = input.ReadString();
                    break;
                case 4:
                    message = input.ReadBytes();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        if (!_decoders.TryGetValue(id, out var decoder)) _decoders.Add(id, decoder = Encoding.UTF8.GetDecoder());
        var text = new char[decoder.GetCharCount(message.Span, flush: false)];
        decoder.GetChars(message.Span, text, flush: false);
        progress.Log(id, new string(text));
    }
}
