namespace Rollout.Engine.Traffic;

/// <summary>Finds the router by the name the user writes.</summary>
public static class TrafficRouters
{
    private const string HAProxy = "haproxy";

    /// <summary>Opens a router. Nothing is sent yet.</summary>
    /// <param name="router">Its name: <c>haproxy</c>, in any case.</param>
    /// <param name="endpoint">Where it listens: a unix socket's path, <c>host:port</c>, <c>tcp://host:port</c>.</param>
    /// <param name="backend">The backend's name in the router.</param>
    /// <param name="directory">What a relative path starts from.</param>
    /// <param name="time">The clock for waits.</param>
    /// <param name="reporter">Where warnings go.</param>
    /// <exception cref="RolloutException">UnknownRouter, InvalidRouterEndpoint, InvalidRouterName.</exception>
    public static ITrafficRouter Open(string router, string endpoint, string backend, string directory, TimeProvider time, IReporter reporter)
    {
        CheckName(router);
        return new HAProxyRouter(HAProxyEndpoint.Parse(endpoint, directory), backend, time, reporter);
    }

    /// <summary>The endpoint as a workload remembers it: the same place whatever the directory.</summary>
    /// <exception cref="RolloutException">UnknownRouter, InvalidRouterEndpoint.</exception>
    public static string AbsoluteEndpoint(string router, string endpoint, string directory)
    {
        CheckName(router);
        return HAProxyEndpoint.Parse(endpoint, directory).Text;
    }

    private static void CheckName(string router)
    {
        if (!router.Equals(HAProxy, StringComparison.OrdinalIgnoreCase)) throw TrafficErrors.UnknownRouter(router, "for a plain Docker engine", [HAProxy]);
    }
}
