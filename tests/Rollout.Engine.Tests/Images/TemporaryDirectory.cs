namespace Rollout.Engine.Tests.Images;

/// <summary>A directory that goes with the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("rollout-images-").FullName;

    internal string At(string relative) => System.IO.Path.Join(Path, relative);

    internal TemporaryDirectory With(string relative, string content = "")
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(relative))!);
        File.WriteAllText(At(relative), content);
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
