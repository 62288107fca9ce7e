using System.Text;

namespace Rollout.Engine.Images;

/// <summary>The name of an image that was given none: its directory's.</summary>
internal static class DefaultImageName
{
    private const string WithoutLetters = "image";
    private const int LongestId = 12;

    /// <summary>A repository from a directory's name: in lower case, with a dash for what a repository may not hold.</summary>
    internal static string Repository(string directory)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(directory));
        var result = new StringBuilder();
        foreach (var c in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c)) result.Append(c);
            else if (result.Length > 0 && char.IsAsciiLetterOrDigit(result[^1])) result.Append(c is '.' or '_' ? c : '-');
        }

        var repository = result.ToString().TrimEnd('-', '.', '_');
        return repository.Length == 0 ? WithoutLetters : repository;
    }

    /// <summary>A tag from an image's id: its first 12 hex digits.</summary>
    internal static string TagOf(string imageId) => imageId[(imageId.IndexOf(':', StringComparison.Ordinal) + 1)..][..LongestId];
}
