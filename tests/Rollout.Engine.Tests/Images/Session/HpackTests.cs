using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Images.Builders.Session.Http2;
using Xunit;

namespace Rollout.Engine.Tests.Images.Session;

/// <summary>HPACK against the examples of RFC 7541, appendix C, and against what no peer should send.</summary>
public sealed class HpackTests
{
    [Fact]
    public void Requests_with_Huffman_code_build_up_the_table()
    {
        var decoder = new HpackDecoder();
        Assert.Equal(":method: GET, :scheme: http, :path: /, :authority: www.example.com", Decode(decoder, "828684418cf1e3c2e5f23a6ba0ab90f4ff"));
        Assert.Equal(":method: GET, :scheme: http, :path: /, :authority: www.example.com, cache-control: no-cache", Decode(decoder, "828684be5886a8eb10649cbf"));
        Assert.Equal(
            ":method: GET, :scheme: https, :path: /index.html, :authority: www.example.com, custom-key: custom-value",
            Decode(decoder, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"));
    }

    [Fact]
    public void Requests_without_it_do_so_too()
    {
        var decoder = new HpackDecoder();
        Assert.Equal(":method: GET, :scheme: http, :path: /, :authority: www.example.com", Decode(decoder, "828684410f7777772e6578616d706c652e636f6d"));
        Assert.Equal(":method: GET, :scheme: http, :path: /, :authority: www.example.com, cache-control: no-cache", Decode(decoder, "828684be58086e6f2d6361636865"));
    }

    [Fact]
    public void A_smaller_table_forgets_the_oldest()
    {
        // The responses of C.6, whose table has 256 bytes: the second's :status pushes the first's out.
        var decoder = new HpackDecoder();
        const string First = "4882640258 85aec3771a4b 6196d07abe941054d444a8200595040b8166e082a62d1bff 6e919d29ad171863c78f0b97c8e9ae82ae43d3";
        const string Rest = ", cache-control: private, date: Mon, 21 Oct 2013 20:13:21 GMT, location: https://www.example.com";
        Assert.Equal(":status: 302" + Rest, Decode(decoder, "3fe101" + First.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Equal(":status: 307" + Rest, Decode(decoder, "4883640effc1c0bf"));
        Assert.Throws<Http2Exception>(() => Decode(decoder, "c2"));
    }

    [Theory]
    [InlineData("80")]
    [InlineData("ff80808008")]
    [InlineData("ffffffffff7f")]
    [InlineData("40")]
    [InlineData("4005616263")]
    [InlineData("408161")]
    [InlineData("4084fffffffc00")]
    [InlineData("3fe21f")]
    [InlineData("be")]
    public void What_is_malformed_is_refused(string block) =>
        Assert.Equal(Http2Error.Compression, Assert.Throws<Http2Exception>(() => Decode(new HpackDecoder(), block)).Code);

    [Fact]
    public void What_is_written_is_read_the_same() =>
        Prop.ForAll<NonNull<string>, NonNull<string>>((name, value) =>
        {
            // Octets, as headers are.
            var header = new Header(Octets(name.Get), Octets(value.Get) + new string('x', value.Get.Length * 7));
            Assert.Equal([header, header], new HpackDecoder().Decode(HpackEncoder.Encode(header, header)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Both_sides_know_the_same_61_headers()
    {
        Assert.Equal(61, HpackStaticTable.Entries.Count);
        Assert.Equal(new Header(":status", "200"), HpackStaticTable.Entries[8 - 1]);
        Assert.Equal(new Header("accept-encoding", "gzip, deflate"), HpackStaticTable.Entries[16 - 1]);
        Assert.Equal(new Header("content-type", ""), HpackStaticTable.Entries[31 - 1]);
        Assert.Equal(new Header("www-authenticate", ""), HpackStaticTable.Entries[61 - 1]);
    }

    private static string Octets(string text) => new([.. text.Select(c => (char)(c & 0xff))]);

    private static string Decode(HpackDecoder decoder, string hex) =>
        string.Join(", ", decoder.Decode(Convert.FromHexString(hex)).Select(header => $"{header.Name}: {header.Value}"));
}
