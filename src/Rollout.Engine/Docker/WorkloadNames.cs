using System.Text.RegularExpressions;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>What the containers of a workload are called.</summary>
internal sealed class WorkloadNames
{
    private readonly TargetName target;
    private readonly string stem;

    internal WorkloadNames(TargetName target)
    {
        this.target = target;
        stem = target.Name.Replace('/', IsCompose ? '-' : '.');
    }

    /// <summary>The workload's name as labels have it.</summary>
    internal string Workload => target.Name;

    /// <summary>True for a service of a compose project.</summary>
    internal bool IsCompose => target.Kind == "compose";

    /// <summary>compose's project; the first part of the name.</summary>
    internal string Project => target.Name.Split('/')[0];

    /// <summary>compose's service; the second part of the name.</summary>
    internal string Service => target.Name.Split('/')[^1];

    /// <summary>The container of record number <paramref name="sequence"/>.</summary>
    internal string Record(int sequence) => $"rollout-{Kept}-{WorkloadLabels.Text(sequence)}";

    /// <summary>The container of a command that one shell gives to another.</summary>
    internal string Command => $"rollout-{Kept}-command";

    /// <summary>A copy kept in place of a replica.</summary>
    internal string Parked(int release, int index) => $"rollout-{Kept}-{WorkloadLabels.Text(release)}-{WorkloadLabels.Text(index)}";

    /// <summary>A replica of a plain workload.</summary>
    internal string Replica(int release, int index) => $"{stem}-{WorkloadLabels.Text(release)}-{WorkloadLabels.Text(index)}";

    /// <summary>A container of a compose service; compose itself counts them within the service.</summary>
    internal string Composed(int number) => $"{stem}-{WorkloadLabels.Text(number)}";

    /// <summary>Whether a name is one that this workload's replicas may have.</summary>
    internal bool IsReplica(string name) =>
        Regex.IsMatch(name, $"^{Regex.Escape(stem)}-[0-9]+{(IsCompose ? "" : "-[0-9]+")}\\z", RegexOptions.CultureInvariant);

    // A dot keeps compose/a/b apart from docker/a-b.
    private string Kept => target.Name.Replace('/', '.');
}
