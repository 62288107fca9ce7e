using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>
/// A token in a file that somebody renews, as the kubelet does for service accounts: read again each minute, and when it is refused.
/// Where it cannot be read the last one goes on being used: at first the token that the kubeconfig has beside it, and without
/// one nothing is asked, as the server would take it for a question of nobody's.
/// </summary>
internal sealed class TokenFile(string path, Credential beside, TimeProvider time) : ICredentialSource
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private Credential? _last = beside.Authorization is null ? null : beside;
    private DateTimeOffset _readAt;

    public ValueTask<Credential> GetAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_last is null || now - _readAt >= Freshness) (_last, _readAt) = (Renewed(), now);
            return ValueTask.FromResult(_last);
        }
    }

    public bool Refused(Credential credential)
    {
        lock (_lock)
        {
            _readAt = DateTimeOffset.MinValue;
            return Renewed().Authorization != credential.Authorization;
        }
    }

    private Credential Renewed()
    {
        try
        {
            return Read();
        }
        catch (RolloutException) when (_last is not null)
        {
            return _last;
        }
    }

    private Credential Read()
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            return token.Length > 0 ? new Credential("Bearer " + token, beside.Certificate) : throw KubernetesErrors.TokenUnreadable(path, "it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // .NET's own message repeats the path.
            throw KubernetesErrors.TokenUnreadable(path, e.GetBaseException().Message.TrimEnd('.'), e);
        }
    }
}
