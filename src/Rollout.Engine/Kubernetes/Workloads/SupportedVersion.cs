using System.Globalization;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Warns, once a cluster, where it is older than what Rollout is tested with. It may well do; nothing is refused.</summary>
internal sealed class SupportedVersion(IKubernetesClient client)
{
    private const int OldestMinor = 25;
    private readonly Lazy<Task<ServerVersion>> _version = new(() => client.VersionAsync(CancellationToken.None));
    private int _warnings;

    public async Task CheckAsync(IReporter reporter, CancellationToken cancellation)
    {
        var version = await _version.Value.WaitAsync(cancellation);
        if (version.Major != "1" || !int.TryParse(version.Minor.TrimEnd('+'), CultureInfo.InvariantCulture, out var minor) || minor >= OldestMinor) return;
        if (Interlocked.Increment(ref _warnings) == 1) reporter.Warning($"The cluster at {client.Endpoint} is {ForeignText.Neutralise(version.GitVersion)}: Rollout is made for 1.{OldestMinor} and later.");
    }
}
