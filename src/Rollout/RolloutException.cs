namespace Rollout;

/// <summary>
/// Every failure that Rollout reports: names the thing, the cause and the mend, under an id that stays the same between versions.
/// The message never carries a secret, and text from a daemon or registry inside it is neutralised (<see cref="ForeignText"/>).
/// </summary>
public sealed class RolloutException : Exception
{
    /// <summary>Creates the failure.</summary>
    /// <param name="id">Stable id in Pascal case, such as <c>RegistryUnauthorized</c>; listed in docs/errors.md.</param>
    /// <param name="kind">The sort of failure.</param>
    /// <param name="message">The thing and the cause, in one or two sentences.</param>
    /// <param name="mend">What the user can do about it.</param>
    /// <param name="subject">The user's own object or text the failure is about.</param>
    /// <param name="inner">The cause, where it was an exception.</param>
    public RolloutException(string id, ErrorKind kind, string message, string mend, object? subject = null, Exception? inner = null)
        : base(ForeignText.Neutralise(message), inner)
    {
        Id = id;
        Kind = kind;
        Mend = mend;
        Subject = subject;
    }

    /// <summary>The stable id.</summary>
    public string Id { get; }

    /// <summary>The sort of failure.</summary>
    public ErrorKind Kind { get; }

    /// <summary>What the user can do about it.</summary>
    public string Mend { get; }

    /// <summary>The user's own object or text the failure is about.</summary>
    public object? Subject { get; }
}
