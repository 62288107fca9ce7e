using Rollout.Engine.Images.Dockerfiles;

namespace Rollout.Engine.Images.Context;

/// <summary>
/// The files that a build copies: a directory without what its .dockerignore leaves behind, and what no instruction reads. Written as a tar while the tree is
/// walked, so that memory does not grow with the context, in an order that depends on the names alone.
/// </summary>
internal sealed class BuildContext
{
    private readonly string _directory;
    private readonly DockerIgnore _ignore;
    private readonly string _dockerfilePath;
    private readonly CopiedPaths _copied;
    private readonly bool _sendsRules;

    private BuildContext(string directory, string dockerfilePath, string dockerfileName, DockerIgnore ignore, CopiedPaths copied, bool sendsRules)
    {
        _directory = directory;
        _dockerfilePath = dockerfilePath;
        _ignore = ignore;
        _copied = copied;
        _sendsRules = sendsRules;
        DockerfileName = dockerfileName;
    }

    /// <summary>The Dockerfile's name within the tar, for the API's <c>dockerfile</c> parameter.</summary>
    internal string DockerfileName { get; }

    /// <summary>Opens a context; reads its ignore rules.</summary>
    /// <param name="directory">The directory, full path.</param>
    /// <param name="dockerfilePath">The Dockerfile, full path; it may lie outside the directory.</param>
    /// <param name="copied">The part that the build reads; null for the whole.</param>
    /// <param name="sendsRules">Sends the context's .dockerignore even where it leaves itself behind, if the rules are from there.</param>
    internal static BuildContext Open(string directory, string dockerfilePath, CopiedPaths? copied = null, bool sendsRules = false)
    {
        var ignore = DockerIgnore.Read(directory, dockerfilePath);
        var fromContext = ignore.Path == Path.Combine(directory, DockerIgnore.FileName);
        var name = DockerfileEntry(directory, dockerfilePath);
        return new BuildContext(directory, dockerfilePath, name, ignore, copied ?? CopiedPaths.Everything, sendsRules && fromContext);
    }

    /// <summary>Writes the tar. The warnings name what a tar for Docker cannot hold.</summary>
    /// <exception cref="RolloutException">ContextChanged, ContextUnreadable.</exception>
    internal async Task WriteAsync(Stream destination, Action<string> warn, CancellationToken cancellation)
    {
        var tar = new ContextTar(destination);
        // First, for it is always there and its name is short: BuildKit takes a body for a tar only where the first kilobyte parses as one.
        await tar.WriteFileAsync(DockerfileName, _dockerfilePath, cancellation);
        foreach (var entry in new ContextWalk(_directory, _ignore, Wants, warn).Entries())
        {
            if (entry.IsDirectory) await tar.WriteDirectoryAsync(entry.Path, entry.FullPath, cancellation);
            else if (entry.LinkTarget is { } target) await tar.WriteLinkAsync(entry.Path, entry.FullPath, target, cancellation);
            else await tar.WriteFileAsync(entry.Path, entry.FullPath, cancellation);
        }

        await tar.EndAsync(cancellation);
    }

    private Wanted Wants(string path)
    {
        if (path == DockerfileName) return Wanted.No; // it is there already
        if (_sendsRules && path == DockerIgnore.FileName) return Wanted.Always;
        return _copied.Needs(path) ? Wanted.Yes : Wanted.No;
    }

    /// <summary>Its own path within the context, or a stand-in where it lies outside or its path does not fit a plain tar header.</summary>
    private static string DockerfileEntry(string directory, string dockerfilePath)
    {
        var relative = Path.GetRelativePath(directory, dockerfilePath).Replace('\\', '/');
        var isInside = !Path.IsPathRooted(relative) && relative != ".." && !relative.StartsWith("../", StringComparison.Ordinal);
        return isInside && ContextTar.FitsPlainHeader(relative) ? relative : ".rollout.Dockerfile";
    }
}
