using System.Globalization;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>Limits as <c>docker run --memory</c> and <c>--cpus</c> take them.</summary>
internal static class Quantity
{
    /// <summary>Bytes of <c>512m</c>, <c>2g</c>, <c>64MiB</c> or a bare number; units are powers of 1024 as in docker.</summary>
    internal static long Bytes(string text)
    {
        var unit = text.TrimStart("0123456789.".ToCharArray());
        var factor = unit.Trim().ToUpperInvariant() switch
        {
            "" or "B" => 1L,
            "K" or "KB" or "KIB" => 1L << 10,
            "M" or "MB" or "MIB" => 1L << 20,
            "G" or "GB" or "GIB" => 1L << 30,
            "T" or "TB" or "TIB" => 1L << 40,
            _ => 0,
        };
        if (factor == 0
            || !decimal.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number <= 0
            || number * factor > long.MaxValue)
        {
            throw RolloutErrors.InvalidLimit(text, "a size such as 512m or 2g");
        }

        return (long)(number * factor);
    }

    /// <summary>Billionths of a core.</summary>
    internal static long NanoCpus(double cores) => cores is > 0 and < 100_000
        ? (long)(cores * 1e9)
        : throw RolloutErrors.InvalidLimit(cores.ToString(CultureInfo.InvariantCulture), "a number of cores above 0");
}
