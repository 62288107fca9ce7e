using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Rollout.Engine.Tests.Engines;

/// <summary>A real registry on a port of loopback, its blobs in a directory of its own.</summary>
internal sealed class TestRegistry : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rollout-registry-");
    private readonly List<string> _configuration;
    private readonly IPAddress _address;
    private readonly int _port = Ports.Free();
    private Service? _service;
    private string? _trust;

    private TestRegistry(string host, IPAddress address)
    {
        _address = address;
        Host = $"{host}:{_port}";
        _configuration =
        [
            "version: 0.1",
            "log: { level: warn }",
            $"storage: {{ filesystem: {{ rootdirectory: \"{_directory.FullName}/blobs\" }}, delete: {{ enabled: true }} }}",
        ];
    }

    /// <summary>Host and port as they stand in a reference.</summary>
    internal string Host { get; }

    /// <summary>Where its blobs and manifests are.</summary>
    internal string Blobs => Path.Combine(_directory.FullName, "blobs");

    /// <summary>The login it wants; null where it wants none.</summary>
    internal NetworkCredential? Login { get; private set; }

    /// <summary>The PEM file of the authority that signed its certificate; null where it speaks plain HTTP.</summary>
    internal string? CaFile { get; private set; }

    internal ImageReference Reference(string repository, string tag = "1") => ImageReference.Parse($"{Host}/{repository}:{tag}");

    /// <summary>Plain HTTP, no login.</summary>
    internal static Task<TestRegistry> StartAsync()
    {
        var registry = new TestRegistry("127.0.0.1", IPAddress.Loopback);
        registry._configuration.Add($"http: {{ addr: \"127.0.0.1:{registry._port}\" }}");
        return registry.StartServiceAsync();
    }

    /// <summary>Plain HTTP, with a login of a name and a fresh password (htpasswd).</summary>
    internal static async Task<TestRegistry> StartWithLoginAsync()
    {
        var registry = new TestRegistry("127.0.0.1", IPAddress.Loopback) { Login = new NetworkCredential("rollout", Guid.NewGuid().ToString("N")) };
        var file = Path.Combine(registry._directory.FullName, "htpasswd");
        var start = new ProcessStartInfo(Needs.Program("htpasswd")!, ["-iBc", file, registry.Login.UserName]) { RedirectStandardInput = true, RedirectStandardError = true };
        using (var htpasswd = Process.Start(start)!)
        {
            await htpasswd.StandardInput.WriteLineAsync(registry.Login.Password);
            htpasswd.StandardInput.Close();
            await htpasswd.WaitForExitAsync();
        }

        registry._configuration.Add($"http: {{ addr: \"127.0.0.1:{registry._port}\" }}");
        registry._configuration.Add($"auth: {{ htpasswd: {{ realm: tests, path: \"{file}\" }} }}");
        return await registry.StartServiceAsync();
    }

    /// <summary>
    /// TLS under a private authority on [::1], where no engine takes just any certificate as it does on 127.0.0.0/8. The authority is put
    /// into /etc/docker/certs.d for this host and port where <paramref name="isTrusted"/>. Needs <c>ip6-localhost</c> and root.
    /// </summary>
    internal static Task<TestRegistry> StartWithTlsAsync(bool isTrusted = true)
    {
        var registry = new TestRegistry("ip6-localhost", IPAddress.IPv6Loopback);
        using var authority = new TestAuthority();
        var certificates = Path.Combine(registry._directory.FullName, "tls");
        authority.Write(certificates, "ip6-localhost");
        registry.CaFile = Path.Combine(certificates, "ca.pem");
        if (isTrusted)
        {
            registry._trust = $"/etc/docker/certs.d/{registry.Host}";
            Directory.CreateDirectory(registry._trust);
            File.Copy(registry.CaFile, Path.Combine(registry._trust, "ca.crt"));
        }

        registry._configuration.Add($"http: {{ addr: \"[::1]:{registry._port}\", tls: {{ certificate: \"{certificates}/cert.pem\", key: \"{certificates}/key.pem\" }} }}");
        return registry.StartServiceAsync();
    }

    /// <summary>Ends the process; what is stored stays.</summary>
    internal Task StopAsync() => _service!.StopAsync();

    /// <summary>Starts it again at the same address with what it had stored.</summary>
    internal Task RestartAsync() => StartServiceAsync();

    public async ValueTask DisposeAsync()
    {
        if (_service is not null) await _service.DisposeAsync();
        if (_trust is not null) Directory.Delete(_trust, recursive: true);
        _directory.Delete(recursive: true);
    }

    private async Task<TestRegistry> StartServiceAsync()
    {
        var file = Path.Combine(_directory.FullName, "config.yml");
        await File.WriteAllLinesAsync(file, _configuration);
        _service = await Service.StartAsync("docker-registry", ["serve", file], ListensAsync);
        return this;
    }

    private async Task<bool> ListensAsync()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(_address, _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
