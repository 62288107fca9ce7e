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
        if (!isOfCluster || isOfEngine) Run("Docker engine", () => places.Engine(), null, isOfEngine);
        if (!isOfEngine || isOfCluster) Run("Kubernetes cluster", () => places.Cluster(), places.Namespace, isOfCluster);
    }

    private void Run(string name, Func<IRolloutTargets> open, string? @namespace, bool isNamed) => Run(async item =>
    {
        try
        {
            var place = open();
            await foreach (var check in place.CheckAsync(@namespace, item.Cancellation)) item.Write(isNamed ? check : Lenient(check));
        }
        catch (RolloutException problem)
        {
            var check = new EnvironmentCheck { Name = name, Status = EnvironmentStatus.Failed, Message = problem.Message, Recommendation = problem.Mend };
            item.Write(isNamed ? check : Lenient(check));
        }

        // A platform that was not asked for need not be there.
        EnvironmentCheck Lenient(EnvironmentCheck check) => check.Name == name && !check.Passed ? check with { Status = EnvironmentStatus.Warning } : check;
    });
}
