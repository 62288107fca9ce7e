using System.Text.RegularExpressions;
using Rollout.Engine.Images.Dockerfiles;

namespace Rollout.Engine.Images.Builders;

/// <summary>What a build has done so far, whichever builder tells it: its steps, its output, and which step failed.</summary>
internal sealed partial class BuildProgress(string activity, Dockerfile dockerfile, IReporter reporter)
{
    private const int TailLength = 20;
    private const int LongestStep = 160;
    private const string CacheImport = "importing cache manifest from ";
    private const string CacheExport = "exporting cache";

    private readonly Dictionary<string, Step> _steps = [];
    private readonly List<Step> _order = [];

    /// <summary>Steps that make a layer, run or taken from the cache.</summary>
    internal int Steps => Layers.Count(s => s.Vertex.IsCompleted);

    /// <summary>Those of them taken from the cache.</summary>
    internal int CachedSteps => Layers.Count(s => s.Vertex.IsCached);

    private IEnumerable<Step> Layers => _order.Where(s => s.IsLayer);

    private Step? Failed => _order.LastOrDefault(s => s.Vertex.Error is not null && !IsCancellation(s.Vertex.Error));

    /// <summary>Takes a step's newer state.</summary>
    internal void Take(BuildVertex vertex)
    {
        vertex = vertex with { Name = ForeignText.Neutralise(vertex.Name), Error = vertex.Error is null ? null : ForeignText.Neutralise(vertex.Error) };
        if (!_steps.TryGetValue(vertex.Id, out var step))
        {
            step = new Step(vertex);
            _steps.Add(vertex.Id, step);
            _order.Add(step);
        }

        var before = step.Vertex;
        step.Vertex = vertex;
        if (before == vertex && step.IsReported) return;
        step.IsReported = true;
        if (vertex.Error is not null && vertex.Name.StartsWith(CacheImport, StringComparison.Ordinal))
        {
            reporter.Warning($"The cache source {vertex.Name[CacheImport.Length..]} was not used: {vertex.Error}");
        }

        if (vertex.IsStarted) Report(step);
    }

    /// <summary>Takes what a step printed: any part of a line or of several.</summary>
    internal void Log(string id, string text)
    {
        if (!_steps.TryGetValue(id, out var step)) return;
        var parts = (step.Partial + text).Split('\n');
        step.Partial = parts[^1];
        foreach (var line in parts.SkipLast(1)) Keep(step, line);
    }

    /// <summary>A base image is pulled.</summary>
    internal void Pulling(ImageReference reference) => reporter.Progress(new ProgressReport(activity, $"pulling {reference}"));

    /// <summary>Ends the progress display.</summary>
    internal void End() => reporter.Progress(new ProgressReport(activity, "", 100, Completed: true));

    /// <summary>A detail, as a builder prints it beside its steps.</summary>
    internal void Detail(string line) => reporter.Verbose(ForeignText.Neutralise(line));

    /// <summary>Something the user should know.</summary>
    internal void Warn(string message) => reporter.Warning(ForeignText.Neutralise(message));

    /// <summary>Whether what failed is only a cache, so that the same build may succeed without it.</summary>
    internal bool IsCacheFailure(RolloutException failure) => Failed is { } step
        ? step.Vertex.Name.StartsWith(CacheImport, StringComparison.Ordinal) || step.Vertex.Name.StartsWith(CacheExport, StringComparison.Ordinal)
        : failure.Id == "BuildFailed" && failure.Message.Contains("cache", StringComparison.OrdinalIgnoreCase);

    /// <summary>The failure of the build: of its failing step where one is known.</summary>
    internal RolloutException Failure(string message, Exception? cause)
    {
        if (Failed is not { } step)
        {
            var line = DockerfileLine().Match(message);
            return line.Success
                ? ImageErrors.InvalidDockerfile($"{dockerfile.Path}:{line.Groups["line"].Value}", message, cause)
                : ImageErrors.BuildFailed(dockerfile.Path, message, cause);
        }

        if (step.Partial.Length > 0) Keep(step, step.Partial);
        var instruction = InstructionOf(step.Vertex.Name);
        var place = instruction is null ? dockerfile.Path : $"{dockerfile.Path}:{instruction.Line}";
        return ImageErrors.BuildStepFailed(place, Shortened(step.Text), ProblemOf(step.Vertex.Error!), [.. step.Tail], cause);
    }

