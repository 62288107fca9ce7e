using System.Diagnostics;

namespace Rollout.Engine.Docker;

/// <summary>The shell that is at work on a workload.</summary>
/// <param name="Id">Its own for each piece of work, so that two pieces of one process are told apart.</param>
/// <param name="User">Who.</param>
/// <param name="Host">On which machine.</param>
/// <param name="Pid">In which process.</param>
/// <param name="ProcessStart">When that process started: pids are used again.</param>
/// <param name="Since">When it took the work up, by its own clock.</param>
internal sealed record Holder(string Id, string User, string Host, int Pid, DateTimeOffset ProcessStart, DateTimeOffset Since)
{
    /// <summary>How often a holder shows that it lives.</summary>
    internal static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(5);

    /// <summary>After how long without that it counts as gone.</summary>
    internal static readonly TimeSpan Expiry = TimeSpan.FromSeconds(15);

    // The start time is worked out from the boot time and is not exact.
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(2);

    /// <summary>This process.</summary>
    internal static Holder Here(DateTimeOffset now)
    {
        using var process = Process.GetCurrentProcess();
        return new Holder(Guid.NewGuid().ToString("N"), Environment.UserName, Environment.MachineName, process.Id, process.StartTime.ToUniversalTime(), now);
    }

    /// <summary>Whether it is still at work. A process of this machine that is gone frees the work at once; any other when it was silent for too long.</summary>
    /// <param name="silence">For how long it has not shown that it lives.</param>
    internal bool IsAlive(TimeSpan silence) =>
        silence < Expiry && (Host != Environment.MachineName || ProcessLives());

    /// <inheritdoc/>
    public override string ToString() => $"{User} on {Host} (process {Pid})";

    private bool ProcessLives()
    {
        try
        {
            using var process = Process.GetProcessById(Pid);
            return (process.StartTime.ToUniversalTime() - ProcessStart.UtcDateTime).Duration() < StartTolerance;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Another user's process that cannot be looked at is there.
            return true;
        }
    }
}
