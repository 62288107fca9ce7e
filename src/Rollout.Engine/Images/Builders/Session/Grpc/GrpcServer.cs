using Google.Protobuf;
using Rollout.Engine.Images.Builders.Session.Http2;

namespace Rollout.Engine.Images.Builders.Session.Grpc;

/// <summary>Answers calls by their method's path.</summary>
/// <param name="methods">The methods: <c>/package.Service/Method</c>.</param>
/// <param name="failed">Hears of what went wrong on this side, of which the caller gets the text alone.</param>
internal sealed class GrpcServer(IReadOnlyDictionary<string, Func<GrpcCall, Task>> methods, Action<RolloutException> failed)
{
    /// <summary>Serves one connection to its end.</summary>
    internal async Task RunAsync(Stream transport, CancellationToken cancellation)
    {
        using var connection = new Http2Connection(transport, ServeAsync);
        await connection.RunAsync(cancellation);
    }

    private async Task ServeAsync(Http2Stream stream)
    {
        using var call = new GrpcCall(stream);
        try
        {
            var (status, message) = await AnswerAsync(call);
            await call.EndAsync(status, message);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // Nobody waits for the answer any more.
        }
    }

    private async Task<(GrpcStatus Status, string Message)> AnswerAsync(GrpcCall call)
    {
        if (!methods.TryGetValue(call.Path, out var method)) return (GrpcStatus.Unimplemented, $"{call.Path} is not known here");
        try
        {
            await method(call);
            return (GrpcStatus.Ok, "");
        }
        catch (GrpcException known)
        {
            return (known.Status, known.Message);
        }
        catch (RolloutException problem)
        {
            failed(problem);
            return (GrpcStatus.Unknown, problem.Message);
        }
        catch (InvalidProtocolBufferException problem)
        {
            return (GrpcStatus.Internal, problem.Message);
        }
    }

    /// <summary>A method that takes one message and gives one.</summary>
    internal static Func<GrpcCall, Task> Unary(Func<byte[], CancellationToken, Task<ByteString>> answer) => async call =>
    {
        var request = await call.ReadAsync() ?? throw new GrpcException(GrpcStatus.Internal, "the request is missing");
        var response = await answer(request, call.Cancelled);
        var framed = new byte[GrpcCall.Prefix + response.Length];
        response.CopyTo(framed, GrpcCall.Prefix);
        GrpcCall.Frame(framed);
        await call.WriteAsync(framed);
    };
}
