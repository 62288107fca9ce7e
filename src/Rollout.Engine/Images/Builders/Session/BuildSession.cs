using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Images.Builders.Session.Grpc;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Images.Builders.Session;

/// <summary>
/// A session with the engine's BuildKit: a connection over which the engine calls back while it builds, for files, logins and secrets, each when
/// it needs them. So it takes only those files that changed since the last build.
/// </summary>
internal sealed class BuildSession : IAsyncDisposable
{
    private const string Health = "/grpc.health.v1.Health/Check";
    private static readonly byte[] Serving = [0x08, 0x01];

    private readonly CancellationTokenSource _ended = new();
    private readonly Stream _connection;
    private readonly Task _serving;
    private RolloutException? _failure;

    private BuildSession(string id, Stream connection, BuildJob job, IRegistryCredentials credentials, Action<string> warn)
    {
        Id = id;
        _connection = connection;
        _serving = ServeAsync(ServerOf(job, credentials, warn));
    }

    /// <summary>What the build names it by.</summary>
    internal string Id { get; }

    /// <summary>What went wrong on this side, which the engine only knows as the end of a call.</summary>
    internal RolloutException? Failure => _failure;

    /// <summary>Opens one for a build.</summary>
    /// <param name="client">The engine.</param>
    /// <param name="job">The build.</param>
    /// <param name="credentials">Where logins come from.</param>
    /// <param name="warn">Hears of files that cannot be sent.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal static async Task<BuildSession> OpenAsync(
        IDockerClient client, BuildJob job, IRegistryCredentials credentials, Action<string> warn, CancellationToken cancellation)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var connection = await client.Images.OpenSessionAsync(id, SharedKey(job.Directory), FileSync.DiffCopy, cancellation);
        return new BuildSession(id, connection, job, credentials, warn);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _connection.DisposeAsync();
        await _serving;
        _ended.Dispose();
    }

    private async Task ServeAsync(GrpcServer server)
    {
        try
        {
            await server.RunAsync(_connection, _ended.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or Http2.Http2Exception)
        {
            // It is over; the build says how it ended.
        }
    }

    private GrpcServer ServerOf(BuildJob job, IRegistryCredentials credentials, Action<string> warn)
    {
        var files = new FileSync(
            new Dictionary<string, string> { ["context"] = job.Directory, ["dockerfile"] = Path.GetDirectoryName(job.Dockerfile.Path)! }, warn);
        var methods = new Dictionary<string, Func<GrpcCall, Task>>
        {
            [FileSync.DiffCopy] = files.DiffCopyAsync,
            [RegistryLogins.Credentials] = GrpcServer.Unary(new RegistryLogins(credentials).CredentialsAsync),
            [BuildSecrets.GetSecret] = GrpcServer.Unary(new BuildSecrets(job.Request.Secrets).GetSecretAsync),
            [Health] = GrpcServer.Unary((_, _) => Task.FromResult(ByteString.CopyFrom(Serving))),
        };
        return new GrpcServer(methods, failure => Interlocked.CompareExchange(ref _failure, failure, null));
    }

    /// <summary>Under the same key the engine keeps what it was sent, for the next build of this directory.</summary>
    private static string SharedKey(string directory) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.MachineName}:{Environment.UserName}:{directory}")));
}
