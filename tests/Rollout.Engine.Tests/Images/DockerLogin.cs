using System.Text;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;

namespace Rollout.Engine.Tests.Images;

/// <summary>A docker configuration of the test's own that is logged in to a registry.</summary>
internal sealed class DockerLogin : IDisposable
{
    private readonly TemporaryDirectory _config = Buildx.InConfig(new TemporaryDirectory());

    internal DockerSettings Settings => Buildx.SettingsIn(_config.Path);

    internal IRegistryCredentials Credentials => new DockerConfig(_config.Path);

    internal static DockerLogin To(TestRegistry registry)
    {
        var login = new DockerLogin();
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{registry.Login!.UserName}:{registry.Login.Password}"));
        login._config.With("config.json", $$"""{ "auths": { "{{registry.Host}}": { "auth": "{{auth}}" } } }""");
        return login;
    }

    public void Dispose() => _config.Dispose();
}
