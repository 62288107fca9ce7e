namespace Rollout;

/// <summary>How Set-ImageTag makes tags by itself.</summary>
public enum ImageTagPolicy
{
    /// <summary>From a version: 1.2.3, and 1.2 and 1, which move on with later versions. A pre-release gets its own tag alone.</summary>
    SemVer,
    /// <summary>From the git commit that the image was built from: its first 12 digits.</summary>
    GitSha,
    /// <summary>From the git branch: its name, with a dash for what a tag may not hold.</summary>
    Branch,
    /// <summary>From today's date (UTC) and the git commit: 20260131-0123456789ab.</summary>
    DateSha,
}
