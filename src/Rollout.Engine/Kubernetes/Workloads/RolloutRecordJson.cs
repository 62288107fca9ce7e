using System.Buffers;
using System.Text;
using System.Text.Json;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Strategies;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>
/// A workload's record as <see cref="StoredJson"/> would keep it, but field by field: a fleet writes and reads hundreds, and the serializer has methods of its own
/// compiled for each type of each field. What few rollouts have, a route, steps and checks, is left to it.
/// </summary>
internal static class RolloutRecordJson
{
    public static string Write(RolloutRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) Write(writer, record);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Null where it is another version's that cannot be read, or was tampered with.</summary>
    public static RolloutRecord? Read(string json)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
            reader.Read();
            var record = Record(ref reader);
            return reader.Read() ? null : record;
        }
        // The reader's own exceptions for a value of another kind are of the last two.
        catch (Exception unreadable) when (unreadable is JsonException or NotSupportedException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static RolloutRecord Record(ref Utf8JsonReader reader)
    {
        var record = new RolloutRecord();
        reader.BeginObject();
        while (reader.NextField() is { } name) record = Take(record, name, ref reader);
        return record;
    }

    private static void Write(Utf8JsonWriter writer, RolloutRecord record)
    {
        writer.WriteStartObject();
        writer.WriteString("phase"u8, record.Phase.ToString());
        writer.WriteString("container"u8, record.Container);
        writer.WriteOptional("image"u8, record.Image);
        writer.WriteOptional("previousImage"u8, record.PreviousImage);
        writer.WriteString("onFailure"u8, record.OnFailure.ToString());
        writer.WriteNumber("timeoutSec"u8, record.TimeoutSec);
        writer.WriteNumber("graceSec"u8, record.GraceSec);
        writer.WriteNumber("graceRestarts"u8, record.GraceRestarts);
        writer.WriteBoolean("isUndo"u8, record.IsUndo);
        writer.WriteBoolean("isAsked"u8, record.IsAsked);
        writer.WriteBoolean("hasPaused"u8, record.HasPaused);
        if (record.BackTo is { } backTo) writer.WriteNumber("backTo"u8, backTo);
        if (record.Route is { } route) writer.WriteStored("route"u8, route);
        if (record.Stepped is { } stepped) writer.WriteStored("stepped"u8, stepped);
        writer.WriteString("startedAt"u8, record.StartedAt);
        if (record.CompletedAt is { } completedAt) writer.WriteString("completedAt"u8, completedAt);
        writer.WriteOptional("reason"u8, record.Reason);
        writer.WriteOptional("message"u8, record.Message);
        writer.WriteStartArray("decisions"u8);
        foreach (var decision in record.Decisions) Write(writer, decision);
        writer.WriteEndArray();
        writer.WriteBoolean("hasChecks"u8, record.HasChecks);
        if (record.Checks.Count > 0) writer.WriteStored("checks"u8, record.Checks);
        writer.WriteEndObject();
    }

    private static RolloutRecord Take(RolloutRecord record, string name, ref Utf8JsonReader reader)
    {
        switch (name)
        {
            case "phase": return record with { Phase = reader.Word<RolloutPhase>() };
            case "container": return record with { Container = reader.Needed() };
            case "image": return record with { Image = reader.GetString() };
            case "previousImage": return record with { PreviousImage = reader.GetString() };
            case "onFailure": return record with { OnFailure = reader.Word<FailureAction>() };
            case "timeoutSec": return record with { TimeoutSec = reader.GetDouble() };
            case "graceSec": return record with { GraceSec = reader.GetDouble() };
            case "graceRestarts": return record with { GraceRestarts = reader.GetInt32() };
            case "isUndo": return record with { IsUndo = reader.GetBoolean() };
            case "isAsked": return record with { IsAsked = reader.GetBoolean() };
            case "hasPaused": return record with { HasPaused = reader.GetBoolean() };
            case "backTo": return record with { BackTo = reader.IsNull() ? null : reader.GetInt64() };
            case "route": return record with { Route = reader.Stored<ShareRoute>() };
            case "stepped": return record with { Stepped = reader.Stored<SteppedState>() };
            case "startedAt": return record with { StartedAt = reader.GetDateTimeOffset() };
            case "completedAt": return record with { CompletedAt = reader.IsNull() ? null : reader.GetDateTimeOffset() };
            case "reason": return record with { Reason = reader.GetString() };
            case "message": return record with { Message = reader.GetString() };
            case "decisions": return record with { Decisions = Decisions(ref reader) };
            case "hasChecks": return record with { HasChecks = reader.GetBoolean() };
            case "checks": return record with { Checks = reader.Stored<IReadOnlyList<RolloutHealthCheck>>() ?? throw new JsonException() };
            default: reader.Skip(); return record;
        }
    }

    private static List<RolloutDecision> Decisions(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException();
        var decisions = new List<RolloutDecision>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) decisions.Add(Decision(ref reader));
        return decisions;
    }

    private static RolloutDecision Decision(ref Utf8JsonReader reader)
    {
        DateTimeOffset? at = null;
        string? action = null, message = null, query = null, value = null, threshold = null;
        HealthVerdict? verdict = null;
        int? samples = null;
        reader.BeginObject();
        while (reader.NextField() is { } name)
        {
            switch (name)
            {
                case "at": at = reader.GetDateTimeOffset(); break;
                case "action": action = reader.Needed(); break;
                case "message": message = reader.Needed(); break;
                case "verdict": verdict = reader.IsNull() ? null : reader.Word<HealthVerdict>(); break;
                case "query": query = reader.GetString(); break;
                case "value": value = reader.GetString(); break;
                case "threshold": threshold = reader.GetString(); break;
                case "samples": samples = reader.IsNull() ? null : reader.GetInt32(); break;
                default: reader.Skip(); break;
            }
        }

        if (at is null || action is null || message is null) throw new JsonException();
        return new RolloutDecision(at.Value, action, message, verdict) { Query = query, Value = value, Threshold = threshold, Samples = samples };
    }

    private static void Write(Utf8JsonWriter writer, RolloutDecision decision)
    {
        writer.WriteStartObject();
        writer.WriteString("at"u8, decision.At);
        writer.WriteString("action"u8, decision.Action);
        writer.WriteString("message"u8, decision.Message);
        writer.WriteOptional("verdict"u8, decision.Verdict?.ToString());
        writer.WriteOptional("query"u8, decision.Query);
        writer.WriteOptional("value"u8, decision.Value);
        writer.WriteOptional("threshold"u8, decision.Threshold);
        if (decision.Samples is { } samples) writer.WriteNumber("samples"u8, samples);
        writer.WriteEndObject();
    }
}

/// <summary>What a record's fields are read and written with.</summary>
file static class Fields
{
    public static void BeginObject(this ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
    }

    /// <summary>The next field's name, with the reader at its value; null at the object's end.</summary>
    public static string? NextField(this ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName) return null;
        var name = RecentTexts.Read(ref reader);
        reader.Read();
        return name;
    }

    public static bool IsNull(this ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Null;

    public static string Needed(this ref Utf8JsonReader reader) => reader.GetString() ?? throw new JsonException();

    public static T Word<T>(this ref Utf8JsonReader reader) where T : struct, Enum =>
        Enum.TryParse<T>(reader.Needed(), ignoreCase: true, out var word) && Enum.IsDefined(word) ? word : throw new JsonException();

    public static T? Stored<T>(this ref Utf8JsonReader reader) where T : class => JsonSerializer.Deserialize<T>(ref reader, StoredJson.Options);

    public static void WriteStored<T>(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, T value)
    {
        writer.WritePropertyName(name);
        JsonSerializer.Serialize(writer, value, StoredJson.Options);
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null) writer.WriteString(name, value);
    }
}
