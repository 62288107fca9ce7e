using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>What is wrong with a task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Reason">One word for it.</param>
/// <param name="Message">The same in a sentence.</param>
internal sealed record TaskTrouble(ServiceTask Task, string Reason, string Message)
{
    /// <summary>The trouble of a service's tasks of an image: of the one that the engine names as the cause, else of the newest; null where there is none.</summary>
    public static TaskTrouble? Of(ServiceSnapshot seen, string image)
    {
        var tasks = seen.Tasks.Where(task => (string?)task.Spec["ContainerSpec"]?["Image"] == image).ToList();
        var task = tasks.FirstOrDefault(one => one.Id.Length > 0 && seen.Says.Contains(one.Id, StringComparison.Ordinal)) ?? tasks.LastOrDefault(IsTroubled);
        return task is null ? null : new TaskTrouble(task, Word(task.Status), $"Task {NameOf(seen, task)}: {Words(task.Status)}.");
    }

    /// <summary>One that was told to end and did is not in trouble, where the engine does not say that this was the cause; one that waits for a node is.</summary>
    private static bool IsTroubled(ServiceTask task) => task.Status.State is "failed" or "rejected" || (task.Status.State == "pending" && task.Status.Err.Length > 0);

    internal static string Word(ServiceTaskStatus status) => status.Err switch
    {
        var err when err.Contains("unhealthy", StringComparison.OrdinalIgnoreCase) => "ContainerUnhealthy",
        var err when err.Contains("No such image", StringComparison.OrdinalIgnoreCase) || err.Contains("pull", StringComparison.OrdinalIgnoreCase) => "ImagePullFailed",
        _ when status.State == "pending" => "NoSuitableNode",
        var err when err.Contains("non-zero exit", StringComparison.OrdinalIgnoreCase) => "ContainerExited",
        _ when HasEnded(status) => "ContainerExited",
        _ when status.State == "rejected" => "TaskRejected",
        _ => "ContainerStartFailed",
    };

    internal static string NameOf(ServiceSnapshot seen, ServiceTask task) =>
        $"{seen.Spec.Name}.{(task.Slot > 0 ? WorkloadLabels.Text(task.Slot) : task.NodeId)}.{task.Id}";

    /// <summary>It ended as if all were well: of itself, or stopped by the engine as its HEALTHCHECK did not pass.</summary>
    private static bool HasEnded(ServiceTaskStatus status) => status is { Err: "", State: "complete" or "shutdown" };

    private static string Words(ServiceTaskStatus status) =>
        HasEnded(status) ? $"ended before the update was done, with exit code {status.ContainerStatus?.ExitCode ?? 0}" : (status.Err.Length > 0 ? status.Err : status.State).TrimEnd('.');
}
