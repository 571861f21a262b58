"""Vaults to test readers of links with: hostile ones written by hand, and random ones.

`hostile_notes()` gives cases with the rows expected of them, reasoned from `design/links.md` by
hand. `vaults()` is a hypothesis strategy for small random vaults, made for comparing two readers.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from hypothesis import strategies as st

Files = dict[str, "bytes | str"]


class Expected(NamedTuple):
    """What a case says about one link, whatever note it is in."""

    target: str
    subpath: str
    status: str
    resolved: str | None


class Case(NamedTuple):
    """A small vault and all its links."""

    name: str
    files: Files
    expected: list[Expected]


def ok(target: str, resolved: str, subpath: str = "") -> Expected:
    return Expected(target, subpath, "ok", resolved)


def gone(target: str, subpath: str = "") -> Expected:
    return Expected(target, subpath, "missing-file", None)


def lost(target: str, resolved: str, subpath: str) -> Expected:
    return Expected(target, subpath, "missing-anchor", resolved)


def away(target: str) -> Expected:
    return Expected(target, "", "external", None)


def twice(row: Expected) -> list[Expected]:
    return [row, row]


A = ok("A", "A.md")
B = ok("B", "B.md")


def note(name: str, body: bytes | str, *expected: Expected, **more: str) -> Case:
    """A note `x.md` beside the empty notes A and B."""
    files: Files = {"A.md": "", "B.md": "", "x.md": body, **more}
    return Case(name, files, list(expected))


def vault(name: str, files: Files, *expected: Expected) -> Case:
    return Case(name, files, list(expected))


def hostile_notes() -> list[Case]:
    """All hand-written cases; names are unique."""
    return [
        *plain_links(),
        *code_blocks(),
        *code_spans(),
        *math(),
        *comments_and_html(),
        *markdown_links(),
        *references_and_footnotes(),
        *tables_and_containers(),
        *anchors(),
        *properties(),
        *characters(),
        *resolution(),
        *observed_resolution(),
        *other_sources(),
    ]


def plain_links() -> list[Case]:
    return [
        note("plain", "[[A]] and [[no]]", A, gone("no")),
        note("display text", "[[A|b]]", A),
        note("two pipes", "[[A|b|c]]", A),
        note("pipe first", "[[|x]]", gone("|x")),
        note("pipe first and again", "[[|x|y]]", gone("|x|y")),
        note("trimmed", "[[  A  |  b  ]]", A),
        note("bracket in target", "[[Sq]uare]]", gone("Sq]uare")),
        note("nested", "[[Nested [[A]] x]]", A),
        note("nested without inner end", "[[Nested [[A x]]", gone("A x")),
        note("three brackets", "[[[A]]]", A),
        note("ends at the first closing pair", "[[A]]]]", A),
        note("never closed", "[[A\n\n[[B]]", B),
        note("not over a line end", "[[A\n]] [[B]]", B),
        note("line end inside a nest", "[[A [[B\n]] [[A]]", A),
        note("empty", "[[]] [[ ]] [[A]]", A),
        note("embed", "![[A]]", A),
        note("embed of an image with size", "![[img.png|300x200]]", gone("img.png")),
        note("embed of an image with text and size", "![[img.png|text|300]]", gone("img.png")),
        note("exclamations", "!![[A]]", A),
        note("escaped bracket", "\\[[A]] [[B]]", B),
        note("escaped exclamation", "\\![[A]]", A),
        note("escaped backslash", "\\\\[[A]]", A),
        note("escape between brackets", "[\\[A]]"),
        note("trailing backslash", "[[A\\]]", A),
        note("backslash and pipe outside a table", "[[A\\|b]]", A),
        note("a web address as wikilink", "[[https://x.org]]", gone("https://x.org")),
        note("mark, strong, emphasis", "==[[A]]== **[[B]]** *[[A]]*", A, B, A),
        note("one line twice", "[[A]][[B]]", A, B),
        note("single brackets", "[A] [A][B] ]] [[B]]", B),
        note("full-width brackets", "【【A】】 ［［A］］ [[B]]", B),
        note("in headings", "# [[A]]\n\n[[B]]\n===\n", A, B),
        note("a closed heading", "## [[A]] ##", A),
        note("not closed in its heading", "# [[A\n]] [[B]]", B),
        note("in inline HTML", "<b>[[A]]</b> x <i title='[[B]]'>y</i>\n", A),
        note("text before inline HTML", "x <i title='[[B]]'>[[A]]</i>\n", A),
        note("autolink", "<https://x.org/[[A]]> [[B]]", B),
        note("less-than sign", "1 < 2 [[A]] > 1", A),
        note("a tag beside", "#tag [[A]] #[[B]]", A, B),
        note("wikilink first, code later", "[[#`A|move]] `[[A]]`", lost("", "x.md", "`A")),
        note("wikilink, then parentheses", "[[A]](B.md)", A),
        note("pipe with empty text", "[[A|]]", A),
        note("just a hash", "[[#]]", ok("", "x.md")),
        note("target after an empty display", "[[A#|x]]", A),
        note("carriage returns", "[[A]]\r\n\r\n    [[no]]\r\n\r\n[[B]]\r\n", A, B),
        note("lone carriage return ends a line", "[[A\r]] [[B]]", B),
        note("byte order mark", b"\xef\xbb\xbf[[A]]", A),
        note("not UTF-8", b"[[A]] \xff"),
        note("vertical tab is no line end", "[[A|x\x0by]]", A),
        note("line separator is no line end", "[[A|x\u2028y]]", A),
        vault("the subpath is trimmed", {"A.md": "# H\n", "x.md": "[[A#H ]] ![[A #H|x]]"}, *twice(ok("A", "A.md", "H"))),
        note("backslash and blank before the pipe", "[[A\\ |x]] [[A \\|x]]", A, A),
        note("inline HTML of the rarer kinds", "x <?php [[A]] ?> <!X [[A]]> <![CDATA[ [[A]] ]]> [[B]]", B),
        note("a tag left open", '<b>[[A]] x <a href="\n\n[[B]]\n\n">', A, B),
        note("percent signs stay in a wikilink", "[[A%20b]] [[A%23H]]", gone("A%20b"), gone("A%23H")),
        note("nothing but a backslash before the pipe", "[[\\|x]] [[A]]", A),
        note("nothing at all", ""),
    ]


def code_blocks() -> list[Case]:
    return [
        note("fence", "```\n[[A]]\n```\n[[B]]", B),
        note("tilde fence", "~~~\n[[A]]\n```\n[[A]]\n~~~\n[[B]]", B),
        note("longer fence", "````\n```\n[[A]]\n```\n[[A]]\n````\n[[B]]", B),
        note("closed by a longer fence", "```\n[[A]]\n`````\n[[B]]", B),
        note("info string", "```py title='[[A]]'\n[[A]]\n```\n[[B]]", B),
        note("no fence: backtick in info", "``` a`b\n[[A]]\n\n[[B]]", A, B),
        note("tilde info may have backticks", "~~~ a`b\n[[A]]\n~~~\n[[B]]", B),
        note("a closing fence has no info", "```\n```py\n[[A]]\n```\n[[B]]", B),
        note("unclosed fence", "[[B]]\n```\n[[A]]\n\n[[A]]", B),
        note("two backticks are no fence", "``\n[[A]]\n``\n\n[[B]]", B),
        note("indented closing fence", "```\n[[A]]\n    ```\n[[A]]\n```\n[[B]]", B),
        note("indented opening fence", "   ```\n[[A]]\n   ```\n[[B]]", B),
        note("fence in a paragraph", "text\n```\n[[A]]\n```\n[[B]]", B),
        note("fence in a quote", "> ```\n> [[A]]\n> ```\n> [[B]]", B),
        note("fence ends with its quote", "> ```\n> [[A]]\n\n[[B]]", B),
        note("a fence is never lazy", "> ```\n[[B]]\n", B),
        note("fence in a list", "- ```\n  [[A]]\n  ```\n- [[B]]", B),
        note("fence ends with its item", "- ```\n  [[A]]\n\n[[B]]", B),
        note("fence in an item's second block", "1. a\n\n   ```\n   [[A]]\n   ```\n\n[[B]]", B),
        note("fence in a list in a quote", "> - x\n>   ~~~\n>   [[A]]\n>   ~~~\n> - [[B]]", B),
        note("fence in nested lists", "- a\n  - b\n    ```\n    [[A]]\n    ```\n  - [[B]]", B),
        note("fence under a callout", "> [!note] T\n> ```\n> [[A]]\n> ```\n> [[B]]", B),
        note("indented code after a blank", "a\n\n    [[A]]\n\n[[B]]", B),
        note("indented line of a paragraph", "a\n    [[A]]\n\n[[B]]", A, B),
        note("tab as indented code", "a\n\n\t[[A]]\n\n[[B]]", B),
        note("tab in a paragraph", "a\n\t[[A]]", A),
        note("space and tab", "a\n\n \t[[A]]\n\n[[B]]", B),
        note("indented code after a heading", "# h\n    [[A]]\n\n[[B]]", B),
        note("indented code first", "    [[A]]\n[[B]]", B),
        note("blank line within indented code", "    a\n\n    [[A]]\n[[B]]", B),
        note("a list item's own paragraph", "- a\n\n    [[A]]", A),
        note("indented code in a list", "- a\n\n      [[A]]\n\n  [[B]]", B),
        note("indented code at an item's start", "-     [[A]]\n- [[B]]", B),
        note("a tab after a list mark", "-\t[[A]]\n\n\t[[B]]", A, B),
        note("two tabs in a list", "- a\n\n\t\t[[A]]\n\n[[B]]", B),
        note("ordered list, wide mark", "10. a\n\n    [[A]]\n\n        [[no]]", A),
        note("nested list", "- a\n    - [[A]]\n        - [[B]]", A, B),
        note("deep item after a blank", "- a\n\n    - [[A]]\n\n            [[no]]", A),
        note("no list, so code", "a\n\n    - [[A]]\n\n[[B]]", B),
        note("code after a list ends", "- a\n\n<!-- -->\n\n    [[A]]\n\n[[B]]", B),
        note("code in a quote", "> a\n>\n>     [[A]]\n>\n> [[B]]", B),
        note("quote mark and tab", "> a\n>\n>\t\t[[A]]\n>\n> [[B]]\n", B),
        note("lazy line", "> a\n    [[A]]", A),
        note("dataview block", "```dataview\nLIST FROM [[A]]\n```\n[[B]]", B),
        note("ten nested quotes", "> " * 10 + "[[A]]", A),
        note("thirty nested quotes", "> " * 30 + "[[A]]", A),
        note("task", "- [ ] [[A]]\n- [x] [[B]]", A, B),
    ]


def code_spans() -> list[Case]:
    return [
        note("code span", "`[[A]]` [[B]]", B),
        note("unequal runs", "`` [[A]] ` [[A]] `` [[B]]", B),
        note("run that never closes", "``` x [[A]] `` [[B]] `", A, B),
        note("single opener inside double", "`a `` [[A]] ` [[B]]", B),
        note("code span over a line end", "a `b\n[[A]] c` [[B]]", B),
        note("no code span over paragraphs", "a `b\n\n[[A]] c` d", A),
        note("no code span over items", "- a `b\n- [[A]] c`", A),
        note("no code span into a heading", "a `b\n# [[A]] c`", A),
        note("code span over a quote's lines", "> a `b\n> [[A]] c` [[B]]", B),
        note("code span over a lazy line", "> a `b\n[[A]] c` [[B]]", B),
        note("escaped backtick", "\\`[[A]]`", A),
        note("backslash inside code", "`\\` [[A]] `[[no]]`", A),
        note("code opens in the middle of a link", "`[[A` ]] [[B]]", B),
        note("link opens before code", "[[A|`]] [[B]] `", A, B),
        note("code beside code", "`a`[[A]]`b`", A),
        note("code hides brackets of a link's text", "[a `](A.md)` b](B.md)", ok("B.md", "B.md")),
        note("code span and a row that begins with its mark", "| ` [[A]] |\n|---|\n` [[B]]", A, B),
        note("empty code", "`` [[A]]", A),
    ]


def math() -> list[Case]:
    return [
        note("inline math", "$[[A]]$ [[B]]", B),
        note("money", "$5 [[A]] and $6", A),
        note("more money", "from $5 to $6: [[A]]", A),
        note("escaped dollar", "\\$x [[A]] y$", A),
        note("escaped dollars", "\\$[[A]]\\$", A),
        note("dollar and white space", "$ [[A]] $", A),
        note("closing dollar and a digit", "$a [[A]]$1 x", A),
        note("matrix", "$a_{[[A]]}$ [[B]]", B),
        note("display math", "$$\n[[A]]\n$$\n[[B]]", B),
        note("display math on a line", "a $$[[A]]$$ [[B]]", B),
        note("display math over a blank line", "$$\na\n\n[[A]]\n$$\n\n[[B]]", B),
        note("display math in a quote", "> $$\n> [[A]]\n> $$\n> [[B]]", B),
        note("display math in a list", "- $$\n  [[A]]\n  $$\n- [[B]]", B),
        note("dollar in code", "`$` [[A]] `$`", A),
        note("code in math", "$`$ [[A]] `x`", A),
        note("math in a wikilink", "[[A|$x]] $y [[B]]", A, B),
        note("no math over paragraphs", "$a\n\n[[A]]$", A),
        note("dollar in code block", "```\n$$\n```\n[[A]]\n```\n$$\n```", A),
        note("money before display math", "$5 and\n$$\n[[A]]\n$$\n[[B]]", B),
        note("dollar sign at the end", "[[A]] $", A),
        note("backslash in math", "$\\alpha [[A]] \\$ [[A]]$ [[B]]", B),
    ]


def comments_and_html() -> list[Case]:
    return [
        note("comment", "%%[[A]]%% [[B]]", A, B),
        note("block comment", "%%\n[[A]]\n\n[[no]]\n%%\n\n[[B]]", A, gone("no"), B),
        note("comment in the middle", "a %% [[no]] %% [[A]]", gone("no"), A),
        note("code in a comment", "%% `[[A]]` $[[A]]$ [[B]] %%", B),
        note("fence in a comment", "%%\n\n```\n[[A]]\n```\n\n[[B]]\n%%", B),
        note("comment in code", "`%%` [[A]] `%%`", A),
        note("a single percent", "5% [[A]] 6%", A),
        note("comment signs in a wikilink", "[[A|%%]] [[B|%%]]", A, B),
        note("HTML comment", "a <!-- [[A]] --> [[B]]", B),
        note("HTML comment block", "<!--\n[[A]]\n\n[[A]]\n-->\n[[B]]", B),
        note("HTML comment over lines", "a <!--\n[[A]]\n--> [[B]]", B),
        note("HTML comment left open inside a line", "a <!-- [[A]]\n\n[[B]]", A, B),
        note("HTML comment block left open", "[[B]]\n\n<!-- [[A]]\n\n[[A]]", B),
        note("HTML comment over paragraphs", "a <!-- [[A]]\n\n[[A]] --> [[B]]", B),
        note("HTML comment not over a code block", "a <!-- [[A]]\n\n```\n-->\n```\n[[B]]", A, B),
        note("a comment ends inside code", "%% `a %% [[A]]`", A),
        note("a comment ends inside math", "%% $a %% [[A]]$ [[B]]", A, B),
        note("a comment ends inside a link", "%% [[A|%% [[B]]", B),
        note("a comment ends display math", "%%\n$$\n%%\n[[A]]", A),
        note("a comment ends brackets", "%% [a %%](no.md) [[A]]", A),
        note("HTML comment in a list", "- <!--\n  [[A]]\n- [[B]]", B),
        note("comment signs in an HTML comment", "a <!-- %% --> [[A]] %%", A),
        note("HTML comment in code", "`<!--` [[A]] -->", A),
        note("HTML block", "<div>\n[[A]]\n</div>\n\n[[B]]", B),
        note("HTML block ends at a blank line", "<div>\n\n[[A]]\n\n</div>", A),
        note("HTML block of one line", "<details><summary>[[A]]</summary>\n\n[[B]]", B),
        note("script", "<script>\n[[A]]\n\n[[A]]\n</script>\n[[B]]", B),
        note("any whole tag opens a block", "<my-tag>\n[[A]]\n\n[[B]]", B),
        note("a tag with text after it opens none", "<my-tag> [[A]]", A),
        note("no HTML block inside a paragraph", "a\n<my-tag>\n[[A]]", A),
        note("HTML block in a quote", "> <div>\n> [[A]]\n\n[[B]]", B),
        note("an HTML block goes on behind its closing tag", "<table>\n</table>\n- [[A]]\n\n[[B]]", B),
        note("a comment on its own line cuts brackets", "[a\n%% b](A.md) %% [[B]]", B),
        note("math on its own line cuts brackets", "[a\n$$ b](A.md) $$ [[B]]", B),
        note("escaped less-than", "\\<!-- [[A]] -->", A),
    ]


def markdown_links() -> list[Case]:
    spaced: Files = {"a b.md": "", "c.md": "# H\n", "图 1.png": b"\x89PNG"}

    def here(name: str, body: str, *expected: Expected) -> Case:
        return vault(name, {**spaced, "x.md": body}, *expected)

    a_b, c = ok("a b.md", "a b.md"), ok("c.md", "c.md")
    return [
        here("Markdown link", "[c](c.md)", c),
        here("Markdown link, no extension", "[c](c)", ok("c", "c.md")),
        here("angle brackets", "[text](<a b.md>)", a_b),
        here("percent and title", '[text](a%20b.md "title")', a_b),
        here("single-quoted title", "[text](a%20b.md 'title')", a_b),
        here("title in parentheses", "[text](a%20b.md (title))", a_b),
        here("angle brackets and title", '[text](<a b.md> "t")', a_b),
        here("bare space", "[text](a b.md)"),
        here("title without space", '[text](<a b.md>"t")'),
        here("web address", "[a](https://x.org) [b](mailto:x@y.z) [c](obsidian://open)"),
        here("scheme-relative address", "[a](//x.org/c.md)"),
        here("empty target", "[a]() [b](<>) [c](c.md)", c),
        here("space before the parenthesis", "[a] (c.md)"),
        here("image", "![alt](图%201.png) ![](c.md)", ok("图 1.png", "图 1.png"), c),
        here("Chinese, encoded", "[图](%E5%9B%BE%201.png)", ok("图 1.png", "图 1.png")),
        here("heading", "[c](c.md#H) [d](c#no)", ok("c.md", "c.md", "H"), lost("c", "c.md", "no")),
        here(
            "Markdown link to an own heading",
            "# T\n[c](#T) [d](#no)",
            ok("", "x.md", "T"),
            lost("", "x.md", "no"),
        ),
        here("parentheses in the target", "[a](c(1).md) [b](c\\).md)", gone("c(1).md"), gone("c).md")),
        here("open parenthesis", "[a](c( [b](c.md)", c),
        here("brackets in the text", "[a [b] c](c.md)", c),
        here("open bracket in the text", "[a [b](c.md)", c),
        here("escaped bracket in the text", "[a \\] b](c.md)", c),
        here("escaped opening bracket", "\\[a](c.md)"),
        here("link in a link", "[a [b](c.md) d](no.md)", c),
        here("image in a link", "[![a](no.png)](c.md)", c, gone("no.png")),
        here("embed in a link", "[![[no.png]]](c.md)", c, gone("no.png")),
        here("link in an image", "![a [b](no.md) d](c.md)", c),
        here("text over lines", "[a\nb](c.md)", c),
        here("Markdown target on the next line", "[a](\nc.md\n)", c),
        here("text over lines of a quote", "> [a\n> b](c.md)", c),
        here("no link over paragraphs", "[a\n\nb](c.md)"),
        here("link in code", "`[a](no.md)` [a](c.md)", c),
        here("entity", "[a](a&#32;b.md)", a_b),
        here("backslash escape", "[a](c\\.md)", c),
        here("encoded hash", "[a](c.md%23H)", ok("c.md", "c.md", "H")),
        here("bad percent", "[a](100%.md)", gone("100%.md")),
        here("a drive is a scheme", "[a](C:\\c.md) [b](c:/c.md) [c](c.md)", c),
        vault("blanks of another width", {"a\u3000b.md": "", "x.md": "[a](a\u3000b.md)"}, ok("a\u3000b.md", "a\u3000b.md")),
        here("a dollar in two links", "[US$](c.md) and [HK$](a%20b.md)", c, a_b),
        here("a comment sign in a link's text", "[a %% b](c.md) %% [[no]]", c, gone("no")),
        here("a question mark is part of the name", "[a](c.md?x=1#H)", gone("c.md?x=1", "H")),
        here("an encoded scheme", "[a](https%3A%2F%2Fx.org)\n\n[r]: x%3Ay", away("https://x.org"), away("x:y")),
        vault("an encoded colon in a name", {"a: b.md": "", "x.md": "[a](a%3A%20b.md)"}, ok("a: b.md", "a: b.md")),
        here("relative Markdown link", "[a](./c.md)", ok("./c.md", "c.md")),
        here("Markdown link to a note elsewhere", "[a](d/c.md)", gone("d/c.md")),
    ]


def references_and_footnotes() -> list[Case]:
    return [
        note("reference", "[t][r]\n\n[r]: A.md", ok("A.md", "A.md")),
        note("reference with title", '[r]: <A.md> "t"\n[s]: B.md', *both()),
        note("target on the next line", "[r]:\nA.md\n'title'", ok("A.md", "A.md")),
        note("two words are no reference", "[r]: A.md B.md"),
        note("external reference", "[r]: https://x.org/A.md"),
        note("no reference inside a paragraph", "text\n[r]: A.md"),
        note("reference in code", "    [r]: A.md\n\n```\n[r]: A.md\n```"),
        note("reference in a quote", "> [r]: A.md", ok("A.md", "A.md")),
        note("reference in a list", "- [r]: A.md\n- b", ok("A.md", "A.md")),
        note("reference with anchor", "# T\n\n[r]: #T", ok("", "x.md", "T")),
        note("a reference link is no link itself", "[r] [t][r]\n\n[r]: A.md", ok("A.md", "A.md")),
        note("reference around a link", "[a [r] b](B.md)\n\n[r]: A.md", ok("A.md", "A.md")),
        note("footnote", "a[^1]\n\n[^1]: [[A]]", A),
        note("footnote of one word", "a[^1]\n\n[^1]: word"),
        note("inline footnote", "a^[see [[A]]]", A),
        note("footnotes in a row", "[^1]: [[A]]\n[^2]: [[B]]", A, B),
        note("a footnote as target", "[[#[^1]|x]] [[#[^9]|x]]\n\n[^1]: t", *footnote_rows()),
        note("a footnote before parentheses", "a[^1](A.md) [b][^1](A.md)\n\n[^1]: t"),
        note("a footnote in a list as target", "- [^1]: t\n\n[[#[^1]|x]]", ok("", "x.md", "[^1]")),
        note("the second half of a reference", "[a][r](A.md) [r][](A.md)\n\n[r]: B.md", ok("B.md", "B.md")),
        note("a wikilink behind a colon", "[TODO]: [[A]]", A),
    ]


def both() -> list[Expected]:
    return [ok("A.md", "A.md"), ok("B.md", "B.md")]


def footnote_rows() -> list[Expected]:
    return [ok("", "x.md", "[^1]"), lost("", "x.md", "[^9]")]


def tables_and_containers() -> list[Case]:
    head = "| a | b |\n|---|---|\n"
    return [
        note("table", head + "| [[A]] | [[B]] |", A, B),
        note("table, display text", head + "| [[A\\|x]] | ![[B\\|300]] |", A, B),
        note("table, header", "| [[A\\|x]] | b |\n|---|---|\n", A),
        note("table, space before the pipe", head + "| [[A \\|x]] | b |", A),
        note("table in a quote", "> | a | b |\n> |---|---|\n> | [[A\\|x]] | `[[B]]` |", A),
        note("code does not cross rows", head + "| ` | b |\n| [[A]] | ` |", A),
        note("no table", "| [[A\\|x]] |", A),
        note("table after a paragraph", "x `\n" + head + "| [[A]] ` | b |", A),
        note("a bare pipe in a table", head + "| [[A|x]] | [[B]] |", A, B),
        note("heading link in a table", "# T\n\n" + head + "| [[#T\\|x]] | b |", ok("", "x.md", "T")),
        note("no table begins lazily", "> `\n| a | b |\n|---|---|\n| [[A]] | ` |"),
        note("no table begins far indented", "`\n    |---|\n[[A]] `\n\n[[B]]", B),
        note("a table ends at an indented line", head + "| [[B]] |\n    [[A]]\n", B),
        note("display math behind a table", head + "| a | [[A]] |\n$$\n[[B]]\n$$", A),
        note("a comment behind a table", head + "| a | [[A]] |\n%%\n[[B]]\n\n[[no]]\n%%", A, B, gone("no")),
        note("callout", "> [!note] [[A]]\n> [[B]]", A, B),
        note("folded callout", "> [!tip]- [[A]]\n>> [[B]]", A, B),
        note("quote in a list in a quote", "> - > [[A]]\n>   > [[B]]", A, B),
        note("thematic break, then link", "a\n\n---\n\n[[A]]\n***\n[[B]]", A, B),
        note("setext heading", "[[A]]\n---\n[[B]]", A, B),
        note("empty list item", "-\n  [[A]]\n-\n\n      [[B]]", A),
    ]


def anchors() -> list[Case]:
    def target(name: str, text: str, good: list[str], bad: list[str]) -> Case:
        body = "\n".join(f"[[t#{subpath}]]" for subpath in good + bad)
        rows = [ok("t", "t.md", s) for s in good] + [lost("t", "t.md", s) for s in bad]
        return vault(name, {"t.md": text, "x.md": body}, *rows)

    return [
        target("headings", "# One\n## Two\n", ["One", "Two", "one", "One#Two"], ["Two#One", "Tw"]),
        target("empty parts", "# One\n", ["", "#", "##One", "One#"], []),
        target("equal headings", "# A\n## X\n# B\n## Y\n", ["A#X", "B#Y", "A#Y"], ["Y#X", "X#Y"]),
        target("deeper only", "## A\n# B\n## C\n### D\n", ["B#C", "B#D", "A#D"], ["A#B", "A#C"]),
        target("the first of equals", "### A\n# A\n## B\n#### C\n", ["A#C"], ["A#B"]),
        target("code in a heading", "### `hasTag()`\n", ["hasTag", "hasTag()", "`hasTag()`"], ["has"]),
        target("math text", "## 1.2 链式法则：推导\n", ["1 2 链式法则：推导"], ["1 2 链式法则:推导"]),
        target("link in a heading", "# See [a](//b) x\n", ["See a b x"], ["See a x"]),
        target("tag in a heading", "# See #tag\n", ["See tag"], ["See #tag"]),
        target("emoji", "# 🚀 Start!\n", ["🚀 Start", "🚀 start!"], ["Start"]),
        target("kept signs", "# it's a-b_c\n", ["it's a-b_c"], ["its a b c", "it's a b_c"]),
        target("white space", "#   a \t b  #\n", ["a b", "a  b"], ["ab"]),
        target("no-break space in a heading", "# a\u00a0b\n", ["a b"], []),
        target("setext", "One\n===\n\nTwo\nlines\n---\n", ["One", "Two lines"], ["lines"]),
        target(
            "headings need a space",
            "#One\n\nC# Two\n\n####### Seven\n",
            [],
            ["One", "Two", "Seven"],
        ),
        target("no headings in code", "```\n# A\n```\n\n    # B\n\n`# C`\n", [], ["A", "B", "C"]),
        target("no headings in properties", "---\na: b\n# A\n---\n# B\n", ["B"], ["A"]),
        target("heading in a quote", "> # A\n- # B\n", ["A", "B"], []),
        target("heading up to three blanks", "   # A\n\n    # B\n", ["A"], ["B"]),
        target("strong heading", "# **A** and *b*\n", ["A and b", "**A** and *b*"], []),
        target("slashes and colons", "# a/b: c?\n", ["a b c", "a/b: c?"], []),
        target("closing hashes", "# A #\n# C#\n", ["A", "C"], []),
        target("block id", "text ^abc\n\n- item ^I-1\n", ["^abc", "^ABC", "^i-1"], ["^ab", "abc"]),
        target("block id on its own line", "| a |\n|---|\n| b |\n\n^t1\n", ["^t1"], []),
        target("block id glued to other marks", "**a**^b1\n\n`c`^b2\n\n文。^b3\n", [], ["^b1", "^b2", "^b3"]),
        target("sharp s in a heading", "# Straße\n", ["straße", "STRASSE"], []),
        target("block id behind a link", "see a]]^x1\n", ["^x1"], []),
        target("block id behind a wide blank", "一句话\u3000^a1\n", ["^a1"], []),
        target("block id in a comment", "%% x ^a1 %%\n\n%%\nx ^a2\n%%\n", ["^a2"], ["^a1"]),
        target("definitions are no heading", "[r]: https://b\n---\n\nA\n---\n", ["A"], ["r https b"]),
        target("composed and decomposed", "# cafe\u0301\n# \u00e9\n", ["caf\u00e9", "e\u0301"], []),
        target("block id in the middle", "a ^one b\nx^two\n", [], ["^one", "^two"]),
        target("block id in a paragraph", "a ^one\nb\n", ["^one"], []),
        target("block id in code", "```\na ^one\n```\n\n    b ^two\n", [], ["^one", "^two"]),
        target("block id of a heading", "# Head ^h1\n", ["^h1", "Head"], ["^head"]),
        target("block id after a quote", "> a\n\n^q1\n", ["^q1"], []),
        target("odd signs in a block id", "a ^a_b\n\nb ^中\n", [], ["^a_b", "^中"]),
        note("own heading", "# T\n\n[[#T]] [[#t]] [[#no]]", *own_heading_rows()),
        note("own block", "text ^id\n\n[[#^id]] [[#^no]]", *own_block_rows()),
        note("code in a subpath", "## `move`\n\n[[#`move`|move]]", ok("", "x.md", "`move`")),
        note("three parts", "[[A#b#c]]", lost("A", "A.md", "b#c")),
        note("subpath of a missing note", "[[no#b#^c]]", gone("no", "b#^c")),
        vault(
            "subpaths of attachments are parameters",
            {"a.pdf": "", "b.png": "", "x.md": "![[a.pdf#page=3]] [[b.png#no]]"},
            ok("a.pdf", "a.pdf", "page=3"),
            ok("b.png", "b.png", "no"),
        ),
    ]


def own_heading_rows() -> list[Expected]:
    return [ok("", "x.md", "T"), ok("", "x.md", "t"), lost("", "x.md", "no")]


def own_block_rows() -> list[Expected]:
    return [ok("", "x.md", "^id"), lost("", "x.md", "^no")]


def properties() -> list[Case]:
    return [
        note("property", '---\nup: "[[A]]"\n---\n[[B]]', A, B),
        note("property list", '---\nup:\n  - "[[A]]"\n  - "[[no|x]]"\n---\n', A, gone("no")),
        note("property at depth", "---\na: {b: [{c: '[[A#h]]'}]}\n---\n", lost("A", "A.md", "h")),
        note("property with more text", '---\nup: "see [[A]]"\nb: "[[A]] [[B]]"\n---\n'),
        note("unquoted brackets", "---\nup: [[A]]\n---\n"),
        note("Markdown link in a property", '---\nup: "[a](A.md)"\n---\n'),
        note("embed in a property", '---\nup: "![[A]]"\n---\n'),
        note("comment in properties", '---\n# [[A]]\nup: "[[B]]" # [[A]]\n---\n', B),
        note("multi-line text in a property", "---\na: |\n  [[A]]\n  [[B]]\n---\n"),
        note("a line end behind the link", "---\na: |\n  [[A]]\nb: >-\n  [[B]]\n---\n", B),
        vault("property with a subpath", {"A.md": "# H\n", "x.md": '---\nup: "[[A#H ]]"\n---\n'}, ok("A", "A.md", "H")),
        note("keys are no links", '---\n"[[A]]": 1\n---\n'),
        note("properties with a mark", '\ufeff---\nup: "[[A]]"\n---\n', A),
        note("properties with returns", '---\r\nup: "[[A]]"\r\n---\r\n[[B]]\r\n', A, B),
        note("properties not at the start", '\n---\nup: "[[A]]"\n---\n', A),
        note("properties never closed", '---\nup: "[[A]]"\n', A),
        note("bad properties", '---\nup: "[[A]]"\n  - : x: y\n---\n[[B]]', B),
        note("a bad date spoils nothing", '---\ndate: 2024-13-45\nup: "[[A]]"\n---\n', A),
        note("a template's property", '---\ncreated: {{date}}\nup: "[[A]]"\n---\n', A),
        note("keys that are no texts", '---\n1: "[[A]]"\non: "[[B]]"\ntrue: "[[A]]"\n---\n', A, B, A),
        note("a tag of YAML", '---\nup: !x "[[A]]"\n---\n', A),
        note("tabs in properties", '---\nlist: [a]\nup:\t"[[A]]"\t\n---\n', A),
        note("the last of two equal keys", '---\nup: "[[no]]"\nup: "[[A]]"\n---\n', A),
        note("blanks around a property's link", '---\na: "[[A]] "\nb: " [[A]]"\n---\n'),
        note("empty properties", "---\n---\n[[A]]", A),
        note("an alias does not resolve", "[[AI]]", gone("AI"), **{"N.md": "---\naliases: [AI]\n---"}),
        note(
            "a title does not resolve",
            "[[AI]]",
            gone("AI"),
            **{"N.md": "---\ntitle: AI\n---\n# AI"},
        ),
        note("link to itself", '---\nup: "[[x]]"\n---\n', ok("x", "x.md")),
        note("nested bracket in a property", '---\nup: "[[A [[B]]"\n---\n'),
    ]


def characters() -> list[Case]:
    nfd, nfc = "cafe\u0301", "caf\u00e9"
    return [
        vault("NFD file, NFC link", {nfd + ".md": "", "x.md": f"[[{nfc}]]"}, ok(nfc, nfd + ".md")),
        vault("NFC file, NFD link", {nfc + ".md": "", "x.md": f"[[{nfd}]]"}, ok(nfd, nfc + ".md")),
        vault(
            "no-break spaces",
            {"a b.md": "", "x.md": "[[a\u00a0b]] [[a\u202fb]] [[a\u2009b]]"},
            ok("a\u00a0b", "a b.md"),
            ok("a\u202fb", "a b.md"),
            gone("a\u2009b"),
        ),
        vault(
            "file with a no-break space",
            {"a\u00a0b.md": "", "x.md": "[[a b]]"},
            ok("a b", "a\u00a0b.md"),
        ),
        vault(
            "full-width colon",
            {"第一章：绪论.md": "", "x.md": "[[第一章：绪论]] [[第一章:绪论]]"},
            ok("第一章：绪论", "第一章：绪论.md"),
            gone("第一章:绪论"),
        ),
        vault(
            "case",
            {"ABC.md": "", "x.md": "[[abc]] [[aBc.MD]]"},
            ok("abc", "ABC.md"),
            ok("aBc.MD", "ABC.md"),
        ),
        vault(
            "sharp s in a name",
            {"Straße.md": "", "x.md": "[[STRAßE]] [[STRASSE]]"},
            ok("STRAßE", "Straße.md"),
            gone("STRASSE"),
        ),
        vault("Greek case", {"ΑΒΓ.md": "", "x.md": "[[αβγ]]"}, ok("αβγ", "ΑΒΓ.md")),
        vault(
            "Chinese all over",
            {
                "概念/循环神经网络.md": "# 一、定义\n文字 ^定义\n\n文字 ^def\n",
                "笔记.md": "参见[[循环神经网络]]。“[[循环神经网络#一、定义|定义]]”，"
                "[[概念/循环神经网络#^def]]；[[循环神经网络#^定义]]",
            },
            ok("循环神经网络", "概念/循环神经网络.md"),
            ok("循环神经网络", "概念/循环神经网络.md", "一、定义"),
            ok("概念/循环神经网络", "概念/循环神经网络.md", "^def"),
            lost("循环神经网络", "概念/循环神经网络.md", "^定义"),
        ),
        vault("ideographic space", {"a\u3000b.md": "", "x.md": "[[a b]]"}, gone("a b")),
        vault(
            "emoji in a name",
            {"🚀 go.md": "", "x.md": "😀[[🚀 go]]😀[[no]]"},
            ok("🚀 go", "🚀 go.md"),
            gone("no"),
        ),
        note("ideographic space before indented text", "a\n\n\u3000\u3000[[A]]", A),
    ]


def resolution() -> list[Case]:
    return [
        vault("dotted name", {"v1.2.md": "", "x.md": "[[v1.2]]"}, ok("v1.2", "v1.2.md")),
        vault(
            "dotted name, a file has it",
            {"v1.2.md": "", "d/v1.2": "", "x.md": "[[v1.2]]"},
            ok("v1.2", "d/v1.2"),
        ),
        vault(
            "attachments need their extension",
            {"a.png": "", "x.md": "[[a]] [[a.png]] [[a.jpg]]"},
            gone("a"),
            ok("a.png", "a.png"),
            gone("a.jpg"),
        ),
        vault("extension written", {"a.md": "", "x.md": "[[a.md]]"}, ok("a.md", "a.md")),
        vault("extension twice", {"a.md.md": "", "x.md": "[[a.md]]"}, ok("a.md", "a.md.md")),
        vault("one candidate anywhere", {"d/e/a.md": "", "x.md": "[[a]]"}, ok("a", "d/e/a.md")),
        vault(
            "suffix of the folder's name too",
            {"a/xb/Note.md": "", "x.md": "[[b/Note]] [[c/Note]]"},
            ok("b/Note", "a/xb/Note.md"),
            gone("c/Note"),
        ),
        vault(
            "leading slash",
            {"d/a.md": "", "x.md": "[[/a]] [[/d/a]] [[/D/A.md]]"},
            gone("/a"),
            ok("/d/a", "d/a.md"),
            ok("/D/A.md", "d/a.md"),
        ),
        vault(
            "relative",
            {"a.md": "", "d/b.md": "", "d/x.md": "[[./b]] [[../a]] [[../../a]] [[./../a]]"},
            ok("./b", "d/b.md"),
            ok("../a", "a.md"),
            ok("../../a", "a.md"),
            ok("./../a", "a.md"),
        ),
        vault(
            "relative, exact one wins",
            {"b.md": "", "d/b.md": "", "e/b.md": "", "d/x.md": "[[../b]] [[./b]] [[../e/b]]"},
            ok("../b", "b.md"),
            ok("./b", "d/b.md"),
            ok("../e/b", "e/b.md"),
        ),
        vault(
            "relative miss, later steps",
            {"d/b.md": "", "q/e/r/c.md": "", "d/x.md": "[[../b]] [[./c]] [[../e/c]]"},
            ok("../b", "d/b.md"),
            gone("./c"),
            gone("../e/c"),
        ),
        vault(
            "relative miss, suffix found",
            {"q/d/c.md": "", "d/x.md": "[[./c]]"},
            ok("./c", "q/d/c.md"),
        ),
        vault(
            "an ancestor counts for nothing",
            {"d/long-name/a.md": "", "e/a.md": "", "d/s/x.md": "[[a]]"},
            ok("a", "e/a.md"),
        ),
        vault(
            "the source's folder first, deeper too",
            {"d/s/t/a.md": "", "e/a.md": "", "d/s/x.md": "[[a]]"},
            ok("a", "d/s/t/a.md"),
        ),
        vault("ties in path order", {"c/a.md": "", "b/a.md": "", "x.md": "[[a]]"}, ok("a", "b/a.md")),
        vault(
            "exact over the source's folder",
            {"e/a.md": "", "d/e/a.md": "", "d/x.md": "[[e/a]]"},
            ok("e/a", "e/a.md"),
        ),
        vault(
            "hidden folders do not exist",
            {".obsidian/a.md": "[[x]]", "d/.b.md": "", "x.md": "[[a]] [[.b]]"},
            gone("a"),
            gone(".b"),
        ),
        vault("a folder is no file", {"d/a.md": "", "x.md": "[[d]] [[d/]]"}, gone("d"), gone("d/")),
        vault("only the last part may lack", {"d/a.md": "", "x.md": "[[d/e/a]]"}, gone("d/e/a")),
        vault(
            "upper-case extension",
            {"a.MD": "[[x]]", "x.md": "[[a]]"},
            ok("x", "x.md"),
            ok("a", "a.MD"),
        ),
        vault("dots in a folder", {"v1.0/a.md": "", "x.md": "[[v1.0/a]]"}, ok("v1.0/a", "v1.0/a.md")),
        vault("spaces around the path", {"a.md": "# h\n", "x.md": "[[a #h]]"}, ok("a", "a.md", "h")),
        vault(
            "a folder is not the beginning of another's name",
            {"ab/n.md": "", "c/n.md": "", "a/x.md": "[[n]]"},
            ok("n", "c/n.md"),
        ),
        vault(
            "the format of new links says nothing about reading",
            {".obsidian/app.json": '{"newLinkFormat": "relative"}', "d/a.md": "", "e/x.md": "[[a]] [b](a.md)"},
            ok("a", "d/a.md"),
            ok("a.md", "d/a.md"),
        ),
        vault("one leading slash is dropped", {"a.md": "", "x.md": "[[//a]]"}, gone("//a")),
        vault("suffix needs the name whole", {"my a.md": "", "x.md": "[[a]]"}, gone("a")),
    ]


def observed_resolution() -> list[Case]:
    """Section 3: what a real Obsidian did."""
    paths = ["Note.md", "zzzz/Note.md", "a/b/Note.md", "b/Note.md", "aaaaaaaa/Note.md"]

    def observed(name: str, source: str, link: str, without: str, found: str) -> Case:
        files: Files = {path: "" for path in paths if path != without}
        return vault("observed: " + name, files | {source: f"[[{link}]]"}, ok(link, found))

    return [
        observed("root", "zzzz/x.md", "Note", "", "Note.md"),
        observed("own folder", "zzzz/x.md", "Note", "Note.md", "zzzz/Note.md"),
        observed("exact path", "a/b/x.md", "b/Note", "", "b/Note.md"),
        observed("suffix", "a/b/x.md", "b/Note", "b/Note.md", "a/b/Note.md"),
        observed("shortest", "zzzz/deep/x.md", "Note", "Note.md", "b/Note.md"),
    ]


def other_sources() -> list[Case]:
    canvas = {
        "nodes": [
            {"type": "file", "file": "d/A.md", "subpath": "#H"},
            {"type": "file", "file": "d/A.md", "subpath": "#no"},
            {"type": "file", "file": "A.md"},
            {"type": "text", "text": "[[A]] `[[A]]` ![i](no.png)\n\n    [[A]]"},
            {"type": "link", "url": "https://x.org"},
            {"type": "group", "label": "[[A]]"},
        ],
        "edges": [{"label": "[[A]]"}],
    }
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": ["[[A]]\n", "\n", "    [[A]]\n"]},
            {"cell_type": "markdown", "source": "[a](d/A.md#H)"},
            {"cell_type": "code", "source": ["x = [[A]]"]},
        ]
    }
    return [
        vault(
            "canvas",
            {"d/A.md": "# H\n", "c.canvas": json.dumps(canvas)},
            ok("d/A.md", "d/A.md", "H"),
            lost("d/A.md", "d/A.md", "no"),
            gone("A.md"),
            ok("A", "d/A.md"),
            gone("no.png"),
        ),
        vault(
            "notebook",
            {"d/A.md": "# H\n", "n.ipynb": json.dumps(notebook)},
            ok("A", "d/A.md"),
            ok("d/A.md", "d/A.md", "H"),
        ),
        vault("broken canvas", {"c.canvas": '{"nodes": ['}),
        vault(
            "canvas of another shape",
            {"c.canvas": "[1]", "e.canvas": '{"nodes": 1}', "n.ipynb": ""},
        ),
        vault(
            "canvas and notebook as targets",
            {"c.canvas": "{}", "n.ipynb": "{}", "x.md": "![[c.canvas#a]] [[n.ipynb#b]] [[c]]"},
            ok("c.canvas", "c.canvas", "a"),
            ok("n.ipynb", "n.ipynb", "b"),
            gone("c"),
        ),
        vault("attachments are never sources", {"a.txt": "[[x]]", "b.html": "[[x]]", "x.md": ""}),
    ]


# ------------------------------------------------------------------------------ random vaults

NAMES = ["Note", "note", "Other", "笔记", "v1.2", "cafe\u0301", "a b", "x"]
FOLDERS = ["", "", "a/", "b/", "a/b/", "A/", "zz/", "项目/"]
EXTENSIONS = [".md", ".md", ".md", ".md", ".md", ".png", ".canvas", ".ipynb"]

PREFIXES = [
    "",
    "",
    "",
    "",
    "> ",
    "- ",
    "1. ",
    "  ",
    "    ",
    "\t",
    ">",
    "> > ",
    "> - ",
    "  - ",
    "      ",
]

LINKS = [
    "[[Note]]",
    "[[note]]",
    "[[Other|text]]",
    "[[笔记]]",
    "[[笔记#一、定义]]",
    "[[v1.2]]",
    "[[caf\u00e9]]",
    "[[a\u00a0b]]",
    "[[a/Note]]",
    "[[b/Note|x]]",
    "[[./Note]]",
    "[[../Note]]",
    "[[/Note]]",
    "[[/a/b/Note.md]]",
    "[[Note#One]]",
    "[[Note#One#Two]]",
    "[[Other#^id]]",
    "[[#One]]",
    "[[#^id]]",
    "[[#`move`|move]]",
    "[[Sq]uare]]",
    "[[Nested [[Note]] x]]",
    "[[Other|b|c]]",
    "[[|x]]",
    "[[Note\\|x]]",
    "[[Note\\]]",
    "![[x.png]]",
    "![[x.png|300x200]]",
    "![[Note.png#a]]",
    "![[Other#One]]",
    "[[https://x.org]]",
    "[[missing]]",
    "[[x.canvas]]",
    "[t](Note.md)",
    "[t](a%20b.md)",
    "[t](<a b.md> 'title')",
    "[t](a b.md)",
    "[t](Other#One)",
    "[t](https://x.org)",
    "![alt](x.png)",
    "[![alt](x.png)](Note.md)",
    "[a [b] c](Note)",
    "[r]: Note.md",
    "[r]: <a b.md> 'title'",
    "[^1]: see [[Note]]",
    "[[Note#One ]]",
    "[[Note #One|x]]",
    "[[#[^1]]]",
    "[^1](Note.md)",
    "[t][r](Other.md)",
    "[t](C:\\Note.md)",
    "[t](#one)",
    "[t](Note.md#One%20Two)",
    "[t](<> 'title')",
    "![[Note|[x]]]",
    "[US$](Note.md)",
    "[a %% b](Other)",
    "[t](https%3A%2F%2Fx.org)",
]

TEXTS = [
    "text",
    "中文，文字",
    "text ^id",
    "^id",
    "#tag",
    "\\",
    "\\`",
    "\\[",
    "!",
    "`",
    "``",
    "`[[Note]]`",
    "`` ` [[Note]] ``",
    "$[[Note]]$",
    "$5 and ",
    "\\$",
    "%% [[Note]] %%",
    "<!-- [[Note]] -->",
    "<!-- [[Note]]",
    "-->",
    "<?p [[Note]] ?>",
    "<!X [[Note]]>",
    "<b x='[[Note]]'>",
    "<b",
    "\u3000^id",
    "<b>",
    "==mark==",
    "**",
    "[[",
    "]]",
    "[",
    "](",
    "|",
    "🚀",
]

LINES = [
    "",
    "",
    "",
    "# One",
    "## Two",
    "### `move`",
    "## 一、定义",
    "One\n===",
    "Two ^id\n---",
    "---",
    "```",
    "````",
    "~~~",
    "```py `x",
    "~~~ `x`",
    "```\n[[Note]]\n```",
    "    [[Note]]",
    "$$\n[[Note]]\n$$",
    "%%\n[[Note]]\n\n[[Other]]\n%%",
    "<!--\n[[Note]]\n-->",
    "<div>",
    "</div>",
    "> [!note] [[Note]]",
    "| a | b |\n|---|---|\n| [[Note\\|x]] | `b` |",
    "- [ ] [[Note]]",
    "  ^id",
    "|---|---|",
    "| `",
    "[r]: Note.md\n---",
    "- [^1]: x",
]

# What links.md leaves open (the decisions at the top of reader.py): only on request.
OPEN_TEXTS = ["%%", "$$", "$", "[[[Note]]]", "[a [[Note]] b](Other.md)", "[x]: [[Note]]", "[^1"]
OPEN_LINES = ["%%", "$$", "$$ x", "%% x", "[^1]: a\n\n    [[Note]]", "# One ^id"]

FRONTMATTER = [
    '---\nup: "[[Note]]"\n---\n',
    "---\nup:\n  - '[[Other|x]]'\n  - {deep: ['[[missing#a]]']}\n---\n",
    "---\naliases: [AI]\ntags: [a]\n---\n",
    "---\nup: [[Note]]\n---\n",
    '---\ncreated: {{date}}\non: "[[Note]]"\n1: !x "[[Other]]"\n---\n',
    "---\n---\n",
]


def paths() -> st.SearchStrategy[str]:
    parts = (st.sampled_from(FOLDERS), st.sampled_from(NAMES), st.sampled_from(EXTENSIONS))
    return st.tuples(*parts).map("".join)


def bodies(*, open_points: bool = False) -> st.SearchStrategy[str]:
    """Markdown glued from traps: lines of fragments behind the marks of containers."""
    texts = st.sampled_from(LINKS + TEXTS + (OPEN_TEXTS if open_points else []))
    lines = st.sampled_from(LINES + (OPEN_LINES if open_points else []))
    glue = st.sampled_from(["", "", " "])
    run = st.tuples(glue, st.lists(texts, min_size=1, max_size=4)).map(lambda r: r[0].join(r[1]))
    content = st.one_of(run, run, lines)
    line = st.tuples(st.sampled_from(PREFIXES), st.sampled_from(PREFIXES[:8]), content)
    return st.lists(line.map(behind_prefixes), max_size=12).map("\n".join)


def behind_prefixes(parts: tuple[str, str, str]) -> str:
    """The content, each of its lines behind the same marks."""
    first, second, content = parts
    return "\n".join(first + second + line for line in content.split("\n"))


@st.composite
def vaults(draw: st.DrawFn, *, open_points: bool = False) -> Files:
    """Three to eight files whose names collide; at least one is a note."""
    chosen = draw(st.lists(paths(), min_size=2, max_size=7, unique=True))
    files: Files = {}
    for path in sorted({*chosen, draw(st.sampled_from(["x.md", "a/x.md", "zz/deep/x.md"]))}):
        files[path] = draw(contents(path, open_points=open_points))
    return files


def contents(path: str, *, open_points: bool) -> st.SearchStrategy[str]:
    body = bodies(open_points=open_points)
    if path.endswith(".canvas"):
        return st.tuples(st.lists(body, max_size=2), st.lists(paths(), max_size=2)).map(canvas)
    if path.endswith(".ipynb"):
        return st.lists(body, max_size=2).map(notebook)
    if path.endswith(".md"):
        front = st.sampled_from(["", "", "", "", "", *FRONTMATTER])
        return st.tuples(front, body, st.booleans(), st.booleans()).map(note_text)
    return st.just("")


def note_text(parts: tuple[str, str, bool, bool]) -> str:
    front, body, returns, mark = parts
    text = front + body
    return ("\ufeff" if mark else "") + (text.replace("\n", "\r\n") if returns else text)


def canvas(parts: tuple[list[str], list[str]]) -> str:
    nodes = [{"type": "text", "text": text} for text in parts[0]]
    nodes += [{"type": "file", "file": path, "subpath": "#One"} for path in parts[1]]
    return json.dumps({"nodes": nodes})


def notebook(cells: list[str]) -> str:
    return json.dumps({"cells": [{"cell_type": "markdown", "source": cell} for cell in cells]})
