namespace Rollout;

/// <summary>Runs a program, a smoke test for instance, without a shell: exit code 0 is good.</summary>
public sealed record CommandHealthCheck : RolloutHealthCheck
{
    /// <summary>Creates the check: a test suite's answer counts, and takes its time.</summary>
    public CommandHealthCheck()
    {
        FailureLimit = 1;
        Timeout = TimeSpan.FromMinutes(5);
    }

    /// <inheritdoc/>
    public override string Kind => "Command";

    /// <summary>The program: its path, or its name on PATH.</summary>
    public required string Command { get; init; }

    /// <summary>Its arguments, one by one. They are not shown in results.</summary>
    public IReadOnlyList<string> ArgumentList { get; init; } = [];

    /// <summary>The directory it runs in; null for this process's.</summary>
    public string? WorkingDirectory { get; init; }

    internal override bool IsOpen => false;
}
