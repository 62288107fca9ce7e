namespace Rollout.Engine.Docker;

/// <summary>A container that Rollout found and took over.</summary>
/// <param name="Id">The container's id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Release">The release it counts as.</param>
/// <param name="Replica">Its number within.</param>
/// <param name="Restart">The restart policy it had.</param>
/// <param name="Address">host:port that leads to it, where it publishes one.</param>
internal sealed record AdoptedReplica(string Id, string Name, int Release, int Replica, string Restart, string? Address = null);
