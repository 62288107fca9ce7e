using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Swarm;
using Rollout.Engine.Kubernetes.Strategies;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Health;
using Rollout.Engine.Traffic.Kubernetes;
using Xunit;

namespace Rollout.Engine.Tests.Rollouts;

/// <summary>Records of versions that knew less: each property is taken out of each record in turn.</summary>
public sealed class StoredJsonTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly RolloutDecision Decision = new(Now, "Checked", "why", HealthVerdict.Unhealthy) { Query = "q", Value = "v", Threshold = "t", Samples = 3 };

    private static readonly RolloutStep[] Steps = [new WeightStep(5), new PauseStep(TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)), new CheckStep(HealthCheckJsonTests.All), new ReplicasStep(2), new HeaderStep(new Dictionary<string, string> { ["X"] = "1" })];

    private static readonly WorkloadState OnDocker = new()
    {
        Phase = RolloutPhase.Failed, Reason = "r", Message = "m", Current = 2, Previous = 1, WentBackAsAsked = true, Router = new RouterChoice("haproxy", "/s", "shop"), Strategy = RolloutStrategy.Canary,
        StartedAt = Now, CompletedAt = Now, Decisions = [Decision], Checks = HealthCheckJsonTests.All, Adopted = [new AdoptedReplica("id", "name", 1, 1, "always", "127.0.0.1:1")],
        Holder = new Holder("id", "anna", "host", 7, Now, Now),
        History = [new Release { Number = 1, Image = "i", ImageId = "id", Replicas = 2, Port = 8080, CreatedAt = Now, ChangeCause = "c", Verdict = HealthVerdict.Unhealthy }],
        Change = new Change
        {
            From = 1, To = 2, FromReplicas = 2, IsUndo = true, Strategy = RolloutStrategy.Canary, Surge = 2, OnFailure = FailureAction.Freeze, TimeoutSec = 7, GraceRestarts = 3, GraceSec = 4, SecretChecks = ["s"],
            Steps = Steps, Passed = 1, Since = Now, Suspended = true, Verified = true, GoingBack = true, IsAsked = true, Frozen = true, Reason = "r", Message = "m",
        },
    };

    private static readonly RolloutRecord OnKubernetes = new()
    {
        Phase = RolloutPhase.Failed, Container = "c", Image = "i", PreviousImage = "p", OnFailure = FailureAction.Freeze, TimeoutSec = 7, GraceSec = 4, GraceRestarts = 3, IsUndo = true, IsAsked = true, HasPaused = true,
        BackTo = 3, HasChecks = true, StartedAt = Now, CompletedAt = Now, Reason = "r", Message = "m", Decisions = [Decision], Checks = HealthCheckJsonTests.All,
        Route = new ShareRoute { Router = "Istio", Name = "n", Backend = "b", Second = "s", Label = "l", OldValue = "o", NewValue = "w", Weights = [1, 2], Referring = [true] },
        Stepped = new SteppedState
        {
            Stage = SteppedStage.Returning, Strategy = RolloutStrategy.Canary, Steps = Steps, Passed = 1, Since = Now, Replicas = 3, Surge = 2, Unavailable = 1, Baseline = true, ChangeCause = "c", IsHeld = true, Turn = 9, HasSecretChecks = true,
        },
    };

    private static readonly ServiceRecord OnSwarm = new()
    {
        From = 1, To = 2, IsUndo = true, IsAsked = true, OnFailure = FailureAction.Freeze, TimeoutSec = 7, StartedAt = Now, Phase = RolloutPhase.Failed, Reason = "r", Message = "m", CompletedAt = Now, Decisions = [Decision],
        History = [new ServiceRelease(1, "i", Now) { ChangeCause = "c", Verdict = HealthVerdict.Unhealthy }],
    };

    [Fact]
    public void What_an_older_record_lacks_on_Docker_is_as_it_begins() => EachMissing(OnDocker);

    [Fact]
    public void What_an_older_record_lacks_on_Kubernetes_is_as_it_begins() => EachMissing(OnKubernetes);

    [Fact]
    public void A_record_on_Kubernetes_is_written_and_read_as_the_serializer_would()
    {
        var read = StoredJson.Read<RolloutRecord>(OnKubernetes.ToJson());
        Assert.Equal(StoredJson.Write(OnKubernetes), StoredJson.Write(read));
        Assert.Equal(StoredJson.Write(OnKubernetes), StoredJson.Write(RolloutRecordJson.Read(StoredJson.Write(OnKubernetes))));
        Assert.Equal(StoredJson.Write(new RolloutRecord()), StoredJson.Write(RolloutRecordJson.Read(new RolloutRecord().ToJson())));
    }

    /// <summary>Each of its fields, and each of a decision's, missing and with a value of each kind: both read the same of it, or both read nothing.</summary>
    [Fact]
    public void A_record_on_Kubernetes_that_was_tampered_with_is_read_as_the_serializer_would()
    {
        var whole = JsonNode.Parse(StoredJson.Write(OnKubernetes))!;
        foreach (object[] at in new object[][] { [], ["decisions", 0] })
        foreach (var name in ((JsonObject)At(whole, at)!).Select(pair => pair.Key).Append("unknown"))
        foreach (var value in new[] { "", "null", "true", "1.5", "\"x\"", "\"Healthy\"", "\"healthy\"", "\"2026-01-02T03:04:05Z\"", "[]", "[1]", "{}", "{\"a\":{\"b\":[]}}" })
        {
            var copy = whole.DeepClone();
            var holder = (JsonObject)At(copy, at)!;
            holder.Remove(name);
            var text = copy.ToJsonString();
            if (value.Length > 0) text = text.Replace(holder.ToJsonString(), holder.ToJsonString()[..^1] + $",\"{name}\":{value}}}", StringComparison.Ordinal);
            Assert.Equal(($"{name}: {value}", Oracle(text)), ($"{name}: {value}", RolloutRecordJson.Read(text) is { } record ? StoredJson.Write(record) : null));
        }

        static string? Oracle(string text) => StoredJson.Read<RolloutRecord>(text) is { } record ? StoredJson.Write(record) : null;
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"decisions":[{"at":"2026-01-02T03:04:05Z","action":"a"}]}""")]
    public void What_is_no_record_on_Kubernetes_is_none(string text) => Assert.Null(RolloutRecordJson.Read(text));

    [Fact]
    public void What_an_older_record_lacks_in_a_swarm_is_as_it_begins() => EachMissing(OnSwarm);

    [Fact]
    public void A_zero_that_was_meant_is_kept()
    {
        var check = new PrometheusHealthCheck { Name = "x", Uri = new Uri("http://p"), Query = "q", Below = 0, Interval = TimeSpan.Zero };
        var read = StoredJson.Read<RolloutRecord>(new RolloutRecord { Checks = [check], TimeoutSec = 0 }.ToJson())!;
        Assert.Equal((TimeSpan.Zero, 0.0, 0.0), Assert.IsType<PrometheusHealthCheck>(Assert.Single(read.Checks)) is var kept ? (kept.Interval, kept.Below, read.TimeoutSec) : default);
    }

    /// <summary>Without one property a record is either none, or has what a new one has there; the verdict of what nobody judged, for one, is not Healthy.</summary>
    private static void EachMissing<T>(T record) where T : class
    {
        var whole = JsonNode.Parse(StoredJson.Write(record))!;
        Assert.True(JsonNode.DeepEquals(whole, JsonNode.Parse(StoredJson.Write(StoredJson.Read<T>(whole.ToJsonString())))), whole.ToJsonString());
        var missing = Properties(record, []).ToList();
        // What every property of the sample is set to is not what it begins with: else nothing would be seen.
        Assert.True(missing.Count > 15, $"{missing.Count} properties");
        foreach (var (path, isNeeded, begins) in missing)
        {
            var shorter = whole.DeepClone();
            Assert.True(((JsonObject)At(shorter, path[..^1])!).Remove((string)path[^1]), string.Join('/', path));
            var read = StoredJson.Read<T>(shorter.ToJsonString());
            Assert.True(isNeeded == read is null, $"{string.Join('/', path)} is {(isNeeded ? "needed" : "not needed")}");
            if (read is not null) Assert.True(JsonNode.DeepEquals(begins, At(JsonNode.Parse(StoredJson.Write(read))!, path)), $"{string.Join('/', path)} must be {begins?.ToJsonString() ?? "absent"}");
        }
    }

    /// <summary>Every property of a record and of all within: where it is, whether a record can be without it, and what it begins with.</summary>
    private static IEnumerable<(object[] Path, bool IsNeeded, JsonNode? Begins)> Properties(object record, object[] path)
    {
        var type = StoredJson.Options.GetTypeInfo(record.GetType());
        if (type.Kind == JsonTypeInfoKind.Enumerable)
        {
            foreach (var found in ((System.Collections.IEnumerable)record).Cast<object>().SelectMany((item, index) => Properties(item, [.. path, index]))) yield return found;
        }

        if (type.Kind != JsonTypeInfoKind.Object) yield break;
        var fresh = Fresh(record.GetType());
        foreach (var property in type.Properties.Where(property => property.Get is not null && (property.Set is not null || property.AssociatedParameter is not null)))
        {
            if (property.Get!(record) is not { } value) continue;
            object[] here = [.. path, property.Name];
            var isNeeded = property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false };
            var begins = isNeeded ? null : property.Get(fresh);
            yield return (here, isNeeded, begins is null ? null : JsonSerializer.SerializeToNode(begins, property.PropertyType, StoredJson.Options));
            foreach (var found in Properties(value, here)) yield return found;
        }
    }

    /// <summary>One as it begins: with the defaults of what it is made with, or with nothing.</summary>
    private static object Fresh(Type type)
    {
        var make = type.GetConstructors().MinBy(constructor => constructor.GetParameters().Length)!;
        return make.Invoke([.. make.GetParameters().Select(parameter => parameter.HasDefaultValue ? parameter.DefaultValue : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null)]);
    }

    private static JsonNode? At(JsonNode node, IEnumerable<object> path) => path.Aggregate((JsonNode?)node, (at, step) => step is int index ? at?[index] : at?[(string)step]);
}
