using Google.Protobuf;
using Rollout.Engine.Images.Builders.Session.Grpc;

namespace Rollout.Engine.Images.Builders.Session;

/// <summary>Gives BuildKit the secret that a step mounts (<c>moby.buildkit.secrets.v1.Secrets</c>).</summary>
internal sealed class BuildSecrets(IReadOnlyDictionary<string, BuildSecret> secrets)
{
    internal const string GetSecret = "/moby.buildkit.secrets.v1.Secrets/GetSecret";

    internal async Task<ByteString> GetSecretAsync(byte[] request, CancellationToken cancellation)
    {
        var id = ProtobufText.Read(request, field: 1);
        if (!secrets.TryGetValue(id, out var secret)) throw new GrpcException(GrpcStatus.NotFound, $"secret {id} not found");
        return ProtobufText.Write((1, secret.File is null ? ByteString.CopyFromUtf8(secret.Value!) : ByteString.CopyFrom(await ReadAsync(id, secret.File, cancellation))));
    }

    private static async Task<byte[]> ReadAsync(string id, string file, CancellationToken cancellation)
    {
        try
        {
            return await File.ReadAllBytesAsync(file, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.SecretUnreadable(id, file, e);
        }
    }
}
