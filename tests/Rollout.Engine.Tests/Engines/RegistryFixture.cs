using Xunit;

namespace Rollout.Engine.Tests.Engines;

/// <summary>Real registries for a class of tests, each started when it is first asked for.</summary>
public sealed class RegistryFixture : IAsyncLifetime
{
    private readonly Lazy<Task<TestRegistry>> _plain = new(TestRegistry.StartAsync);
    private readonly Lazy<Task<TestRegistry>> _withLogin = new(TestRegistry.StartWithLoginAsync);
    private readonly Lazy<Task<TestRegistry>> _withTls = new(() => TestRegistry.StartWithTlsAsync());

    /// <summary>Plain HTTP, no login. Needs <c>docker-registry</c>.</summary>
    internal Task<TestRegistry> PlainAsync() => _plain.Value;

    /// <summary>Plain HTTP with a login. Needs <c>docker-registry</c> and <c>htpasswd</c>.</summary>
    internal Task<TestRegistry> WithLoginAsync() => _withLogin.Value;

    /// <summary>TLS under a private authority that the engine trusts. Needs <c>docker-registry</c>, <c>root</c> and <c>ip6-localhost</c>.</summary>
    internal Task<TestRegistry> WithTlsAsync() => _withTls.Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var registry in new[] { _plain, _withLogin, _withTls })
        {
            if (registry.IsValueCreated) await (await registry.Value).DisposeAsync();
        }
    }
}
