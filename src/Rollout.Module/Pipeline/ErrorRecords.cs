using System.Management.Automation;

namespace Rollout.Module.Pipeline;

/// <summary>The one place where failures become PowerShell's error records.</summary>
internal static class ErrorRecords
{
    private const string Unexpected = "UnexpectedError";

    /// <summary>The record for a failure: id, category, the user's own object, and what to do about it.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="row">The input that it is a failure of.</param>
    internal static ErrorRecord From(Exception error, Row row) => error switch
    {
        RolloutException known => Record(Named(known, row), known.Id, Category(known.Kind), row.Named(known.Message), known.Mend, ObjectOf(known, row)),
        AggregateException { InnerExceptions: [var only] } => From(only, row),
        IContainsErrorRecord { ErrorRecord: { } own } => own,
        OperationCanceledException or TimeoutException => Record(error, Unexpected, ErrorCategory.OperationTimeout, row.Named(error.Message), ReportIt, row.Input),
        UnauthorizedAccessException => Record(error, Unexpected, ErrorCategory.PermissionDenied, row.Named(error.Message), "Check the permissions of what the message names.", row.Input),
        FileNotFoundException or DirectoryNotFoundException => Record(error, Unexpected, ErrorCategory.ObjectNotFound, row.Named(error.Message), "Check the path.", row.Input),
        IOException => Record(error, Unexpected, ErrorCategory.ResourceUnavailable, row.Named(error.Message), ReportIt, row.Input),
        HttpRequestException => Record(error, Unexpected, ErrorCategory.ConnectionError, row.Named(error.Message), ReportIt, row.Input),
        _ => Record(error, Unexpected, ErrorCategory.NotSpecified, row.Named(error.Message), ReportIt, row.Input),
    };

    private const string ReportIt = "Try again; where it stays, report it with the output of Get-Error.";

    /// <summary>Who reads the exception alone is told of the row too.</summary>
    private static RolloutException Named(RolloutException error, Row row) =>
        row.Named(error.Message) is var named && named == error.Message ? error : ModuleErrors.OfRow(named, error);

    /// <summary>The row, and not what in it is wrong; a rollout as it ended is the same target, and says more. Of what is no target, what the failure names.</summary>
    private static object? ObjectOf(RolloutException error, Row row) => row.Target is null || error.Subject is RolloutStatus ? error.Subject ?? row.Input : row.Input;

    private static ErrorCategory Category(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidInput => ErrorCategory.InvalidArgument,
        ErrorKind.Syntax => ErrorCategory.ParserError,
        ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        ErrorKind.Conflict => ErrorCategory.ResourceExists,
        ErrorKind.Busy => ErrorCategory.ResourceBusy,
        ErrorKind.Authentication => ErrorCategory.AuthenticationError,
        ErrorKind.PermissionDenied => ErrorCategory.PermissionDenied,
        ErrorKind.LimitExceeded => ErrorCategory.LimitsExceeded,
        ErrorKind.Connection => ErrorCategory.ConnectionError,
        ErrorKind.Unavailable => ErrorCategory.ResourceUnavailable,
        ErrorKind.Timeout => ErrorCategory.OperationTimeout,
        ErrorKind.InvalidData => ErrorCategory.InvalidData,
        ErrorKind.NotSupported => ErrorCategory.NotImplemented,
        _ => ErrorCategory.InvalidResult,
    };

    private static ErrorRecord Record(Exception error, string id, ErrorCategory category, string message, string mend, object? target) =>
        new(error, id, category, target)
        {
            ErrorDetails = new ErrorDetails(ForeignText.Neutralise(message)) { RecommendedAction = ForeignText.Neutralise(mend) },
        };
}
