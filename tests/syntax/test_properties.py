"""Parsing is total, spans lie inside the text, the quick way equals the thorough one, time grows with the text."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.model import NotePath, Source
from kbtools.syntax.blocks import find_blocks
from kbtools.syntax.containers import parse_blocks
from kbtools.syntax.frontmatter import _parse_plain, _parse_yaml, find_frontmatter
from kbtools.syntax.note import parse_note

PREFIXES = ("", "", "", "  ", "    ", "> ", ">", "- ", "1. ", "3) ", "\t", "   ", "-     ", "* ")
PIECES = (
    *("text", "更多文字", "```", "~~~", "````", "```py", "# H", "## 标题 ##", "===", "---", "***", "<div>", "</div>", "<!-- c"),
    *("-->", "<b>x</b>", "[[a]]", "![[b|3]]", "[t](u.md)", "`[[c]]`", "``x", "$a$", "$$", "%%", "#tag", "^id", "[^1]: f"),
    *("[r]: x.md", "\\[[d]]", "|a|b|", "x\\|y", "[[a#b|c]]", "| - |", "", "", "+", "* * *", "[[", "]]", "](", "!["),
)
lines = st.builds(
    lambda prefixes, piece: "".join(prefixes) + piece, st.lists(st.sampled_from(PREFIXES), max_size=3), st.sampled_from(PIECES)
)
documents = st.builds(
    lambda parts, end: end.join(parts), st.lists(lines, max_size=12), st.sampled_from(["\n", "\n", "\n", "\r\n"])
)
anything = st.one_of(documents, st.text(max_size=200), st.text(alphabet="[]()|#`$%!<>\\^-*> \n\t\r\"'a文", max_size=200))


@given(anything)
@settings(max_examples=400, deadline=None)
def test_every_text_gives_a_note_with_spans_inside_it(text: str) -> None:
    for path in ("a.md", "a.canvas", "a.ipynb"):
        note = parse_note(Source(NotePath(path), text))
        spans = [thing.span for things in (note.links, note.anchors, note.tags, note.fences) for thing in things]
        spans += [*note.math, *note.opaque, *(fence.body_span for fence in note.fences)]
        assert all(0 <= span.start <= span.end <= len(text) for span in spans)
        assert [link.span for link in note.links] == sorted(link.span for link in note.links)


@given(documents)
@settings(max_examples=400, deadline=None)
def test_a_wikilink_reads_as_it_is_written(text: str) -> None:
    for link in parse_note(Source(NotePath("a.md"), text)).links:
        written = text[link.span.start : link.span.end]
        if link.form == "wiki":
            assert written.startswith("![[" if link.embed else "[[") and written.endswith("]]")
            assert link.target in written and link.subpath in written and link.display in written


@given(documents, st.sampled_from(["", "---\na: b\n---\n"]))
@settings(max_examples=600, deadline=None)
def test_the_quick_way_equals_the_thorough_one(text: str, front: str) -> None:
    whole, start = front + text, len(front)
    quick, thorough = find_blocks(whole, start), parse_blocks(whole, start)
    assert (quick.opaque, quick.headings, quick.fences) == (thorough.opaque, thorough.headings, thorough.fences)


def test_the_quick_way_is_taken_by_an_ordinary_note() -> None:
    text = "## 一\n\ntext [[a]]\n- one\n- two\n  - three\n\n> quote\n\n```py\nx\n```\n\n| a | b |\n| --- | --- |\n"
    assert find_blocks(text, 0).limits is None


VALUES = (
    *("word", "两个 词", "a: b", "[a, b]", '["a", b]', "2024-01-02", "2024-13-02", "true", "'q'", '"q"', "12", "012", "1.5"),
    *("[[x]]", '"[[x]]"', "a #c", "# c", "", "~", "- x", "{a: b}", "|", ">-", "x:", "*a", "&a", "!t", "@x", "12:30", "null"),
    *("[]", "[a, [b]]", "yes", "No", "a, b", "=", "<<", "a\tb"),
)
values = st.sampled_from(VALUES)
entries = st.builds(lambda key, value: f"{key}: {value}", st.sampled_from(["tags", "别名", "a-b", "y", "key two", "Key"]), values)
items = st.builds(lambda value: f"  - {value}", values)


@given(st.lists(st.one_of(entries, items, st.just("list:")), max_size=6))
@settings(max_examples=600, deadline=None)
def test_plain_frontmatter_is_read_as_yaml_reads_it(rows: list[str]) -> None:
    text = "\n".join(rows) + "\n"
    plain = _parse_plain(text)
    if plain is not None:
        assert _parse_yaml(text) == (plain, "")


def test_plain_frontmatter_is_recognised() -> None:
    assert _parse_plain('aliases: [a, "b"]\ntags:\n  - x/y\n  - z\ncreated: 2024-01-02\nminutes: 25\n') is not None


@pytest.mark.parametrize("text", ["---\na: b\n", "----\na\n---\n", " ---\na: b\n---\n", "a\n---\nb: c\n---\n"])
def test_these_have_no_frontmatter(text: str) -> None:
    assert find_frontmatter(text) == (0, 0, 0)


def test_a_yaml_bomb_and_a_cycle_end() -> None:
    rows = (f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20))
    bomb = "---\na: &a ['[[x]]']\n" + "".join(rows) + "---\n"
    assert len(parse_note(Source(NotePath("a.md"), bomb)).links) == 1
    cycle = "---\na: &a [*a, '[[x]]']\n---\n[[y]]"
    assert [link.target for link in parse_note(Source(NotePath("a.md"), cycle)).links] == ["x", "y"]
    deep = "---\na: " + "[" * 5000 + "]" * 5000 + "\n---\n[[y]]"
    assert [link.target for link in parse_note(Source(NotePath("a.md"), deep)).links] == ["y"]


HOSTILE: dict[str, Callable[[int], str]] = {
    "open wikilinks": lambda n: "[[" * n,
    "half wikilinks": lambda n: "[[a" * n,
    "half closed wikilinks": lambda n: "[[" + "a]" * n,
    "backticks": lambda n: "`a " * n,
    "growing backticks": lambda n: " ".join("`" * (i % 60 + 1) for i in range(n // 8)),
    "dollars": lambda n: "$a " * n,
    "double dollars": lambda n: "$$a\n\n" * n + "$$",
    "percents": lambda n: "%% a " * n,
    "comments": lambda n: "a <!-- " * n,
    "tags": lambda n: "<a " * n,
    "attributes": lambda n: "<a b='c " * n,
    "quotes": lambda n: "> " * n + "a",
    "nested lists": lambda n: "- " * n + "a",
    "list tree": lambda n: "\n".join("  " * (i % 60) + "- a" for i in range(n // 30)),
    "brackets": lambda n: "[" * n,
    "bracket pairs": lambda n: "[a]" * n,
    "links": lambda n: "[a](b " * n,
    "link parens": lambda n: "[a](b(" * n,
    "link titles": lambda n: '[a](b "c ' * n,
    "images": lambda n: "![" * n,
    "code blocks": lambda n: "\n\n    a" * n,
    "headings": lambda n: "# a\n" * n,
    "closed headings": lambda n: "# a " + "# " * n + "x",
    "rules": lambda n: "---\n" * n,
    "block ids": lambda n: "a ^b " * n,
    "blanks": lambda n: "a" + " " * n + "b\n",
    "line of blanks": lambda n: (" " * 50 + "\n") * (n // 10),
    "definitions": lambda n: "[a]: <b\n" * n,
    "footnotes": lambda n: "[^a" * n,
    "fences": lambda n: "```\n~~~\n" * n,
    "open fences": lambda n: "``` a`\n" * n,
    "escapes": lambda n: "\\[" * n,
    "chinese": lambda n: "神经网络" * n,
    "frontmatter": lambda n: "---\n" + "a: b\n" * n,
    "frontmatter words": lambda n: "---\na: " + "b " * n + "\n---\n",
    "percents in one line": lambda n: "> " * n + "%% a " * 10 * n,
    "dollars in one line": lambda n: "- a $$ b " * 10 * n,
    "json": lambda n: '{"nodes":[' + '{"type":"text","text":"[[a]]"},' * (n // 10) + "{}]}",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_time_in_proportion_to_its_length(name: str) -> None:
    """Four times the text takes four times as long, give or take the noise of a busy machine; quadratic would be sixteen."""
    path = NotePath("a.canvas" if name == "json" else "a.md")

    def seconds(size: int) -> float:
        text = HOSTILE[name](size)
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            parse_note(Source(path, text))
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(4_000), seconds(16_000)
    assert large < max(7 * small, 0.05), f"{small:.4f} s, then {large:.4f} s for four times the text"
