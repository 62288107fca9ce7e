using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Docker.Api;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Api;

/// <summary>A container's log, however its bytes were framed and however they arrive.</summary>
public sealed class LogTailTests
{
    [Fact]
    public void Any_framing_of_two_streams_gives_the_last_of_their_lines()
    {
        var line = Gen.Elements("", "a", "error: no such file", "größe €", new string('x', 5000));
        var lines = line.ListOf().Select(list => list.ToList());
        var inputs = from output in lines from error in lines from seed in Gen.Choose(0, int.MaxValue) from tail in Gen.Choose(1, 20)
                     select (output, error, seed, tail);

        Check.QuickThrowOnFailure(Prop.ForAll(inputs.ToArbitrary(), input =>
        {
            var random = new Random(input.seed);
            var framed = Frame(random, Text(input.output), Text(input.error), out var expected);

            var found = LogTail.ReadAsync(new Trickle(framed, random), hasTty: false, input.tail, CancellationToken.None).GetAwaiter().GetResult();

            return found.SequenceEqual(expected.TakeLast(input.tail));
        }));
    }

    [Fact]
    public async Task A_terminals_log_has_no_frames()
    {
        var log = new MemoryStream("first\r\nsecond\r\nunfinished"u8.ToArray());

        Assert.Equal(["second", "unfinished"], await LogTail.ReadAsync(log, hasTty: true, 2, CancellationToken.None));
    }

    [Fact]
    public async Task Lines_that_are_too_long_are_cut_and_nothing_in_them_acts()
    {
        var text = "\u001b[31m##vso[task.complete]" + new string('x', 1_000_000) + "\n::error::boom\n";
        var log = new MemoryStream(Encoding.UTF8.GetBytes(text));

        var lines = await LogTail.ReadAsync(log, hasTty: true, 10, CancellationToken.None);

        Assert.Equal(2, lines.Count);
        Assert.InRange(lines[0].Length, 1000, 10_000);
        Assert.All(lines, line => Assert.Equal(ForeignText.Neutralise(line), line));
        Assert.DoesNotContain("##vso", lines[0], StringComparison.Ordinal);
        Assert.False(lines[1].StartsWith("::", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_log_that_ends_in_the_middle_of_a_frame_gives_what_there_is()
    {
        byte[] log = [1, 0, 0, 0, 0, 0, 0, 100, .. "begun"u8];

        Assert.Equal(["begun"], await LogTail.ReadAsync(new MemoryStream(log), hasTty: false, 10, CancellationToken.None));
    }

    private static byte[] Text(IReadOnlyList<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));

    /// <summary>Cuts both texts into frames at random places and mixes them; tells the order in which their lines end.</summary>
    private static byte[] Frame(Random random, byte[] output, byte[] error, out List<string> expected)
    {
        expected = [];
        using var framed = new MemoryStream();
        byte[][] rest = [output, error];
        byte[][] line = [[], []];
        while (rest[0].Length + rest[1].Length > 0)
        {
            var stream = rest[0].Length == 0 ? 1 : rest[1].Length == 0 ? 0 : random.Next(2);
            var part = rest[stream][..random.Next(1, Math.Min(rest[stream].Length, 3000) + 1)];
            rest[stream] = rest[stream][part.Length..];

            var header = new byte[8];
            header[0] = (byte)(stream + 1);
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), part.Length);
            framed.Write(header);
            framed.Write(part);

            line[stream] = [.. line[stream], .. part];
            while (line[stream].AsSpan().IndexOf((byte)'\n') is var end and >= 0)
            {
                expected.Add(Encoding.UTF8.GetString(line[stream].AsSpan(0, end)));
                line[stream] = line[stream][(end + 1)..];
            }
        }

        return framed.ToArray();
    }

    /// <summary>Gives its bytes in pieces of random length.</summary>
    private sealed class Trickle(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(1, 5000))], cancellationToken);
    }
}
