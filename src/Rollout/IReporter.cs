namespace Rollout;

/// <summary>Where the engine tells what it is doing. Called from any thread; an implementation must not block for long.</summary>
public interface IReporter
{
    /// <summary>What is under way. A later report with the same <see cref="ProgressReport.Activity"/> replaces the earlier one.</summary>
    void Progress(ProgressReport report);

    /// <summary>Something the user should know though the work goes on.</summary>
    void Warning(string message);

    /// <summary>A detail for who asked for details.</summary>
    void Verbose(string message);
}

/// <summary>One state of one activity.</summary>
/// <param name="Activity">What is done, for the whole of its time the same text: <c>Building shop:v1.2.0</c>.</param>
/// <param name="Status">Where it stands, with the key facts: <c>step 3 of 7, 2 cached: RUN make</c>.</param>
/// <param name="Percent">0 to 100, or null where the end is not known.</param>
/// <param name="Completed">True once, at the end, also after an error.</param>
public sealed record ProgressReport(string Activity, string Status, int? Percent = null, bool Completed = false);

/// <summary>A reporter that drops everything.</summary>
public sealed class SilentReporter : IReporter
{
    /// <summary>The one instance.</summary>
    public static SilentReporter Instance { get; } = new();

    /// <inheritdoc/>
    public void Progress(ProgressReport report) { }

    /// <inheritdoc/>
    public void Warning(string message) { }

    /// <inheritdoc/>
    public void Verbose(string message) { }
}
