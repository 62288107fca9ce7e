using System.Reflection;
using System.Runtime.Loader;

namespace Rollout.Module.Loading;

/// <summary>
/// Where Rollout.Engine and its dependencies live: a load context of their own, filled from the folder <c>engine</c> beside this
/// assembly. Whatever that folder lacks (the runtime, and Rollout.dll with the words) is shared with PowerShell. So another
/// module's YamlDotNet and this one's never meet.
/// </summary>
internal sealed class EngineContext() : AssemblyLoadContext(EngineName)
{
    private const string EngineName = "Rollout.Engine";

    private static readonly string Folder =
        Path.Combine(Path.GetDirectoryName(typeof(EngineContext).Assembly.Location)!, "engine");

    private static readonly Lazy<EngineContext> Instance = new(() => new EngineContext());

    /// <summary>Answers the default context when it meets a name it does not know: for the engine alone.</summary>
    internal static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name) =>
        name.Name == EngineName ? Instance.Value.LoadFromAssemblyName(name) : null;

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var file = Path.Combine(Folder, assemblyName.Name + ".dll");
        return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
    }
}
