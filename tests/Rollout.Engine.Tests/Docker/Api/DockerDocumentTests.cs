using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Docker.Api;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Api;

/// <summary>The documents that are read and written by hand are JSON as the engine means it.</summary>
public sealed class DockerDocumentTests
{
    [Fact]
    public void A_row_of_containers_has_what_the_engine_says()
    {
        var row = Assert.Single(Read("""
            [{"Id":"4f2","Names":["/shop-1","/web/shop"],"Image":"shop:1","ImageID":"sha256:ab","Command":"run","Created":1764150000,"Ports":[],
              "Labels":{"a":"1","b \"c\"":"é"},"State":"running","Status":"Up 3 minutes (healthy)","HostConfig":{"NetworkMode":"default"}}]
            """));

        Assert.Equal(("4f2", "shop:1", "sha256:ab", 1764150000L, "running", "Up 3 minutes (healthy)"), (row.Id, row.Image, row.ImageId, row.Created, row.State, row.Status));
        Assert.Equal(["/shop-1", "/web/shop"], row.Names);
        Assert.Equal(new Dictionary<string, string> { ["a"] = "1", ["b \"c\""] = "é" }, row.Labels);
    }

    [Theory]
    [InlineData("[{}]")]
    [InlineData("""[{"Id":null,"Names":null,"Image":null,"ImageID":null,"Created":null,"Labels":null,"State":null,"Status":null}]""")]
    public void What_the_engine_leaves_out_is_empty(string document)
    {
        var row = Assert.Single(Read(document));

        Assert.Equal(("", "", "", 0L, "", ""), (row.Id, row.Image, row.ImageId, row.Created, row.State, row.Status));
        Assert.Empty(row.Names);
        Assert.Empty(row.Labels);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""[{"Id":1}]""")]
    [InlineData("""[{"Created":1.5}]""")]
    [InlineData("""[{"Labels":["a"]}]""")]
    [InlineData("""[{"Id":"cut""")]
    public void What_is_no_list_of_containers_is_refused(string document) => Assert.ThrowsAny<JsonException>(() => Read(document));

    [Fact]
    public void Filters_are_JSON_whatever_they_hold() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<NonNull<string>[]>(),
            values =>
            {
                var texts = values.Select(value => value.Get).ToList();
                var json = JsonNode.Parse(ApiPath.Filters(new Dictionary<string, IReadOnlyList<string>> { ["label"] = texts, ["b\"\\"] = [] }))!;
                Assert.Equal(texts, json["label"]!.AsArray().Select(text => (string)text!));
                Assert.Empty(json["b\"\\"]!.AsArray());
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_filter_is_an_empty_map() => Assert.Equal("{}", ApiPath.Filters(new Dictionary<string, IReadOnlyList<string>>()));

    private static IReadOnlyList<ContainerSummary> Read(string document) => ContainerList.Read(Encoding.UTF8.GetBytes(document));
}