    /// <summary>Builders repeat the whole command in front of the exit code.</summary>
    private static string ProblemOf(string error) =>
        ExitCode().Match(error) is { Success: true } match ? $"exit code {match.Groups["code"].Value}." : error;

    private static string Shortened(string text) => text.Length <= LongestStep ? text : text[..LongestStep] + "...";

    private void Report(Step step)
    {
        var total = Layers.Count();
        var at = Math.Min(total, Steps + (step.Vertex.IsCompleted ? 0 : 1));
        var cached = CachedSteps is 0 ? "" : $", {CachedSteps} cached";
        var status = step.IsLayer ? $"step {at} of {total}{cached}: {Shortened(step.Text)}" : step.Text;
        reporter.Progress(new ProgressReport(activity, status, total == 0 ? null : 100 * Steps / (total + 1)));
    }

    private void Keep(Step step, string line)
    {
        line = ForeignText.Neutralise(line.TrimEnd('\r'));
        step.Tail.Enqueue(line);
        if (step.Tail.Count > TailLength) step.Tail.Dequeue();
        reporter.Verbose(line);
    }

    /// <summary>
    /// The instruction a step came from. BuildKit numbers what makes layers within a stage, a base image being the first; the classic
    /// builder numbers every instruction.
    /// </summary>
    private DockerfileInstruction? InstructionOf(string name)
    {
        var match = StepName().Match(name);
        if (!match.Success) return null;

        var number = int.Parse(match.Groups["number"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
        var text = match.Groups["text"].Value;
        var candidates = match.Groups["classic"].Success ? dockerfile.Instructions : StepsOf(match.Groups["stage"].Value);
        var numbered = candidates.ElementAtOrDefault(number - 1);
        if (numbered is not null && IsCalled(numbered)) return numbered;

        // A base image's ONBUILD steps shift the numbers; and a builder may show what variables stood for.
        return candidates.FirstOrDefault(IsCalled) ?? (numbered is not null && text.StartsWith(numbered.Keyword + " ", StringComparison.OrdinalIgnoreCase) ? numbered : null);

        bool IsCalled(DockerfileInstruction instruction) => $"{instruction.Keyword} {instruction.Text}" == text;
    }

    private IReadOnlyList<DockerfileInstruction> StepsOf(string stageName)
    {
        var stage = stageName.Length == 0 ? dockerfile.Stages is [var first, ..] ? first : null
            : dockerfile.Stages.LastOrDefault(s => s.IsCalled(stageName) || stageName == $"stage-{s.Index}");
        if (stage is null) return [];

        var isImage = stage.Base != "scratch" && !dockerfile.Stages.Take(stage.Index).Any(s => s.IsCalled(stage.Base));
        return [.. isImage ? [stage.From] : Array.Empty<DockerfileInstruction>(), .. stage.Instructions.Where(i => i.IsStep)];
    }

    // What was running beside the step that failed is ended, and says so.
    private static bool IsCancellation(string error) => error.EndsWith("context canceled", StringComparison.Ordinal);

    [GeneratedRegex(@"^(?:(?<classic>Step) |\[(?:\S+/\S+ )?(?:(?<stage>\S+) )?)\s*(?<number>\d+)/\d+(?:\]| :) (?<text>.*)$", RegexOptions.Singleline)]
    private static partial Regex StepName();

    [GeneratedRegex(@"\b(?:parse error (?:on )?line |Dockerfile:)(?<line>\d+)")]
    private static partial Regex DockerfileLine();

    [GeneratedRegex(@"(?:exit code|non-zero code): (?<code>\d+)$")]
    private static partial Regex ExitCode();

    private sealed class Step
    {
        private BuildVertex _vertex;

        internal Step(BuildVertex vertex)
        {
            _vertex = vertex;
            Describe();
        }

        internal BuildVertex Vertex
        {
            get => _vertex;
            set
            {
                _vertex = value;
                Describe();
            }
        }

        internal string Text { get; private set; } = "";

        internal bool IsLayer { get; private set; }

        internal bool IsReported { get; set; }

        internal string Partial { get; set; } = "";

        internal Queue<string> Tail { get; } = [];

        private void Describe()
        {
            var match = StepName().Match(_vertex.Name);
            Text = match.Success ? match.Groups["text"].Value : _vertex.Name;
            IsLayer = match.Success && DockerfileInstruction.IsStepKeyword(Text.Split(' ', 2)[0].ToUpperInvariant());
        }
    }
}
