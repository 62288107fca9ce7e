using System.Net.Http.Json;
using System.Text.Json;

namespace Rollout.Engine.Tests.Engines;

/// <summary>A real Alertmanager of a test's own on a free port of loopback. Needs <c>prometheus-alertmanager</c>.</summary>
internal sealed class TestAlertmanager : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rollout-alertmanager-");
    private readonly HttpClient _client = new();
    private Service? _service;

    internal Uri Uri { get; } = new($"http://127.0.0.1:{Ports.Free()}/");

    internal static async Task<TestAlertmanager> StartAsync()
    {
        var manager = new TestAlertmanager();
        var configuration = Path.Combine(manager._directory.FullName, "alertmanager.yml");
        // Whatever is critical inhibits the warnings of the same job.
        await File.WriteAllTextAsync(configuration, """
            route: { receiver: none, group_wait: 0s }
            receivers: [ { name: none } ]
            inhibit_rules: [ { source_matchers: [ 'severity="critical"' ], target_matchers: [ 'severity="warning"' ], equal: [ job ] } ]
            """);
        string[] arguments = [$"--config.file={configuration}", $"--storage.path={manager._directory.FullName}/data", $"--web.listen-address=127.0.0.1:{manager.Uri.Port}", "--cluster.listen-address=", "--log.level=warn"];
        manager._service = await Service.StartAsync("prometheus-alertmanager", arguments, manager.IsReadyAsync);
        return manager;
    }

    /// <summary>Has an alert fire.</summary>
    internal async Task FireAsync(string name, string severity, DateTimeOffset since, string job = "shop")
    {
        var labels = new Dictionary<string, string> { ["alertname"] = name, ["severity"] = severity, ["job"] = job };
        var alert = new { labels, annotations = new { summary = $"{name} of {job}" }, startsAt = since, endsAt = DateTimeOffset.UtcNow.AddHours(1) };
        using var answer = await _client.PostAsJsonAsync(new Uri(Uri, "api/v2/alerts"), new[] { alert });
        answer.EnsureSuccessStatusCode();
        await UntilAsync($"filter=alertname%3D{name}&filter=job%3D{job}");
    }

    /// <summary>Silences an alert.</summary>
    internal async Task SilenceAsync(string name)
    {
        var silence = new
        {
            matchers = new[] { new { name = "alertname", value = name, isRegex = false } },
            startsAt = DateTimeOffset.UtcNow,
            endsAt = DateTimeOffset.UtcNow.AddHours(1),
            createdBy = "tests",
            comment = "tests",
        };
        using var answer = await _client.PostAsJsonAsync(new Uri(Uri, "api/v2/silences"), silence);
        answer.EnsureSuccessStatusCode();
        await UntilAsync($"filter=alertname%3D{name}&active=false&inhibited=false&unprocessed=false");
    }

    /// <summary>Waits until there are alerts that match.</summary>
    internal async Task UntilAsync(string query)
    {
        using var patience = new CancellationTokenSource(TestLimit.Time);
        while ((await _client.GetFromJsonAsync<JsonElement>(new Uri(Uri, $"api/v2/alerts?{query}"), patience.Token)).GetArrayLength() == 0) await Task.Delay(50, patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_service is not null) await _service.DisposeAsync();
        _client.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri(Uri, "-/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
