using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Rollout.Engine.Registries;

/// <summary>
/// Asks a credential helper (<c>docker-credential-NAME get</c>): the server's name on its standard input, the answer as JSON on its
/// standard output. What it prints is a secret, and is shown nowhere.
/// </summary>
internal sealed class CredentialHelper(TimeSpan timeout, TimeProvider time)
{
    private const int LongestAnswer = 64 * 1024;

    /// <summary>What the helper has for a server; null where it has nothing.</summary>
    /// <exception cref="RolloutException">CredentialHelperNotFound, CredentialHelperFailed.</exception>
    public async Task<CredentialHelperAnswer?> GetAsync(string name, string server, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        using var process = Start(name);
        try
        {
            return await AskAsync(process, name, server, either.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw RegistryErrors.CredentialHelperFailed(name, server, $"it gave no answer within {timeout.TotalSeconds:0.#} s");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(string name)
    {
        var start = new ProcessStartInfo($"docker-credential-{name}", ["get"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw RegistryErrors.CredentialHelperNotFound(name, missing);
        }
    }

    private static async Task<CredentialHelperAnswer?> AskAsync(Process process, string name, string server, CancellationToken cancellation)
    {
        var output = ReadAsync(process.StandardOutput, cancellation);
        var error = ReadAsync(process.StandardError, cancellation);
        await SendAsync(process, server, cancellation);
        await foreach (var read in Task.WhenEach(output, error))
        {
            if (await read is null) throw RegistryErrors.CredentialHelperFailed(name, server, $"it wrote more than {LongestAnswer} characters");
        }

        await process.WaitForExitAsync(cancellation);
        var (answer, complaint) = ((await output)!, (await error)!);
        if (process.ExitCode == 0) return Parse(answer, name, server);
        if (answer.Contains("credentials not found", StringComparison.OrdinalIgnoreCase)) return null;
        throw RegistryErrors.CredentialHelperFailed(name, server, Complaint(process.ExitCode, complaint + "\n" + answer));
    }

    /// <summary>All of it; null where that is more than any answer.</summary>
    private static async Task<string?> ReadAsync(StreamReader reader, CancellationToken cancellation)
    {
        var buffer = new char[LongestAnswer + 1];
        var length = await reader.ReadBlockAsync(buffer, cancellation);
        return length > LongestAnswer ? null : new string(buffer, 0, length);
    }

    /// <summary>The first line a failed helper printed, unless that is an answer, which may hold the secret.</summary>
    private static string Complaint(int exitCode, string printed)
    {
        var first = printed.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault("");
        return first.Length is 0 or > 200 || printed.Contains('{', StringComparison.Ordinal)
            ? $"it ended with exit code {exitCode}"
            : $"it ended with exit code {exitCode}: {first}";
    }

    private static async Task SendAsync(Process process, string server, CancellationToken cancellation)
    {
        try
        {
            await process.StandardInput.WriteAsync(server.AsMemory(), cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code and output say why.
        }
    }

    private static CredentialHelperAnswer? Parse(string answer, string name, string server)
    {
        try
        {
            return JsonSerializer.Deserialize(answer, RegistriesJson.Default.CredentialHelperAnswer);
        }
        catch (JsonException)
        {
            throw RegistryErrors.CredentialHelperFailed(name, server, "its answer is not the JSON it should be");
        }
    }
}
