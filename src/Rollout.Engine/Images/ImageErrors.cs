namespace Rollout.Engine.Images;

/// <summary>The failures of building and tagging images.</summary>
internal static class ImageErrors
{
    internal static RolloutException ContextNotFound(string path, string problem) => new(
        "ContextNotFound",
        ErrorKind.NotFound,
        $"The build context '{path}' {problem}.",
        "Name the directory that holds the Dockerfile and the files it copies.",
        path);

    internal static RolloutException NoDockerfile(string path, Exception? cause = null) => new(
        "NoDockerfile",
        ErrorKind.NotFound,
        $"There is no Dockerfile at '{path}'.",
        "Add one, or name it with -Dockerfile.",
        path,
        cause);

    /// <summary>It was listed and is not there. A name that is no UTF-8 is listed under another one, and is not found under that.</summary>
    internal static RolloutException ContextVanished(string path) => path.Contains('\ufffd', StringComparison.Ordinal)
        ? new(
            "ContextUnreadable",
            ErrorKind.PermissionDenied,
            $"'{path}' in the build context cannot be read: its name is not UTF-8.",
            "Rename it, list it in .dockerignore (with '?' for each odd character), or build with a docker program (-Builder Buildx or Cli).",
            path)
        : ContextChanged(path, "vanished");

    internal static RolloutException ContextChanged(string path, string what) => new(
        "ContextChanged",
        ErrorKind.InvalidData,
        $"'{path}' {what} while the build context was being sent.",
        "Stop what writes there, or list it in .dockerignore, and build again.",
        path);

    internal static RolloutException ContextUnreadable(string path, Exception cause) => new(
        "ContextUnreadable",
        ErrorKind.PermissionDenied,
        $"'{path}' in the build context cannot be read: {cause.Message}",
        "Give yourself the right to read it, or list it in .dockerignore.",
        path,
        cause);

    internal static RolloutException InvalidIgnorePattern(string pattern, string path) => new(
        "InvalidIgnorePattern",
        ErrorKind.Syntax,
        $"'{pattern}' in '{path}' is not a pattern.",
        "Close every '[', put something after '!', and write '\\\\' for a backslash.",
        pattern);

    internal static RolloutException InvalidDockerfile(string place, string problem, Exception? cause) => new(
        "InvalidDockerfile",
        ErrorKind.Syntax,
        $"{place} is not understood: {problem}",
        "Correct that line.",
        place,
        cause);

    internal static RolloutException BuildStepFailed(string place, string step, string problem, IReadOnlyList<string> lastLines, Exception? cause) => new(
        "BuildStepFailed",
        ErrorKind.OperationFailed,
        $"The step '{step}' ({place}) failed: {problem}" + (lastLines.Count == 0 ? "" : $"\nIts last output:\n{string.Join('\n', lastLines)}"),
        "Correct that step. -Verbose shows all it printed.",
        place,
        cause);

    internal static RolloutException BuildFailed(string dockerfile, string problem, Exception? cause) => new(
        "BuildFailed",
        ErrorKind.OperationFailed,
        $"Building '{dockerfile}' failed: {problem}",
        "See the message; -Verbose shows all that was printed.",
        dockerfile,
        cause);

    internal static RolloutException TemporaryDirectoryUnusable(string path, Exception cause) => new(
        "TemporaryDirectoryUnusable",
        ErrorKind.Unavailable,
        $"The directory for temporary files, {path}, cannot be written to: {cause.Message}",
        "Let TMPDIR name a directory that is there and that this user may write to, or make room in it.",
        path,
        cause);

    internal static RolloutException SecretUnreadable(string id, string path, Exception cause) => new(
        "SecretUnreadable",
        ErrorKind.PermissionDenied,
        $"The file '{path}' of the secret '{id}' cannot be read: {cause.Message}",
        "Name a file that you may read.",
        path,
        cause);

    internal static RolloutException BuildNeedsBuildx(string what, string instead) => new(
        "BuildNeedsBuildx",
        ErrorKind.NotSupported,
        $"{what} needs docker's buildx plugin, {instead}.",
        "Install the plugin (docker-buildx), or build without.",
        what);

    internal static RolloutException BuilderNotFound(ImageBuilderKind builder, string why) => new(
        "BuilderNotFound",
        ErrorKind.NotSupported,
        $"The builder {builder} cannot be used here: {why}.",
        "Install it, or leave the choice to -Builder Auto.",
        builder);

    internal static RolloutException InvalidTag(string text, string problem) => new(
        "InvalidImageTag",
        ErrorKind.InvalidInput,
        $"'{text}' cannot be given to an image: {problem}.",
        "Give a tag such as v1.2.0, or one whole reference such as registry.example.com/team/shop:v1.2.0.",
        text);

    internal static RolloutException TagTaken(ImageReference reference) => new(
        "ImageTagTaken",
        ErrorKind.Conflict,
        $"'{reference}' already names another image.",
        "Give this image another version, or -Force.",
        reference);
}
