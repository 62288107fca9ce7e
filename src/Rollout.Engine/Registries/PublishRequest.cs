using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>What is published, from which engine, and how.</summary>
public sealed record PublishRequest
{
    /// <summary>The image.</summary>
    public required ImageSource Image { get; init; }

    /// <summary>The engine that holds it and pushes it.</summary>
    public required IDockerClient Docker { get; init; }

    /// <summary>Where credentials come from: the docker CLI's config.json, or what the user gave.</summary>
    public IRegistryCredentials Credentials { get; init; } = new DockerConfig();

    /// <summary>Whether every local tag of the repository is pushed.</summary>
    public bool AllTags { get; init; }

    /// <summary>Whether a tag that exists as another image is refused.</summary>
    public bool Immutable { get; init; }

    /// <summary>How often what is transient is tried again.</summary>
    public int RetryCount { get; init; } = 3;

    /// <summary>How long all of it may take; null for any time.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long one question to the registry may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Hosts, each with or without a port, that may have the registry's credentials besides those known.</summary>
    public IReadOnlyCollection<string> AllowedTokenRealms { get; init; } = [];

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The jitter of delays.</summary>
    public Random Random { get; init; } = Random.Shared;
}
