using Rollout.Engine.Images.Builders;

namespace Rollout.Engine.Images;

/// <summary>The commit that a directory's files belong to.</summary>
/// <param name="Commit">The commit's full hash.</param>
/// <param name="Short">The short form, as long as git thinks it must be.</param>
/// <param name="IsDirty">There are changes that are not committed, or files that git does not know.</param>
internal sealed record GitRevision(string Commit, string Short, bool IsDirty)
{
    private string Dirty => IsDirty ? "-dirty" : "";

    /// <summary>For an image's tag.</summary>
    internal string Tag => Short + Dirty;

    /// <summary>For an image's Revision.</summary>
    public override string ToString() => Commit + Dirty;

    /// <summary>Asks git; null outside git, without git, or before the first commit.</summary>
    internal static async Task<GitRevision?> ReadAsync(string directory, CancellationToken cancellation)
    {
        var head = await GitAsync(directory, cancellation, "-c", "log.showSignature=false", "log", "-1", "--format=%H%n%h");
        if (head?.Split('\n', StringSplitOptions.RemoveEmptyEntries) is not [var commit, var shortened]) return null;
        var status = await GitAsync(directory, cancellation, "status", "--porcelain");
        return new GitRevision(commit, shortened, !string.IsNullOrWhiteSpace(status));
    }

    /// <summary>The branch that a directory is on; null on none, outside git or without git.</summary>
    internal static async Task<string?> BranchAsync(string directory, CancellationToken cancellation) =>
        (await GitAsync(directory, cancellation, "branch", "--show-current"))?.Trim() is { Length: > 0 } branch ? branch : null;

    // Without the optional locks this does not get into the way of a git command beside it.
    private static Task<string?> GitAsync(string directory, CancellationToken cancellation, params string[] arguments) =>
        new ChildProcess("git", ["--no-optional-locks", .. arguments]) { Directory = directory }.TryReadAsync(cancellation);
}
