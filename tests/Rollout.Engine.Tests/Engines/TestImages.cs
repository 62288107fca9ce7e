using System.Formats.Tar;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Tests.Engines;

/// <summary>Images that need nothing from outside: FROM scratch with a static busybox, its applets linked in /bin.</summary>
internal static class TestImages
{
    private const UnixFileMode Executable = (UnixFileMode)0b111_101_101;
    private static readonly string[] Applets = ["sh", "cat", "echo", "sleep", "httpd", "nc", "wget", "env", "id", "ls", "mkdir", "rm", "touch", "test", "true", "false", "dd", "kill"];

    /// <summary>Builds an image from the lines that follow FROM and the busybox; returns its id.</summary>
    internal static async Task<string> BuildAsync(
        IDockerClient client,
        ImageReference reference,
        string dockerfile = "",
        IReadOnlyDictionary<string, byte[]>? files = null,
        CancellationToken cancellation = default)
    {
        var query = new Dictionary<string, string> { ["version"] = "2", ["t"] = reference.ToString() };
        var text = $"FROM scratch\nCOPY busybox/ /\nENV PATH=/bin\nCMD [\"sleep\", \"1000000\"]\n{dockerfile}\n";
        string? id = null;
        await client.Images.BuildAsync(
            [.. query],
            (body, token) => WriteContextAsync(body, text, files ?? new Dictionary<string, byte[]>(), token),
            new Dictionary<string, RegistryAuth>(),
            message => id = message.Id == "moby.image.id" ? message.Aux!["ID"]!.GetValue<string>() : id,
            cancellation);
        return id!;
    }

    private static async Task WriteContextAsync(Stream body, string dockerfile, IReadOnlyDictionary<string, byte[]> files, CancellationToken cancellation)
    {
        await using var tar = new TarWriter(body, TarEntryFormat.Ustar, leaveOpen: true);
        await WriteFileAsync("Dockerfile", System.Text.Encoding.UTF8.GetBytes(dockerfile));
        await WriteFileAsync("busybox/bin/busybox", await File.ReadAllBytesAsync(Needs.Program("busybox")!, cancellation));
        foreach (var applet in Applets)
        {
            await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.SymbolicLink, $"busybox/bin/{applet}") { LinkName = "busybox" }, cancellation);
        }

        await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.Directory, "busybox/tmp/") { Mode = (UnixFileMode)0b111_111_111 | UnixFileMode.StickyBit }, cancellation);
        foreach (var (name, content) in files) await WriteFileAsync(name, content);

        Task WriteFileAsync(string name, byte[] content) => tar.WriteEntryAsync(
            new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), Mode = Executable },
            cancellation);
    }
}
