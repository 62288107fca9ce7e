using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>To which revision an undo goes. A revision is written as its number and what is known of it: h healthy, u unhealthy, ? nothing; * is the present one.</summary>
public sealed class UndoChoiceTests
{
    private const string NumberKey = "deployment.kubernetes.io/revision";

    [Theory]
    [InlineData("1? 2?*", 1)]
    [InlineData("1h 2? 3?*", 1)]
    [InlineData("1h 2h 3u*", 2)]
    [InlineData("1h 2u 3?*", 1)]
    [InlineData("1? 2u 3u*", 1)]
    // Back once, it does not go forward again where nothing later is known to be good, and does where it is.
    [InlineData("1? 2?* 3u", 1)]
    [InlineData("1? 2?* 3h", 3)]
    [InlineData("1h 2h*", 1)]
    public void ItGoesToTheNewestVerifiedElseToTheOneBefore(string revisions, long expected) => Assert.Equal(expected, Choose(revisions).Number);

    [Theory]
    [InlineData("1?*")]
    [InlineData("1u 2u*")]
    [InlineData("1?* 2?")]
    public void WhereNothingIsGoodNothingIsDone(string revisions) => Assert.Equal("NothingToUndo", Assert.Throws<RolloutException>(() => Choose(revisions)).Id);

    [Fact]
    public void TheAnnotationsAreTheRevisionsSaveThoseOfTheDeployment()
    {
        var workload = Workload("v2", new() { [NumberKey] = "7", ["kubectl.kubernetes.io/last-applied-configuration"] = "{}", ["cause"] = "new", ["only-now"] = "x" });
        var target = Revision(3, "v1", new() { [NumberKey] = "3", ["cause"] = "old", [RolloutRecord.VerdictAnnotation] = "Healthy", ["deployment.kubernetes.io/desired-replicas"] = "9" });

        var patch = UndoChoice.Patch(workload, target, new RolloutRecord()).Body;

        var annotations = (JsonObject)patch["metadata"]!["annotations"]!;
        Assert.Equal(("7", "{}", "old"), ((string?)annotations[NumberKey], (string?)annotations["kubectl.kubernetes.io/last-applied-configuration"], (string?)annotations["cause"]));
        Assert.True(annotations.ContainsKey("only-now") && annotations["only-now"] is null);
        Assert.False(annotations.ContainsKey(RolloutRecord.VerdictAnnotation));
        Assert.False(annotations.ContainsKey("deployment.kubernetes.io/desired-replicas"));
        Assert.Equal("41", (string?)patch["metadata"]!["resourceVersion"]);
        Assert.Null(patch["spec"]!["template"]!["metadata"]!["labels"]![PodTemplate.HashLabel]);
        Assert.Equal("replace", (string?)patch["spec"]!["template"]!["$patch"]);
    }

    private static Revision Choose(string text)
    {
        var rows = text.Split(' ');
        var revisions = rows.Select(row => Revision(row[0] - '0', "v" + row[0], row[1] == '?' ? [] : new() { [RolloutRecord.VerdictAnnotation] = row[1] == 'h' ? "Healthy" : "Unhealthy" })).Reverse().ToList();
        return UndoChoice.Choose(Workload("v" + rows.Single(row => row.EndsWith('*'))[0], []), revisions, new UndoRequest(), "main");
    }

    private static Workload Workload(string tag, Dictionary<string, string> annotations) =>
        new("deployment", new ObjectMeta { Name = "app", Namespace = "n", ResourceVersion = "41", Annotations = annotations }, Template(tag, hash: null), new LabelSelector(), Progress.Of(new Deployment()));

    private static Revision Revision(long number, string tag, Dictionary<string, string> annotations) => new(number, new ObjectMeta { Name = tag, Annotations = annotations }, Template(tag, tag), tag);

    private static JsonObject Template(string tag, string? hash)
    {
        var labels = new JsonObject { ["app"] = "app" };
        if (hash is not null) labels[PodTemplate.HashLabel] = hash;
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = labels },
            ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "app:" + tag }) },
        };
    }
}
