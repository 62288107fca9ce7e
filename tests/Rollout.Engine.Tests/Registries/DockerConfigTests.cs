using System.Text;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Registries;

public sealed class DockerConfigTests : IDisposable
{
    private const string Secret = "s3cret-Passw0rd";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rollout-config-");

    public DockerConfigTests() => HelperDirectory.AddToPath();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task No_file_is_no_credentials()
    {
        Assert.Null(await FindAsync("localhost:5000"));
    }

    [Theory]
    [InlineData("registry.example.com", "registry.example.com")]
    [InlineData("registry.example.com:5000", "registry.example.com:5000")]
    [InlineData("https://registry.example.com/v2/", "registry.example.com")]
    [InlineData("http://registry.example.com", "registry.example.com")]
    [InlineData("[::1]:5000", "[::1]:5000")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("index.docker.io", "docker.io")]
    [InlineData("docker.io", "docker.io")]
    public async Task Auths_are_found_by_any_name_docker_has_written(string key, string registry)
    {
        Write($$"""{"auths": {"other.example.com": {"auth": "eDp5"}, "{{key}}": {"auth": "{{Base64($"user:{Secret}:with:colons")}}"} } }""");

        var found = await FindAsync(registry);

        Assert.Equal("user", found?.Username);
        Assert.Equal($"{Secret}:with:colons", found?.Password);
        Assert.Equal(registry == "docker.io" ? DockerConfig.DockerHubKey : registry, found?.ServerAddress);
    }

    [Theory]
    [InlineData("example.com")]
    [InlineData("registry.example.com:5000")]
    [InlineData("registry.example.com.evil.example")]
    [InlineData("docker.io")]
    public async Task A_credential_is_for_its_own_host_and_port_only(string registry)
    {
        Write($$"""{"auths": {"registry.example.com": {"auth": "{{Base64("user:" + Secret)}}"} } }""");

        Assert.Null(await FindAsync(registry));
    }

    [Fact]
    public async Task The_exact_name_goes_before_one_of_the_same_host()
    {
        Write($$"""{"auths": {"https://r.example.com/v1/": {"auth": "{{Base64("old:x")}}"}, "r.example.com": {"auth": "{{Base64("new:y")}}"} } }""");

        Assert.Equal("new", (await FindAsync("r.example.com"))?.Username);
    }

    [Fact]
    public async Task An_identity_token_is_kept()
    {
        Write($$"""{"auths": {"r.example.com": {"auth": "{{Base64("00000000:")}}", "identitytoken": "{{Secret}}"} } }""");

        var found = await FindAsync("r.example.com");

        Assert.Equal(Secret, found?.IdentityToken);
        Assert.Null(found?.Password);
    }

    [Theory]
    [InlineData("""{"auths": {"r.example.com": {} } }""")]
    [InlineData("""{"auths": {"r.example.com": {"auth": ""} } }""")]
    [InlineData("""{"currentContext": "default"}""")]
    [InlineData("""{"auths": null, "credsStore": ""}""")]
    public async Task An_empty_entry_is_no_credentials(string config)
    {
        Write(config);

        Assert.Null(await FindAsync("r.example.com"));
    }

    [Fact]
    public async Task The_helper_of_a_registry_goes_before_the_store_and_the_store_before_the_file()
    {
        var own = Helper($$"""read server; printf '{"ServerURL":"%s","Username":"own-%s","Secret":"{{Secret}}"}' "$server" "$server" """);
        var store = Helper($$"""read server; printf '{"Username":"store-%s","Secret":"x"}' "$server" """);
        Write($$"""
            {"auths": {"r.example.com": {"auth": "{{Base64("file:x")}}"}, "s.example.com": {"auth": "{{Base64("file:x")}}"} },
             "credHelpers": {"r.example.com": "{{own}}"}, "credsStore": "{{store}}"}
            """);

        Assert.Equal("own-r.example.com", (await FindAsync("r.example.com"))?.Username);
        Assert.Equal(Secret, (await FindAsync("r.example.com"))?.Password);
        Assert.Equal("store-s.example.com", (await FindAsync("s.example.com"))?.Username);
        Assert.Equal("store-https://index.docker.io/v1/", (await FindAsync("docker.io"))?.Username);
    }

    [Fact]
    public async Task A_helper_is_told_the_server_on_its_input_and_nothing_but_get_in_its_arguments()
    {
        var seen = Path.Combine(_directory.FullName, "seen");
        var helper = Helper($$"""
            printf '%s' "$*" > {{seen}}.arguments
            cat > {{seen}}.input
            echo '{"Username":"u","Secret":"{{Secret}}"}'
            """);
        Write($$"""{"credsStore": "{{helper}}"}""");

        Assert.Equal(Secret, (await FindAsync("r.example.com"))?.Password);

        Assert.Equal("get", File.ReadAllText(seen + ".arguments"));
        Assert.Equal("r.example.com", File.ReadAllText(seen + ".input"));
    }

    [Fact]
    public async Task A_helper_can_give_an_identity_token()
    {
        Write($$"""{"credsStore": "{{Helper($$"""echo '{"Username":"<token>","Secret":"{{Secret}}"}'""")}}"}""");

        var found = await FindAsync("r.example.com");

        Assert.Equal(Secret, found?.IdentityToken);
        Assert.Null(found?.Username);
    }

