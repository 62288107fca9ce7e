namespace Rollout.Engine.Rollouts;

/// <summary>What can be done with a rollout besides starting and undoing it.</summary>
public enum RolloutVerb
{
    /// <summary>Holds it where it is.</summary>
    Suspend,
    /// <summary>Lets go what is held, carries on what a shell left half done, and mends what is Degraded.</summary>
    Resume,
    /// <summary>As <see cref="Resume"/>, and past all steps that are left.</summary>
    Promote,
    /// <summary>Breaks off what is under way: what ran before runs again.</summary>
    Stop,
    /// <summary>Replaces every replica by one of the same image and shape.</summary>
    Restart,
}

/// <summary>What is to be done with a rollout.</summary>
/// <param name="Verb">What.</param>
public sealed record RolloutCommand(RolloutVerb Verb)
{
    /// <summary>How long it may take.</summary>
    public TimeSpan Timeout { get => AskedTimeout ?? RolloutRequest.UsualTimeout; init => AskedTimeout = value; }

    /// <summary>The same where it was asked for; null leaves a rollout in its steps the time that it was begun with.</summary>
    public TimeSpan? AskedTimeout { get; init; }

    /// <summary>Does it though a safety rule would refuse.</summary>
    public bool Force { get; init; }
}
