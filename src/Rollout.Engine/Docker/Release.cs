namespace Rollout.Engine.Docker;

/// <summary>One release: an image and the shape it runs in.</summary>
internal sealed record Release
{
    /// <summary>Its number; the revision of the status.</summary>
    public required int Number { get; init; }

    /// <summary>The image as it was asked for, with its digest where that was known.</summary>
    public required string Image { get; init; }

    /// <summary>The image's id in the engine.</summary>
    public required string ImageId { get; init; }

    /// <summary>How many containers.</summary>
    public required int Replicas { get; init; }

    /// <summary>The port they listen on.</summary>
    public int? Port { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Why.</summary>
    public string? ChangeCause { get; init; }

    /// <summary>What is known of its health.</summary>
    public HealthVerdict Verdict { get; init; } = HealthVerdict.Inconclusive;

    /// <summary>What the labels of its replicas tell.</summary>
    internal static Release From(int number, IReadOnlyList<Replica> replicas) => new()
    {
        Number = number,
        Image = replicas[0].Labels.GetValueOrDefault(WorkloadLabels.Image, replicas[0].ImageId),
        ImageId = replicas[0].ImageId,
        Replicas = replicas.Max(replica => replica.Index),
        Port = WorkloadLabels.Number(replicas[0].Labels, WorkloadLabels.Port),
    };
}
