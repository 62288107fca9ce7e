using System.Management.Automation;
using Rollout.Engine.Docker;
using Rollout.Engine.Rollouts;
using Rollout.Module.Completers;
using Rollout.Module.Pipeline;

namespace Rollout.Module.Cmdlets;

/// <summary>Shows where rollouts stand: the ones named, or all.</summary>
[Cmdlet(VerbsCommon.Get, "Rollout")]
[OutputType(typeof(RolloutStatus))]
public sealed class GetRolloutCommand : DockerCmdlet
{
    /// <summary>The targets, or patterns of them; all where none is given.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TargetCompleter))]
    public string[] Target { get; set; } = [];

    /// <summary>Only rollouts in one of these phases.</summary>
    [Parameter]
    public RolloutPhase[] Phase { get; set; } = [];

    private protected override void Process()
    {
        string[] wanted = [.. Target.Where(target => !string.IsNullOrWhiteSpace(target))];
        var endpoint = Engine.Named();
        var mayBeAbsent = wanted.Length == 0 && !Engine.IsNamed;
        foreach (var target in wanted.DefaultIfEmpty("*")) Run(target, item => WriteAsync(target, endpoint, mayBeAbsent, item));
    }

    private async Task WriteAsync(string target, RolloutEndpoint endpoint, bool mayBeAbsent, WorkItem item)
    {
        using var docker = EngineChoice.Open(endpoint);
        var targets = new DockerTargets(docker);
        try
        {
            var found = WildcardPattern.ContainsWildcardCharacters(target)
                ? await ListAsync(targets, target, item.Cancellation)
                : [await ReadAsync(targets, target, item.Cancellation)];
            foreach (var rollout in found.Where(rollout => Phase.Length == 0 || Phase.Contains(rollout.Phase))) item.Write(rollout);
        }
        catch (RolloutException error) when (mayBeAbsent && error.Kind == ErrorKind.Connection)
        {
            item.Verbose($"Docker is left out: {error.Message}");
        }
    }

    private static async Task<IEnumerable<RolloutStatus>> ListAsync(DockerTargets targets, string pattern, CancellationToken cancellation)
    {
        var wanted = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        return (await targets.ListAsync(cancellation)).Where(rollout => wanted.IsMatch(rollout.Target));
    }

    private static async Task<RolloutStatus> ReadAsync(DockerTargets targets, string target, CancellationToken cancellation) =>
        await targets.Open(TargetName.Parse(target)).ReadAsync(cancellation) ?? throw ModuleErrors.RolloutNotFound(target);
}
