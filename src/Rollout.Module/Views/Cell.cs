namespace Rollout.Module.Views;

/// <summary>
/// Text for a column of a table, broken where a reader would break it. PowerShell itself breaks what does not fit in the midst of a word. Public, as views call it.
/// </summary>
public static class Cell
{
    private const int NarrowestConsole = 80;
    private const int NarrowestColumn = 12;
    private static readonly char[] Joints = [':', '-', '.', '_', '@', ',', ';', '=', '&', '?', ')', '}', ']'];

    /// <summary>Breaks text for a column of a width: at a space, else behind a slash, else behind another joint, else at a hump.</summary>
    /// <param name="value">What is shown; null is nothing.</param>
    /// <param name="width">The column's width.</param>
    public static string Fit(object? value, int width) =>
        string.Join('\n', $"{value}".Split('\n').SelectMany(line => Lines(line.TrimEnd('\r'), width)));

    /// <summary>Breaks text for the last column, which has what the console has left.</summary>
    /// <param name="value">What is shown; null is nothing.</param>
    /// <param name="taken">What the columns before it take.</param>
    public static string FitRest(object? value, int taken) => Fit(value, Math.Max(NarrowestColumn, ConsoleWidth() - taken));

    private static IEnumerable<string> Lines(string line, int width)
    {
        var indent = line[..(line.Length - line.TrimStart().Length)];
        while (line.Length > width && indent.Length < width)
        {
            var end = End(line, width, indent.Length);
            yield return line[..end].TrimEnd();
            line = indent + line[end..].TrimStart();
        }

        yield return line;
    }

    /// <summary>Where the first line ends.</summary>
    private static int End(string line, int width, int indent)
    {
        if (line.LastIndexOf(' ', width) is var space && space > indent) return space;
        if (line.LastIndexOf('/', width - 1) is var slash && slash > indent) return slash + 1;
        if (line.LastIndexOfAny(Joints, width - 1) is var joint && joint > indent) return joint + 1;
        for (var hump = width; hump > indent + 1; hump--)
        {
            if (char.IsUpper(line[hump]) && char.IsLower(line[hump - 1])) return hump;
        }

        return width;
    }

    /// <summary>Where the output goes elsewhere, as wide as the narrowest.</summary>
    private static int ConsoleWidth()
    {
        try
        {
            return Console.IsOutputRedirected ? NarrowestConsole : Math.Max(NarrowestConsole, Console.WindowWidth);
        }
        catch (IOException)
        {
            return NarrowestConsole;
        }
    }
}
