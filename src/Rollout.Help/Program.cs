using System.Text;
using System.Xml;
using Rollout.Help;

// usage: Rollout.Help <folder of markdown topics> <help file to write>
var topics = Directory.EnumerateFiles(args[0], "*.md").Select(MarkdownTopic.Read).ToDictionary(topic => topic.Name, StringComparer.Ordinal);
var cmdlets = CmdletShape.OfModule().OrderBy(cmdlet => cmdlet.Name, StringComparer.Ordinal).ToList();

var gaps = HelpGaps.Find(cmdlets, topics).ToList();
foreach (var gap in gaps) Console.Error.WriteLine($"{Path.Combine(args[0], gap.File)}: error HELP1: {gap.Problem}");
if (gaps.Count > 0) return 1;

Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(args[1]))!);
using var writer = XmlWriter.Create(args[1], new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false) });
Maml.Document(cmdlets.Select(cmdlet => (cmdlet, topics[cmdlet.Name]))).Save(writer);
return 0;
