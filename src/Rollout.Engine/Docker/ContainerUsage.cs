using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Health;

namespace Rollout.Engine.Docker;

/// <summary>What a container uses of its limits, out of the engine's statistics. Pure.</summary>
internal static class ContainerUsage
{
    internal static ReplicaUsage Of(string name, JsonObject host, ContainerStats stats) => new(
        name,
        Cores(host) is { } cores && CoresUsed(stats) is { } used ? used / cores : null,
        Number(host, "Memory") is > 0 and var bytes ? MemoryUsed(stats.Memory) / bytes : null);

    /// <summary>--cpus, or the quota of a period that it stands for.</summary>
    private static double? Cores(JsonObject host)
    {
        if (Number(host, "NanoCpus") is > 0 and var billionths) return billionths / 1e9;
        return Number(host, "CpuQuota") is > 0 and var quota ? quota / (double)(Number(host, "CpuPeriod") is > 0 and var period ? period : 100_000) : null;
    }

    private static double? CoresUsed(ContainerStats stats)
    {
        var (own, all) = (stats.Cpu.Usage.Total - stats.PreviousCpu.Usage.Total, stats.Cpu.System - stats.PreviousCpu.System);
        return all > 0 && own >= 0 ? (double)own / all * stats.Cpu.Processors : null;
    }

    /// <summary>Pages of files that nobody uses are given up before anything is killed, so they are not counted: as the docker CLI does.</summary>
    private static double MemoryUsed(MemoryStats memory) =>
        Math.Max(0, memory.Usage - memory.Stats.GetValueOrDefault("total_inactive_file", memory.Stats.GetValueOrDefault("inactive_file")));

    private static long Number(JsonObject host, string field) => host[field] is JsonValue value && value.TryGetValue<long>(out var number) ? number : 0;
}
