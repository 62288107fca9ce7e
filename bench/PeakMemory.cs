namespace Rollout.Bench;

/// <summary>How far this process's resident memory rose over what it was before, at most, as Linux counts it (VmHWM).</summary>
internal sealed class PeakMemory
{
    internal double MebibytesOverIdle { get; private set; }

    /// <summary>Watches until the result is disposed of.</summary>
    internal IDisposable Watch()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        File.WriteAllText("/proc/self/clear_refs", "5"); // the high-water mark starts again
        return new Watching(this, Mebibytes("VmRSS:"));
    }

    private static double Mebibytes(string field)
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return double.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal), null) / 1024;
    }

    private sealed class Watching(PeakMemory owner, double idle) : IDisposable
    {
        public void Dispose() => owner.MebibytesOverIdle = Math.Max(owner.MebibytesOverIdle, Mebibytes("VmHWM:") - idle);
    }
}
