using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>How a kind of route lists its backends and their weights, and what it says of being in force.</summary>
/// <param name="Resource">The kind.</param>
/// <param name="Rules">The list of rules in spec.</param>
/// <param name="Backends">The list of backends in a rule.</param>
internal abstract record RouteShape(Resource<PlainObject> Resource, string Rules, string Backends)
{
    public static RouteShape Gateway { get; } = new GatewayShape();

    public static RouteShape Istio { get; } = new IstioShape();

    public static RouteShape? Find(string router) => router switch { "Gateway" => Gateway, "Istio" => Istio, _ => null };

    /// <summary>The field by which a backend is known: a test of it is a change's precondition.</summary>
    public abstract string Identity { get; }

    /// <summary>The Service of a backend, with <c>/subset</c> behind it where it names one; null where it is none of this namespace.</summary>
    public abstract string? Service(JsonObject backend, string @namespace);

    /// <summary>The weight of a backend that says none.</summary>
    public abstract int DefaultWeight(int backends);

    /// <summary>A backend like another, of another Service.</summary>
    public abstract JsonObject Like(JsonObject backend, string service);

    /// <summary>The list of matches in a rule.</summary>
    public abstract string Matches { get; }

    /// <summary>How much of everything such a route can have; null where there is no such limit.</summary>
    public virtual (int Rules, int Matches, int Headers)? AtMost => null;

    /// <summary>A match like another, of requests with these headers besides.</summary>
    public abstract JsonObject With(JsonObject match, HeaderStep headers);

    /// <summary>Why a header cannot be added to a match; null where it can.</summary>
    public abstract string? Taken(JsonObject match, string header);

    /// <summary>Whether a rule is as it was written, though the server may have filled in what was not said.</summary>
    public abstract bool IsAs(JsonObject rule, JsonObject written);

    /// <summary>What keeps the route from being in force as it is written; null where it is.</summary>
    public abstract string? Obstacle(PlainObject route);

    private sealed record GatewayShape() : RouteShape(Resources.HttpRoutes, "rules", "backendRefs")
    {
        public override string Identity => "name";

        public override string Matches => "matches";

        public override (int Rules, int Matches, int Headers)? AtMost => (16, 128, 16);

        public override JsonObject With(JsonObject match, HeaderStep headers)
        {
            var copy = (JsonObject)match.DeepClone();
            var own = headers.Headers.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase).Select(header => new JsonObject { ["type"] = "Exact", ["name"] = header.Key, ["value"] = header.Value });
            copy["headers"] = new JsonArray([.. HeadersOf(match).Select(header => header.DeepClone()), .. own]);
            return copy;
        }

        public override string? Taken(JsonObject match, string header) =>
            HeadersOf(match).Any(own => header.Equals((string?)own["name"], StringComparison.OrdinalIgnoreCase)) ? $"a rule matches '{header}' already" : null;

        public override bool IsAs(JsonObject rule, JsonObject written) => Says(rule, written);

        /// <summary>All that is written is there.</summary>
        private static bool Says(JsonNode? there, JsonNode? written) => (there, written) switch
        {
            (JsonObject one, JsonObject other) => other.All(field => Says(one[field.Key], field.Value)),
            (JsonArray one, JsonArray other) => one.Count == other.Count && one.Zip(other).All(pair => Says(pair.First, pair.Second)),
            _ => JsonNode.DeepEquals(there, written),
        };

        private static IEnumerable<JsonObject> HeadersOf(JsonObject match) => (match["headers"] as JsonArray ?? []).OfType<JsonObject>();

        public override string? Service(JsonObject backend, string @namespace) =>
            ((string?)backend["kind"] ?? "Service") == "Service" && ((string?)backend["namespace"] ?? @namespace) == @namespace ? (string?)backend["name"] : null;

        public override int DefaultWeight(int backends) => 1;

        public override JsonObject Like(JsonObject backend, string service)
        {
            var copy = (JsonObject)backend.DeepClone();
            copy["name"] = service;
            return copy;
        }

        public override string? Obstacle(PlainObject route)
        {
            var parents = (route.Status["parents"] as JsonArray ?? []).OfType<JsonObject>().ToList();
            if (parents.Count == 0) return "no Gateway has taken it";
            foreach (var condition in parents.SelectMany(parent => (parent["conditions"] as JsonArray ?? []).OfType<JsonObject>()).Where(condition => (string?)condition["type"] is "Accepted" or "ResolvedRefs"))
            {
                if ((long?)condition["observedGeneration"] < route.Metadata.Generation) return "its Gateway has not seen the last change yet";
                if ((string?)condition["status"] != "True") return ForeignText.Neutralise($"{condition["type"]}: {condition["reason"]} {condition["message"]}".TrimEnd());
            }

            return null;
        }
    }

    private sealed record IstioShape() : RouteShape(Resources.VirtualServices, "http", "route")
    {
        // What Istio takes these names for is not a header of that name.
        private static readonly string[] Reserved = ["uri", "scheme", "method", "authority"];

        public override string Identity => "destination";

        public override string Matches => "match";

        public override JsonObject With(JsonObject match, HeaderStep headers)
        {
            var copy = (JsonObject)match.DeepClone();
            var own = copy["headers"] as JsonObject ?? [];
            foreach (var (name, value) in headers.Headers.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase)) own[name.ToLowerInvariant()] = new JsonObject { ["exact"] = value };
            copy["headers"] = own.Parent is null ? own : own.DeepClone();
            return copy;
        }

        public override string? Taken(JsonObject match, string header)
        {
            var name = header.ToLowerInvariant();
            if (Reserved.Contains(name)) return $"Istio knows no header '{name}'";
            return match["headers"]?[name] is not null || match["withoutHeaders"]?[name] is not null ? $"a rule matches '{name}' already" : null;
        }

        public override bool IsAs(JsonObject rule, JsonObject written) => JsonNode.DeepEquals(rule, written);

        public override string? Service(JsonObject backend, string @namespace)
        {
            if (backend["destination"] is not JsonObject destination || (string?)destination["host"] is not { } host) return null;
            var parts = host.Split('.');
            if (parts.Length > 1 && parts[1] != @namespace) return null;
            return (string?)destination["subset"] is { } subset ? $"{parts[0]}/{subset}" : parts[0];
        }

        public override int DefaultWeight(int backends) => backends == 1 ? 100 : 0;

        public override JsonObject Like(JsonObject backend, string service)
        {
            var copy = (JsonObject)backend.DeepClone();
            var destination = (JsonObject)copy["destination"]!;
            var parts = service.Split('/');
            if (parts.Length > 1) destination["subset"] = parts[1];
            else destination["host"] = string.Join('.', ((string)destination["host"]!).Split('.').Skip(1).Prepend(service));
            return copy;
        }

        public override string? Obstacle(PlainObject route)
        {
            // The API gives this generation as a text; Istio writes a status only where it is told to.
            if (long.TryParse($"{route.Status["observedGeneration"]}", out var seen) && seen < route.Metadata.Generation) return "Istio has not seen the last change yet";
            var wrong = (route.Status["conditions"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(condition => (string?)condition["type"] == "Reconciled" && (string?)condition["status"] == "False");
            return wrong is null ? null : ForeignText.Neutralise($"{wrong["reason"]} {wrong["message"]}".Trim());
        }
    }
}
