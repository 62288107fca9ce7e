namespace Rollout.Engine.Tests.Images;

/// <summary>Keeps what the engine reports.</summary>
internal sealed class Recorder : IReporter
{
    private readonly List<ProgressReport> _reports = [];
    private readonly List<string> _warnings = [];
    private readonly List<string> _details = [];

    internal Action<ProgressReport>? OnProgress { get; set; }

    internal IReadOnlyList<ProgressReport> Reports => _reports;

    internal IReadOnlyList<string> Warnings => _warnings;

    internal IReadOnlyList<string> Details => _details;

    /// <summary>Every text that was reported.</summary>
    internal IEnumerable<string> Lines => _reports.Select(r => r.Status).Concat(_warnings).Concat(_details);

    public void Progress(ProgressReport report)
    {
        lock (_reports) _reports.Add(report);
        OnProgress?.Invoke(report);
    }

    public void Warning(string message)
    {
        lock (_reports) _warnings.Add(message);
    }

    public void Verbose(string message)
    {
        lock (_reports) _details.Add(message);
    }
}
