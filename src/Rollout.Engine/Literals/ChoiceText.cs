namespace Rollout.Engine.Literals;

/// <summary>One of several words, as users write it: in any case of letters.</summary>
public static class ChoiceText
{
    /// <summary>Reads what PowerShell made of what the user wrote (without its PSObject).</summary>
    /// <exception cref="RolloutException">InvalidChoice: also of a number, and of several words, of which an enumeration would make something.</exception>
    public static T From<T>(object value)
        where T : struct, Enum => value is T choice && Enum.IsDefined(choice) ? choice : Enum.Parse<T>(Find(value, Enum.GetNames<T>()));

    /// <summary>Reads <c>true</c> or <c>false</c>.</summary>
    /// <exception cref="RolloutException">InvalidChoice.</exception>
    public static bool Flag(string text) => Find(text, "true", "false") == "true";

    private static string Find(object value, params string[] names) =>
        names.FirstOrDefault(name => name.Equals($"{value}".Trim(), StringComparison.OrdinalIgnoreCase)) ?? throw LiteralErrors.InvalidChoice(value, names);
}
