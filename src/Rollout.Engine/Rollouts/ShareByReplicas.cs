using System.Globalization;

namespace Rollout.Engine.Rollouts;

/// <summary>Where no router shares the traffic out, the replicas are the share, and some shares cannot be had with them.</summary>
internal static class ShareByReplicas
{
    private const decimal NoticeablePoints = 5;

    /// <summary>One sentence for each step whose share the replicas do not come near to.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="replicas">The replicas that run.</param>
    /// <param name="surge">Replicas that there is room for beside them.</param>
    /// <param name="mend">What to do about it.</param>
    internal static IEnumerable<string> Misses(IEnumerable<RolloutStep> steps, int replicas, int surge, string mend)
    {
        foreach (var step in steps.OfType<WeightStep>())
        {
            var (canary, stable) = CanaryCounts.OfShare(replicas, step.Percent, surge);
            var share = 100m * canary / (canary + stable);
            if (Math.Abs(share - step.Percent) < NoticeablePoints) continue;
            yield return string.Create(CultureInfo.InvariantCulture, $"{step.Percent:0.###} % cannot be had with {canary + stable} replicas and no router: the new get {share:0.#} %, {canary} of {canary + stable}. {mend}");
        }
    }
}
