using System.Collections;
using System.Management.Automation;
using Rollout.Engine.Rollouts;
using Rollout.Module.Completers;
using Rollout.Module.Places;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that works on rollout targets, wherever they live.</summary>
public abstract class TargetCmdlet : RolloutCmdlet
{
    private OpenPlaces? _open;
    private HashSet<string> _named = [];

    /// <summary>The Kubernetes namespace; without it, the context's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string? Namespace { get; set; }

    /// <summary>The context: kubeconfig's for a target in a cluster, docker's for one on an engine.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    public string? Context { get; set; }

    /// <summary>The kubeconfig file; without it, those that kubectl would take.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Kubeconfig { get; set; }

    /// <summary>The Docker engine's address; without it, the one that the docker CLI would take.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? DockerHost { get; set; }

    private protected PlaceChoice Places => new(_open ??= new OpenPlaces(CurrentDirectory))
    {
        DockerHost = Text(DockerHost),
        Context = Text(Context),
        Kubeconfig = Text(Kubeconfig) is { } path ? FileSystemPath(path) : null,
        Namespace = Text(Namespace),
    };

    /// <summary>The targets that stand on the command line, or patterns of them.</summary>
    private protected virtual IEnumerable<string> NamedTargets => [];

    private protected override void Begin()
    {
        _named = [.. MyInvocation.BoundParameters.Keys];
        CheckConnection(nameof(DockerHost), DockerHost, TargetHome.Cluster);
        CheckConnection(nameof(Kubeconfig), Kubeconfig, TargetHome.DockerHost);
    }

    /// <summary>Refuses what leads to one platform where every target named is on the other. What is piped may be of both, and so may what a default is for.</summary>
    private void CheckConnection(string parameter, string? given, TargetHome other)
    {
        if (Text(given) is null || HasDefault(parameter)) return;
        string[] targets = [.. NamedTargets];
        if (targets.Length > 0 && targets.All(target => TargetKind.HomeOf(target) == other)) throw ModuleErrors.ConnectionNotApplicable(targets[0], parameter);
    }

    private bool HasDefault(string parameter) =>
        GetVariableValue("PSDefaultParameterValues") is IDictionary defaults && defaults.Keys.Cast<object>().Any(key => $"{key}".EndsWith($":{parameter}", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a parameter stands on the command line, and has not come with what is piped: among the bound ones PowerShell leaves those of the inputs before.</summary>
    private protected bool IsNamed(string parameter) => _named.Contains(parameter);

    /// <summary>Has the connections outlive the cmdlet, for what goes on without it.</summary>
    private protected void KeepUntil(Task ended) => _open!.KeepUntil(ended);

    private protected override void Close(Task work) => _open?.CloseAfter(work);
}
