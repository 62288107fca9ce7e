using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>
/// What every cmdlet stands on. A cmdlet turns each input into work in <see cref="Process"/>; the work runs on the thread pool, and
/// what it writes comes out on the pipeline thread in order of completion. Up to <see cref="WorkLimit"/> pieces run side by side,
/// and an input that comes meanwhile is taken at once. Ctrl+C ends the cmdlet at once, however slow the work is to notice.
/// </summary>
public abstract class RolloutCmdlet : PSCmdlet, IDisposable
{
    /// <summary>How long a stopped cmdlet waits for its work to clean up: well within the second that a user is promised.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromMilliseconds(300);

    // Neither is ever disposed: work that was abandoned may still register with the token.
    private readonly CancellationTokenSource _cancellation = new();
    private readonly CancellationTokenSource _stopped = new();

    private readonly PipelineQueue _queue;
    private readonly ProgressFeed _progress;
    private readonly List<Task> _running = [];
    private readonly List<ErrorRecord> _errors = [];
    private int _begun;

    private protected RolloutCmdlet()
    {
        _queue = new PipelineQueue(_stopped.Token);
        _progress = new ProgressFeed(_queue, WriteProgress);
    }

    /// <summary>Pieces of work that may run side by side.</summary>
    private protected virtual int WorkLimit => 1;

    /// <summary>Failures so far.</summary>
    private protected int Failures { get; private set; }

    /// <summary>The input at hand, which failures are of: said in <see cref="Process"/> as soon as it is known.</summary>
    private protected Row Row { get; set; } = Row.None;

    /// <summary>Why the work of an input whose turn it is should not be started any more; null where it should.</summary>
    private protected virtual RolloutException? Refusal() => null;

    /// <summary>Called before the first input, when what stands on the command line is known; throws where no input can succeed.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>Takes one input: reads the parameters and calls <see cref="Run"/>.</summary>
    private protected abstract void Process();

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        try
        {
            Begin();
        }
        catch (RolloutException error)
        {
            ThrowTerminatingError(ErrorRecords.From(error, Row.None));
        }
    }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        Row = Row.None;
        try
        {
            Process();
        }
        catch (RolloutException error)
        {
            Fail(error, Row);
        }
    }

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        PumpUntil(() => _running.Count == 0);
        ReportErrors();
    }

    /// <inheritdoc/>
    protected sealed override void StopProcessing()
    {
        Cancel();
        _stopped.Cancel();
    }

    /// <summary>Cancels what still runs, where the pipeline ended early.</summary>
    public void Dispose()
    {
        _progress.Dispose();
        Cancel();
        Close(Task.WhenAll(_running));
        GC.SuppressFinalize(this);
    }

    /// <summary>Called at the end, to close what the cmdlet has opened once its work has ended too.</summary>
    private protected virtual void Close(Task work)
    {
    }

    /// <summary>Whether a failure means that no other input can succeed either.</summary>
    private protected virtual bool IsFatal(RolloutException error) => false;

    /// <summary>Starts work for the <see cref="Row"/>, as soon as fewer than <see cref="WorkLimit"/> others run.</summary>
    /// <param name="work">Runs on the thread pool; must not look at parameters, which belong to the next input by then.</param>
    private protected void Run(Func<WorkItem, Task> work)
    {
        PumpUntil(() => _running.Count < WorkLimit);
        var row = Row;
        if (Refusal() is { } refusal)
        {
            // It is no failure of its own, and does not count as one.
            Report(refusal, row);
            return;
        }

        var item = new WorkItem(this, _queue, _progress, _cancellation.Token);
        var task = Task.Run(() => InOneCultureAsync(work, item), CancellationToken.None);
        _running.Add(task);
        _begun++;
        Summarise();
        task.ContinueWith(ended => _queue.Post(() => End(ended, row)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        PumpUntil(() => true);
    }

    private void Fail(Exception error, Row row)
    {
        Failures++;
        Report(error, row);
    }

    /// <summary>Reports an error: at once where nothing more can succeed, else as soon as nothing is in flight.</summary>
    private void Report(Exception error, Row row)
    {
        var record = ErrorRecords.From(error, row);
        if (error is RolloutException known && IsFatal(known)) ThrowTerminatingError(record);
        _errors.Add(record);
    }

    /// <summary>Where the user stands, which is not where the process was started.</summary>
    private protected string CurrentDirectory => SessionState.Path.CurrentFileSystemLocation.ProviderPath;

    /// <summary>The full path of what the user wrote, by PowerShell's own location and drives.</summary>
    private protected string FileSystemPath(string path)
    {
        var full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
        return provider.Name == "FileSystem" ? full : throw ModuleErrors.PathNotInFileSystem(path, provider.Name);
    }

    /// <summary>Empty text counts as absent: a column of a CSV file may be.</summary>
    private protected static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    /// <inheritdoc cref="Text"/>
    private protected static IReadOnlyList<string> Texts(IEnumerable<string?>? texts) => [.. (texts ?? []).Select(Text).OfType<string>()];

    /// <summary>A hashtable's keys and values as text.</summary>
    private protected static IReadOnlyDictionary<string, string> Texts(Hashtable table) =>
        table.Cast<DictionaryEntry>().ToDictionary(entry => TextOf(entry.Key), entry => TextOf(entry.Value));

    /// <summary>A value as PowerShell writes it within a text: 0.5 is 0.5 in every culture.</summary>
    private protected static string TextOf(object? value) => LanguagePrimitives.ConvertTo<string>(value) ?? "";

    /// <summary>What is said of numbers and times, and kept with a workload, is the same whatever the culture of who is at work.</summary>
    private static Task InOneCultureAsync(Func<WorkItem, Task> work, WorkItem item)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        return work(item);
    }

    private void End(Task ended, Row row)
    {
        _running.Remove(ended);
        if (ended.IsFaulted) Fail(ended.Exception.GetBaseException(), row);
        Summarise();
        if (_running.Count > 0) return;
        _progress.CompleteAll();
        ReportErrors();
    }

    private void Summarise() => _progress.Summarise(MyInvocation.MyCommand.Name, _begun, _begun - _running.Count, Failures);

    // Taken out first: under -ErrorAction Stop the first WriteError throws.
    private void ReportErrors()
    {
        ErrorRecord[] errors = [.. _errors];
        _errors.Clear();
        foreach (var error in errors) WriteError(error);
    }

    private void PumpUntil(Func<bool> enough)
    {
        try
        {
            _queue.PumpUntil(enough);
        }
        catch (PipelineStoppedException)
        {
            Task.WhenAll(_running).ContinueWith(_ => { }, TaskScheduler.Default).Wait(StopGrace);
            throw;
        }
    }

    // Asynchronous, so that a callback that hangs cannot hold the stop up.
    private void Cancel() => _ = _cancellation.CancelAsync();
}
