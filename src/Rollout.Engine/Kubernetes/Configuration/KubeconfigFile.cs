using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>
/// One kubeconfig file, or several merged as client-go merges them: the first file that defines a cluster, user or context of a name
/// defines it whole, and the first that sets current-context sets it. An entry remembers its file, because relative paths start there.
/// </summary>
internal sealed record KubeconfigFile
{
    public string? CurrentContext { get; private init; }

    public IReadOnlyDictionary<string, KubeconfigEntry> Clusters { get; private init; } = new Dictionary<string, KubeconfigEntry>();

    public IReadOnlyDictionary<string, KubeconfigEntry> Users { get; private init; } = new Dictionary<string, KubeconfigEntry>();

    public IReadOnlyDictionary<string, KubeconfigEntry> Contexts { get; private init; } = new Dictionary<string, KubeconfigEntry>();

    public bool IsEmpty => Clusters.Count == 0 && Users.Count == 0 && Contexts.Count == 0 && CurrentContext is null;

    /// <summary>Reads and merges; files that do not exist count as empty.</summary>
    public static KubeconfigFile ReadAll(IEnumerable<string> paths) =>
        paths.Select(Read).OfType<KubeconfigFile>().Aggregate(new KubeconfigFile(), (merged, next) => merged.Over(next));

    /// <summary>One file, or null where there is none. What is there and cannot be read is an error.</summary>
    public static KubeconfigFile? Read(string path) => Content(path) is { } text ? Parse(path, text) : null;

    public static KubeconfigFile Parse(string path, string text)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            // The message may quote the file, which holds secrets: only the place is told.
            throw KubernetesErrors.KubeconfigInvalid(path, $"it is not YAML at line {e.Start.Line}, column {e.Start.Column}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet throws these for some texts that break off.
            throw KubernetesErrors.KubeconfigInvalid(path, "it is not YAML");
        }

        if (yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is YamlScalarNode { Value: null or "" }) return new KubeconfigFile();
        if (yaml.Documents[0].RootNode is not YamlMappingNode root) throw KubernetesErrors.KubeconfigInvalid(path, "it is not a mapping");

        var top = new KubeconfigEntry(path, "", root);
        if (top.Text("kind") is { } kind && kind != "Config") throw KubernetesErrors.KubeconfigInvalid(path, $"its kind is '{kind}', not Config");
        if (top.Text("apiVersion") is { } version && version != "v1") throw KubernetesErrors.KubeconfigInvalid(path, $"its apiVersion is '{version}', not v1");
        return new KubeconfigFile
        {
            CurrentContext = top.Text("current-context"),
            Clusters = Entries(top, "clusters", "cluster"),
            Users = Entries(top, "users", "user"),
            Contexts = Entries(top, "contexts", "context"),
        };
    }

    private static string? Content(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        // ArgumentException: no file can have such a name.
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var problem = Directory.Exists(path) ? "it is a directory" : e.GetBaseException().Message.TrimEnd('.');
            throw KubernetesErrors.KubeconfigInvalid(path, problem, "Let this user read it, or name another file with -Kubeconfig or KUBECONFIG.", e);
        }
    }

    private static Dictionary<string, KubeconfigEntry> Entries(KubeconfigEntry top, string list, string item)
    {
        var entries = new Dictionary<string, KubeconfigEntry>(StringComparer.Ordinal);
        foreach (var row in top.InnerList(list))
        {
            var name = row.Text("name") ?? throw KubernetesErrors.KubeconfigInvalid(top.File, $"an entry of {list} has no name");
            var entry = (row.Inner(item) ?? row with { Fields = [] }) with { Name = name };
            // Of two it is not known which is meant, and they may be two clusters.
            if (!entries.TryAdd(name, entry)) throw KubernetesErrors.KubeconfigInvalid(top.File, $"two of its {list} have the name '{name}'");
        }

        return entries;
    }

    private KubeconfigFile Over(KubeconfigFile next) => new()
    {
        CurrentContext = CurrentContext ?? next.CurrentContext,
        Clusters = Merged(Clusters, next.Clusters),
        Users = Merged(Users, next.Users),
        Contexts = Merged(Contexts, next.Contexts),
    };

    private static Dictionary<string, KubeconfigEntry> Merged(IReadOnlyDictionary<string, KubeconfigEntry> first, IReadOnlyDictionary<string, KubeconfigEntry> second)
    {
        var merged = new Dictionary<string, KubeconfigEntry>(first, StringComparer.Ordinal);
        foreach (var (name, entry) in second) merged.TryAdd(name, entry);
        return merged;
    }
}

/// <summary>A cluster, user or context of a kubeconfig, or a part of one. Absent, null and empty values are all null.</summary>
internal sealed record KubeconfigEntry(string File, string Name, YamlMappingNode Fields)
{
    private string Directory => Path.GetDirectoryName(Path.GetFullPath(File))!;

    public string? Text(string key) => Node(key) is YamlScalarNode scalar ? Value(scalar) : null;

    public bool Flag(string key) => Text(key) is { } text && (bool.TryParse(text, out var flag) ? flag : throw Wrong(key, "is not true or false"));

    /// <summary>A path, made absolute from the file's own directory.</summary>
    public string? FilePath(string key) => Text(key) is { } path ? FromDirectory(path) : null;

    public string FromDirectory(string path) => Path.Combine(Directory, path);

    /// <summary>Bytes given as base64 under <c>key-data</c>, or as a file's path under <c>key</c>; data comes first.</summary>
    public byte[]? Bytes(string key)
    {
        try
        {
            if (Text(key + "-data") is { } data) return Convert.FromBase64String(data);
            return FilePath(key) is { } path ? System.IO.File.ReadAllBytes(path) : null;
        }
        catch (FormatException e)
        {
            throw KubernetesErrors.CertificateUnreadable($"{key}-data of '{Name}'", "it is not base64", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KubernetesErrors.CertificateUnreadable($"{key} of '{Name}'", e.Message.TrimEnd('.'), e);
        }
    }

    public KubeconfigEntry? Inner(string key) => Node(key) is YamlMappingNode mapping ? this with { Fields = mapping } : null;

    public IReadOnlyList<KubeconfigEntry> InnerList(string key) =>
        Node(key) is YamlSequenceNode list ? [.. list.OfType<YamlMappingNode>().Select(item => this with { Fields = item })] : [];

    public IReadOnlyList<string> TextList(string key) =>
        Node(key) is YamlSequenceNode list ? [.. list.OfType<YamlScalarNode>().Select(item => item.Value ?? "")] : [];

    /// <summary>A part as JSON, whatever it holds.</summary>
    public JsonNode? Json(string key)
    {
        try
        {
            return YamlJson.Convert(Node(key));
        }
        catch (FormatException e)
        {
            throw Wrong(key, $"cannot be passed on: {e.Message}");
        }
    }

    public IEnumerable<string> Keys => Fields.Children.Keys.OfType<YamlScalarNode>().Select(key => key.Value ?? "");

    public RolloutException Wrong(string key, string problem, string? mend = null) => KubernetesErrors.KubeconfigInvalid(File, $"{key} of '{Name}' {problem}", mend);

    // The default would print every field, secrets among them.
    public override string ToString() => Name;

    private YamlNode? Node(string key) => Fields.Children.TryGetValue(key, out var node) ? node : null;

    private static string? Value(YamlScalarNode scalar) =>
        string.IsNullOrEmpty(scalar.Value) || (scalar.Style == ScalarStyle.Plain && scalar.Value is "~" or "null") ? null : scalar.Value;
}
