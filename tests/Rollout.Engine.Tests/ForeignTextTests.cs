using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Rollout.Engine.Tests;

public sealed class ForeignTextTests
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(5000);

    [Theory]
    [InlineData("denied: requested access to the resource is denied")]
    [InlineData("## A heading\n\tindented # 1 of #2 [x]")]
    [InlineData("dial tcp [::1]:5000: connect: connection refused")]
    [InlineData("std::string a::b::c, ::1 and :: alone")]
    [InlineData("größer 日本語 👨‍👩‍👧 naïve")]
    [InlineData("")]
    public void Ordinary_text_is_unchanged(string text) => Assert.Equal(text, ForeignText.Neutralise(text));

    [Theory]
    [InlineData("##vso[task.setvariable variable=a]b", "# #vso[task.setvariable variable=a]b")]
    [InlineData("said ##vso[task.complete]", "said # #vso[task.complete]")]
    [InlineData("##[error]no", "# #[error]no")]
    [InlineData("###[group]no", "## #[group]no")]
    [InlineData("##teamcity[message]", "# #teamcity[message]")]
    [InlineData("#\u001b[0m#vso[x]", "# #vso[x]")]
    [InlineData("#\0#[x]", "# #[x]")]
    [InlineData("#\u200b#[x]", "# \u200b#[x]")]
    [InlineData("::error::no", ": :error::no")]
    [InlineData("  ::set-env name=A::b", "  : :set-env name=A::b")]
    [InlineData("fine\r::add-mask::x", "fine\n: :add-mask::x")]
    [InlineData("fine\r\n::stop-commands::x", "fine\n: :stop-commands::x")]
    [InlineData("\ufeff::error::no", "\ufeff: :error::no")]
    [InlineData("section_start:1:a\r\u001b[0Kno", "section_start:1:a\nno")]
    public void What_a_CI_agent_would_take_for_a_command_is_broken(string text, string inert) =>
        Assert.Equal(inert, ForeignText.Neutralise(text));

    [Theory]
    [InlineData("\u001b[31mred\u001b[0m", "red")]
    [InlineData("\u009b2Jclear", "clear")]
    [InlineData("\u001b]0;title\u0007rest", "rest")]
    [InlineData("\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link")]
    [InlineData("\u001b]unended\nnext", "\nnext")]
    [InlineData("\u001bcreset", "reset")]
    [InlineData("\u001b(Bcharset", "charset")]
    [InlineData("a\bb\ac\u007f", "abc")]
    [InlineData("ends \u001b[", "ends ")]
    [InlineData("over\u202eride", "override")]
    public void What_acts_on_a_terminal_is_taken_out(string text, string inert) =>
        Assert.Equal(inert, ForeignText.Neutralise(text));

    [Fact]
    public void Nothing_that_acts_is_left_of_any_text() =>
        Prop.ForAll(Hostile.ToArbitrary(), text =>
        {
            var inert = ForeignText.Neutralise(text);

            Assert.Equal(inert, ForeignText.Neutralise(inert));
            Assert.DoesNotContain(inert, c => char.IsControl(c) && c is not ('\n' or '\t'));
            // As the agents look: by culture, which passes over characters that have no weight.
            var culture = CultureInfo.GetCultureInfo("en-US").CompareInfo;
            Assert.Equal(-1, culture.IndexOf(inert, "##vso["));
            Assert.Equal(-1, culture.IndexOf(inert, "##["));
            foreach (var line in inert.Split('\n'))
            {
                Assert.False(culture.IsPrefix(line.TrimStart(), "::error::") || culture.IsPrefix(line.TrimStart(), "::add-mask::"), line);
            }
        }).Check(Thorough);

    [Fact]
    public void Text_without_special_characters_is_unchanged() =>
        Prop.ForAll(Plain.ToArbitrary(), text => Assert.Equal(text, ForeignText.Neutralise(text))).Check(Thorough);

    /// <summary>Fragments of commands, escapes and characters without weight, thrown together.</summary>
    private static readonly Gen<string> Hostile =
        Gen.Elements(
            "#", "##", "vso[", "[", "]", ":", "::", "::error::", "error", "add-mask", "\u001b", "\u001b[", "\u001b]", "\u009b", "31m", "\a", "\\", "\n", "\r", "\u2028",
            "\0", "\t", " ", "a", "\u200b", "\u2060", "\u00ad", "\ufe0f", "\ufeff", "\u034f", "\u202e", "é", "\ud83d", "0")
        .ArrayOf().Select(string.Concat);

    private static readonly Gen<string> Plain =
        Gen.Elements("abc XYZ 0.9-_/@=,;'\"[]()<>{}|\\~*+?!$%&^`\n\téß日".ToCharArray()).ArrayOf().Select(characters => new string(characters));
}
