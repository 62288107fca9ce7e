using System.Management.Automation;

namespace Rollout.Module.Pipeline;

/// <summary>
/// One piece of a cmdlet's work, off the pipeline thread, and all that it may ask of the pipeline: everything here is queued and
/// done on the pipeline thread, in order.
/// </summary>
internal sealed class WorkItem(PSCmdlet cmdlet, PipelineQueue queue, ProgressFeed progress, CancellationToken cancellation) : IReporter
{
    /// <summary>Cancelled when the pipeline is stopped.</summary>
    internal CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Emits an object.</summary>
    internal void Write(object value) => queue.Post(() => cmdlet.WriteObject(value));

    /// <summary>Asks -WhatIf and -Confirm. False means: leave it.</summary>
    /// <param name="description">What would be done, as a sentence.</param>
    internal Task<bool> ShouldProcessAsync(string description)
    {
        var text = ForeignText.Neutralise(description);
        return AskAsync(() => cmdlet.ShouldProcess(text, text, "Do you want to go on?"));
    }

    /// <summary>Runs a question to the user on the pipeline thread.</summary>
    internal Task<bool> AskAsync(Func<bool> question)
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Post(() =>
        {
            try
            {
                answer.TrySetResult(question());
            }
            catch (PipelineStoppedException)
            {
                answer.TrySetCanceled();
                throw;
            }
            catch (Exception error)
            {
                answer.TrySetException(error);
            }
        });
        return answer.Task.WaitAsync(Cancellation);
    }

    /// <inheritdoc/>
    public void Progress(ProgressReport report) => progress.Report(report);

    /// <inheritdoc/>
    public void Warning(string message) => queue.Post(() => cmdlet.WriteWarning(ForeignText.Neutralise(message)));

    /// <inheritdoc/>
    public void Verbose(string message) => queue.Post(() => cmdlet.WriteVerbose(ForeignText.Neutralise(message)));
}
