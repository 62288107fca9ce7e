namespace Rollout.Engine.Rollouts;

/// <summary>The failures that are the same on every platform.</summary>
internal static class RolloutErrors
{
    internal static RolloutException InvalidTarget(string text, string problem) => new(
        "InvalidTarget",
        ErrorKind.Syntax,
        $"'{text}' is not a target: {problem}.",
        "Write kind/name: docker/x, compose/project/service, service/x, deployment/x, statefulset/x, daemonset/x or rollout/x.",
        text);

    internal static RolloutException NamespaceNotApplicable(TargetName name, string @namespace) => new(
        "NamespaceNotApplicable",
        ErrorKind.InvalidInput,
        $"'{name}' lives on a Docker engine, which has no namespace '{@namespace}'.",
        "Leave -Namespace out, or name a workload of a cluster: deployment/x, statefulset/x, daemonset/x, rollout/x.",
        name.ToString());

    internal static RolloutException KindNotSupported(TargetName name) => new(
        "TargetKindNotSupported",
        ErrorKind.NotSupported,
        $"'{name}' is of a kind that this version of Rollout does not roll out.",
        "Use docker/x, compose/project/service, service/x, deployment/x, statefulset/x, daemonset/x or rollout/x.",
        name.ToString());

    internal static RolloutException CommandNotSupported(string workload, RolloutVerb verb, string why, string mend) => new(
        "RolloutCommandNotSupported",
        ErrorKind.NotSupported,
        $"{verb}-Rollout cannot be done with '{workload}': {why}.",
        mend,
        workload);

    internal static RolloutException NothingToSuspend(string workload) => new(
        "NothingToSuspend",
        ErrorKind.InvalidInput,
        $"Nothing is under way for '{workload}' that could be held.",
        "See Get-Rollout for where it stands.",
        workload);

    internal static RolloutException NothingToStop(string workload) => new(
        "NothingToStop",
        ErrorKind.InvalidInput,
        $"Nothing is under way for '{workload}'.",
        "To go back to what ran before, use Undo-Rollout.",
        workload);

    internal static RolloutException HalfDone(string workload) => new(
        "RolloutHalfDone",
        ErrorKind.Busy,
        $"A rollout of '{workload}' was left half done.",
        "Finish it (Resume-Rollout) or take it back (Stop-Rollout) first.",
        workload);

    /// <summary>The same failure, and what it leaves behind.</summary>
    internal static RolloutException LeftHalfDone(string workload, string? step, RolloutException cause) => new(
        cause.Id,
        cause.Kind,
        $"{cause.Message} The rollout of '{workload}' is left half done{(step is null ? "" : $" at step {step}")}.",
        $"{cause.Mend} Once it is back, Resume-Rollout carries the rollout on.",
        cause.Subject,
        cause);

    internal static RolloutException InvalidMaxSurge(string text) => new(
        "InvalidMaxSurge",
        ErrorKind.Syntax,
        $"'{text}' is not a MaxSurge: it is neither a whole number above 0 nor a percentage above 0%.",
        "Write -MaxSurge 2, or -MaxSurge 25%.",
        text);

    internal static RolloutException InvalidLimit(string text, string expected) => new(
        "InvalidLimit",
        ErrorKind.Syntax,
        $"'{text}' is not {expected}.",
        "Write -Memory 512m or -Cpu 1.5.",
        text);

    internal static RolloutException InvalidVolume(string text) => new(
        "InvalidVolume",
        ErrorKind.Syntax,
        $"'{text}' is not a volume.",
        "Write it as docker run -v takes it: name-or-path:/target, with :ro behind it for read-only.",
        text);

    internal static RolloutException InvalidEnvironmentName(string name) => new(
        "InvalidEnvironmentName",
        ErrorKind.Syntax,
        $"'{name.Split('=')[0]}' is no name of an environment variable: it is empty, or goes on with '='.",
        "Write -Env @{ NAME = 'value' }.",
        name.Split('=')[0]);

    /// <summary>The engine would find out at the start, and quote the value.</summary>
    internal static RolloutException InvalidEnvironmentValue(string name) => new(
        "InvalidEnvironmentValue",
        ErrorKind.InvalidInput,
        $"The value of the environment variable '{name}' has a NUL in it, which no program's environment can hold.",
        "Give it as text without, or as a file in a volume.",
        name);

