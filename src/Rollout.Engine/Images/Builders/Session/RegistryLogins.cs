using Google.Protobuf;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Images.Builders.Session;

/// <summary>Gives BuildKit the login of a registry it pulls from (<c>moby.filesync.v1.Auth</c>).</summary>
internal sealed class RegistryLogins(IRegistryCredentials credentials)
{
    internal const string Credentials = "/moby.filesync.v1.Auth/Credentials";

    private const string DockerHub = "registry-1.docker.io";

    internal async Task<ByteString> CredentialsAsync(byte[] request, CancellationToken cancellation)
    {
        var host = ProtobufText.Read(request, field: 1);
        var login = await credentials.FindAsync(host == DockerHub ? ImageReference.DefaultRegistry : host, cancellation);
        return login switch
        {
            null => ByteString.Empty,
            { IdentityToken: { Length: > 0 } token } => ProtobufText.Write((2, token)),
            _ => ProtobufText.Write((1, login.Username ?? ""), (2, login.Password ?? "")),
        };
    }
}
