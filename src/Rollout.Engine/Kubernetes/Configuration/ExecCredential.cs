using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>
/// Credentials that a plugin prints. It is run when the first request is made, again when what it gave has expired, and again once
/// the server has refused it; requests meanwhile wait for the one run.
/// </summary>
internal sealed class ExecCredential(ExecPlugin plugin, X509Certificate2? certificate, TimeProvider time) : ICredentialSource
{
    private const int LongestOutput = 1 << 20;
    private const int LongestQuote = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Lock _lock = new();
    private Task<(Credential Credential, DateTimeOffset Expires)>? _run;

    public async ValueTask<Credential> GetAsync(CancellationToken cancellation)
    {
        Task<(Credential Credential, DateTimeOffset Expires)> run;
        lock (_lock)
        {
            var stale = _run is null || _run.IsFaulted || (_run.IsCompletedSuccessfully && time.GetUtcNow() >= _run.Result.Expires);
            run = stale ? _run = RunAsync() : _run!;
        }

        // One caller's cancellation does not end the run that others wait for too.
        return (await run.WaitAsync(cancellation)).Credential;
    }

    public bool Refused(Credential credential)
    {
        lock (_lock)
        {
            // Who comes second with the same credential finds it gone already; a newer one stays.
            if (_run is { IsCompletedSuccessfully: true } && _run.Result.Credential == credential) _run = null;
            return true;
        }
    }

    private async Task<(Credential Credential, DateTimeOffset Expires)> RunAsync()
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var process = Start();
        try
        {
            process.StandardInput.Close();
            var output = ReadAsync(process.StandardOutput.BaseStream, limit);
            var errors = ReadAsync(process.StandardError.BaseStream, limit);
            await Task.WhenAll(output, errors);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? Read(await output) : throw Failed(Ending(process.ExitCode, await errors));
        }
        catch (OperationCanceledException)
        {
            throw Failed($"it did not end within {Patience.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(plugin.Command, plugin.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in plugin.Environment) start.Environment[name] = value;
        var told = new ExecCredentialDocument(plugin.ApiVersion, "ExecCredential", new ExecCredentialSpec(Interactive: false, plugin.Cluster), null);
        start.Environment["KUBERNETES_EXEC_INFO"] = JsonSerializer.Serialize(told, ExecCredentialJson.Default.ExecCredentialDocument);
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            // .NET's own message repeats the command and the directory.
            var why = e is Win32Exception { NativeErrorCode: var code } ? new Win32Exception(code).Message : e.Message;
            throw KubernetesErrors.CredentialPluginFailed(plugin.Command, $"it cannot be started ({why.TrimEnd('.')})", plugin.InstallHint, e);
        }
    }

    /// <summary>Reads to the end. Where there is none, ends the reading of the other stream too.</summary>
    private async Task<byte[]> ReadAsync(Stream stream, CancellationTokenSource end)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[8192];
        while (await stream.ReadAsync(buffer, end.Token) is > 0 and var count)
        {
            bytes.Write(buffer, 0, count);
            if (bytes.Length <= LongestOutput) continue;
            await end.CancelAsync();
            throw Failed("its output has no end");
        }

        return bytes.ToArray();
    }

    private static string Ending(int exitCode, byte[] errors)
    {
        var words = Encoding.UTF8.GetString(errors).Trim();
        return words.Length == 0 ? $"exit code {exitCode}" : $"exit code {exitCode}: {(words.Length > LongestQuote ? words[^LongestQuote..] : words)}";
    }

    private (Credential Credential, DateTimeOffset Expires) Read(byte[] output)
    {
        ExecCredentialDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(output, ExecCredentialJson.Default.ExecCredentialDocument);
        }
        catch (JsonException)
        {
            // The cause is left out: it may quote the output, which holds a secret.
            throw Failed("its output is not an ExecCredential");
        }

        if (document?.Kind != "ExecCredential" || document.Status is not { } status) throw Failed("its output is not an ExecCredential with a status");
        if (document.ApiVersion != plugin.ApiVersion) throw Failed($"it answers in '{document.ApiVersion}', but '{plugin.ApiVersion}' was asked for");
        var hasToken = !string.IsNullOrEmpty(status.Token);
        var hasCertificate = !string.IsNullOrEmpty(status.ClientCertificateData);
        if (hasCertificate != !string.IsNullOrEmpty(status.ClientKeyData)) throw Failed("it gave a certificate without its key, or a key without its certificate");
        if (!hasToken && !hasCertificate) throw Failed("it gave neither a token nor a certificate");

        var own = hasCertificate ? ClientCertificate.Read(status.ClientCertificateData!, status.ClientKeyData!, $"certificate from '{plugin.Command}'") : null;
        return (new Credential(hasToken ? "Bearer " + status.Token : null, own ?? certificate), status.ExpirationTimestamp ?? own?.NotAfter ?? DateTimeOffset.MaxValue);
    }

    private RolloutException Failed(string problem) => KubernetesErrors.CredentialPluginFailed(plugin.Command, problem);
}
