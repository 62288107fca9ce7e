using System.Management.Automation;
using System.Reflection;
using Rollout.Module.Cmdlets;

namespace Rollout.Help;

/// <summary>A cmdlet as compiled. Read from attribute data alone, since the PowerShell it is compiled against cannot run.</summary>
internal sealed record CmdletShape(string Name, bool ChangesThings, IReadOnlyList<string> Sets, IReadOnlyList<ParameterShape> Parameters)
{
    internal static IEnumerable<CmdletShape> OfModule() =>
        from type in typeof(RolloutCmdlet).Assembly.ExportedTypes
        let attribute = type.GetCustomAttributesData().FirstOrDefault(data => data.AttributeType == typeof(CmdletAttribute))
        where attribute is not null
        select Of(type, attribute);

    private static CmdletShape Of(Type type, CustomAttributeData attribute)
    {
        var parameters = type.GetProperties().SelectMany(ParameterShape.Of).ToList();
        string[] sets = [.. parameters.Select(p => p.Set).Where(set => set != ParameterShape.AllSets).Distinct()];
        return new CmdletShape(
            $"{attribute.ConstructorArguments[0].Value}-{attribute.ConstructorArguments[1].Value}",
            attribute.Named("SupportsShouldProcess") is true,
            sets.Length == 0 ? [ParameterShape.AllSets] : sets,
            parameters);
    }
}

/// <summary>A parameter's place in one parameter set.</summary>
internal sealed record ParameterShape(string Name, Type Type, string Set, bool Required, int? Position, string PipelineInput, bool Wildcards, string Aliases)
{
    internal const string AllSets = "__AllParameterSets";

    internal bool IsSwitch => Type == typeof(SwitchParameter);

    /// <summary>What a user gives; how it is kept, as a Nullable or a Given, is the cmdlet's matter.</summary>
    internal string TypeName => (Type.IsGenericType ? Type.GetGenericArguments()[0] : Type).Name;

    internal bool IsIn(string set) => Set == AllSets || Set == set;

    internal static IEnumerable<ParameterShape> Of(PropertyInfo property)
    {
        var attributes = property.GetCustomAttributesData();
        return attributes.Where(data => data.AttributeType == typeof(ParameterAttribute)).Select(parameter => new ParameterShape(
            property.Name,
            property.PropertyType,
            parameter.Named("ParameterSetName") as string ?? AllSets,
            parameter.Named("Mandatory") is true,
            parameter.Named("Position") as int?,
            Pipeline(parameter),
            attributes.Any(data => data.AttributeType == typeof(SupportsWildcardsAttribute)),
            AliasNames(attributes)));
    }

    private static string Pipeline(CustomAttributeData parameter) =>
        (parameter.Named("ValueFromPipeline") is true, parameter.Named("ValueFromPipelineByPropertyName") is true) switch
        {
            (true, true) => "True (ByValue, ByPropertyName)",
            (true, false) => "True (ByValue)",
            (false, true) => "True (ByPropertyName)",
            _ => "False",
        };

    private static string AliasNames(IList<CustomAttributeData> attributes) =>
        attributes.FirstOrDefault(data => data.AttributeType == typeof(AliasAttribute)) is { } alias
        && alias.ConstructorArguments[0].Value is IReadOnlyCollection<CustomAttributeTypedArgument> names
            ? string.Join(", ", names.Select(name => name.Value))
            : "";
}

/// <summary>Reading attribute data.</summary>
internal static class AttributeData
{
    internal static object? Named(this CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.MemberName == name).TypedValue.Value;
}
