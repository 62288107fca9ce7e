using System.Globalization;

namespace Rollout.Engine.Docker;

/// <summary>The labels by which Rollout knows its containers again. Nothing secret is ever in one.</summary>
internal static class WorkloadLabels
{
    internal const string Prefix = "rollout.pwsh.";

    /// <summary>The workload's name: <c>shop</c>, or <c>project/service</c>. On every container, replicas and record alike.</summary>
    internal const string Name = Prefix + "name";

    /// <summary>On a replica: its release's number.</summary>
    internal const string Release = Prefix + "release";

    /// <summary>On a replica: its number within the release, from 1.</summary>
    internal const string Replica = Prefix + "replica";

    /// <summary>On a replica: the port it listens on within.</summary>
    internal const string Port = Prefix + "port";

    /// <summary>On a replica: the loopback port of the host that leads to it.</summary>
    internal const string HostPort = Prefix + "hostport";

    /// <summary>The restart policy it has while in service, which the engine forgets when it is set to no.</summary>
    internal const string Restart = Prefix + "restart";

    /// <summary>On a replica: the image as it was asked for.</summary>
    internal const string Image = Prefix + "image";

    /// <summary>On a replica: the router in front of it, so that labels alone can mend it.</summary>
    internal const string Router = Prefix + "router";

    /// <summary>On a copy that is kept in place of a replica: <c>true</c>.</summary>
    internal const string Parked = Prefix + "parked";

    /// <summary>On what one shell asks of another: a verb, the release it means and the steps passed by then.</summary>
    internal const string Command = Prefix + "command";

    /// <summary>On the record: its number.</summary>
    internal const string Sequence = Prefix + "state";

    /// <summary>On the record: which shell wrote it.</summary>
    internal const string Writer = Prefix + "writer";

    /// <summary>On the record: the phase, for who looks with <c>docker ps</c>.</summary>
    internal const string Phase = Prefix + "phase";

    /// <summary>On the record: all of it as JSON.</summary>
    internal const string Record = Prefix + "record";

    // A container that does not run must not look to compose as one of its own, or compose would start or count it.
    private const string Compose = "com.docker.compose.";
    private const string Hidden = Prefix + "hidden." + Compose;

    /// <summary>The labels that are the user's, with compose's as compose knows them.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> OfUser(IEnumerable<KeyValuePair<string, string>> labels) =>
        labels.Select(Show).Where(label => !label.Key.StartsWith(Prefix, StringComparison.Ordinal));

    /// <summary>The same labels, with compose's out of compose's sight.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> Hide(IEnumerable<KeyValuePair<string, string>> labels) =>
        labels.Select(label => label.Key.StartsWith(Compose, StringComparison.Ordinal) ? KeyValuePair.Create(Hidden + label.Key[Compose.Length..], label.Value) : label);

    /// <summary>A label's number; null where it has none.</summary>
    internal static int? Number(IReadOnlyDictionary<string, string> labels, string label) =>
        labels.TryGetValue(label, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A number as a label has it.</summary>
    internal static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static KeyValuePair<string, string> Show(KeyValuePair<string, string> label) =>
        label.Key.StartsWith(Hidden, StringComparison.Ordinal) ? KeyValuePair.Create(Compose + label.Key[Hidden.Length..], label.Value) : label;
}
