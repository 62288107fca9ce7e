using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Rollout.Help;

/// <summary>Writes the XML that Get-Help reads. What is said comes from the topics, the syntax from the cmdlets themselves.</summary>
internal static partial class Maml
{
    private static readonly XNamespace Root = "http://msh";
    private static readonly XNamespace Text = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private static readonly IReadOnlyDictionary<string, string> RiskTexts = new Dictionary<string, string>
    {
        ["WhatIf"] = "Shows what would be done, changes nothing and emits nothing.",
        ["Confirm"] = "Asks before anything is changed.",
    };

    internal static XDocument Document(IEnumerable<(CmdletShape Cmdlet, MarkdownTopic Topic)> commands) => new(
        new XElement(
            Root + "helpItems",
            new XAttribute("schema", "maml"),
            commands.Select(command => CommandElement(command.Cmdlet, command.Topic))));

    private static XElement CommandElement(CmdletShape cmdlet, MarkdownTopic topic) => new(
        Command + "command",
        new XAttribute(XNamespace.Xmlns + "maml", Text),
        new XAttribute(XNamespace.Xmlns + "command", Command),
        new XAttribute(XNamespace.Xmlns + "dev", Dev),
        new XElement(
            Command + "details",
            new XElement(Command + "name", cmdlet.Name),
            new XElement(Command + "verb", cmdlet.Name.Split('-')[0]),
            new XElement(Command + "noun", cmdlet.Name.Split('-')[1]),
            Description(topic.Synopsis)),
        Description(topic.Text("Description")),
        new XElement(Command + "syntax", cmdlet.Sets.Select(set => SyntaxItem(cmdlet, set, topic))),
        new XElement(Command + "parameters", cmdlet.Parameters.DistinctBy(p => p.Name).Select(p => Parameter(p, topic)), RiskParameters(cmdlet)),
        new XElement(Command + "inputTypes", topic.Entries("Inputs").Select(entry => Typed("inputType", entry))),
        new XElement(Command + "returnValues", topic.Entries("Outputs").Select(entry => Typed("returnValue", entry))),
        new XElement(Command + "examples", topic.Entries("Examples").Where(entry => entry.Code.Length > 0).Select(Example)),
        new XElement(Command + "relatedLinks", LinkPattern().Matches(topic.Text("Links")).Select(Link)));

    private static XElement SyntaxItem(CmdletShape cmdlet, string set, MarkdownTopic topic) => new(
        Command + "syntaxItem",
        new XElement(Text + "name", cmdlet.Name),
        cmdlet.Parameters.Where(p => p.IsIn(set)).DistinctBy(p => p.Name).OrderBy(p => p.Position ?? int.MaxValue).Select(p => Parameter(p, topic)),
        RiskParameters(cmdlet));

    private static XElement Parameter(ParameterShape parameter, MarkdownTopic topic) => new(
        Command + "parameter",
        new XAttribute("required", parameter.Required ? "true" : "false"),
        new XAttribute("variableLength", parameter.Type.IsArray ? "true" : "false"),
        new XAttribute("globbing", parameter.Wildcards ? "true" : "false"),
        new XAttribute("pipelineInput", parameter.PipelineInput),
        new XAttribute("position", parameter.Position is { } position ? $"{position}" : "named"),
        new XAttribute("aliases", parameter.Aliases),
        new XElement(Text + "name", parameter.Name),
        Description(topic.Entries("Parameters").First(entry => entry.Title == "-" + parameter.Name).Text),
        parameter.IsSwitch ? null : Value(parameter.TypeName),
        Type(parameter.TypeName));

    private static IEnumerable<XElement> RiskParameters(CmdletShape cmdlet) =>
        from risk in RiskTexts
        where cmdlet.ChangesThings
        select new XElement(
            Command + "parameter",
            new XAttribute("required", "false"),
            new XAttribute("pipelineInput", "False"),
            new XAttribute("position", "named"),
            new XElement(Text + "name", risk.Key),
            Description(risk.Value),
            Type("SwitchParameter"));

    private static XElement Value(string type) => new(Command + "parameterValue", new XAttribute("required", "true"), type);

    private static XElement Type(string type) => new(Dev + "type", new XElement(Text + "name", type));

    private static XElement Typed(string element, MarkdownTopic.Entry entry) => new(Command + element, Type(entry.Title), Description(entry.Text));

    private static XElement Example(MarkdownTopic.Entry entry) => new(
        Command + "example",
        new XElement(Text + "title", entry.Title),
        new XElement(Dev + "code", entry.Code),
        new XElement(Dev + "remarks", Paragraphs(entry.Text)));

    private static XElement Link(Match link) => new(
        Text + "navigationLink",
        new XElement(Text + "linkText", link.Groups["text"].Value),
        new XElement(Text + "uri", link.Groups["uri"].Value.StartsWith("http", StringComparison.Ordinal) ? link.Groups["uri"].Value : ""));

    private static XElement Description(string text) => new(Text + "description", Paragraphs(text));

    /// <summary>Markdown's paragraphs as plain text: lines joined, code marks dropped, links as their text.</summary>
    private static IEnumerable<XElement> Paragraphs(string markdown) =>
        markdown.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(paragraph => paragraph.StartsWith("- ", StringComparison.Ordinal) || paragraph.StartsWith('|') ? paragraph : paragraph.Replace('\n', ' '))
            .Select(paragraph => new XElement(Text + "para", LinkPattern().Replace(paragraph, "${text}").Replace("`", "", StringComparison.Ordinal)));

    [GeneratedRegex(@"\[(?<text>[^\]]+)\]\((?<uri>[^)]+)\)")]
    private static partial Regex LinkPattern();
}
