using System.Collections.Concurrent;

namespace Rollout.Engine.Tests.Registries;

/// <summary>Keeps everything that was reported.</summary>
internal sealed class RecordingReporter : IReporter
{
    public ConcurrentQueue<ProgressReport> Progresses { get; } = new();

    public ConcurrentQueue<string> Warnings { get; } = new();

    public ConcurrentQueue<string> Details { get; } = new();

    /// <summary>All of it as one text.</summary>
    public string Everything => string.Join('\n', [.. Progresses.Select(report => report.ToString()), .. Warnings, .. Details]);

    public void Progress(ProgressReport report) => Progresses.Enqueue(report);

    public void Warning(string message) => Warnings.Enqueue(message);

    public void Verbose(string message) => Details.Enqueue(message);
}
