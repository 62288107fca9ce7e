using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Rollout.Engine.Images.Builders;
using Rollout.Engine.Images.Dockerfiles;
using Xunit;

namespace Rollout.Engine.Tests.Images;

/// <summary>What builders print, as each of them prints it.</summary>
public sealed class BuildOutputTests
{
    private static readonly Gen<string> Texts = Gen.Elements("a line\n", "é日本\U0001F600\n", "\n", "tabs\tand spaces \n").ListOf().Select(string.Concat);

    private readonly Recorder _reporter = new();

    private BuildProgress Progress => field ??= new BuildProgress(
        "Building", Dockerfile.Parse("Dockerfile", "FROM base AS x\nRUN one\nRUN two\nFROM x\nRUN one\n"), _reporter);

    [Fact]
    public void A_trace_gives_the_text_however_it_is_cut() => Prop.ForAll(
        Texts.ToArbitrary(),
        Gen.Choose(1, 7).ToArbitrary(),
        (text, size) =>
        {
            var reporter = new Recorder();
            var progress = new BuildProgress("Building", Dockerfile.Parse("Dockerfile", ""), reporter);
            var trace = new BuildKitTrace(progress);
            trace.Take(Vertex("v", "[1/1] RUN x"));
            foreach (var part in Encoding.UTF8.GetBytes(text).Chunk(size)) trace.Take(Log("v", part));
            return reporter.Details.SequenceEqual(text.Split('\n').SkipLast(1));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Raw_json_is_read_on_one_line_and_over_several(bool indented)
    {
        var said = new List<string>();
        var output = new RawJsonOutput(Progress, said.Add);
        var status = new JsonObject
        {
            ["vertexes"] = new JsonArray(new JsonObject { ["digest"] = "v", ["name"] = "[x 2/3] RUN one", ["started"] = "2026-01-31T00:00:00Z", ["completed"] = "2026-01-31T00:00:01.123456789Z", ["cached"] = true }),
            ["logs"] = new JsonArray(new JsonObject { ["vertex"] = "v", ["stream"] = 1, ["data"] = Convert.ToBase64String("é {\n"u8), ["timestamp"] = "2026-01-31T00:00:00Z" }),
        };
        var options = new JsonSerializerOptions { WriteIndented = indented };
        foreach (var line in $"before\n{status.ToJsonString(options)}\n{status.ToJsonString(options)}\nERROR: after".Split('\n')) output.Take(line);

        Assert.Equal((1, 1), (Progress.Steps, Progress.CachedSteps));
        Assert.Equal(["é {", "é {"], _reporter.Details);
        Assert.Equal(["before", "ERROR: after"], said);
    }

    [Fact]
    public void Plain_output_is_read_and_its_summary_is_not_read_again()
    {
        var said = new List<string>();
        var output = new PlainOutput(Progress, said.Add);
        var text = """
            #1 [internal] load build definition from Dockerfile
            #1 sha256:0123
            #1 DONE 0.0s

            #5 [x 2/3] RUN one
            #5 CACHED

            #6 [x 3/3] RUN two
            #6 0.123 #7 is no step
            #6 ...

            #6 [x 3/3] RUN two
            #6 ERROR: executor failed running [two]: exit code: 7
            ------
             > [x 3/3] RUN two:
            #6 0.123 #7 is no step
            ------
            executor failed running [two]: exit code: 7
            """;
        foreach (var line in text.Split('\n')) output.Take(line);

        Assert.Equal((2, 1), (Progress.Steps, Progress.CachedSteps));
        Assert.Equal(["#7 is no step"], _reporter.Details);
        var error = Progress.Failure("", null);
        Assert.Equal("BuildStepFailed", error.Id);
        Assert.Equal("The step 'RUN two' (Dockerfile:3) failed: exit code 7.\nIts last output:\n#7 is no step", error.Message);
    }

    [Fact]
    public void Steps_of_the_classic_builder_are_told_from_their_output()
    {
        var output = new ClassicOutput(Progress);
        string[] messages = ["Step 1/5 : FROM base AS x", "\n", " ---> 0123abcd\n", "Step 2/5 : RUN one", "\n", " ---> Using cache\n", " ---> 0123abcd\n", "Step 3/5 : RUN two", "\n", " ---> Running in 0123abcd\n", "printed\n"];
        foreach (var message in messages) output.Take(message);
        output.Complete("The command '/bin/sh -c two' returned a non-zero code: 9");

        Assert.Equal((2, 1), (Progress.Steps, Progress.CachedSteps));
        var error = Progress.Failure("", null);
        Assert.StartsWith("The step 'RUN two' (Dockerfile:3) failed: exit code 9.", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("\nprinted", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[x 2/3] RUN one", 2)]
    [InlineData("[linux/amd64 x 3/3] RUN two", 3)]
    [InlineData("[stage-1 1/1] RUN one", 5)]
    [InlineData("[x 1/3] FROM docker.io/library/base", 1)]
    [InlineData("[x  2/13] RUN two", 3)]
    public void A_steps_name_leads_to_its_line(string name, int line)
    {
        Progress.Take(new BuildVertex("v", name, true, true, false, "it broke"));
        // What ran beside it is ended then, and is not what failed.
        Progress.Take(new BuildVertex("other", "[x 2/3] RUN one", true, true, false, "process did not complete: context canceled"));
        Assert.Contains($"(Dockerfile:{line}) failed: it broke", Progress.Failure("", null).Message, StringComparison.Ordinal);
    }

    private static byte[] Vertex(string id, string name) => Record(1, inner =>
    {
        inner.WriteTag(1, WireFormat.WireType.LengthDelimited);
        inner.WriteString(id);
        inner.WriteTag(3, WireFormat.WireType.LengthDelimited);
        inner.WriteString(name);
    });

    private static byte[] Log(string id, byte[] text) => Record(3, inner =>
    {
        inner.WriteTag(1, WireFormat.WireType.LengthDelimited);
        inner.WriteString(id);
        inner.WriteTag(3, WireFormat.WireType.Varint);
        inner.WriteInt64(1);
        inner.WriteTag(4, WireFormat.WireType.LengthDelimited);
        inner.WriteBytes(ByteString.CopyFrom(text));
    });

    private static byte[] Record(int field, Action<CodedOutputStream> write)
    {
        var inner = new MemoryStream();
        using (var output = new CodedOutputStream(inner, leaveOpen: true)) write(output);
        var record = new MemoryStream();
        using (var output = new CodedOutputStream(record, leaveOpen: true))
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(inner.ToArray()));
        }

        return record.ToArray();
    }
}
