namespace Rollout.Engine.Health.Judge;

/// <summary>
/// Judges a canary by its metrics beside those of a baseline. It is the statistical judge of Spinnaker's Kayenta, which Netflix uses, with the
/// numbers behind each verdict shown. Nothing but the samples goes in, and the randomness for the noise that constants are given.
/// </summary>
internal static class CanaryJudge
{
    internal const double MarginalScore = 75;
    internal const double PassScore = 95;

    internal static Judgement Judge(IReadOnlyList<MetricSamples> metrics, Random random, double marginal = MarginalScore, double pass = PassScore)
    {
        var classifier = new MetricClassifier(random);
        return new CanaryScore(marginal, pass).Of([.. metrics.Select(classifier.Classify)]);
    }
}