    internal static RolloutException InvalidPublish(string text, string problem) => new(
        "InvalidPublish",
        ErrorKind.Syntax,
        $"'{text}' is not a published port: {problem}.",
        "Write it as docker run -p takes it: 8080:80, 127.0.0.1:8080:80 or 53:53/udp.",
        text);

    internal static RolloutException NameOfStranger(string container, string workload) => new(
        "ContainerNameTaken",
        ErrorKind.Conflict,
        $"A container named '{container}' exists that does not belong to '{workload}', which needs that name.",
        $"Rename it (docker rename {container} ...) or remove it, or roll out under another name.",
        container);

    internal static RolloutException InProgress(string workload, string? who) => new(
        "RolloutInProgress",
        ErrorKind.Busy,
        $"Somebody is at work on '{workload}' already{(who is null ? "" : $": {who}")}.",
        "Wait until that is done (Wait-Rollout), and try again. A shell that died is noticed within seconds.",
        workload);

    internal static RolloutException WorkloadNotFound(string workload, string problem) => new(
        "WorkloadNotFound",
        ErrorKind.NotFound,
        $"There is no '{workload}': {problem}.",
        "See Get-Rollout for those that are there.",
        workload);

    internal static RolloutException EndpointMismatch(ImageSource image, string imageHost, RolloutEndpoint endpoint) => new(
        "EndpointMismatch",
        ErrorKind.InvalidInput,
        $"{image} is in the engine at {imageHost}, and the target is at {endpoint}.",
        "Roll it out where it is, or publish it and roll it out by its name.",
        image);

    internal static RolloutException ImageNotInRegistry(ImageReference reference, Exception cause) => new(
        "ImageNotFound",
        ErrorKind.NotFound,
        $"The image {reference} is neither in the engine nor in its registry: {cause.Message}",
        "See that the name, the tag and the digest are right, and publish it first.",
        reference,
        cause);

    internal static RolloutException OwnedByCompose(string workload, string owner) => new(
        "OwnedByCompose",
        ErrorKind.PermissionDenied,
        $"The container '{workload}' belongs to compose, which would take back the change.",
        $"Roll out {owner}, or use -Force.",
        workload);

    internal static RolloutException InvalidReplicas(int replicas) => new(
        "InvalidReplicas",
        ErrorKind.InvalidInput,
        $"{replicas} is no number of replicas.",
        "Give -Replicas 1 to 1000.",
        replicas);

    internal static RolloutException InvalidPort(int port) => new(
        "InvalidPort",
        ErrorKind.InvalidInput,
        $"{port} is no port.",
        "Give -Port 1 to 65535: the one that the container listens on.",
        port);

    internal static RolloutException RouterIncomplete(string workload, string missing) => new(
        "RouterIncomplete",
        ErrorKind.InvalidInput,
        $"The router in front of '{workload}' is not fully named: {missing} is missing.",
        $"Give {missing}; from then on it is remembered.",
        workload);

    internal static RolloutException CannotRunSideBySide(string workload, string obstacle) => new(
        "CannotRunSideBySide",
        ErrorKind.NotSupported,
        $"The new container of '{workload}' cannot run beside the old one: {obstacle}.",
        "Put a router in front (-Router haproxy -RouterEndpoint ... -Backend ... -Port ...), or accept an interruption with -Strategy Recreate.",
        workload);

    internal static RolloutException CannotRunReplicas(string workload, int replicas, string obstacle) => new(
        "CannotRunSideBySide",
        ErrorKind.NotSupported,
        $"'{workload}' cannot have {replicas} replicas beside each other: {obstacle}.",
        "Put a router in front (-Router haproxy -RouterEndpoint ... -Backend ... -Port ...), or take -Replicas 1.",
        workload);

    internal static RolloutException NothingToUndo(string workload, string why) => new(
        "NothingToUndo",
        ErrorKind.InvalidInput,
        $"There is nothing to go back to for '{workload}': {why}.",
        "See Get-RolloutHistory, and name a revision with -ToRevision.",
        workload);

    internal static RolloutException RevisionNotFound(string workload, string what) => new(
        "RevisionNotFound",
        ErrorKind.NotFound,
        $"'{workload}' has not had {what}.",
        "See Get-RolloutHistory.",
        workload);

    internal static RolloutException RevisionGone(string workload, int revision, string image) => new(
        "RevisionGone",
        ErrorKind.NotFound,
        $"Nothing is kept of revision {revision} of '{workload}': its containers and its image {image} are gone from the engine.",
        "Roll that image out again with Start-Rollout, which pulls it.",
        workload);
}
