namespace Rollout.Engine.Kubernetes.Api;

/// <summary>
/// Keeps what a fleet's answers and changes leave behind from piling up. Nearly all of it is garbage a moment later, but the runtime collects it only when its youngest
/// generation is full, which it makes as large as the processor's cache: on a large server hundreds of MB, in the user's own shell. So it is collected after every few MB,
/// which is as quick as there is little that is still used; where the runtime does so itself, nothing is done here.
/// </summary>
internal sealed class YoungGarbage
{
    private const long Room = 6 * 1024 * 1024;

    // One for the process, as its heap is.
    private static readonly YoungGarbage Process = new();

    private readonly Lock _lock = new();
    private long _allocated;
    private int _collections;

    /// <summary>Called at each answer and change.</summary>
    public static void Sweep()
    {
        if (Process.IsDue(GC.GetTotalAllocatedBytes(), GC.CollectionCount(0))) GC.Collect(1, GCCollectionMode.Forced, blocking: true);
    }

    /// <summary>Whether so much came since the last collection, whoever made it.</summary>
    /// <param name="allocated">Bytes allocated so far.</param>
    /// <param name="collections">Collections so far.</param>
    internal bool IsDue(long allocated, int collections)
    {
        lock (_lock)
        {
            var isCollected = collections != _collections;
            if (!isCollected && allocated - _allocated < Room) return false;
            (_allocated, _collections) = (allocated, isCollected ? collections : collections + 1);
            return !isCollected;
        }
    }
}
