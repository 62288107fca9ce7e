using Rollout.Engine.Health.Judge;
using Xunit;

namespace Rollout.Engine.Tests.Health.Judge;

public sealed class CanaryScoreTests
{
    /// <summary>A letter a metric: Pass, High, Low, Nodata, Fail for want of data; ! before it makes it critical, a space begins another group.</summary>
    [Theory]
    [InlineData("PPPP", 100, ScoreClassification.Pass)]
    [InlineData("PPPH", 75, ScoreClassification.Marginal)]
    [InlineData("PPHL", 50, ScoreClassification.Fail)]
    [InlineData("PPPF", 75, ScoreClassification.Marginal)]
    [InlineData("PPPN", 100, ScoreClassification.Pass)]
    [InlineData("PPHN", 200 / 3.0, ScoreClassification.Fail)]
    [InlineData("PPPPPPPPPPPPPPPPPPPH", 95, ScoreClassification.Pass)]
    [InlineData("PPPPPPPPPPPPPPPPPPH", 1800 / 19.0, ScoreClassification.Marginal)]
    [InlineData("PPNN", 0, ScoreClassification.Nodata)]
    [InlineData("PPPNN", 100, ScoreClassification.Pass)]
    [InlineData("N", 0, ScoreClassification.Nodata)]
    [InlineData("", 0, ScoreClassification.Nodata)]
    [InlineData("F", 0, ScoreClassification.Fail)]
    [InlineData("!PPPP", 100, ScoreClassification.Pass)]
    [InlineData("!HPPPPPPPPP", 0, ScoreClassification.Fail)]
    [InlineData("!LPPPPPPPPP", 0, ScoreClassification.Fail)]
    [InlineData("!NPPPPPPPPP", 0, ScoreClassification.Fail)]
    [InlineData("!FNNN", 0, ScoreClassification.Fail)]
    [InlineData("!HNNN", 0, ScoreClassification.Fail)]
    [InlineData("!NNNN", 0, ScoreClassification.Nodata)]
    [InlineData("P PPPH", 87.5, ScoreClassification.Marginal)]
    [InlineData("PPP N", 100, ScoreClassification.Pass)]
    [InlineData("H P", 50, ScoreClassification.Fail)]
    public void The_score_is_the_share_that_passes(string metrics, double score, ScoreClassification classification)
    {
        var found = Score(metrics);

        Assert.Equal(score, found.Score, 9);
        Assert.Equal(classification, found.Classification);
        Assert.Equal(metrics.Count(char.IsAsciiLetter), found.Metrics.Count);
    }

    [Fact]
    public void It_says_why()
    {
        Assert.Equal("Pass, with a score of 100 of 100 (95 passes, 75 is marginal): all 2 metrics pass.", Score("PP").Message);
        Assert.Equal("Fail, with a score of 66.7 of 100 (95 passes, 75 is marginal): 2 of 3 metrics pass; m2 is High.", Score("PPH").Message);
        Assert.Equal("Fail, with a score of 0 of 100 (95 passes, 75 is marginal): m0 is Low, and that is critical.", Score("!LPP").Message);
        Assert.Equal("Nodata, with a score of 0 of 100 (95 passes, 75 is marginal): 2 of 3 metrics have no data.", Score("NNP").Message);
    }

    [Fact]
    public void The_judge_goes_from_samples_to_the_score()
    {
        double[] steady = [.. Enumerable.Range(0, 20).Select(i => 10.0 + i % 3)], slow = [.. steady.Select(sample => sample * 2)];
        var latency = new BaselineMetric { Name = "latency", Query = "q", Direction = MetricDirection.Increase };
        var errors = new BaselineMetric { Name = "errors", Query = "q", Critical = true };

        Assert.Equal(ScoreClassification.Pass, Judge(steady, steady).Classification);
        Assert.Equal((50, ScoreClassification.Fail), (Judge(slow, steady).Score, Judge(slow, steady).Classification));
        Assert.Equal((0, ScoreClassification.Fail), (Judge(steady, slow).Score, Judge(steady, slow).Classification));
        Assert.Equal(ScoreClassification.Marginal, CanaryJudge.Judge([new(latency, slow, steady), new(errors, steady, steady)], new Random(1), marginal: 50).Classification);

        Judgement Judge(double[] latencies, double[] failures) =>
            CanaryJudge.Judge([new(latency, latencies, steady), new(errors, failures, steady)], new Random(1));
    }

    private static Judgement Score(string metrics) => new CanaryScore(75, 95).Of(
        [.. metrics.Split(' ').SelectMany((group, number) => group.Select((letter, i) => (letter, Critical: i > 0 && group[i - 1] == '!', Group: $"g{number}")))
            .Where(metric => metric.letter != '!')
            .Select((metric, i) => Metric($"m{i}", metric.Group, metric.Critical, metric.letter))]);

    private static MetricJudgement Metric(string name, string group, bool critical, char letter) => new()
    {
        Name = name,
        Group = group,
        Critical = critical,
        Classification = letter switch
        {
            'P' => MetricClassification.Pass,
            'H' => MetricClassification.High,
            'L' => MetricClassification.Low,
            'N' => MetricClassification.Nodata,
            _ => MetricClassification.NodataFail,
        },
        Canary = new SampleSummary(0, 0, null, ""),
        Baseline = new SampleSummary(0, 0, null, ""),
        Message = "",
    };
}
