using System.Globalization;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

// What the driver says is to be done, done.
internal sealed partial class RolloutRun
{
    private const int PortTries = 10;
    private const int ShiftTries = 10;

    private Task DoAsync(RolloutAction action, WorkloadSnapshot snapshot, RolloutStatus status, CancellationToken cancellation)
    {
        return action switch
        {
            RolloutAction.Create create => replicas.CreateAsync(snapshot, Goal, create.Index, lease.Template, cancellation),
            RolloutAction.Start start => StartAsync(snapshot, snapshot.Find(Goal.Number, start.Index)!, cancellation),
            RolloutAction.Admit admit => AdmitAsync(ReplicaOf(snapshot, admit.IsNew, admit.Index), admit.Idle, cancellation),
            RolloutAction.Shift shift => ShiftAsync(snapshot, shift, cancellation),
            RolloutAction.Pass => PassAsync(cancellation),
            RolloutAction.Check => CheckAsync(snapshot, status, cancellation),
            RolloutAction.Expire => FailAsync(RolloutAction.Expire.Reason, RolloutAction.Expire.Message(lease.State.Change!.Step), null, cancellation),
            RolloutAction.Hold => HoldAsync(),
            RolloutAction.Withdraw withdraw => WithdrawAsync(snapshot, withdraw, cancellation),
            RolloutAction.Retire retire => RetireAsync(snapshot, OldOf(snapshot)[retire.Index - 1].Replica!, cancellation),
            RolloutAction.Verify => VerifyAsync(status, cancellation),
            // What is held was looked at by nobody meanwhile: that it is not well is told, and for who resumes it or takes it back to see to.
            RolloutAction.Fail when PutsInOrder && IsHeld => HoldAsync(),
            RolloutAction.Fail fail => FailAsync(snapshot, fail.Index, cancellation),
            RolloutAction.Complete when IsBackUnverified => VerifyAsync(status, cancellation),
            RolloutAction.Complete => CompleteAsync(snapshot, cancellation),
            _ => Task.CompletedTask,
        };
    }

    private async Task StartAsync(WorkloadSnapshot snapshot, Replica replica, CancellationToken cancellation)
    {
        gate.Starts(replica.Id);
        try
        {
            await replicas.StartAsync(replica, lease.Template, cancellation);
        }
        catch (RolloutException taken) when (IsOwnPortTaken(taken, replica) && portTries++ < PortTries)
        {
            reporter.Verbose($"{replica.Name}: port {replica.HostPort} is taken; another is tried.");
            await replicas.MoveAsync(snapshot, replica, Goal, cancellation);
        }
        catch (RolloutException problem) when (IsTheContainersOwn(problem))
        {
            gate.CouldNotStart(replica.Id, problem.Message);
        }
    }

    private static bool IsOwnPortTaken(RolloutException problem, Replica replica) =>
        problem.Id == "PortTaken" && replica.HostPort is { } port && problem.Message.Contains($":{WorkloadLabels.Text(port)}", StringComparison.Ordinal);

    private Replica ReplicaOf(WorkloadSnapshot snapshot, bool isNew, int index) =>
        isNew ? snapshot.Find(Goal.Number, index)! : OldOf(snapshot)[index - 1].Replica!;

    /// <summary>What the router has in force is read again at the next look, and shared out again where it is not what was asked.</summary>
    private async Task ShiftAsync(WorkloadSnapshot snapshot, RolloutAction.Shift shift, CancellationToken cancellation)
    {
        if (shifts > ShiftTries) throw TrafficErrors.RouterSharesNotKept(names.Workload, shift.Share.Percent, lease.State.Router!.Backend);
        var weights = shift.Weights.ToDictionary(one => snapshot.ServerOf(ReplicaOf(snapshot, one.IsNew, one.Replica.Index))!.Name, one => one.Weight);
        await replicas.ShareOutAsync(weights, cancellation);
        reporter.Verbose(string.Create(CultureInfo.InvariantCulture, $"{Goal.Image} gets {shift.Share.Percent:0.####} % of the traffic: {string.Join(", ", weights.Select(one => $"{one.Key} {one.Value}"))}."));
    }

    private async Task PassAsync(CancellationToken cancellation)
    {
        await lease.SaveAsync(lease.State.Pass(Decision("Passed", $"The step '{lease.State.Change!.Step}' is done.")), cancellation);
        BeginStep();
    }

    private Task HoldAsync()
    {
        holds = true;
        return Task.CompletedTask;
    }

    private async Task AdmitAsync(Replica replica, bool idle, CancellationToken cancellation)
    {
        try
        {
            await replicas.AdmitAsync(replica, idle, cancellation);
            reporter.Verbose($"{replica.Name} is in service.");
        }
        catch (RolloutException problem) when (!IsAway(problem))
        {
            gate.CouldNotServe(replica.Id, problem.Message);
        }
    }

    private Task WithdrawAsync(WorkloadSnapshot snapshot, RolloutAction.Withdraw withdraw, CancellationToken cancellation)
    {
        if (withdraw.IsNew) return replicas.WithdrawAsync(snapshot.ServerOf(snapshot.Find(Goal.Number, withdraw.Index)!)!.Name, cancellation);
        var old = OldOf(snapshot)[withdraw.Index - 1];
        return replicas.WithdrawAsync((old.Server ?? snapshot.ServerOf(old.Replica!))!.Name, cancellation);
    }

    private async Task RetireAsync(WorkloadSnapshot snapshot, Replica replica, CancellationToken cancellation)
    {
        var cutOff = await replicas.RetireAsync(replica, snapshot.ServerOf(replica), cancellation);
        if (cutOff > 0) reporter.Warning($"{replica.Name} had {cutOff} requests in hand after {ReplicaOperations.DrainPatience.TotalSeconds:0} s; they were cut off.");
        reporter.Verbose($"{replica.Name} is out of service.");
    }

    /// <summary>What the engine says at a start about the container rather than about itself or the place it is to have.</summary>
    private static bool IsTheContainersOwn(RolloutException problem) =>
        problem.Id is not ("PortTaken" or "NetworkNotFound") && problem.Kind is ErrorKind.InvalidInput or ErrorKind.OperationFailed or ErrorKind.NotFound or ErrorKind.Conflict;
}
