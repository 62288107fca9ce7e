using System.Management.Automation;
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
        var choice = Engine;
        var mayBeAbsent = wanted.Length == 0 && !choice.IsNamed;
        foreach (var target in wanted.DefaultIfEmpty("*"))
        {
            var engine = choice.For(null);
            Run(target, item => WriteAsync(target, engine, mayBeAbsent, item));
        }
    }

    private async Task WriteAsync(string target, DockerEngine engine, bool mayBeAbsent, WorkItem item)
    {
        using var _ = engine;
        try
        {
            var found = WildcardPattern.ContainsWildcardCharacters(target)
                ? await ListAsync(engine, target, item.Cancellation)
                : [await ReadAsync(engine, target, item.Cancellation)];
            foreach (var rollout in found.Where(rollout => Phase.Length == 0 || Phase.Contains(rollout.Phase))) item.Write(rollout);
        }
        catch (RolloutException error) when (mayBeAbsent && error.Kind == ErrorKind.Connection)
        {
            item.Verbose($"Docker is left out: {error.Message}");
        }
    }

    private static async Task<IEnumerable<RolloutStatus>> ListAsync(DockerEngine engine, string pattern, CancellationToken cancellation)
    {
        var wanted = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        return (await engine.Targets.ListAsync(cancellation)).Where(rollout => wanted.IsMatch(rollout.Target));
    }

    private static async Task<RolloutStatus> ReadAsync(DockerEngine engine, string target, CancellationToken cancellation) =>
        await engine.Target(target).ReadAsync(cancellation) ?? throw ModuleErrors.RolloutNotFound(target);
}
