using System.Net;
using System.Text.Json;

namespace Rollout.Engine.Health;

/// <summary>
/// A server that answers in JSON, Prometheus or Alertmanager. An answer is read to its end and no further than <see cref="AnswerLimit"/>; whatever
/// is wrong with it is one <see cref="NoAnswerException"/>.
/// </summary>
internal sealed class JsonServer(WebHealthCheck check, string product, TimeProvider time) : IDisposable
{
    private const int AnswerLimit = 8 * 1024 * 1024;

    private readonly HttpClient client = WebAccess.Shared(check);
    private readonly Uri root = new($"{check.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/')}/");

    /// <summary>Asks, and reads the answer.</summary>
    /// <param name="path">Below the server's address.</param>
    /// <param name="form">What is sent as a form; null for a GET.</param>
    /// <param name="cancellation">Ends it at once.</param>
    /// <returns>The answer, and when the server says that it was given.</returns>
    /// <exception cref="NoAnswerException">It gave none that can be used.</exception>
    internal async Task<(JsonDocument Json, DateTimeOffset At)> AskAsync(string path, IEnumerable<KeyValuePair<string, string>>? form, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(form is null ? HttpMethod.Get : HttpMethod.Post, new Uri(root, path));
            if (form is not null) request.Content = new FormUrlEncodedContent(form);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            return await ReadAsync(response, both.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new NoAnswerException($"{product} gave no complete answer within {check.Timeout.TotalSeconds:0.###} s");
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or InvalidDataException)
        {
            throw new NoAnswerException($"{product} at {WebHealthCheck.Shown(check.Uri)} cannot be asked: {WebAccess.Explain(problem)}") { IsFinal = WebAccess.IsDistrust(problem) };
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<(JsonDocument Json, DateTimeOffset At)> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (Refusal(response) is { } refusal) throw new NoAnswerException(refusal) { IsFinal = true };

        var body = await BodyAsync(response.Content, cancellation);
        try
        {
            var json = JsonDocument.Parse(body);
            if (response.IsSuccessStatusCode) return (json, response.Headers.Date ?? time.GetUtcNow());
            using (json) throw Complaint(json.RootElement, response.StatusCode) ?? Unusable(response.StatusCode);
        }
        catch (JsonException) when (response.IsSuccessStatusCode)
        {
            throw new NoAnswerException($"what answered at {WebHealthCheck.Shown(check.Uri)} is no {product}, or its answer is malformed: it is no JSON");
        }
        catch (JsonException)
        {
            throw Unusable(response.StatusCode);
        }
    }

    /// <summary>What no other try would change.</summary>
    private string? Refusal(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized => $"{product} wants a login (status 401); give -Credential or -Token, or correct it",
        HttpStatusCode.Forbidden => $"{product} does not allow it to this login (status 403)",
        HttpStatusCode.NotFound => $"there is no {product} at {WebHealthCheck.Shown(root)} (status 404)",
        >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest =>
            $"{product} sends elsewhere (status {(int)response.StatusCode}{(response.Headers.Location is { } to ? $", to {WebHealthCheck.Shown(to)}" : "")}), which is not followed",
        _ => null,
    };

    private NoAnswerException Unusable(HttpStatusCode status) => new($"{product} answered with status {(int)status}");

    /// <summary>What the server itself says of a query (400: it does not parse; 422: it cannot be executed) or of its own state.</summary>
    private NoAnswerException? Complaint(JsonElement answer, HttpStatusCode status)
    {
        // Alertmanager's complaint is the text alone.
        var error = answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("error", out var member) ? member : answer;
        if (error.ValueKind != JsonValueKind.String) return null;
        return new NoAnswerException($"{product} refuses it: {error.GetString()}") { IsFinal = status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity };
    }

    private async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        using var read = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancellation) is var count and > 0)
        {
            if (read.Length + count > AnswerLimit)
            {
                throw new NoAnswerException($"{product}'s answer is longer than {AnswerLimit / 1024 / 1024} MiB, and was not read on; ask for less of it") { IsFinal = true };
            }

            read.Write(buffer, 0, count);
        }

        return read.GetBuffer().AsMemory(0, (int)read.Length);
    }
}

/// <summary>A server gave no answer that could be used; the message says why, in words that go on a sentence.</summary>
internal sealed class NoAnswerException(string message) : Exception(ForeignText.Neutralise(message))
{
    /// <summary>True where no other try will do better.</summary>
    internal bool IsFinal { get; init; }

    /// <summary>The try it is, which means what the user said it means.</summary>
    internal HealthTry ToTry(NoEvidence meaning) => HealthTry.Without(meaning, null, Message) with { IsFinal = IsFinal, IsUnanswered = true, Samples = 0 };
}
