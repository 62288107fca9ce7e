using System.Globalization;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>
/// Follows the messages of pushes: reports how far they are, and keeps how each layer came to the registry. The engine names a layer by
/// twelve digits: of its unpacked content's digest, or in the containerd image store of the blob's.
/// </summary>
internal sealed class PushProgress(string activity, IReporter reporter)
{
    private const int ShortLength = 12;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Layer> _layers = new(StringComparer.Ordinal);
    private string _shown = "";

    /// <summary>Takes one message.</summary>
    public void Take(StreamMessage message)
    {
        if (message.Id is not { } id || message.Status is not { } status) return;

        lock (_lock)
        {
            var before = _layers.GetValueOrDefault(id, Layer.Unknown);
            if (Next(before, status, message.ProgressDetail) is not { } after) return;
            _layers[id] = after;
        }

        Report();
    }

    /// <summary>How a layer came to the registry; one that no message named was there.</summary>
    /// <param name="digest">The blob's digest.</param>
    /// <param name="diffId">The unpacked content's digest, where it is known.</param>
    public LayerStatus StatusOf(string digest, string? diffId)
    {
        lock (_lock)
        {
            return (_layers.GetValueOrDefault(Short(digest)) ?? (diffId is null ? null : _layers.GetValueOrDefault(Short(diffId))))?.Status ?? LayerStatus.Existing;
        }
    }

    // A layer that arrived in one attempt is "already there" to the next: it was pushed all the same.
    private static Layer? Next(Layer before, string status, ProgressDetail? detail) => status switch
    {
        "Pushed" => before with { Status = LayerStatus.Pushed, Done = before.Total, IsComplete = true },
        "Layer already exists" => before with { Status = before.Status ?? LayerStatus.Existing, IsComplete = true },
        _ when status.StartsWith("Mounted from ", StringComparison.Ordinal) => before with { Status = before.Status ?? LayerStatus.Mounted, IsComplete = true },
        "Pushing" when detail is { Total: > 0 } => before with { Done = Math.Min(detail.Current, detail.Total), Total = detail.Total },
        "Preparing" or "Waiting" or "Pushing" => before,
        _ => null,
    };

    private void Report()
    {
        string status;
        int? percent;
        lock (_lock)
        {
            var (done, total) = (_layers.Values.Sum(layer => layer.Done), _layers.Values.Sum(layer => layer.Total));
            var complete = _layers.Values.Count(layer => layer.IsComplete);
            percent = total > 0 ? (int)(100 * done / total) : null;
            status = $"{complete} of {_layers.Count} layers" + (total > 0 ? $", {Megabytes(done)} of {Megabytes(total)} MB" : "");
            if (status == _shown) return;
            _shown = status;
        }

        reporter.Progress(new ProgressReport(activity, status, percent));
    }

    private static string Megabytes(long bytes) => (bytes / 1_000_000.0).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Short(string digest)
    {
        var hex = digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return hex.Length <= ShortLength ? hex : hex[..ShortLength];
    }

    private sealed record Layer(LayerStatus? Status, long Done, long Total, bool IsComplete)
    {
        public static readonly Layer Unknown = new(null, 0, 0, false);
    }
}
