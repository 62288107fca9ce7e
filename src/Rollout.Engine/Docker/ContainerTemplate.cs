using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>
/// What the user wants of a container, without what its image brings and without what belongs to one container alone: the stuff that
/// goes from one release to the next. Never changed in place; what is taken out is a copy.
/// </summary>
/// <param name="Config">Env, Labels, User and the like.</param>
/// <param name="HostConfig">Binds, PortBindings, RestartPolicy, limits and every field this version does not know.</param>
/// <param name="Networks">Endpoint settings by network; empty on the default network.</param>
internal sealed record ContainerTemplate(JsonObject Config, JsonObject HostConfig, JsonObject Networks)
{
    /// <summary>What a first rollout starts from. Comes back after a restart of the engine, as nobody would want a rollout that does not.</summary>
    internal static ContainerTemplate Default => new(
        [],
        new JsonObject { ["RestartPolicy"] = RestartPolicy.UnlessStopped.ToJson() },
        []);

    /// <summary>The labels, where there are any.</summary>
    internal IEnumerable<KeyValuePair<string, string>> Labels =>
        (Config["Labels"] as JsonObject ?? []).Select(label => KeyValuePair.Create(label.Key, (string?)label.Value ?? ""));

    /// <summary>The policy its containers are to have while they are in service.</summary>
    internal RestartPolicy RestartPolicy => RestartPolicy.From(HostConfig);

    /// <summary>Where something that has a name or a place on the host is mounted.</summary>
    internal IEnumerable<string> MountTargets =>
        HostConfig.Strings("Binds").Select(bind => bind.Split(':').ElementAtOrDefault(1))
            .Concat((HostConfig["Mounts"] as JsonArray ?? []).Select(mount => (string?)mount?["Target"]))
            .OfType<string>();

    /// <summary>Whether two mean the same.</summary>
    internal bool SameAs(ContainerTemplate other) =>
        JsonNode.DeepEquals(Config, other.Config) && JsonNode.DeepEquals(HostConfig, other.HostConfig) && JsonNode.DeepEquals(Networks, other.Networks);

    /// <summary>The same with other labels.</summary>
    internal ContainerTemplate WithLabels(IEnumerable<KeyValuePair<string, string>> labels)
    {
        var config = Config.Copy();
        config["Labels"] = new JsonObject(labels.Select(label => KeyValuePair.Create<string, JsonNode?>(label.Key, label.Value)));
        return this with { Config = config };
    }

    /// <summary>The same without labels.</summary>
    internal ContainerTemplate WithoutLabels()
    {
        var config = Config.Copy();
        config.Remove("Labels");
        return this with { Config = config };
    }

    /// <summary>The same without a port's being published.</summary>
    internal ContainerTemplate WithoutPublished(int port)
    {
        var inside = $"{WorkloadLabels.Text(port)}/tcp";
        var published = PublishedPort.In(HostConfig);
        if (published.All(one => one.ContainerPort != inside)) return this;
        var config = Config.Copy();
        var host = HostConfig.Copy();
        PublishedPort.Apply(config, host, published.Where(one => one.ContainerPort != inside));
        return this with { Config = config, HostConfig = host };
    }

    /// <summary>The same without some network aliases.</summary>
    internal ContainerTemplate WithoutAliases(Predicate<string> isUnwanted) => WithAliases(aliases => aliases.Where(alias => !isUnwanted(alias)));

    /// <summary>The same with another alias on every network of the user's own; the default network has none.</summary>
    internal ContainerTemplate WithAlias(string alias) => WithAliases(aliases => aliases.Append(alias).Distinct());

    private ContainerTemplate WithAliases(Func<IEnumerable<string>, IEnumerable<string>> change)
    {
        var networks = Networks.Copy();
        foreach (var endpoint in networks.Select(network => network.Value).OfType<JsonObject>())
        {
            var aliases = change(endpoint.Strings("Aliases")).ToArray();
            endpoint.Remove("Aliases");
            if (aliases.Length > 0) endpoint["Aliases"] = new JsonArray([.. aliases]);
        }

        return this with { Networks = networks };
    }

    /// <summary>The same with another restart policy.</summary>
    internal ContainerTemplate WithRestartPolicy(RestartPolicy policy)
    {
        var host = HostConfig.Copy();
        host["RestartPolicy"] = policy.ToJson();
        return this with { HostConfig = host };
    }

    /// <summary>
    /// The body that creates a container. The API takes one network at creation (before 1.44); the others are attached before the start.
    /// </summary>
    internal CreateContainerBody ToBody(string image)
    {
        var config = Config.Copy();
        config["Image"] = image;
        var first = FirstNetwork;
        var networking = first is null ? null : new JsonObject { ["EndpointsConfig"] = new JsonObject { [first] = Networks[first]!.DeepClone() } };
        return new CreateContainerBody(config, HostConfig.Copy(), networking);
    }

    /// <summary>The networks that are attached after creation.</summary>
    internal IEnumerable<KeyValuePair<string, JsonObject>> FurtherNetworks =>
        Networks.Where(network => network.Key != FirstNetwork).Select(network => KeyValuePair.Create(network.Key, network.Value!.AsObject()));

    private string? FirstNetwork => (string?)HostConfig["NetworkMode"] is { } mode && Networks.ContainsKey(mode) ? mode : null;