    [Fact]
    public async Task A_helper_that_knows_nothing_is_no_credentials()
    {
        Write($$"""{"credsStore": "{{Helper("echo 'credentials not found in native keychain'; exit 1")}}"}""");

        Assert.Null(await FindAsync("r.example.com"));
    }

    [Fact]
    public async Task A_failing_helper_is_an_error_with_what_it_said()
    {
        Write($$"""{"credsStore": "{{Helper("echo 'the keychain is locked'; exit 1")}}"}""");

        var error = await Assert.ThrowsAsync<RolloutException>(() => FindAsync("r.example.com"));

        Assert.Equal(("CredentialHelperFailed", ErrorKind.Authentication), (error.Id, error.Kind));
        Assert.Contains("the keychain is locked", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo '{\"Username\":\"u\",\"Secret\":\"" + Secret + "\"}'; exit 1")]
    [InlineData("echo '{\"Username\":\"u\",\"Secret\":\"" + Secret + "\"'")]
    [InlineData("echo locked >&2; echo '{\"Secret\":\"" + Secret + "\"}'; exit 2")]
    public async Task A_secret_that_a_broken_helper_printed_is_not_shown(string script)
    {
        Write($$"""{"credsStore": "{{Helper(script)}}"}""");

        var error = await Assert.ThrowsAsync<RolloutException>(() => FindAsync("r.example.com"));

        Assert.Equal("CredentialHelperFailed", error.Id);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_that_is_not_there_is_named()
    {
        Write("""{"credHelpers": {"r.example.com": "rollout-no-such-helper"}}""");

        var error = await Assert.ThrowsAsync<RolloutException>(() => FindAsync("r.example.com"));

        Assert.Equal("CredentialHelperNotFound", error.Id);
        Assert.Contains("docker-credential-rollout-no-such-helper", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_that_never_answers_is_ended()
    {
        var pid = Path.Combine(_directory.FullName, "pid");
        Write($$"""{"credsStore": "{{Helper($"echo $$ > {pid}; exec sleep 600")}}"}""");

        var error = await Assert.ThrowsAsync<RolloutException>(() =>
            new DockerConfig(_directory.FullName, TimeSpan.FromSeconds(1)).FindAsync("r.example.com", CancellationToken.None));

        Assert.Equal("CredentialHelperFailed", error.Id);
        Assert.True(HasEnded(int.Parse(File.ReadAllText(pid), null)));
    }

    [Theory]
    [InlineData("cat /dev/zero")]
    [InlineData("cat /dev/zero >&2")]
    public async Task A_helper_that_never_stops_writing_is_ended_and_does_not_fill_the_memory(string script)
    {
        Write($$"""{"credsStore": "{{Helper(script)}}"}""");

        var error = await Assert.ThrowsAsync<RolloutException>(() => FindAsync("r.example.com"));

        Assert.Equal("CredentialHelperFailed", error.Id);
        Assert.Contains("it wrote more than", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_file_holds_no_credentials()
    {
        Write("");
        Assert.Null(await FindAsync("r.example.com"));
    }

    [Theory]
    [InlineData("""{"auths": {"r.example.com": {"auth": "not*base64-""" + Secret + "\"}}}", "StoredCredentialInvalid")]
    [InlineData("""{"auths": {"r.example.com": {"auth": """ + Secret + "}}}", "DockerConfigInvalid")]
    [InlineData("""{"auths": "oops"}""", "DockerConfigInvalid")]
    public async Task A_broken_file_is_an_error_that_shows_no_secret(string config, string id)
    {
        Write(config);

        var error = await Assert.ThrowsAsync<RolloutException>(() => FindAsync("r.example.com"));

        Assert.Equal(id, error.Id);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_never_print_their_secret()
    {
        var given = await new GivenCredential("user", Secret).FindAsync("docker.io", CancellationToken.None);

        Assert.Equal(Secret, given?.Password);
        Assert.Equal(DockerConfig.DockerHubKey, given?.ServerAddress);
        Assert.DoesNotContain(Secret, given?.ToString(), StringComparison.Ordinal);
    }

    private Task<RegistryAuth?> FindAsync(string registry) => new DockerConfig(_directory.FullName).FindAsync(registry, CancellationToken.None);

    private void Write(string config) => File.WriteAllText(Path.Combine(_directory.FullName, "config.json"), config);

    private static string Helper(string script) => HelperDirectory.Add(script);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Killed processes stay as zombies until this process, their parent, reaps them.</summary>
    private static bool HasEnded(int pid)
    {
        try
        {
            return SpinWait.SpinUntil(
                () => File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal),
                TimeSpan.FromSeconds(5));
        }
        catch (IOException)
        {
            return true;
        }
    }
}

/// <summary>A directory on PATH for credential helpers that tests write.</summary>
internal static class HelperDirectory
{
    private static readonly Lazy<string> OnPath = new(() =>
    {
        var directory = Directory.CreateTempSubdirectory("rollout-helpers-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        Environment.SetEnvironmentVariable("PATH", directory + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH"));
        return directory;
    });

    public static void AddToPath() => _ = OnPath.Value;

    /// <summary>Writes a helper; returns the name config.json calls it by.</summary>
    public static string Add(string script)
    {
        var name = "test-" + Guid.NewGuid().ToString("n");
        var path = Path.Combine(OnPath.Value, "docker-credential-" + name);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
        });
        file.Write(Encoding.UTF8.GetBytes("#!/bin/sh\n" + script + "\n"));
        return name;
    }
}
