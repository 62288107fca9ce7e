using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>
/// What is done to the replicas of a workload. Everything can be done again after it was cut off at any point, and then ends the same.
/// </summary>
internal sealed class ReplicaOperations(IDockerClient engine, WorkloadNames names, RouterChoice? choice, ITrafficRouter? router, OpenRouter openRouter, Random random)
{
    // Below the ports that systems hand out for outgoing connections: a kept container's port should be free when it comes back.
    private const int FirstHostPort = 20_000;
    private const int LastHostPort = 31_999;

    /// <summary>How long a replica that is taken out may take to end what it has in hand.</summary>
    internal static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(30);

    /// <summary>Creates a replica, from the copy kept in its place where there is one.</summary>
    internal async Task CreateAsync(WorkloadSnapshot snapshot, Release release, int index, ContainerTemplate template, CancellationToken cancellation)
    {
        var parked = snapshot.Parked(release.Number, index);
        if (parked is not null) template = await TemplateOfAsync(parked.Id, cancellation) ?? template;
        var body = await BodyAsync(snapshot, release, index, template, cancellation);
        var name = NameOf(snapshot, release, index);
        try
        {
            await engine.Containers.CreateAsync(name, body, cancellation);
        }
        catch (RolloutException taken) when (taken.Id == "ContainerNameTaken")
        {
            // Made by ourselves, and the answer was lost; or by somebody else.
            if (await OwnerAsync(name, cancellation) != names.Workload) throw RolloutErrors.NameOfStranger(name, names.Workload);
        }
    }

    /// <summary>Starts a replica with the restart policy it is to have.</summary>
    internal async Task StartAsync(Replica replica, ContainerTemplate template, CancellationToken cancellation)
    {
        await AttachAsync(replica, template, cancellation);
        await engine.Containers.UpdateRestartPolicyAsync(replica.Id, replica.Restart.Name, replica.Restart.MaximumRetryCount, cancellation);
        await engine.Containers.StartAsync(replica.Id, cancellation);
    }

    /// <summary>Gives a replica that cannot have its loopback port another one: a port cannot be changed, so it is made anew.</summary>
    internal async Task MoveAsync(WorkloadSnapshot snapshot, Replica replica, Release release, CancellationToken cancellation)
    {
        var template = await TemplateOfAsync(replica.Id, cancellation);
        await engine.Containers.RemoveAsync(replica.Id, cancellation);
        if (template is not null) await CreateAsync(snapshot, release, replica.Index, template, cancellation);
    }

    /// <summary>Puts a healthy replica into the router; idle means without a share of the traffic.</summary>
    internal Task AdmitAsync(Replica replica, bool idle, CancellationToken cancellation) =>
        router!.AddAsync(replica.Name, replica.Address!, idle ? 0 : ServerWeights.Full, cancellation);

    /// <summary>Shares the traffic out: servers' weights by their names.</summary>
    internal Task ShareOutAsync(IReadOnlyDictionary<string, int> weights, CancellationToken cancellation) =>
        router!.SetWeightsAsync(weights, cancellation);

    /// <summary>Takes a server out of the router behind which nothing is left.</summary>
    internal Task WithdrawAsync(string server, CancellationToken cancellation) =>
        router!.RemoveAsync(server, TimeSpan.Zero, cancellation);

    /// <summary>
    /// Takes a replica out of service: out of the router when it has nothing in hand, and then stopped, to be kept. Its restart policy is set to no before, since the
    /// engine would start it when it comes up again.
    /// </summary>
    /// <returns>Requests that were cut off.</returns>
    internal async Task<int> RetireAsync(Replica replica, RouterServer? server, CancellationToken cancellation)
    {
        var cutOff = server is null ? 0 : await router!.RemoveAsync(server.Name, DrainPatience, cancellation);
        cutOff += await LeaveFormerAsync(replica, cancellation);
        var container = await engine.Containers.InspectAsync(replica.Id, cancellation);
        if (container is null) return cutOff;

        if (CanBeKept(container))
        {
            await StopAsync(replica.Id, cancellation);
            return cutOff;
        }

        await ParkAsync(replica, container, cancellation);
        await engine.Containers.StopAsync(replica.Id, null, cancellation);
        await engine.Containers.RemoveAsync(replica.Id, cancellation);
        return cutOff;
    }

    /// <summary>One that was made to stand behind another router than the workload's present one leaves that too, unless that router is gone.</summary>
    private async Task<int> LeaveFormerAsync(Replica replica, CancellationToken cancellation)
    {
        if (replica.Router is not { } former || former == choice) return 0;
        await using var one = openRouter(former, SilentReporter.Instance);
        try
        {
            return await one.RemoveAsync(replica.Name, DrainPatience, cancellation);
        }
        catch (RolloutException gone) when (gone.Id is "RouterNotReachable" or "RouterBackendNotFound")
        {
            return 0;
        }
    }

