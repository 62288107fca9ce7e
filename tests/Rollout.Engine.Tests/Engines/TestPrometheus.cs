using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace Rollout.Engine.Tests.Engines;

/// <summary>A real Prometheus of a test's own on a free port of loopback, which scrapes a <see cref="MeasuredService"/> five times a second. Needs <c>prometheus</c>.</summary>
public sealed class TestPrometheus : IAsyncLifetime
{
    internal const string User = "rollout";
    internal const string Password = "prom-s3cret";

    // bcrypt, as web.yml wants it.
    private const string PasswordHash = "$2y$04$gewEWfY.dQjuTx.OqkmknuQKaoT4IMdDxg7XJrJzneKx9dmRRxefa";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rollout-prometheus-");
    private readonly int _port = Ports.Free();
    private Service? _service;

    internal Uri Uri => new($"{(CaFile is null ? "http" : "https")}://127.0.0.1:{_port}/");

    /// <summary>The PEM file of the authority that signed its certificate; null where it speaks plain HTTP.</summary>
    internal string? CaFile { get; private set; }

    internal MeasuredService Shop { get; private set; } = null!;

    /// <summary>One that scrapes what it is told to: lines of <c>scrape_configs</c>.</summary>
    internal static async Task<TestPrometheus> ScrapingAsync(params IEnumerable<string> scrapes)
    {
        var prometheus = new TestPrometheus();
        await prometheus.StartAsync(string.Join('\n', scrapes));
        return prometheus;
    }

    /// <summary>TLS under a private authority, and a login.</summary>
    internal static async Task<TestPrometheus> StartSecuredAsync()
    {
        var prometheus = new TestPrometheus();
        using var authority = new TestAuthority();
        authority.Write(prometheus._directory.FullName, "127.0.0.1");
        prometheus.CaFile = Path.Combine(prometheus._directory.FullName, "ca.pem");
        await File.WriteAllTextAsync(Path.Combine(prometheus._directory.FullName, "web.yml"), $$"""
            tls_server_config: { cert_file: cert.pem, key_file: key.pem }
            basic_auth_users: { {{User}}: '{{PasswordHash}}' }
            """);
        await prometheus.InitializeAsync();
        return prometheus;
    }

    public async Task InitializeAsync()
    {
        if (Needs.Program("prometheus") is null) return;
        Shop = await MeasuredService.StartAsync();
        await StartAsync($"- {{ job_name: shop, static_configs: [ {{ targets: [ '{Shop.Uri.Authority}' ] }} ] }}");
        await UntilAsync("rate(http_requests_total[3s]) > 0");
    }

    private async Task StartAsync(string scrapes)
    {
        var folder = _directory.FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yml"), """
            groups:
            - name: tests
              interval: 200ms
              rules:
              - { alert: ShopNotReady, expr: 'shop_ready == 0', labels: { severity: critical, job: shop }, annotations: { summary: 'The shop is not ready' } }
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"), $$"""
            global: { scrape_interval: 200ms, evaluation_interval: 200ms }
            rule_files: [ rules.yml ]
            scrape_configs:
            {{scrapes}}
            """);
        List<string> arguments =
        [
            $"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{_port}", "--log.level=warn",
        ];
        if (CaFile is not null) arguments.Add($"--web.config.file={folder}/web.yml");
        _service = await Service.StartAsync("prometheus", arguments, IsReadyAsync);
    }

    /// <summary>Waits until a query gives a number.</summary>
    internal async Task UntilAsync(string query)
    {
        using var client = Client();
        using var patience = new CancellationTokenSource(TestLimit.Time);
        while (!(await client.GetStringAsync(new Uri(Uri, $"api/v1/query?query={Uri.EscapeDataString(query)}"), patience.Token)).Contains("\"value\":", StringComparison.Ordinal))
        {
            await Task.Delay(50, patience.Token);
        }
    }

    public async Task DisposeAsync()
    {
        if (_service is not null) await _service.DisposeAsync();
        if (Shop is not null) await Shop.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        using var client = Client();
        try
        {
            using var answer = await client.GetAsync(new Uri(Uri, "-/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private HttpClient Client()
    {
        var client = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true });
        if (CaFile is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")));
        return client;
    }
}
