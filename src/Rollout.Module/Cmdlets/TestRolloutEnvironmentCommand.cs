using System.Management.Automation;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Cmdlets;

/// <summary>Checks whether rollouts can be done from here: engine and cluster, their versions, and each right.</summary>
[Cmdlet(VerbsDiagnostic.Test, "RolloutEnvironment")]
[OutputType(typeof(EnvironmentCheck))]
public sealed class TestRolloutEnvironmentCommand : TargetCmdlet
{
    /// <summary>Only the Docker engine.</summary>
    [Parameter]
    public SwitchParameter Docker { get; set; }

    private protected override int WorkLimit => 2;

    private protected override void Process()
    {
        var places = Places;
        var isOfCluster = places.Kubeconfig is not null || places.Namespace is not null;
        var isOfEngine = Docker || places.DockerHost is not null;
        var engine = !isOfCluster || isOfEngine ? Open("Docker engine", () => places.Engine()) : null;
        var cluster = !isOfEngine || isOfCluster ? Open("Kubernetes cluster", () => places.Cluster()) : null;
        // A context is docker's or kubeconfig's: it names the platforms that have it, and where none has, both.
        var isNamed = places.Context is not null;
        if (engine is not null) Run(engine, null, isOfEngine || (isNamed && (engine.Targets is not null || cluster?.Targets is null)));
        if (cluster is not null) Run(cluster, places.Namespace, isOfCluster || (isNamed && (cluster.Targets is not null || engine?.Targets is null)));
    }

    private static Place Open(string name, Func<IRolloutTargets> open)
    {
        try
        {
            return new Place(name, open(), null);
        }
        catch (RolloutException problem)
        {
            return new Place(name, null, problem);
        }
    }

    private void Run(Place place, string? @namespace, bool isNamed) => Run(async item =>
    {
        await foreach (var check in place.CheckAsync(@namespace, item.Cancellation)) item.Write(isNamed ? check : Lenient(check));

        // A platform that was not asked for need not be there.
        EnvironmentCheck Lenient(EnvironmentCheck check) => check.Name == place.Name && !check.Passed ? check with { Status = EnvironmentStatus.Warning } : check;
    });

    /// <summary>A platform, or why nothing leads to it.</summary>
    private sealed record Place(string Name, IRolloutTargets? Targets, RolloutException? Problem)
    {
        public IAsyncEnumerable<EnvironmentCheck> CheckAsync(string? @namespace, CancellationToken cancellation) => Targets?.CheckAsync(@namespace, cancellation) ??
            new[] { new EnvironmentCheck { Name = Name, Status = EnvironmentStatus.Failed, Message = Problem!.Message, Recommendation = Problem.Mend } }.ToAsyncEnumerable();
    }
}
