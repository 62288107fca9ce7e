using System.Text.RegularExpressions;

namespace Rollout.Engine.Images.Builders;

/// <summary>Reads what the classic builder prints: <c>Step 2/5 : RUN make</c>, its output, <c> ---> Using cache</c>.</summary>
internal sealed partial class ClassicOutput(BuildProgress progress)
{
    private BuildVertex? _step;

    /// <summary>Takes one message's text.</summary>
    internal void Take(string text)
    {
        if (StepLine().Match(text) is { Success: true } step)
        {
            Complete();
            _step = new BuildVertex(step.Groups["number"].Value, text.TrimEnd(), IsStarted: true, IsCompleted: false, IsCached: false, null);
            progress.Take(_step);
        }
        else if (_step is not null && text.TrimEnd() == " ---> Using cache")
        {
            progress.Take(_step = _step with { IsCached = true });
        }
        else if (_step is not null && !OwnLine().IsMatch(text))
        {
            progress.Log(_step.Id, text);
        }
    }

    /// <summary>The step under way, or the whole build, has ended.</summary>
    internal void Complete(string? error = null)
    {
        if (_step is not null) progress.Take(_step with { IsCompleted = true, Error = error });
        _step = null;
    }

    [GeneratedRegex(@"^Step (?<number>\d+)/\d+ : ")]
    private static partial Regex StepLine();

    [GeneratedRegex(@"^(?: ---> (?:Running in )?[0-9a-f]+|Removing intermediate container [0-9a-f]+)\s*$")]
    private static partial Regex OwnLine();
}
