using Rollout.Engine.Rollouts;

namespace Rollout.Module;

/// <summary>The failures of a command line, and of rollouts that did not end as was asked.</summary>
internal static class ModuleErrors
{
    internal static RolloutException PathNotInFileSystem(string path, string provider) => new(
        "PathNotInFileSystem",
        ErrorKind.InvalidInput,
        $"'{path}' is in PowerShell's {provider} provider, not in the file system.",
        "Give a path of the file system.",
        path);

    internal static RolloutException NumberNotQuoted(object number) => new(
        "NumberNotQuoted",
        ErrorKind.Syntax,
        $"PowerShell has made the number {number} of what was written, and 1.10 and 1.1 are the same number: quote it.",
        "Write '1.10' in quotes.",
        number);

    internal static RolloutException AnotherEngine(RolloutEndpoint carried, RolloutEndpoint named) => new(
        "AnotherEngine",
        ErrorKind.InvalidInput,
        $"The object lives on the Docker engine at {carried}, but -DockerHost or -Context names the one at {named}.",
        "Leave -DockerHost and -Context out, or get the object from the engine that is meant.",
        carried);

    internal static RolloutException AnotherCluster(RolloutEndpoint carried, RolloutEndpoint named) => new(
        "AnotherCluster",
        ErrorKind.InvalidInput,
        $"The object lives in the cluster at {carried}, but -Context or -Kubeconfig names the one at {named}.",
        "Leave -Context and -Kubeconfig out, or get the object from the cluster that is meant.",
        carried);

    internal static RolloutException AnotherNamespace(string target, string carried, string named) => new(
        "AnotherNamespace",
        ErrorKind.InvalidInput,
        $"'{target}' lives in the namespace '{carried}', but -Namespace names '{named}'.",
        "Leave -Namespace out, or get the object from the namespace that is meant.",
        target);

    internal static RolloutException RevisionOfAnother(string target, RolloutRevision revision) => new(
        "RevisionOfAnother",
        ErrorKind.InvalidInput,
        $"Revision {revision.Revision} is one of {revision.Target}, not of {target}.",
        $"Take one from Get-RolloutHistory {target}.",
        revision);

    internal static RolloutException ScriptNeedsWait(ScriptHealthCheck check) => new(
        "ScriptNeedsWait",
        ErrorKind.InvalidInput,
        $"The health check '{check.Name}' runs a script in this session, and with -NoWait the session is not there for it any more. Nothing was started.",
        "Leave -NoWait out, or take a program with -Command.",
        check.Name);

    internal static RolloutException TwoRevisions(RevisionSource revision, string image) => new(
        "TwoRevisions",
        ErrorKind.InvalidInput,
        $"-ToRevision names revision {revision} and -ToImage names {image}: they may be two.",
        "Give one of them.",
        image);

    internal static RolloutException InvalidPattern(string pattern) => new(
        "InvalidPattern",
        ErrorKind.Syntax,
        $"'{pattern}' is no wildcard pattern.",
        "Close its bracket, or write `[ for a bracket.",
        pattern);

    internal static RolloutException EmptyTarget() => new(
        "EmptyTarget",
        ErrorKind.InvalidInput,
        "A target was given that is empty: a variable that was not set?",
        "Name a target, deployment/shop or docker/shop, or leave it out to list all.",
        "");

    internal static RolloutException PlaceSilent(RolloutEndpoint place, TimeSpan patience) => new(
        "PlaceSilent",
        ErrorKind.Connection,
        $"{(place.Context is { } context ? $"Context '{context}': t" : "T")}he {(place.DockerHost is null ? "cluster" : "Docker engine")} at {place} gave no sign of life within {patience.TotalSeconds:0} s and is left out.",
        $"Name it with {(place.Context is not null ? "-Context" : place.DockerHost is null ? "-Kubeconfig" : "-DockerHost")} to wait longer.",
        place);

    internal static RolloutException RolloutNotFound(IRolloutTarget target) => new(
        "RolloutNotFound",
        ErrorKind.NotFound,
        $"There is no rollout '{target.Name}'{(target.Namespace is { } space ? $" in the namespace '{space}'" : "")}.",
        "See Get-Rollout for those there are.",
        $"{target.Name}");

    internal static RolloutException RolloutNotFound(string name, TargetFilter filter) => new(
        "RolloutNotFound",
        ErrorKind.NotFound,
        $"There is no rollout '{name}'{(filter.AllNamespaces ? " in any namespace" : filter.Namespace is { } space ? $" in the namespace '{space}'" : "")}{(filter.Selector is { } selector ? $" with the labels '{selector}'" : "")}.",
        "See Get-Rollout for those there are.",
        name);

    /// <summary>The same failure, with the parameter that what was given is none of.</summary>
    internal static RolloutException OfParameter(string parameter, string? target, RolloutException problem) => new(
        problem.Id,
        problem.Kind,
        $"-{parameter}{(target is null ? "" : $" of '{target}'")}: {problem.Message}",
        problem.Mend,
        problem.Subject);

    /// <summary>The same failure, in words that name its row.</summary>
    internal static RolloutException OfRow(string message, RolloutException problem) => new(
        problem.Id,
        problem.Kind,
        message,
        problem.Mend,
        problem.Subject,
        problem);

    internal static RolloutException ChangeCauseTooLong(string target, int length, int most) => new(
        "ChangeCauseTooLong",
        ErrorKind.InvalidInput,
        $"The change cause of '{target}' has {length} characters, and it may have {most}.",
        "Say it in fewer, or give a link to the rest.",
        target);

    internal static RolloutException TargetMissing(ImageSource? image) => new(
        "TargetMissing",
        ErrorKind.InvalidInput,
        "No target was given.",
        "Name one, for example deployment/shop or docker/shop.",
        image);

