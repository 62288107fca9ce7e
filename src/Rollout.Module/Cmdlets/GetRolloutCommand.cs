using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Completers;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Shows where rollouts stand: the ones named, or all.</summary>
[Cmdlet(VerbsCommon.Get, "Rollout")]
[OutputType(typeof(RolloutStatus))]
public sealed class GetRolloutCommand : FleetCmdlet
{
    // What says that a platform is not used here, or is not there now.
    private static readonly HashSet<string> Absences = ["KubernetesNotConfigured", "KubernetesContextNotChosen", "KubernetesContextNotFound", "KubeconfigNotFound", "DockerContextNotFound"];

    // Who names no place wants to see what there is: one that gives no sign is not waited for.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The targets, or patterns of them; all where none is given.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TargetCompleter))]
    public string[]? Target { get; set; }

    /// <summary>Of every namespace of the cluster.</summary>
    [Parameter]
    public SwitchParameter AllNamespaces { get; set; }

    /// <summary>Only workloads of a cluster with these labels, as kubectl's -l takes them.</summary>
    [Parameter]
    public string? Selector { get; set; }

    /// <summary>Only rollouts in one of these phases.</summary>
    [Parameter]
    public RolloutPhase[] Phase { get; set; } = [];

    private TargetFilter Filter => new() { Namespace = Text(Namespace), AllNamespaces = AllNamespaces, Selector = Text(Selector) };

    private protected override IEnumerable<string> NamedTargets => Target?.OfType<string>() ?? [];

    private protected override void Process()
    {
        foreach (var target in Named())
        {
            // What stands for all, where nothing was named, is no row.
            Row = Target is null ? new Row(target) : new Row(target, target, Text(Namespace));
            if (WildcardPattern.ContainsWildcardCharacters(target)) List(target);
            // A name that is looked for among others: by label, or in every namespace.
            else if (AllNamespaces || Filter.Selector is not null) List($"{TargetName.Parse(target)}", isName: true);
            else Read(target);
        }
    }

    /// <summary>An empty target is no target left out: what was to be one must not become all.</summary>
    private IEnumerable<string> Named() =>
        Target is null && !MyInvocation.BoundParameters.ContainsKey(nameof(Target)) ? ["*"]
        : Target is null or [] || Target.Any(string.IsNullOrWhiteSpace) ? throw ModuleErrors.EmptyTarget()
        : Target;

    private void Read(string name)
    {
        var target = Places.Find(name, EndpointOf(name));
        Run(async item => Write(await target.ReadAsync(item.Cancellation) ?? throw ModuleErrors.RolloutNotFound(target), item));
    }

    private void List(string pattern, bool isName = false)
    {
        var wanted = Pattern(pattern);
        var (places, filter) = (Places, Filter);
        var isOfCluster = places.Kubeconfig is not null || filter != TargetFilter.None;
        var (engine, cluster) = (!isOfCluster, places.DockerHost is null);
        var isNamed = isOfCluster || !cluster;
        var isAwaited = isNamed || places.Context is not null;
        Run(async item =>
        {
            var lists = new List<Task<(int Found, RolloutException? Failure)>>();
            if (engine) lists.Add(ListAsync(() => places.Engine(), TargetFilter.None, isAwaited, wanted, item));
            if (cluster) lists.Add(ListAsync(() => places.Cluster(), filter, isAwaited, wanted, item));
            var all = await Task.WhenAll(lists);
            var failures = all.Select(list => list.Failure).OfType<RolloutException>().ToList();

            // A platform that is not there is no error, unless it was named; a context that neither platform has was.
            var isAbsence = !isNamed && failures.All(IsAbsence) && (places.Context is null || failures.Count < lists.Count);
            if (failures.Count > 0 && !isAbsence) throw failures.FirstOrDefault(failure => !IsAbsence(failure)) ?? failures[^1];
            if (isName && all.Sum(list => list.Found) == 0) throw ModuleErrors.RolloutNotFound(pattern, filter);
        });
    }

    // It is compiled when it is first matched.
    private static WildcardPattern Pattern(string text)
    {
        try
        {
            var pattern = WildcardPattern.Get(text, WildcardOptions.IgnoreCase);
            pattern.IsMatch("");
            return pattern;
        }
        catch (WildcardPatternException)
        {
            throw ModuleErrors.InvalidPattern(text);
        }
    }

    /// <summary>Writes what a place has; returns how many, or why it could not be asked.</summary>
    private async Task<(int Found, RolloutException? Failure)> ListAsync(Func<IRolloutTargets> open, TargetFilter filter, bool isAwaited, WildcardPattern wanted, WorkItem item)
    {
        try
        {
            var place = open();
            var found = await (isAwaited ? place.ListAsync(filter, item.Cancellation) : ListSoonAsync(place, filter, item.Cancellation));
            var matching = found.Where(rollout => wanted.IsMatch(rollout.Target)).ToList();
            foreach (var rollout in matching) Write(rollout, item);
            return (matching.Count, null);
        }
        catch (RolloutException failure)
        {
            if (failure.Id == "PlaceSilent") item.Warning($"{failure.Message} {failure.Mend}");
            else item.Verbose($"Left out: {failure.Message}");
            return (0, failure);
        }
    }

    /// <summary>A list, however long it takes, of a place that gives a sign of life soon.</summary>
    private static async Task<IReadOnlyList<RolloutStatus>> ListSoonAsync(IRolloutTargets place, TargetFilter filter, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            var list = place.ListAsync(filter, end.Token);
            var reach = place.ReachAsync(end.Token);
            var sign = await Task.WhenAny(list, reach, Task.Delay(Patience, end.Token));
            if (sign != list && sign != reach && !cancellation.IsCancellationRequested) throw ModuleErrors.PlaceSilent(place.Endpoint, Patience);
            await sign;
            return await list;
        }
        finally
        {
            await end.CancelAsync();
        }
    }

    private static bool IsAbsence(RolloutException failure) => failure.Kind == ErrorKind.Connection || Absences.Contains(failure.Id);

    private void Write(RolloutStatus rollout, WorkItem item)
    {
        if (Phase.Length == 0 || Phase.Contains(rollout.Phase)) item.Write(rollout);
    }
}
