using Rollout;

namespace Embedding;

/// <summary>Says what is being done, once each; a program with a screen of its own would show the percentages too.</summary>
internal sealed class ConsoleReporter : IReporter
{
    private readonly HashSet<string> told = [];

    public void Progress(ProgressReport report)
    {
        lock (told)
        {
            if (told.Add(report.Activity)) Console.WriteLine($"  {report.Activity}");
        }
    }

    public void Warning(string message) => Console.Error.WriteLine($"  Warning: {message}");

    public void Verbose(string message)
    {
    }
}
