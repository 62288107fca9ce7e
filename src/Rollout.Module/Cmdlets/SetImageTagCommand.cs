using System.Management.Automation;
using Rollout.Engine.Images;
using Rollout.Module.Completers;
using Rollout.Module.Literals;
using Rollout.Module.Pipeline;
using Rollout.Module.Places;

namespace Rollout.Module.Cmdlets;

/// <summary>Gives an image other names: tags, a registry, a repository.</summary>
[Cmdlet(VerbsCommon.Set, "ImageTag", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutImage))]
public sealed class SetImageTagCommand : DockerCmdlet
{
    /// <summary>The image.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public ImageSource? Image { get; set; }

    /// <summary>Tags, or one whole reference.</summary>
    [Parameter(Position = 0)]
    [Quoted]
    public string[] Tag { get; set; } = [];

    /// <summary>Another registry.</summary>
    [Parameter]
    public string? Registry { get; set; }

    /// <summary>Another repository.</summary>
    [Parameter]
    public string? Repository { get; set; }

    /// <summary>How tags are made besides those given.</summary>
    [Parameter]
    public ImageTagPolicy? Policy { get; set; }

    /// <summary>The version for the policy SemVer.</summary>
    [Parameter]
    public string? Version { get; set; }

    /// <summary>An environment, whose name becomes a tag.</summary>
    [Parameter]
    public string? Environment { get; set; }

    /// <summary>Also sets latest.</summary>
    [Parameter]
    public SwitchParameter Latest { get; set; }

    /// <summary>Gives a version's tag to this image even where it names another one.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void Process()
    {
        var image = Image ?? throw ModuleErrors.ImageMissing("Set-ImageTag");
        var engine = Engine.For(image.Endpoint);
        var request = Request(image);
        Row = new Row(image);
        Run(item => TagAsync(request, engine, item));
    }

    private static async Task TagAsync(ImageTagRequest request, DockerEngine engine, WorkItem item)
    {
        using var _ = engine;
        var tagging = new ImageTagging(engine.Client);
        var references = await tagging.ReferencesAsync(request, item.Cancellation);
        if (!await item.ShouldProcessAsync($"Tag {request.Image} as {string.Join(", ", references)} on {engine.Client.Endpoint}.")) return;
        item.Write(await tagging.RunAsync(request, item.Cancellation));
    }

    private ImageTagRequest Request(ImageSource image) => new()
    {
        Image = image,
        Tags = Texts(Tag),
        Registry = Text(Registry),
        Repository = Text(Repository),
        Policy = Policy,
        Version = Text(Version),
        Environment = Text(Environment),
        Latest = Latest,
        Force = Force,
        Directory = CurrentDirectory,
    };
}
