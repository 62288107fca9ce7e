namespace Rollout;

/// <summary>What sort of failure an error is. The module maps each kind to PowerShell's ErrorCategory.</summary>
public enum ErrorKind
{
    /// <summary>An argument or an object has a value that cannot be used.</summary>
    InvalidInput,
    /// <summary>A text (a reference, a duration, a file) does not parse.</summary>
    Syntax,
    /// <summary>The thing named does not exist.</summary>
    NotFound,
    /// <summary>The thing, its name or its port is already taken.</summary>
    Conflict,
    /// <summary>Somebody else is at work on the same thing.</summary>
    Busy,
    /// <summary>No or wrong credentials (HTTP 401).</summary>
    Authentication,
    /// <summary>The credentials do not allow this (HTTP 403), or a safety rule refuses it.</summary>
    PermissionDenied,
    /// <summary>A quota or rate limit is used up (HTTP 429).</summary>
    LimitExceeded,
    /// <summary>The server cannot be reached.</summary>
    Connection,
    /// <summary>The server was reached but cannot do it now (HTTP 5xx).</summary>
    Unavailable,
    /// <summary>It took longer than allowed.</summary>
    Timeout,
    /// <summary>What was received is not what was asked for: a wrong digest, a malformed document.</summary>
    InvalidData,
    /// <summary>It was tried and failed: a build step, a container that never became healthy.</summary>
    OperationFailed,
    /// <summary>It needs something that is not there (buildx, a newer engine).</summary>
    NotSupported,
}