    /// <summary>Lays what the user asks for now over what was carried over.</summary>
    internal ContainerTemplate With(DockerWorkload wanted)
    {
        var config = Config.Copy();
        var host = HostConfig.Copy();
        if (wanted.Env.Count > 0) config["Env"] = Overlay(config.Strings("Env"), wanted.Env);
        foreach (var volume in wanted.Volumes) AddVolume(config, host, volume);
        if (wanted.Publish.Count > 0) PublishedPort.Apply(config, host, wanted.Publish.SelectMany(PublishedPort.Parse));
        if (wanted.Memory is { Length: > 0 } memory)
        {
            host["Memory"] = Quantity.Bytes(memory);
            host.Remove("MemorySwap");
        }

        if (wanted.Cpu is { } cores)
        {
            host["NanoCpus"] = Quantity.NanoCpus(cores);
            host.Remove("CpuQuota");
            host.Remove("CpuPeriod");
        }

        return WithNetworks(config, host, wanted.Networks);
    }

    private ContainerTemplate WithNetworks(JsonObject config, JsonObject host, IReadOnlyList<string> wanted)
    {
        if (wanted.Count == 0) return new ContainerTemplate(config, host, Networks);
        host["NetworkMode"] = wanted[0];
        var isOwnStack = wanted[0] is "host" or "none" or "bridge" or "default" || wanted[0].StartsWith("container:", StringComparison.Ordinal);
        var networks = isOwnStack
            ? []
            : new JsonObject(wanted.Distinct().Select(name => KeyValuePair.Create<string, JsonNode?>(name, Networks[name]?.DeepClone() ?? new JsonObject())));
        return new ContainerTemplate(config, host, networks);
    }

    /// <exception cref="RolloutException">InvalidEnvironmentName, InvalidEnvironmentValue.</exception>
    internal static JsonArray Overlay(IEnumerable<string> env, IReadOnlyDictionary<string, string> wanted)
    {
        if (wanted.Keys.FirstOrDefault(name => name.Length == 0 || name.AsSpan().ContainsAny('=', '\0')) is { } wrong) throw RolloutErrors.InvalidEnvironmentName(wrong);
        if (wanted.FirstOrDefault(pair => pair.Value.Contains('\0', StringComparison.Ordinal)).Key is { } cut) throw RolloutErrors.InvalidEnvironmentValue(cut);
        var kept = env.Where(entry => !wanted.ContainsKey(entry.Split('=', 2)[0]));
        return [.. kept.Concat(wanted.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"))];
    }

    /// <summary>source:target[:options] replaces what was mounted at the target; a bare target is an anonymous volume.</summary>
    private static void AddVolume(JsonObject config, JsonObject host, string volume)
    {
        var parts = volume.Split(':');
        if (parts.Length > 3 || parts.Any(part => part.Length == 0) || !parts[Math.Min(1, parts.Length - 1)].StartsWith('/'))
        {
            throw RolloutErrors.InvalidVolume(volume);
        }

        if (parts.Length == 1)
        {
            var volumes = config["Volumes"] as JsonObject ?? [];
            volumes[volume] = new JsonObject();
            config["Volumes"] = volumes.Copy();
            return;
        }

        host["Binds"] = new JsonArray([.. host.Strings("Binds").Where(bind => bind.Split(':')[1] != parts[1]).Append(volume)]);
        if (host["Mounts"] is JsonArray mounts)
        {
            host["Mounts"] = new JsonArray([.. mounts.Where(mount => (string?)mount?["Target"] != parts[1]).Select(mount => mount?.DeepClone())]);
        }
    }
}

/// <summary>A restart policy as the engine has it.</summary>
internal sealed record RestartPolicy(string Name, int MaximumRetryCount)
{
    /// <summary>Never comes back by itself.</summary>
    internal static RestartPolicy No { get; } = new("no", 0);

    /// <summary>Comes back unless somebody stopped it.</summary>
    internal static RestartPolicy UnlessStopped { get; } = new("unless-stopped", 0);

    /// <summary>The policy within a HostConfig.</summary>
    internal static RestartPolicy From(JsonObject hostConfig)
    {
        var policy = hostConfig["RestartPolicy"] as JsonObject;
        var name = (string?)policy?["Name"];
        return string.IsNullOrEmpty(name) ? No : new RestartPolicy(name, (int?)policy!["MaximumRetryCount"] ?? 0);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    internal static RestartPolicy Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? new(text, 0) : new(text[..colon], int.Parse(text[(colon + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>As the engine takes it.</summary>
    internal JsonObject ToJson() => new() { ["Name"] = Name, ["MaximumRetryCount"] = MaximumRetryCount };

    /// <summary>As <c>docker run --restart</c> takes it: <c>on-failure:3</c>.</summary>
    public override string ToString() => MaximumRetryCount > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Name}:{MaximumRetryCount}") : Name;
}

/// <summary>Reading the API's loosely typed objects: null, absent and empty are the same.</summary>
internal static class ContainerJson
{
    internal static JsonObject Copy(this JsonObject source) => (JsonObject)source.DeepClone();

    internal static IReadOnlyList<string> Strings(this JsonObject source, string field) =>
        source[field] is JsonArray array ? [.. array.Select(item => (string?)item ?? "")] : [];
}
