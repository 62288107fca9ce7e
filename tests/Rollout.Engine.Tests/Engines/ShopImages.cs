using System.Diagnostics;
using System.Text;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// Versions of a small web service that says its version, fast enough for a load: an HAProxy that answers by itself, with the libraries it
/// needs, FROM scratch. (Busybox's httpd drops connections above about six at once.) Needs <c>haproxy</c> and <c>busybox</c>.
/// </summary>
internal static class ShopImages
{
    internal const int Port = 8080;

    private const string Configuration = """
        global
            hard-stop-after 5s
        defaults
            mode http
            timeout connect 2s
            timeout client 30s
            timeout server 30s
        frontend shop
            bind :8080
            http-request return status "${HEALTH}" content-type text/plain string "shop ${VERSION}" if { path /healthz }
            http-request return status 200 content-type text/plain string "shop ${VERSION}"

        """;

    private const string Dockerfile = """
        COPY root/ /
        ENV VERSION={0} HEALTH={1}
        HEALTHCHECK --interval=1s --timeout=2s --retries=2 CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]
        # As PID 1 it has no default for SIGTERM.
        STOPSIGNAL SIGUSR1
        CMD ["/usr/sbin/haproxy", "-db", "-f", "/haproxy.cfg"]
        """;

    /// <summary>Builds a version; <paramref name="health"/> is the status of /healthz.</summary>
    internal static async Task BuildAsync(IDockerClient client, ImageReference reference, string version, int health = 200)
    {
        var files = new Dictionary<string, byte[]> { ["root/haproxy.cfg"] = Encoding.ASCII.GetBytes(Configuration) };
        var haproxy = Needs.Program("haproxy")!;
        foreach (var path in (await LibrariesAsync(haproxy)).Append(haproxy)) files["root" + path] = await File.ReadAllBytesAsync(path);
        await TestImages.BuildAsync(client, reference, Dockerfile.Replace("{0}", version, StringComparison.Ordinal).Replace("{1}", $"{health}", StringComparison.Ordinal), files);
    }

    /// <summary>The paths at which the loader will look; ldd names each library by its path.</summary>
    private static async Task<IEnumerable<string>> LibrariesAsync(string program)
    {
        using var ldd = Process.Start(new ProcessStartInfo("ldd", [program]) { RedirectStandardOutput = true })!;
        var output = await ldd.StandardOutput.ReadToEndAsync();
        await ldd.WaitForExitAsync();
        return output.Split((char[])[' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith('/')).Distinct();
    }
}
