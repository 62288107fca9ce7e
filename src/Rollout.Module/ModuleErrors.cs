namespace Rollout.Module;

/// <summary>The failures of a command line, before any engine is asked.</summary>
internal static class ModuleErrors
{
    internal static RolloutException NotAFile(string path, string provider) => new(
        "PathNotInFileSystem",
        ErrorKind.InvalidInput,
        $"'{path}' is in PowerShell's {provider} provider, not in the file system.",
        "Give a path of the file system.",
        path);
}
