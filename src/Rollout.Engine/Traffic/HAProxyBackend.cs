using System.Globalization;

namespace Rollout.Engine.Traffic;

/// <summary>
/// A backend and its servers as <c>show stat</c> gives them: CSV under a header line, quoted as in RFC 4180, columns looked up by name
/// because every version adds some.
/// </summary>
/// <param name="Balance">The balance algorithm; empty where the socket's level hides it.</param>
/// <param name="Servers">The servers.</param>
internal sealed record HAProxyBackend(string Balance, IReadOnlyList<HAProxyServer> Servers)
{
    /// <summary>Reads the rows of one backend out of a table of any; null where there is none.</summary>
    /// <exception cref="FormatException">It is no such table.</exception>
    internal static HAProxyBackend? Parse(string csv, string name)
    {
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || !lines[0].StartsWith("# ", StringComparison.Ordinal)) throw new FormatException("no header line");

        var columns = Fields(lines[0][2..]).Select((name, index) => (name, index)).Where(column => column.name.Length > 0).ToLookup(column => column.name, column => column.index);
        string? balance = null;
        var mode = "";
        var servers = new List<HAProxyServer>();
        var counters = new List<ServerCounters>();
        foreach (var line in lines.Skip(1))
        {
            var row = new Row(columns, Fields(line));
            if (row["pxname"] != name) continue;
            if (row["svname"] == "BACKEND")
            {
                balance = row["algo"];
                mode = row.Text("mode");
            }
            else if (row["svname"] != "FRONTEND")
            {
                servers.Add(Server(row));
                counters.Add(Counted(row));
            }
        }

        return balance is null ? null : new HAProxyBackend(balance, servers) { Mode = mode, Counters = counters };
    }

    /// <summary>http or tcp; empty where the table does not say.</summary>
    internal string Mode { get; private init; } = "";

    /// <summary>What went through each server.</summary>
    internal IReadOnlyList<ServerCounters> Counters { get; private init; } = [];

    internal HAProxyServer? Find(string name) => Servers.FirstOrDefault(server => server.Name == name);

    private static HAProxyServer Server(Row row) => new(
        row["svname"],
        row["addr"],
        row.Number("uweight"),
        State(row["status"]),
        row.Number("scur") + row.Number("qcur"),
        row.Number("sid"),
        string.Join(": ", new[] { row["check_status"], row["last_chk"] }.Where(part => part.Length > 0)));

    /// <summary>What HAProxy answers itself for a server that gives no answer is counted for the backend alone: connections and answers that fail are added.</summary>
    private static ServerCounters Counted(Row row)
    {
        var failed = row.Count("econ") + row.Count("eresp");
        var errors = row.Count("hrsp_5xx");
        var answered = row.Count("hrsp_1xx") + row.Count("hrsp_2xx") + row.Count("hrsp_3xx") + row.Count("hrsp_4xx") + row.Count("hrsp_other") + errors;
        return new ServerCounters(row["svname"], answered + failed, errors + failed, answered == 0 ? null : TimeSpan.FromMilliseconds(row.Count("rtime")));
    }

    /// <summary>The states HAProxy writes: <c>UP</c>, <c>UP 1/2</c> (going down), <c>no check</c>, <c>DRAIN</c>, <c>NOLB</c> (404 in its check: no new
    /// sessions), <c>MAINT</c>, <c>MAINT (via ..)</c>, <c>MAINT (resolution)</c>, <c>DOWN</c>, <c>DOWN 1/2</c> (going up).</summary>
    private static RouterServerState State(string status) => status.Split(' ')[0] switch
    {
        "UP" or "no" => RouterServerState.Ready,
        "DRAIN" or "NOLB" => RouterServerState.Draining,
        "MAINT" => RouterServerState.Maintenance,
        _ => RouterServerState.Down,
    };

    private static List<string> Fields(string line)
    {
        var fields = new List<string>();
        for (var at = 0; at <= line.Length;)
        {
            var close = at < line.Length && line[at] == '"' ? ClosingQuote(line, at + 1) : -1;
            var end = line.IndexOf(',', Math.Max(at, close));
            if (end < 0) end = line.Length;
            fields.Add(close < 0 ? line[at..end] : line[(at + 1)..close].Replace("\"\"", "\"", StringComparison.Ordinal));
            at = end + 1;
        }

        return fields;
    }

    /// <summary>A doubled quote is one of the text; without a closing one the field goes on to the end.</summary>
    private static int ClosingQuote(string line, int at)
    {
        while (at < line.Length && (line[at] != '"' || (at + 1 < line.Length && line[at + 1] == '"'))) at += line[at] == '"' ? 2 : 1;
        return Math.Min(at, line.Length);
    }

    private sealed class Row(ILookup<string, int> columns, List<string> fields)
    {
        internal string this[string column]
        {
            get
            {
                if (!columns.Contains(column)) throw new FormatException($"no column '{column}'");
                var index = columns[column].First();
                return index < fields.Count ? fields[index] : throw new FormatException($"a row without '{column}'");
            }
        }

        /// <summary>What not every table has; empty where it is missing.</summary>
        internal string Text(string column) => columns.Contains(column) ? this[column] : "";

        /// <summary>A counter, which outgrows a number in time; 0 where there is none, as for TCP.</summary>
        internal long Count(string column)
        {
            var text = Text(column);
            if (text.Length == 0) return 0;
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? count
                : throw new FormatException($"'{text}' in column '{column}'");
        }

        /// <summary>A number; where HAProxy has none it leaves the field empty.</summary>
        internal int Number(string column)
        {
            var text = this[column];
            if (text.Length == 0) return 0;
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new FormatException($"'{text}' in column '{column}'");
        }
    }
}

/// <summary>One server of a backend.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">ip:port; empty where it has none yet, or the socket's level hides it.</param>
/// <param name="Weight">The weight it was given.</param>
/// <param name="State">Whether it gets traffic.</param>
/// <param name="Sessions">Requests in hand and in its queue.</param>
/// <param name="Id">HAProxy's number for it.</param>
/// <param name="LastCheck">What HAProxy's own check found last: <c>L4CON: Connection refused</c>.</param>
internal sealed record HAProxyServer(string Name, string Address, int Weight, RouterServerState State, int Sessions, int Id, string LastCheck)
{
    /// <summary>
    /// HAProxy does not tell which servers were added at runtime, and would delete those of its configuration too. So what Rollout adds
    /// has an id from here on; HAProxy itself counts from 1.
    /// </summary>
    internal const int FirstDynamicId = 1_600_000_000;

    /// <summary>True where Rollout added it.</summary>
    internal bool Dynamic => Id >= FirstDynamicId;
}
