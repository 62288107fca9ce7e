namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A SelfSubjectAccessReview (authorization.k8s.io/v1), as the server answers it.</summary>
public sealed record SelfSubjectAccessReview : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>The answer.</summary>
    public AccessReviewStatus Status { get; set => field = value ?? new(); } = new();
}

/// <summary>status of a SelfSubjectAccessReview.</summary>
public sealed record AccessReviewStatus
{
    /// <summary>Whether it is allowed.</summary>
    public bool Allowed { get; set; }
    /// <summary>Why, where the authorizer says so.</summary>
    public string Reason { get; set => field = value ?? ""; } = "";
}

/// <summary>What a right is about.</summary>
/// <param name="Verb">get, list, watch, create, patch, delete.</param>
/// <param name="Group">The API group; empty for the core.</param>
/// <param name="Resource">The plural: deployments.</param>
/// <param name="Namespace">The namespace; null for the cluster.</param>
/// <param name="Subresource">log, scale, status ...; null for the object itself.</param>
/// <param name="Name">One object's name; null for all.</param>
public sealed record ResourceAttributes(string Verb, string Group, string Resource, string? Namespace = null, string? Subresource = null, string? Name = null);
