using System.Management.Automation;

namespace Rollout.Module.Pipeline;

/// <summary>
/// Thins reports of progress out to a few a second, the newest of each activity, and sees that every activity that was shown is
/// shown as completed at the end. Where several pieces of work run, one summary of them is shown, and their activities under it. Reports come
/// from any thread; records go out on the pipeline thread.
/// </summary>
internal sealed class ProgressFeed(PipelineQueue queue, Action<ProgressRecord> write) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static int lastId = 7_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ProgressReport> _waiting = new(StringComparer.Ordinal);
    private Timer? _timer;
    private ProgressReport? _summary;

    /// <summary>How many pieces of work have ended, of all that were begun. On the pipeline thread.</summary>
    /// <param name="activity">The name of the whole.</param>
    /// <param name="begun">All so far.</param>
    /// <param name="ended">Those that are done or failed.</param>
    /// <param name="failures">Those that failed.</param>
    internal void Summarise(string activity, int begun, int ended, int failures)
    {
        if (begun < 2) return;
        _summary = new ProgressReport(activity, $"{ended} of {begun} done{(failures == 0 ? "" : $", {failures} failed")}", 100 * ended / begun);
        Report(_summary);
    }

    /// <summary>Takes a report; it is shown within a tenth of a second unless a newer one replaces it.</summary>
    internal void Report(ProgressReport report)
    {
        lock (_gate)
        {
            _waiting[report.Activity] = report;
            _timer ??= new Timer(_ => queue.Post(Show), null, _open.Count == 0 ? TimeSpan.Zero : Pause, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Shows every activity that is still open as completed. On the pipeline thread.</summary>
    internal void CompleteAll()
    {
        Show();
        foreach (var (activity, id) in _open) write(Completed(id, activity));
        _open.Clear();
        _summary = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate) _timer?.Dispose();
    }

    private void Show()
    {
        foreach (var report in TakeWaiting())
        {
            var known = _open.TryGetValue(report.Activity, out var id);
            if (report.Completed)
            {
                if (known) write(Completed(id, report.Activity));
                _open.Remove(report.Activity);
                continue;
            }

            if (!known) _open[report.Activity] = id = Interlocked.Increment(ref lastId);
            write(Record(id, report, ParentOf(report)));
        }
    }

    private ProgressReport[] TakeWaiting()
    {
        lock (_gate)
        {
            ProgressReport[] reports = [.. _waiting.Values];
            _waiting.Clear();
            _timer?.Dispose();
            _timer = null;
            return reports;
        }
    }

    /// <summary>The summary's id, where it is shown; what stands under nothing has -1.</summary>
    private int ParentOf(ProgressReport report) =>
        _summary is { } summary && summary.Activity != report.Activity && _open.TryGetValue(summary.Activity, out var id) ? id : -1;

    private static ProgressRecord Record(int id, ProgressReport report, int parent) =>
        new(id, Text(report.Activity), Text(report.Status)) { PercentComplete = report.Percent ?? -1, ParentActivityId = parent };

    private static ProgressRecord Completed(int id, string activity) =>
        new(id, Text(activity), " ") { RecordType = ProgressRecordType.Completed };

    /// <summary>PowerShell refuses an empty text here.</summary>
    private static string Text(string text) => text.Length == 0 ? " " : ForeignText.Neutralise(text);
}
