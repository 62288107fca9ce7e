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
}
