using System.Globalization;
using System.Management.Automation;

namespace Rollout.Module.Cmdlets;

// What needs no monitoring: a port, the containers, a script, a program.
public abstract partial class HealthCheckCmdlet
{
    /// <summary>Where a TCP connection must be taken: host:port.</summary>
    [Parameter]
    public string? Tcp { get; set; }

    /// <summary>Looks at the rollout's containers or Pods.</summary>
    [Parameter]
    public SwitchParameter Container { get; set; }

    /// <summary>A script that writes $true or $false.</summary>
    [Parameter]
    public ScriptBlock? ScriptBlock { get; set; }

    /// <summary>A program that ends with exit code 0 where all is well.</summary>
    [Parameter]
    public string? Command { get; set; }

    /// <summary>The program's arguments.</summary>
    [Parameter]
    [AllowEmptyString]
    public string[] ArgumentList { get; set; } = [];

    private IEnumerable<RolloutHealthCheck> LocalChecks()
    {
        if (Text(Tcp) is { } address) yield return TcpCheck(address);
        if (Container) yield return new ContainerHealthCheck { Name = "containers" };
        if (ScriptBlock is { } block) yield return new ScriptHealthCheck { Name = "script", Script = block.ToString() }.WithBlock(block);
        if (Text(Command) is { } program) yield return new CommandHealthCheck { Name = program, Command = program, ArgumentList = ArgumentList, WorkingDirectory = CurrentDirectory };
    }

    private static TcpHealthCheck TcpCheck(string address)
    {
        var colon = address.LastIndexOf(':');
        var port = colon > 0 && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        return new TcpHealthCheck { Name = address, HostName = address[..Math.Max(colon, 0)].Trim('[', ']'), Port = port };
    }
}
