using System.Management.Automation;
using System.Runtime.Loader;

namespace Rollout.Module.Loading;

/// <summary>
/// Called by PowerShell when the module comes and goes. PowerShell looks at every public type of this assembly before it calls
/// <see cref="OnImport"/>, so no public type here may have an engine type as its base or as a field's struct or enum.
/// </summary>
public sealed class ModuleLoader : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Lets the engine be found. Loads nothing yet.</summary>
    public void OnImport() => AssemblyLoadContext.Default.Resolving += EngineContext.Resolve;

    /// <summary>Takes back what <see cref="OnImport"/> did; each runspace that imports does and undoes it once.</summary>
    public void OnRemove(PSModuleInfo psModuleInfo) => AssemblyLoadContext.Default.Resolving -= EngineContext.Resolve;
}
