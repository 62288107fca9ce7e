using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

public sealed class CarryOverTests
{
    private const string Id = "4b1d0c8a9f2e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504";

    [Fact]
    public void What_the_image_brought_stays_behind_and_what_the_user_asked_for_goes_on()
    {
        var template = Of(
            """
            {"Image":"shop:v1","Hostname":"4b1d0c8a9f2e","User":"app","WorkingDir":"/srv","StopSignal":"SIGTERM","Env":["PATH=/bin","VERSION=1","DB=orders"],
             "Cmd":["serve"],"Entrypoint":["/init"],"Labels":{"maintainer":"us","team":"shop"},"ExposedPorts":{"8080/tcp":{},"9090/tcp":{}},
             "Volumes":{"/data":{}},"Healthcheck":{"Test":["CMD","true"]},"Tty":true}
            """,
            """
            {"User":"","WorkingDir":"/srv","StopSignal":"SIGTERM","Env":["PATH=/bin","VERSION=1"],"Cmd":["serve"],"Entrypoint":["/init"],
             "Labels":{"maintainer":"us"},"ExposedPorts":{"8080/tcp":{}},"Volumes":{"/data":{}},"Healthcheck":{"Test":["CMD","true"]}}
            """);

        AssertJson("""{"User":"app","Env":["DB=orders"],"Labels":{"team":"shop"},"ExposedPorts":{"9090/tcp":{}},"Tty":true}""", template.Config);
    }

    [Theory]
    [InlineData("""{"Entrypoint":["/other"],"Cmd":["serve"]}""", """{"Entrypoint":["/init"],"Cmd":["serve"]}""", """{"Entrypoint":["/other"],"Cmd":["serve"]}""")]
    [InlineData("""{"Entrypoint":["/init"],"Cmd":["migrate"]}""", """{"Entrypoint":["/init"],"Cmd":["serve"]}""", """{"Cmd":["migrate"]}""")]
    [InlineData("""{"Entrypoint":null,"Cmd":["serve"]}""", """{"Entrypoint":["/init"]}""", """{"Entrypoint":[""],"Cmd":["serve"]}""")]
    [InlineData("""{"Entrypoint":["/init"]}""", """{"Entrypoint":["/init"],"Cmd":["serve"]}""", """{"Entrypoint":["/init"]}""")]
    public void The_command_goes_on_where_it_is_the_users(string container, string image, string expected) =>
        AssertJson(expected, Of(container, image).Config);

    [Fact]
    public void Fields_this_version_does_not_know_go_on()
    {
        var host = """{"Binds":["data:/data"],"Ulimits":[{"Name":"nofile","Soft":9}],"SomethingNew":{"A":1},"AutoRemove":true,"ContainerIDFile":"/x"}""";
        var template = CarryOver.From(new ContainerInspect { Id = Id, HostConfig = Json(host) }, null);
        AssertJson("""{"Binds":["data:/data"],"Ulimits":[{"Name":"nofile","Soft":9}],"SomethingNew":{"A":1}}""", template.HostConfig);
    }

    [Fact]
    public void Networks_keep_what_was_asked_for_and_not_what_the_engine_gave()
    {
        var networks = """
            {"Networks":{"bridge":{"IPAddress":"172.17.0.2"},
             "shop":{"IPAMConfig":null,"Links":null,"Aliases":["web","4b1d0c8a9f2e"],"NetworkID":"1","EndpointID":"2","IPAddress":"172.18.0.2","MacAddress":"02:42"}}}
            """;
        var template = CarryOver.From(new ContainerInspect { Id = Id, NetworkSettings = Json(networks) }, null);
        AssertJson("""{"shop":{"Aliases":["web"]}}""", template.Networks);
    }

    [Theory]
    [InlineData("7fe1c0")]
    [InlineData("7fe1c0d2")]
    [InlineData("shop")]
    public void A_network_that_was_asked_for_by_its_id_keeps_its_aliases(string mode)
    {
        var container = new ContainerInspect
        {
            Id = Id,
            HostConfig = Json($$"""{"NetworkMode":"{{mode}}"}"""),
            NetworkSettings = Json("""{"Networks":{"other":{"NetworkID":"66"},"shop":{"Aliases":["web"],"NetworkID":"7fe1c0d2"}}}"""),
        };
        var body = CarryOver.From(container, null).ToBody("image");
        AssertJson("""{"NetworkMode":"shop"}""", body.HostConfig);
        AssertJson("""{"EndpointsConfig":{"shop":{"Aliases":["web"]}}}""", body.NetworkingConfig!);
    }

