namespace Rollout.Engine.Images.Dockerfiles;

/// <summary>An image that a build starts from or copies from.</summary>
/// <param name="Reference">The image.</param>
/// <param name="Platform">The platform that FROM asks for; null for the build's own.</param>
internal sealed record BaseImage(ImageReference Reference, string? Platform);

/// <summary>What a target is made of.</summary>
/// <param name="Stages">The stages it needs.</param>
/// <param name="Images">The images that these need, each once.</param>
internal sealed record BuildNeeds(IReadOnlyList<DockerfileStage> Stages, IReadOnlyList<BaseImage> Images)
{
    private const string Scratch = "scratch";

    /// <summary>Finds what a target needs, through all stages it is made of.</summary>
    /// <param name="dockerfile">The Dockerfile.</param>
    /// <param name="target">The stage to build; null for the last.</param>
    /// <param name="variables">The values of variables.</param>
    /// <param name="everyStage">Also stages that the target does not need: the classic builder builds all in front of it.</param>
    internal static BuildNeeds Of(Dockerfile dockerfile, string? target, DockerfileVariables variables, bool everyStage = false)
    {
        var images = new List<BaseImage>();
        var stages = new HashSet<DockerfileStage>(ReferenceEqualityComparer.Instance);
        if (Target(dockerfile, target) is { } last)
        {
            foreach (var stage in everyStage ? dockerfile.Stages.Take(last.Index + 1) : [last]) Visit(stage);
        }

        return new BuildNeeds([.. stages], [.. images.Distinct()]);

        void Visit(DockerfileStage stage)
        {
            if (!stages.Add(stage)) return;
            var platform = stage.From.Flag("platform") is { Length: > 0 } flag ? variables.Expand(flag, stage.From.Escape) : null;
            Need(variables.Expand(stage.Base, stage.From.Escape), platform, dockerfile.Stages.Take(stage.Index), byNumber: false);
            foreach (var source in stage.Sources) Need(source, null, dockerfile.Stages, byNumber: true);
        }

        void Need(string name, string? platform, IEnumerable<DockerfileStage> candidates, bool byNumber)
        {
            var found = candidates.LastOrDefault(s => s.IsCalled(name));
            if (found is null && byNumber && int.TryParse(name, out var number)) found = dockerfile.Stages.ElementAtOrDefault(number);
            if (found is not null) Visit(found);
            // What is no reference, the builder refuses in its own words.
            else if (name != Scratch && ImageReference.TryParse(name, out var reference)) images.Add(new BaseImage(reference, platform));
        }
    }

    private static DockerfileStage? Target(Dockerfile dockerfile, string? target) =>
        target is null ? (dockerfile.Stages is [.., var final] ? final : null)
        : dockerfile.Stages.LastOrDefault(s => s.IsCalled(target))
            ?? (int.TryParse(target, out var number) ? dockerfile.Stages.ElementAtOrDefault(number) : null);
}
