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
            lua-load /slow.lua
        defaults
            mode http
            timeout connect 2s
            timeout client 30s
            timeout server 30s
        frontend shop
            bind :8080
            http-request return status "${HEALTH}" content-type text/plain string "shop ${VERSION}" if { path /healthz }
        @RULES@
            http-request return status 200 content-type text/plain string "shop ${VERSION}"

        """;

    private const string Dockerfile = """
        COPY root/ /
        ENV VERSION={0} HEALTH={1}
        # What is bad answers so at once; to begin a check alone takes a laden machine seconds.
        HEALTHCHECK --interval=1s --timeout=30s --retries=2 CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]
        # As PID 1 it has no default for SIGTERM.
        STOPSIGNAL SIGUSR1
        CMD {2}
        """;

    private const string Lua = """core.register_action("slow", { "http-req" }, function(txn) core.msleep(2500) end)""";

    private const string Serve = "/usr/sbin/haproxy -db -f /haproxy.cfg";

    /// <summary>What a release can be like.</summary>
    /// <param name="Rules">Rules of its frontend besides, for all but /healthz; null for none.</param>
    /// <param name="DiesAfterSec">Seconds after which it ends; null for never.</param>
    internal sealed record Behaviour(string? Rules = null, int? DiesAfterSec = null)
    {
        internal static Behaviour Good { get; } = new();

        /// <summary>Each answer takes 2.5 s.</summary>
        internal static Behaviour Slow { get; } = new("http-request lua.slow");

        /// <summary>Three answers of ten are errors.</summary>
        internal static Behaviour Erroring { get; } = new($"{Error} if {{ rand(10) lt 3 }}");

        /// <summary>Nothing but errors for one second of three.</summary>
        internal static Behaviour Flapping { get; } = new($"{Error} if {{ date,mod(3) eq 0 }}");

        internal static Behaviour Crashing { get; } = new(DiesAfterSec: 6);

        private const string Error = "http-request return status 500 content-type text/plain string \"shop ${VERSION}\"";
    }

    /// <summary>Builds a version; <paramref name="health"/> is the status of /healthz.</summary>
    internal static async Task BuildAsync(IDockerClient client, ImageReference reference, string version, int health = 200, Behaviour? behaviour = null)
    {
        behaviour ??= Behaviour.Good;
        var configuration = Configuration.Replace("@RULES@", $"    {behaviour.Rules}".TrimEnd(), StringComparison.Ordinal);
        var command = behaviour.DiesAfterSec is { } seconds ? $"{Serve} & sleep {seconds}; exit 3" : $"exec {Serve}";
        var files = new Dictionary<string, byte[]> { ["root/haproxy.cfg"] = Encoding.ASCII.GetBytes(configuration), ["root/slow.lua"] = Encoding.ASCII.GetBytes(Lua) };
        var haproxy = Needs.Program("haproxy")!;
        foreach (var path in (await LibrariesAsync(haproxy)).Append(haproxy)) files["root" + path] = await File.ReadAllBytesAsync(path);
        var dockerfile = Dockerfile
            .Replace("{0}", version, StringComparison.Ordinal)
            .Replace("{1}", $"{health}", StringComparison.Ordinal)
            .Replace("{2}", $"[\"sh\", \"-c\", \"{command}\"]", StringComparison.Ordinal);
        await TestImages.BuildAsync(client, reference, dockerfile, files);
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
