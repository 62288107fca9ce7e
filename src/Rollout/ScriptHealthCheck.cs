namespace Rollout;

/// <summary>
/// Runs a script block. It gets the rollout as <c>$_</c> and writes <c>$true</c>, <c>$false</c> or a verdict; an error is a bad answer, and nothing
/// at all says nothing.
/// </summary>
public sealed record ScriptHealthCheck : RolloutHealthCheck
{
    /// <summary>Creates the check: a script's answer counts.</summary>
    public ScriptHealthCheck()
    {
        FailureLimit = 1;
        Timeout = TimeSpan.FromMinutes(5);
    }

    /// <inheritdoc/>
    public override string Kind => "Script";

    /// <summary>The script's text.</summary>
    public required string Script { get; init; }

    /// <summary>The script block with all it can see, in the shell that made it.</summary>
    internal object? Block { get; init; }

    /// <summary>Runs it; null where no shell is there that could.</summary>
    internal ScriptRunner? Runner { get; init; }

    internal override bool IsOpen => false;

    /// <summary>The same check with the script block itself, which can see what it could see where it was written.</summary>
    public ScriptHealthCheck WithBlock(object block) => this with { Block = block };

    /// <summary>The same check, run by the shell at hand.</summary>
    public ScriptHealthCheck RunBy(ScriptRunner runner) => this with { Runner = runner };

    /// <summary>The script block, where this shell made it.</summary>
    public object? GetBlock() => Block;
}

/// <summary>What a script came to.</summary>
/// <param name="Verdict">What it said.</param>
/// <param name="Message">What it wrote, or its error.</param>
public sealed record ScriptOutcome(HealthVerdict Verdict, string Message);

/// <summary>Runs a script check in the shell: on the thread that the shell's scripts run on.</summary>
/// <param name="check">The check.</param>
/// <param name="rollout">What the script gets as <c>$_</c>.</param>
/// <param name="cancellation">Ends the wait.</param>
public delegate Task<ScriptOutcome> ScriptRunner(ScriptHealthCheck check, RolloutStatus rollout, CancellationToken cancellation);
