using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>What events and logs say of Pods in trouble. All of it is a help: where it cannot be had, nothing is said.</summary>
internal sealed class PodEvidence(IKubernetesClient client)
{
    private const int LogLines = 10;
    private const int EventsShown = 5;

    /// <summary>A trouble in words, with the last log lines and warnings of its Pod.</summary>
    public async Task<string> ToldAsync(PodTrouble trouble, IEnumerable<Pod> pods, CancellationToken cancellation)
    {
        var told = $"Pod {trouble.Pod}{(trouble.Container is null ? "" : $", container {trouble.Container}")}: {trouble.Reason}. {trouble.Message}";
        if (pods.FirstOrDefault(pod => pod.Metadata.Name == trouble.Pod) is not { } pod) return told;
        var warnings = (await WarningsAsync(pod, cancellation)).TakeLast(EventsShown).Select(item => $"{item.Reason}: {ForeignText.Neutralise(item.Message)}").ToList();
        var log = await LogAsync(pod, trouble, cancellation);
        return told + (warnings.Count == 0 ? "" : "\nIts warnings:\n" + string.Join('\n', warnings)) + (log.Count == 0 ? "" : "\nIts last log lines:\n" + string.Join('\n', log));
    }

    /// <summary>A Pod that backs off from a pull may not say why, where its first failure was not seen: its events do.</summary>
    public async Task ExplainAsync(EarlyFailure early, IEnumerable<Pod> pods, DateTimeOffset now, CancellationToken cancellation)
    {
        foreach (var pod in early.Unexplained(pods, now))
        {
            var problem = (await WarningsAsync(pod, cancellation)).LastOrDefault(item => item.Reason == "Failed" && item.Message.StartsWith("Failed to pull", StringComparison.Ordinal));
            early.Hear(pod, problem?.Message, now);
        }
    }

    /// <summary>The Pod's warnings, the newest last.</summary>
    private async Task<IReadOnlyList<Event>> WarningsAsync(Pod pod, CancellationToken cancellation)
    {
        try
        {
            var query = new ListQuery { FieldSelector = $"involvedObject.uid={pod.Metadata.Uid}" };
            var events = await client.ListAllAsync(Resources.Events, pod.Metadata.Namespace, query, cancellation);
            return [.. events.Items.Where(item => item.Type == "Warning").OrderBy(item => item.LastTimestamp ?? item.EventTime)];
        }
        catch (RolloutException)
        {
            return [];
        }
    }

    private async Task<IReadOnlyList<string>> LogAsync(Pod pod, PodTrouble trouble, CancellationToken cancellation)
    {
        if (trouble is not { Container: { } container, Restarts: not null }) return [];
        try
        {
            var log = await client.LogTailAsync(pod.Metadata.Namespace, pod.Metadata.Name, container, LogLines, previous: true, cancellation);
            return log.Count > 0 ? log : await client.LogTailAsync(pod.Metadata.Namespace, pod.Metadata.Name, container, LogLines, previous: false, cancellation);
        }
        catch (RolloutException)
        {
            return [];
        }
    }
}
