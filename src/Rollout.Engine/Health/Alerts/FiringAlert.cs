using System.Text.Json;

namespace Rollout.Engine.Health.Alerts;

/// <summary>An alert that fires.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Since">Since when.</param>
/// <param name="Summary">What it says of itself; empty where it says nothing.</param>
internal sealed record FiringAlert(IReadOnlyDictionary<string, string> Labels, DateTimeOffset Since, string Summary)
{
    internal string Name => Labels.GetValueOrDefault("alertname", "an alert without a name");

    /// <summary>What <c>/api/v2/alerts</c> of Alertmanager answers. It was asked to leave the muted out; those it sends all the same are left out here.</summary>
    /// <exception cref="NoAnswerException">It is no such answer.</exception>
    internal static IReadOnlyList<FiringAlert> OfAlertmanager(JsonElement answer) => Read("Alertmanager", answer, root =>
        root.EnumerateArray()
            .Where(alert => alert.GetProperty("status") is var status && status.GetProperty("state").GetString() == "active" && IsEmpty(status, "silencedBy") && IsEmpty(status, "inhibitedBy"))
            .Select(alert => Of(alert, "startsAt")));

    /// <summary>What <c>/api/v1/alerts</c> of Prometheus answers; those that wait for their time are pending, and do not fire.</summary>
    /// <exception cref="NoAnswerException">It is no such answer.</exception>
    internal static IReadOnlyList<FiringAlert> OfPrometheus(JsonElement answer) => Read("Prometheus", answer, root =>
        root.GetProperty("data").GetProperty("alerts").EnumerateArray()
            .Where(alert => alert.GetProperty("state").GetString() == "firing")
            .Select(alert => Of(alert, "activeAt")));

    private static FiringAlert Of(JsonElement alert, string since) => new(
        alert.GetProperty("labels").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "", StringComparer.Ordinal),
        alert.GetProperty(since).GetDateTimeOffset(),
        alert.TryGetProperty("annotations", out var annotations) && annotations.TryGetProperty("summary", out var summary) ? summary.GetString() ?? "" : "");

    private static bool IsEmpty(JsonElement status, string list) => !status.TryGetProperty(list, out var by) || by.ValueKind == JsonValueKind.Null || by.GetArrayLength() == 0;

    private static IReadOnlyList<FiringAlert> Read(string product, JsonElement answer, Func<JsonElement, IEnumerable<FiringAlert>> read)
    {
        try
        {
            return [.. read(answer)];
        }
        catch (Exception problem) when (problem is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new NoAnswerException($"what answered is no {product}, or its answer is malformed: {problem.Message.TrimEnd('.')}");
        }
    }
}
