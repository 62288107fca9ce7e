using System.Collections;
using System.Management.Automation;
using System.Net;
using System.Security;
using Rollout.Engine.Images;
using Rollout.Module.Literals;
using Rollout.Module.Pipeline;
using Rollout.Module.Places;

namespace Rollout.Module.Cmdlets;

/// <summary>Builds an image from a directory with a Dockerfile.</summary>
[Cmdlet(VerbsCommon.New, "RolloutImage", SupportsShouldProcess = true)]
[OutputType(typeof(RolloutImage))]
public sealed class NewRolloutImageCommand : DockerCmdlet
{
    /// <summary>The build context: the directory.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string Path { get; set; } = ".";

    /// <summary>The Dockerfile: a path, or one relative to the context.</summary>
    [Parameter]
    public string? Dockerfile { get; set; }

    /// <summary>The references to give the image.</summary>
    [Parameter]
    [Quoted]
    public string[] Tag { get; set; } = [];

    /// <summary>The stage to build.</summary>
    [Parameter]
    public string? Target { get; set; }

    /// <summary>Values for the Dockerfile's ARGs.</summary>
    [Parameter]
    public Hashtable BuildArg { get; set; } = [];

    /// <summary>Labels to put on the image.</summary>
    [Parameter]
    public Hashtable Label { get; set; } = [];

    /// <summary>Platforms to build for.</summary>
    [Parameter]
    public string[] Platform { get; set; } = [];

    /// <summary>Secrets by id: a text or SecureString is the secret itself, a FileInfo the file that holds it.</summary>
    [Parameter]
    public Hashtable Secret { get; set; } = [];

    /// <summary>Where steps may be taken from.</summary>
    [Parameter]
    public string[] CacheFrom { get; set; } = [];

    /// <summary>Where the cache is put for later builds.</summary>
    [Parameter]
    public string[] CacheTo { get; set; } = [];

    /// <summary>Runs every step, cached or not.</summary>
    [Parameter]
    public SwitchParameter NoCache { get; set; }

    /// <summary>Asks the registries for newer base images.</summary>
    [Parameter]
    public SwitchParameter Pull { get; set; }

    /// <summary>The builder.</summary>
    [Parameter]
    public ImageBuilderKind Builder { get; set; }

    private protected override void Process()
    {
        var request = Request();
        var engine = Engine.For(null);
        Row = new Row(request.Path);
        Run(item => BuildAsync(request, engine, item));
    }

    private static async Task BuildAsync(ImageBuildRequest request, DockerEngine engine, WorkItem item)
    {
        using var _ = engine;
        if (!await item.ShouldProcessAsync($"Build an image from {request.Path} on {engine.Client.Endpoint}.")) return;
        item.Write(await new ImageBuild(engine.Client, engine.Credentials).RunAsync(request, item, item.Cancellation));
    }

    private ImageBuildRequest Request() => new()
    {
        Path = FileSystemPath(Text(Path) ?? "."),
        Dockerfile = Text(Dockerfile),
        Tags = Texts(Tag),
        Target = Text(Target),
        BuildArgs = Texts(BuildArg),
        Labels = Texts(Label),
        Platforms = Texts(Platform),
        Secrets = Secret.Cast<DictionaryEntry>().ToDictionary(entry => TextOf(entry.Key), entry => SecretOf(entry.Value)),
        CacheFrom = Texts(CacheFrom),
        CacheTo = Texts(CacheTo),
        NoCache = NoCache,
        Pull = Pull,
        Builder = Builder,
    };

    private static BuildSecret SecretOf(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        FileInfo file => BuildSecret.FromFile(file.FullName),
        SecureString text => BuildSecret.FromValue(new NetworkCredential("", text).Password),
        var text => BuildSecret.FromValue(TextOf(text)),
    };
}
