namespace Rollout;

/// <summary>Opens a TCP connection: whatever takes it is good.</summary>
public sealed record TcpHealthCheck : RolloutHealthCheck
{
    /// <inheritdoc/>
    public override string Kind => "Tcp";

    /// <summary>The host's name or address.</summary>
    public required string HostName { get; init; }

    /// <summary>The port.</summary>
    public required int Port { get; init; }
}
