using System.Management.Automation;
using Rollout.Engine.Registries;
using Rollout.Module.Completers;
using Rollout.Module.Pipeline;
using Rollout.Module.Places;

namespace Rollout.Module.Cmdlets;

/// <summary>Pushes an image, and proves that the registry has all of it.</summary>
[Cmdlet(VerbsData.Publish, "Image", SupportsShouldProcess = true)]
[OutputType(typeof(PublishedImage))]
public sealed class PublishImageCommand : DockerCmdlet
{
    /// <summary>The image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public ImageSource? Image { get; set; }

    /// <summary>Name and password for the registry, in place of those docker login has stored.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Pushes every local tag of the repository.</summary>
    [Parameter]
    public SwitchParameter AllTags { get; set; }

    /// <summary>Refuses a tag that exists with another digest.</summary>
    [Parameter]
    public SwitchParameter Immutable { get; set; }

    /// <summary>How often what is transient is tried again.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int RetryCount { get; set; } = 3;

    /// <summary>Seconds that all of it may take; without it, any time.</summary>
    [Parameter]
    [ValidateRange(1, 86_400)]
    public int? TimeoutSec { get; set; }

    /// <summary>Hosts of token servers that may have the registry's credentials, besides the registry's own and the known ones.</summary>
    [Parameter]
    public string[] AllowedTokenRealm { get; set; } = [];

    /// <summary>What the registry has is not what was pushed: nothing that follows may use it.</summary>
    private protected override bool IsFatal(RolloutException error) => error.Kind == ErrorKind.InvalidData;

    private protected override void Process()
    {
        var image = Image ?? throw ModuleErrors.ImageMissing("Publish-Image");
        var engine = Engine.For(image.Endpoint);
        var request = Request(image, engine);
        Row = new Row(image);
        Run(item => PublishAsync(request, engine, item));
    }

    private static async Task PublishAsync(PublishRequest request, DockerEngine engine, WorkItem item)
    {
        using var _ = engine;
        if (!await item.ShouldProcessAsync($"Push {request.Image}{(request.AllTags ? " and every other local tag of its repository" : "")} from {engine.Client.Endpoint}.")) return;
        item.Write(await ImagePublish.RunAsync(request, item, item.Cancellation));
    }

    private PublishRequest Request(ImageSource image, DockerEngine engine) => new()
    {
        Image = image,
        Docker = engine.Client,
        Credentials = Credential is null ? engine.Credentials : new GivenCredential(Credential.UserName, Credential.GetNetworkCredential().Password),
        AllTags = AllTags,
        Immutable = Immutable,
        RetryCount = RetryCount,
        Timeout = TimeoutSec is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        AllowedTokenRealms = Texts(AllowedTokenRealm),
    };
}
