using System.Formats.Tar;

namespace Rollout.Engine.Images.Context;

/// <summary>Tells sockets, fifos and devices from files without opening them.</summary>
internal static class SpecialFile
{
    /// <summary>Whether an existing path without length is anything but a regular file.</summary>
    internal static bool IsSpecial(string path)
    {
        if (OperatingSystem.IsWindows()) return false;

        // .NET names a file's type only where it packs one: the tar writer looks at the inode.
        using var header = new MemoryStream();
        try
        {
            using (var writer = new TarWriter(header, TarEntryFormat.Ustar, leaveOpen: true)) writer.WriteEntry(path, "x");
            header.Position = 0;
            using var reader = new TarReader(header);
            return reader.GetNextEntry()?.EntryType is not TarEntryType.RegularFile;
        }
        catch (FileNotFoundException)
        {
            throw ImageErrors.ContextVanished(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw ImageErrors.ContextUnreadable(path, e);
        }
        catch (IOException)
        {
            return true; // A socket: no tar holds one.
        }
    }
}
