using System.Net;
using System.Net.Sockets;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Engines;

/// <summary>A test that is skipped, visibly, where something it needs is not on this machine. See <see cref="Needs"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactNeedsAttribute : FactAttribute
{
    public FactNeedsAttribute(params string[] needs) => Skip = Needs.Missing(needs);
}

/// <summary>As <see cref="FactNeedsAttribute"/>, for theories.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryNeedsAttribute : TheoryAttribute
{
    public TheoryNeedsAttribute(params string[] needs) => Skip = Needs.Missing(needs);
}

/// <summary>What tests can need: <c>docker</c> is an engine that answers, <c>root</c> the superuser, <c>ip6-localhost</c> that name for [::1], <c>cluster</c> a
/// real control plane (ROLLOUT_TEST_KUBECONFIG); any other word is a program.</summary>
internal static class Needs
{
    private static readonly Lazy<bool> Engine = new(EngineListens);

    internal static string? Missing(params string[] needs)
    {
        var missing = needs.Where(need => !IsThere(need)).ToList();
        return missing.Count == 0 ? null : $"not on this machine: {string.Join(", ", missing)}";
    }

    /// <summary>The path of a program, also of one that only root has on PATH; null where it is not installed.</summary>
    internal static string? Program(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Concat(["/usr/sbin", "/sbin"])
        .Select(directory => Path.Combine(directory, name))
        .FirstOrDefault(File.Exists);

    private static bool IsThere(string need) => need switch
    {
        "docker" => Engine.Value,
        "cluster" => Clusters.RealKubeconfig is not null,
        "root" => Environment.UserName == "root",
        "ip6-localhost" => IsLoopbackName(need),
        _ => Program(need) is not null,
    };

    private static bool IsLoopbackName(string name)
    {
        try
        {
            return Dns.GetHostAddresses(name).Contains(IPAddress.IPv6Loopback);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool EngineListens()
    {
        var host = DockerEndpoint.Resolve(null, null, DockerSettings.OfThisProcess).Host;
        try
        {
            using var socket = host.Scheme == "unix"
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(host.Scheme == "unix" ? new UnixDomainSocketEndPoint(host.LocalPath) : new DnsEndPoint(host.Host, host.Port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