    private async Task StopAsync(string id, CancellationToken cancellation)
    {
        try
        {
            await engine.Containers.UpdateRestartPolicyAsync(id, "no", 0, cancellation);
            await engine.Containers.StopAsync(id, null, cancellation);
        }
        catch (RolloutException crash) when (crash.Kind is ErrorKind.OperationFailed or ErrorKind.Conflict)
        {
            // One that crashes at this moment cannot be updated. Stopped, it stays down until it can.
            await engine.Containers.StopAsync(id, null, cancellation);
            await engine.Containers.UpdateRestartPolicyAsync(id, "no", 0, cancellation);
        }
    }

    /// <summary>Removes a container that is not needed any more.</summary>
    internal Task RemoveAsync(Replica replica, CancellationToken cancellation) => engine.Containers.RemoveAsync(replica.Id, cancellation);

    /// <summary>What the user once asked for of a container, without what Rollout added.</summary>
    internal async Task<ContainerTemplate?> TemplateOfAsync(string id, CancellationToken cancellation)
    {
        if (await engine.Containers.InspectAsync(id, cancellation) is not { } container) return null;
        var image = await engine.Images.InspectAsync(container.Image, cancellation);
        return ReplicaTemplate.Without(CarryOver.From(container, image?.Config), names);
    }

    /// <summary>
    /// compose takes stopped containers with its labels for its own and starts them; and --rm takes a container away when it stops.
    /// </summary>
    private bool CanBeKept(ContainerInspect container) =>
        !names.IsCompose && !((bool?)container.HostConfig["AutoRemove"] ?? false);

    /// <summary>Keeps a never-started copy in place of a container that cannot be kept: undo then needs no pull and knows the settings.</summary>
    private async Task ParkAsync(Replica replica, ContainerInspect container, CancellationToken cancellation)
    {
        var image = await engine.Images.InspectAsync(container.Image, cancellation);
        var template = ReplicaTemplate.Without(CarryOver.From(container, image?.Config), names);
        var labels = WorkloadLabels.Hide(template.Labels).Concat(
        [
            new(WorkloadLabels.Name, names.Workload),
            new(WorkloadLabels.Release, WorkloadLabels.Text(replica.Release)),
            new(WorkloadLabels.Replica, WorkloadLabels.Text(replica.Index)),
            new(WorkloadLabels.Restart, replica.Restart.ToString()),
            new(WorkloadLabels.Parked, "true"),
        ]);
        var copy = template.WithLabels(labels).WithRestartPolicy(RestartPolicy.No).ToBody(container.Image);
        try
        {
            await engine.Containers.CreateAsync(names.Parked(replica.Release, replica.Index), copy, cancellation);
        }
        catch (RolloutException taken) when (taken.Id == "ContainerNameTaken")
        {
            // Parked already, before something cut this off.
        }
    }

    private async Task<CreateContainerBody> BodyAsync(
        WorkloadSnapshot snapshot, Release release, int index, ContainerTemplate template, CancellationToken cancellation)
    {
        var hostPort = release.Port is null ? (int?)null : FreePort(snapshot);
        var number = names.IsCompose ? ComposeNumber(snapshot, release, index) : (int?)null;
        var image = await engine.Images.InspectAsync(release.Image, cancellation);

        // By the name it is known by, unless that means another image by now.
        var reference = image?.Id == release.ImageId ? release.Image : release.ImageId;
        return ReplicaTemplate.For(template, names, release, index, hostPort, number, snapshot.State?.Router).ToBody(reference);
    }

    private async Task AttachAsync(Replica replica, ContainerTemplate template, CancellationToken cancellation)
    {
        if (!template.FurtherNetworks.Any() || replica.State != "created") return;
        var container = await engine.Containers.InspectAsync(replica.Id, cancellation);
        var present = container?.NetworkSettings["Networks"] as JsonObject ?? [];
        foreach (var (network, settings) in template.FurtherNetworks.Where(network => !present.ContainsKey(network.Key)))
        {
            await engine.Networks.ConnectAsync(network, replica.Id, settings.Copy(), cancellation);
        }
    }

    private async Task<string?> OwnerAsync(string container, CancellationToken cancellation)
    {
        var found = await engine.Containers.InspectAsync(container, cancellation);
        return (string?)found?.Config["Labels"]?[WorkloadLabels.Name];
    }

    private string NameOf(WorkloadSnapshot snapshot, Release release, int index) =>
        names.IsCompose ? names.Composed(ComposeNumber(snapshot, release, index)) : names.Replica(release.Number, index);

    /// <summary>The next free number. Replicas made at the same time see the same free ones, and each leaves one to every missing replica before it.</summary>
    private int ComposeNumber(WorkloadSnapshot snapshot, Release release, int index)
    {
        var taken = snapshot.Live.Select(replica => replica.Name).ToHashSet();
        var missing = Enumerable.Range(1, index - 1).Count(before => snapshot.Find(release.Number, before) is null);
        return Enumerable.Range(1, int.MaxValue - 1).Where(number => !taken.Contains(names.Composed(number))).ElementAt(missing);
    }

    private int FreePort(WorkloadSnapshot snapshot)
    {
        var taken = snapshot.Replicas.Select(replica => replica.HostPort).OfType<int>().ToHashSet();
        int port;
        do port = random.Next(FirstHostPort, LastHostPort + 1);
        while (taken.Contains(port));
        return port;
    }
}
