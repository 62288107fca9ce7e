using System.Management.Automation;

namespace Rollout.Module.Pipeline;

/// <summary>The one place where failures become PowerShell's error records.</summary>
internal static class ErrorRecords
{
    private const string Unexpected = "UnexpectedError";

    /// <summary>The record for a failure: id, category, the user's own object, and what to do about it.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="target">The user's object, for where the failure does not name one.</param>
    internal static ErrorRecord From(Exception error, object? target) => error switch
    {
        RolloutException known => Record(known, known.Id, Category(known.Kind), known.Message, known.Mend, known.Subject ?? target),
        AggregateException { InnerExceptions: [var only] } => From(only, target),
        IContainsErrorRecord { ErrorRecord: { } own } => own,
        OperationCanceledException or TimeoutException => Record(error, Unexpected, ErrorCategory.OperationTimeout, error.Message, ReportIt, target),
        UnauthorizedAccessException => Record(error, Unexpected, ErrorCategory.PermissionDenied, error.Message, "Check the permissions of what the message names.", target),
        FileNotFoundException or DirectoryNotFoundException => Record(error, Unexpected, ErrorCategory.ObjectNotFound, error.Message, "Check the path.", target),
        IOException => Record(error, Unexpected, ErrorCategory.ResourceUnavailable, error.Message, ReportIt, target),
        HttpRequestException => Record(error, Unexpected, ErrorCategory.ConnectionError, error.Message, ReportIt, target),
        _ => Record(error, Unexpected, ErrorCategory.NotSpecified, error.Message, ReportIt, target),
    };

    private const string ReportIt = "Try again; where it stays, report it with the output of Get-Error.";

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
