using System.Globalization;
using System.Runtime.CompilerServices;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Argo;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Looks at what rollouts need of a cluster: reach, version, the namespace, and each right. Changes nothing.</summary>
internal sealed class ClusterChecks(KubernetesTargets cluster, string @namespace)
{
    private const int OldestMinor = 25;

    private readonly IKubernetesClient client = cluster.Client;

    /// <summary>Ends with the first without which the rest cannot be asked.</summary>
    public async IAsyncEnumerable<EnvironmentCheck> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var (reach, version) = await ReachAsync(cancellation);
        yield return reach;
        if (version is null) yield break;
        yield return VersionOf(version);
        yield return await NamespaceAsync(cancellation);

        var hasArgo = await HasArgoAsync(cancellation);
        var rights = NeededRights.In(@namespace).Select(right => RightAsync(right.Right, right.IsNeeded && (hasArgo || right.Right.Group != ArgoRollout.Resource.Group), cancellation)).ToList();
        foreach (var right in rights) yield return await right;
    }

    private async Task<(EnvironmentCheck Check, ServerVersion? Version)> ReachAsync(CancellationToken cancellation)
    {
        const string Name = "Kubernetes cluster";
        try
        {
            var version = await client.VersionAsync(cancellation);
            return (Passed(Name, $"Kubernetes {version.GitVersion} answers at {client.Endpoint}{(client.Endpoint.Context is { } context ? $", context {context}" : "")}."), version);
        }
        catch (RolloutException problem)
        {
            return (Failed(Name, problem), null);
        }
    }

    private EnvironmentCheck VersionOf(ServerVersion version)
    {
        const string Name = "Cluster version";
        // Some providers write 32+.
        var isKnown = int.TryParse(version.Minor.TrimEnd('+'), CultureInfo.InvariantCulture, out var minor);
        if (version.Major != "1" || !isKnown || minor >= OldestMinor) return Passed(Name, $"It is {version.GitVersion}.");
        return new EnvironmentCheck
        {
            Name = Name,
            Status = EnvironmentStatus.Warning,
            Message = $"It is {version.GitVersion}; Rollout is made for 1.{OldestMinor} and later.",
            Recommendation = "Update the cluster.",
            Endpoint = client.Endpoint,
        };
    }

    private async Task<EnvironmentCheck> NamespaceAsync(CancellationToken cancellation)
    {
        const string Name = "Namespace";
        try
        {
            return await cluster.HasNamespaceAsync(@namespace, cancellation) switch
            {
                false => Failed(Name, WorkloadErrors.NamespaceNotFound(@namespace)),
                null => Passed(Name, $"It is '{@namespace}'; whether it is there may not be asked."),
                _ => Passed(Name, $"'{@namespace}' is there."),
            };
        }
        catch (RolloutException problem)
        {
            return Failed(Name, problem);
        }
    }

    /// <summary>Where that may not be asked, it may be there.</summary>
    private async Task<bool> HasArgoAsync(CancellationToken cancellation)
    {
        try
        {
            return await client.ServesAsync(ArgoRollout.Resource, cancellation);
        }
        catch (RolloutException)
        {
            return true;
        }
    }

    private async Task<EnvironmentCheck> RightAsync(ResourceAttributes right, bool isNeeded, CancellationToken cancellation)
    {
        var what = right.Subresource is null ? right.Resource : $"{right.Resource}/{right.Subresource}";
        var name = $"Right to {right.Verb} {what}{(right.Group.Length == 0 ? "" : $" ({right.Group})")}";
        try
        {
            if (await client.MayAsync(right, cancellation)) return Passed(name, $"It is granted in '{@namespace}'.");
            return new EnvironmentCheck
            {
                Name = name,
                Status = isNeeded ? EnvironmentStatus.Failed : EnvironmentStatus.Warning,
                Message = $"It is not granted in '{@namespace}'{(isNeeded ? "" : "; a plain rollout works without it, and what needs it is left out")}.",
                Recommendation = "Have it granted; docs/rbac.yaml lists what Rollout needs.",
                Endpoint = client.Endpoint,
            };
        }
        catch (RolloutException problem)
        {
            return Failed(name, problem);
        }
    }

    private EnvironmentCheck Passed(string name, string message) => new() { Name = name, Status = EnvironmentStatus.Passed, Message = message, Endpoint = client.Endpoint };

    private EnvironmentCheck Failed(string name, RolloutException problem) =>
        new() { Name = name, Status = EnvironmentStatus.Failed, Message = problem.Message, Recommendation = problem.Mend, Endpoint = client.Endpoint };
}
