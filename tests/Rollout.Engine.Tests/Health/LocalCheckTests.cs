using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Rollout.Engine.Health;
using Xunit;

namespace Rollout.Engine.Tests.Health;

/// <summary>A port, a program, a script: what needs no monitoring.</summary>
public sealed class LocalCheckTests
{
    [Fact]
    public async Task A_port_that_takes_a_connection_is_healthy_and_one_that_does_not_is_not()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var check = new TcpHealthCheck { Name = "port", HostName = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, Interval = TimeSpan.Zero };
        Assert.Equal(HealthVerdict.Healthy, (await ResultAsync(check)).Verdict);
        var refused = await ResultAsync(check with { Port = 1 });
        Assert.Equal((HealthVerdict.Unhealthy, "tcp://127.0.0.1:1"), (refused.Verdict, refused.Query));
        Assert.Contains("connection refused", refused.Message, StringComparison.Ordinal);
        Assert.Contains("no connection", (await ResultAsync(check with { HostName = "no.such.host.invalid" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_is_judged_by_its_exit_code_and_quoted_with_its_last_lines()
    {
        Assert.Equal(HealthVerdict.Healthy, (await ResultAsync(Shell("test \"$ROLLOUT_NAME/$ROLLOUT_REVISION\" = shop/3"))).Verdict);
        var failed = await ResultAsync(Shell("seq 1 1000; printf '\\033[31mred\\n' >&2; exit 3"));
        Assert.Equal((HealthVerdict.Unhealthy, "3"), (failed.Verdict, failed.Value));
        Assert.Contains("1000", failed.Message, StringComparison.Ordinal);
        Assert.Contains("red", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n900\n", failed.Message!, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', failed.Message!);
    }

    [Fact]
    public async Task A_program_that_does_not_end_is_ended_with_all_it_started()
    {
        var marker = $"7{Random.Shared.Next(100_000, 999_999)}";
        var slow = await ResultAsync(Shell($"sleep {marker} & sleep {marker}") with { Timeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal(HealthVerdict.Unhealthy, slow.Verdict);
        Assert.Contains("did not end within 0.3 s", slow.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetDirectories("/proc").Where(process => int.TryParse(Path.GetFileName(process), out _)).Select(CommandLine), line => line.Contains(marker, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_program_left_running_is_not_waited_for()
    {
        var result = await ResultAsync(Shell("sleep 600 & echo $!; exit 3")).WaitAsync(TestLimit.Time);
        Assert.Equal((HealthVerdict.Unhealthy, "3"), (result.Verdict, result.Value));
        System.Diagnostics.Process.GetProcessById(int.Parse(result.Message!.Split('\n')[^1], CultureInfo.InvariantCulture)).Kill();
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_no_evidence()
    {
        var result = await ResultAsync(new CommandHealthCheck { Name = "smoke", Command = "/no/such/program", Interval = TimeSpan.FromHours(1) });
        Assert.Equal(HealthVerdict.Inconclusive, result.Verdict);
    }

    [Fact]
    public async Task A_script_needs_a_shell_that_runs_it()
    {
        var check = new ScriptHealthCheck { Name = "script", Script = "$true" };
        Assert.Equal("InvalidHealthCheck", (await Assert.ThrowsAsync<RolloutException>(() => ResultAsync(check))).Id);
        var run = check.RunBy((script, rollout, _) => Task.FromResult(new ScriptOutcome(HealthVerdict.Unhealthy, $"{script.Script} of {rollout.Target}")));
        var result = await ResultAsync(run);
        Assert.Equal((HealthVerdict.Unhealthy, "$true of docker/shop"), (result.Verdict, result.Message));
    }

    [Fact]
    public async Task The_first_that_is_unhealthy_is_not_held_up_by_the_others()
    {
        var hanging = new ScriptHealthCheck { Name = "hangs", Script = "x" }.RunBy((_, _, cancellation) => Task.Delay(Timeout.Infinite, cancellation).ContinueWith<ScriptOutcome>(_ => throw new OperationCanceledException(cancellation), TaskScheduler.Default));
        var runner = new HealthCheckRunner(null!, TimeProvider.System) { EndsAtFirstUnhealthy = true };
        var health = await runner.RunAsync(TestRollouts.Docker, [hanging with { Timeout = TimeSpan.FromHours(1) }, Shell("exit 1")], SilentReporter.Instance, default).WaitAsync(TestLimit.Time);
        Assert.Equal([HealthVerdict.Inconclusive, HealthVerdict.Unhealthy], health.Checks.Select(check => check.Verdict));
        Assert.Equal(HealthVerdict.Unhealthy, health.Verdict);
    }

    private static CommandHealthCheck Shell(string script) => new() { Name = "smoke", Command = "/bin/sh", ArgumentList = ["-c", script] };

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static async Task<HealthCheckResult> ResultAsync(RolloutHealthCheck check) =>
        Assert.Single((await new HealthCheckRunner(null!, TimeProvider.System).RunAsync(TestRollouts.Docker, [check], SilentReporter.Instance, default)).Checks);
}
