using System.Management.Automation;
using Rollout.Module.Places;

namespace Rollout.Module.Cmdlets;

/// <summary>A cmdlet that works on the images of a Docker engine.</summary>
public abstract class DockerCmdlet : RolloutCmdlet
{
    /// <summary>The engine's address.</summary>
    [Parameter]
    public string? DockerHost { get; set; }

    /// <summary>The docker context whose engine is meant.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Context { get; set; }

    private protected EngineChoice Engine => new(DockerHost, Context);
}