    internal static RolloutException ImageMissing(string target) => new(
        "ImageMissing",
        ErrorKind.InvalidInput,
        $"No image was given for '{target}'.",
        "Pipe one from Publish-Image, or name it with -Image.",
        target);

    internal static RolloutException ParameterNotApplicable(string target, IEnumerable<string> parameters) => new(
        "ParameterNotApplicable",
        ErrorKind.InvalidInput,
        $"'{target}' takes no {string.Join(" and no ", parameters.Select(name => $"-{name}"))}: on its platform that has no meaning.",
        "Leave it out. What the containers of a cluster's workload are like stands in its own spec; a Docker engine's are made by Start-Rollout.",
        target);

    internal static RolloutException ConnectionNotApplicable(string target, string parameter) => new(
        "ParameterNotApplicable",
        ErrorKind.InvalidInput,
        $"'{target}' takes no -{parameter}: on its platform that has no meaning.",
        "Leave it out. -DockerHost leads to a Docker engine, -Kubeconfig to a cluster, and -Context to either.",
        target);

    internal static RolloutException EndpointNotApplicable(string target, RolloutEndpoint endpoint) => new(
        "ParameterNotApplicable",
        ErrorKind.InvalidInput,
        $"'{target}' does not live at {endpoint}: that is {(endpoint.Server is null ? "no cluster" : "no Docker engine")}.",
        "Leave -Endpoint out, or take that of the rollout that is meant.",
        target);

    internal static RolloutException RolloutWithoutImage(RolloutStatus rollout) => new(
        "RolloutWithoutImage",
        ErrorKind.InvalidInput,
        $"'{rollout.Target}' was piped without an image. What runs is not rolled out again.",
        "Name the image to roll out with -Image.",
        rollout);

    /// <param name="rollout">As it ended.</param>
    /// <param name="image">What was to be rolled out: after an undo the rollout's own image is the one that runs again.</param>
    internal static RolloutException RolloutFailed(RolloutStatus rollout, ImageReference? image) => new(
        "RolloutFailed",
        ErrorKind.OperationFailed,
        $"The rollout of {image} to {rollout.Target} {(rollout.Phase == RolloutPhase.Undone ? "was undone" : $"ended {rollout.Phase}")}{Why(rollout)}",
        (rollout.Phase, rollout.Reason) switch
        {
            (RolloutPhase.Undone, _) => $"Mend the cause and start it again; {rollout.Image} runs as before.",
            (RolloutPhase.Paused, "OnDelete") => "Delete its Pods one after another: each comes back as the new version. Wait-Rollout waits for the last.",
            (RolloutPhase.Paused, _) => "Resume-Rollout lets it go on; Undo-Rollout goes back.",
            (_, "Superseded") => "See who else rolls out there, and whether what runs now is what you want (Get-Rollout).",
            (_, "Deleted") => "See who deleted it, and create it again.",
            _ => "Mend the cause and start it again; Get-Rollout shows what runs.",
        },
        rollout);

    internal static RolloutException RolloutNotStarted(string target, int failures) => new(
        "RolloutNotStarted",
        ErrorKind.OperationFailed,
        $"The rollout to {target} was not started, since {(failures == 1 ? "another has" : $"{failures} others have")} failed.",
        "Mend what failed and start again, or allow more with -MaxFailures.",
        target);

    internal static RolloutException RolloutPhaseNotReached(RolloutStatus rollout, IEnumerable<RolloutPhase> wanted) => new(
        "RolloutPhaseNotReached",
        ErrorKind.OperationFailed,
        $"{rollout.Target} ended {rollout.Phase}, not {string.Join(" or ", wanted)}{Why(rollout)}",
        "See the rollout's Reason and Message.",
        rollout);

    internal static RolloutException WaitTimedOut(RolloutStatus rollout, IEnumerable<RolloutPhase> wanted, int seconds) => new(
        "WaitTimedOut",
        ErrorKind.Timeout,
        $"{rollout.Target} is {rollout.Phase}, not {string.Join(" or ", wanted)}, after {seconds} seconds{Why(rollout)}",
        "Wait longer with -TimeoutSec; where the shell that drove the rollout is gone, carry on with Resume-Rollout.",
        rollout);

    internal static RolloutException UndoFailed(RolloutStatus rollout) => new(
        "UndoFailed",
        ErrorKind.OperationFailed,
        $"The undo of {rollout.Target} ended {rollout.Phase}{Why(rollout)}",
        "See Get-RolloutHistory for what else can be gone back to, with -ToRevision.",
        rollout);

    internal static RolloutException CommandFailed(RolloutStatus rollout, string cmdlet) => new(
        "RolloutCommandFailed",
        ErrorKind.OperationFailed,
        $"{cmdlet} of {rollout.Target} ended {rollout.Phase}{Why(rollout)}",
        "Mend the cause and try again (Resume-Rollout), or go back to what ran before (Undo-Rollout).",
        rollout);

    internal static RolloutException UndoHealthyNeedsForce(RolloutStatus rollout) => new(
        "UndoHealthyNeedsForce",
        ErrorKind.PermissionDenied,
        $"{rollout.Target} is Healthy, and this host cannot ask whether to undo it all the same.",
        "Give -Force or -Confirm:$false, or only undo what is not well with -IfUnhealthy.",
        rollout);

    private static string Why(RolloutStatus rollout) => (rollout.Reason, rollout.Message) switch
    {
        (null, null) => ".",
        ({ } reason, null) => $": {reason}.",
        (null, { } message) => $": {message}",
        ({ } reason, { } message) => $": {reason}: {message}",
    };
}