    [Fact]
    public void A_container_made_again_from_the_same_image_is_the_same() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Arb.From(Configs().Zip(Configs())), pair =>
        {
            var (user, image) = pair;
            var container = Merge(user, image);
            var again = Merge(Of(container.ToJsonString(), image.ToJsonString()).Config, image);
            return Normal(again) == Normal(container);
        }));

    [Fact]
    public void Nothing_of_the_old_image_reaches_the_new_one() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Arb.From(Configs().Zip(Configs())), pair =>
        {
            var (user, image) = pair;
            var template = Of(Merge(user, image).ToJsonString(), image.ToJsonString()).Config;
            var asked = user["Env"]!.AsArray().Select(entry => (string?)entry).ToHashSet();
            return template.Strings("Env").All(asked.Contains)
                && (template["Labels"]?.AsObject() ?? []).All(label => JsonNode.DeepEquals(user["Labels"]![label.Key], label.Value));
        }));

    [Fact]
    public void What_is_asked_for_now_lies_over_what_was_carried()
    {
        var carried = new ContainerTemplate(
            Json("""{"Env":["A=1","B=2"]}"""),
            Json("""{"Binds":["old:/data:ro","logs:/logs"],"Mounts":[{"Type":"bind","Target":"/cache"}],"Memory":1,"MemorySwap":2,"CpuQuota":5}"""),
            Json("""{"front":{"Aliases":["web"]}}"""));

        var template = carried.With(new DockerWorkload
        {
            Env = new Dictionary<string, string> { ["B"] = "3", ["C"] = "a=b" },
            Volumes = ["new:/data", "/srv/cache:/cache"],
            Networks = ["front", "back"],
            Memory = "512m",
            Cpu = 1.5,
            Publish = ["127.0.0.1:8080:80"],
        });

        AssertJson("""{"Env":["A=1","B=3","C=a=b"],"ExposedPorts":{"80/tcp":{}}}""", template.Config);
        AssertJson(
            """
            {"Binds":["logs:/logs","new:/data","/srv/cache:/cache"],"Mounts":[],"Memory":536870912,"NanoCpus":1500000000,"NetworkMode":"front",
             "PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}}
            """,
            template.HostConfig);
        AssertJson("""{"front":{"Aliases":["web"]},"back":{}}""", template.Networks);
    }

    [Theory]
    [InlineData("80", "80/tcp||")]
    [InlineData("8080:80", "80/tcp||8080")]
    [InlineData("127.0.0.1:8080:80/udp", "80/udp|127.0.0.1|8080")]
    [InlineData("127.0.0.1::80", "80/tcp|127.0.0.1|")]
    [InlineData("[::1]:8080:80", "80/tcp|::1|8080")]
    [InlineData("8000-8001:80-81", "80/tcp||8000 81/tcp||8001")]
    public void Publish_reads_what_docker_run_reads(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', PublishedPort.Parse(text).Select(port => $"{port.ContainerPort}|{port.HostIp}|{port.HostPort}")));

    [Theory]
    [InlineData("")]
    [InlineData("0:80")]
    [InlineData("80/icmp")]
    [InlineData("1-3:1-2")]
    [InlineData("http:80")]
    [InlineData("70000:80")]
    [InlineData("80:80:80:80")]
    [InlineData("host:8080:80")]
    public void Publish_refuses_what_docker_run_refuses(string text) =>
        Assert.Equal("InvalidPublish", Assert.Throws<RolloutException>(() => PublishedPort.Parse(text).ToList()).Id);

    [Theory]
    [InlineData("")]
    [InlineData("DB=orders")]
    public void A_name_of_the_environment_has_no_equals_sign(string name)
    {
        var wanted = new DockerWorkload { Env = new Dictionary<string, string> { [name] = "value" } };
        Assert.Equal("InvalidEnvironmentName", Assert.Throws<RolloutException>(() => ContainerTemplate.Default.With(wanted)).Id);
    }

    [Fact]
    public void A_value_of_the_environment_has_no_nul_and_is_not_shown()
    {
        var wanted = new DockerWorkload { Env = new Dictionary<string, string> { ["TOKEN"] = "hunter2\0" } };
        var error = Assert.Throws<RolloutException>(() => ContainerTemplate.Default.With(wanted));
        Assert.Equal("InvalidEnvironmentValue", error.Id);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("data:relative")]
    [InlineData(":/data")]
    [InlineData("a:/b:ro:x")]
    public void Volumes_that_docker_would_refuse_are_refused(string volume) =>
        Assert.Equal("InvalidVolume", Assert.Throws<RolloutException>(() => ContainerTemplate.Default.With(new DockerWorkload { Volumes = [volume] })).Id);

    [Theory]
    [InlineData("512m", 512L << 20)]
    [InlineData("2g", 2L << 30)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("1024", 1024)]
    public void Memory_is_read_as_docker_reads_it(string text, long bytes) => Assert.Equal(bytes, Quantity.Bytes(text));

    [Theory]
    [InlineData("host", "{}", "{}", true)]
    [InlineData("container:x", "{}", "{}", true)]
    [InlineData("bridge", """{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}""", "{}", true)]
    [InlineData("bridge", """{"80/tcp":[{"HostIp":"","HostPort":""}]}""", "{}", false)]
    [InlineData("shop", "{}", """{"shop":{"IPAMConfig":{"IPv4Address":"10.1.1.1"}}}""", true)]
    [InlineData("shop", "{}", """{"shop":{"IPAMConfig":{"IPv4Address":""}}}""", false)]
    public void Two_containers_cannot_share_a_port_an_address_or_the_hosts_network(string mode, string ports, string networks, bool stands)
    {
        var host = new JsonObject { ["NetworkMode"] = mode, ["PortBindings"] = Json(ports) };
        Assert.Equal(stands, SideBySide.Obstacle(new ContainerTemplate([], host, Json(networks))) is not null);
    }

    [Fact]
    public void A_replicas_own_labels_and_port_are_taken_off_again()
    {
        var names = new WorkloadNames(new TargetName("compose", "p/s"));
        var template = new ContainerTemplate(
            Json("""{"Labels":{"com.docker.compose.project":"p","team":"shop"},"ExposedPorts":{"9/tcp":{}}}"""),
            Json("""{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},"PortBindings":{"9/tcp":[{"HostIp":"","HostPort":"9"}]}}"""),
            Json("""{"net":{"Aliases":["s"]}}"""));
        var release = new Release { Number = 4, Image = "localhost/s:1", ImageId = "sha256:1", Replicas = 2, Port = 8080 };

        var replica = ReplicaTemplate.For(template, names, release, 2, 20001, 7, new RouterChoice("haproxy", "/s", "b"));

        Assert.Equal("7", (string?)replica.Config["Labels"]!["com.docker.compose.container-number"]);
        Assert.Equal("20001", (string?)replica.HostConfig["PortBindings"]!["8080/tcp"]![0]!["HostPort"]);
        Assert.True(ReplicaTemplate.Without(replica, names).SameAs(template));
        Assert.True(ReplicaTemplate.Without(replica.WithLabels(WorkloadLabels.Hide(replica.Labels)), names).SameAs(template));
    }

    private static ContainerTemplate Of(string container, string image) => CarryOver.From(new ContainerInspect { Id = Id, Config = Json(container) }, Json(image));

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    private static void AssertJson(string expected, JsonObject actual) =>
        Assert.True(JsonNode.DeepEquals(Json(expected), actual), $"expected {expected}\nactual   {actual.ToJsonString()}");

    /// <summary>Configs of few different words, so that user and image often say the same.</summary>
    private static Gen<JsonObject> Configs()
    {
        var command = Gen.Elements("""[]""", """["a"]""", """["b"]""", """["a","b"]""");
        return from env in Gen.SubListOf("A", "B", "C")
               from values in Gen.ArrayOf(Gen.Elements("1", "2"), 3)
               from labels in Gen.SubListOf("x", "y")
               from ports in Gen.SubListOf("80/tcp", "81/tcp")
               from user in Gen.Elements("", "root", "app")
               from entrypoint in command
               from cmd in command
               select new JsonObject
               {
                   ["Env"] = new JsonArray([.. env.Zip(values, (key, value) => $"{key}={value}")]),
                   ["Labels"] = new JsonObject(labels.Zip(values, (key, value) => KeyValuePair.Create<string, JsonNode?>(key, value))),
                   ["ExposedPorts"] = new JsonObject(ports.Select(port => KeyValuePair.Create<string, JsonNode?>(port, new JsonObject()))),
                   ["User"] = user,
                   ["Entrypoint"] = JsonNode.Parse(entrypoint),
                   ["Cmd"] = JsonNode.Parse(cmd),
               };
    }

    /// <summary>What the engine makes of a request and an image (moby's merge of the two configs).</summary>
    private static JsonObject Merge(JsonObject user, JsonObject image)
    {
        var merged = (JsonObject)user.DeepClone();
        var keys = user.Strings("Env").Select(entry => entry.Split('=')[0]).ToHashSet();
        merged["Env"] = new JsonArray([.. user.Strings("Env").Concat(image.Strings("Env").Where(entry => !keys.Contains(entry.Split('=')[0])))]);
        foreach (var field in new[] { "Labels", "ExposedPorts" })
        {
            var both = (JsonObject)(user[field]?.DeepClone() ?? new JsonObject());
            foreach (var (key, value) in image[field]!.AsObject()) both.TryAdd(key, value?.DeepClone());
            merged[field] = both;
        }

        if (string.IsNullOrEmpty((string?)user["User"])) merged["User"] = (string?)image["User"];
        if (user.Strings("Entrypoint").Count == 0)
        {
            if (user.Strings("Cmd").Count == 0) merged["Cmd"] = image["Cmd"]!.DeepClone();
            merged["Entrypoint"] = image["Entrypoint"]!.DeepClone();
        }
        else if (user.Strings("Entrypoint") is [""])
        {
            merged["Entrypoint"] = new JsonArray();
        }

        return merged;
    }

    private static string Normal(JsonObject config) => string.Join(
        '|',
        string.Join(',', config.Strings("Env").Order(StringComparer.Ordinal)),
        string.Join(',', config["Labels"]!.AsObject().Select(label => $"{label.Key}={label.Value}").Order(StringComparer.Ordinal)),
        string.Join(',', config["ExposedPorts"]!.AsObject().Select(port => port.Key).Order(StringComparer.Ordinal)),
        (string?)config["User"],
        string.Join(',', config.Strings("Entrypoint")),
        string.Join(',', config.Strings("Cmd")));
}
