using Rollout.Engine.Rollouts;
using Clusters = Rollout.Engine.Kubernetes.Configuration.Kubeconfig;

namespace Rollout.Module.Places;

/// <summary>
/// Which engine or cluster a command line means: the one an object came from, else the one named, else the one that the docker CLI or
/// kubectl would take.
/// </summary>
internal sealed record PlaceChoice(OpenPlaces Open)
{
    /// <summary>-DockerHost.</summary>
    internal string? DockerHost { get; init; }

    /// <summary>-Context: docker's for a target on an engine, kubeconfig's for one in a cluster.</summary>
    internal string? Context { get; init; }

    /// <summary>-Kubeconfig.</summary>
    internal string? Kubeconfig { get; init; }

    /// <summary>-Namespace.</summary>
    internal string? Namespace { get; init; }

    /// <summary>The workload that a user named, or an object carries. Nothing is sent yet.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="carried">Where the object at hand lives, and nowhere else; null where it does not say.</param>
    /// <param name="namespace">The namespace that the object carries.</param>
    /// <param name="image">Where the image at hand came from, and where its target is meant to be when nothing else is named.</param>
    /// <exception cref="RolloutException">
    /// InvalidTarget. AnotherEngine, AnotherCluster, AnotherNamespace: the user names another than the object's.
    /// DockerContextMoved, KubernetesContextMoved: the object's context names another by now. ParameterNotApplicable: the object's place is on the
    /// other platform.
    /// </exception>
    internal IRolloutTarget Find(string target, RolloutEndpoint? carried = null, string? @namespace = null, ImageSource? image = null)
    {
        var name = TargetName.Parse(target);
        if (@namespace is not null && Namespace is not null && Namespace != @namespace) throw ModuleErrors.AnotherNamespace(target, @namespace, Namespace);
        if (carried is not null && carried.Server is not null != (name.Home == TargetHome.Cluster)) throw ModuleErrors.EndpointNotApplicable(target, carried);
        var place = name.Home == TargetHome.Cluster ? Cluster(carried) : Engine(carried ?? image?.Built?.Endpoint, image?.Endpoint);
        return Open.Target(place, name, @namespace ?? Namespace);
    }

    /// <summary>The workload of a rollout, wherever that lives.</summary>
    /// <param name="rollout">The rollout, or its target.</param>
    /// <param name="carried">Where it lives, for one that is only named.</param>
    internal IRolloutTarget Find(RolloutSource rollout, RolloutEndpoint? carried) =>
        Find(rollout.Target, rollout.Status?.Endpoint ?? carried, rollout.Status?.Namespace);

    /// <summary>The place where a rollout lives.</summary>
    internal IRolloutTargets PlaceOf(RolloutStatus rollout) =>
        TargetName.Parse(rollout.Target).Home == TargetHome.Cluster ? Cluster(rollout.Endpoint) : Engine(rollout.Endpoint);

    /// <inheritdoc cref="EngineChoice.EndpointFor"/>
    internal IRolloutTargets Engine(RolloutEndpoint? carried = null, RolloutEndpoint? otherwise = null) =>
        Open.Engine((DockerHost, Context, carried, otherwise), () => new EngineChoice(DockerHost, Context).EndpointFor(carried, otherwise));

    /// <summary>The cluster to act on.</summary>
    internal IRolloutTargets Cluster(RolloutEndpoint? carried = null) => Open.Cluster((Kubeconfig, Context, carried), () =>
    {
        // An object carries its context as a property too, which binds by its name.
        var isNamed = Kubeconfig is not null || (Context is not null && Context != carried?.Context);
        if (carried is not null && !isNamed) return Clusters.Connection(carried, Open.Variable, TimeProvider.System);

        var named = Clusters.Connection(Kubeconfig, Context, Open.Variable, TimeProvider.System);
        if (carried is not null && carried.Server != named.Endpoint.Server) throw ModuleErrors.AnotherCluster(carried, named.Endpoint);
        return named;
    });
}
