namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>
/// A token in a file that somebody renews, as the kubelet does for service accounts: read again each minute, and when it is refused.
/// Where it cannot be read the last one goes on being used.
/// </summary>
internal sealed class TokenFile(string path, Credential fallback, TimeProvider time) : ICredentialSource
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private Credential? _last;
    private DateTimeOffset _readAt;

    public ValueTask<Credential> GetAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_last is null || now - _readAt >= Freshness) (_last, _readAt) = (Read() ?? _last ?? fallback, now);
            return ValueTask.FromResult(_last);
        }
    }

    public bool Refused(Credential credential)
    {
        lock (_lock)
        {
            _readAt = DateTimeOffset.MinValue;
            return Read() is { } renewed && renewed.Authorization != credential.Authorization;
        }
    }

    private Credential? Read()
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            return token.Length == 0 ? null : new Credential("Bearer " + token, fallback.Certificate);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
