"""What is kept out: globs as in `.gitignore`, filters as in Obsidian, both at any size and without hanging."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.vault.ignore import find_excluded, find_glob_problem
from kbtools.vault.tame import compile_tame


def by_glob(glob: str, path: str) -> bool:
    return bool(find_excluded([path], [glob], ()))


def by_filter(written: str, path: str) -> bool:
    return bool(find_excluded([path], (), [written]))


# ------------------------------------------------------------------------------------------------ globs


@pytest.mark.parametrize(
    ("glob", "named", "other"),
    [
        ("templates", ["templates", "templates/a.md", "d/templates/a.md", "d/templates"], ["templates2/a.md", "my templates"]),
        ("templates/", ["templates/a.md", "d/templates/a.md"], ["templates", "d/templates"]),
        ("/templates", ["templates", "templates/a.md"], ["d/templates/a.md"]),
        ("./templates", ["templates", "templates/a.md"], ["d/templates/a.md"]),
        ("a/b", ["a/b", "a/b/c.md"], ["d/a/b", "a/b.md"]),
        ("templates/**", ["templates/a.md", "templates/d/a.md"], ["templates", "d/templates/a.md"]),
        ("templates/*", ["templates/a.md", "templates/d/a.md"], ["templates", "templates2/a.md"]),
        ("**/draft", ["draft", "a/draft", "a/b/draft/c.md"], ["a/drafts"]),
        ("a/**/z.md", ["a/z.md", "a/b/z.md", "a/b/c/z.md"], ["a/z.mdx", "b/a/z.md"]),
        ("a/**/**/z.md", ["a/z.md", "a/b/z.md"], ["b/z.md"]),
        ("**", ["a.md", "a/b.md"], []),
        ("**/a/**", ["a/x", "b/a/x"], ["a", "b/a"]),
        ("*.excalidraw.md", ["a.excalidraw.md", "d/.excalidraw.md"], ["a.md", "excalidraw.md"]),
        ("*", ["a.md", "d/a.md"], []),
        ("d/*/x.md", ["d/a/x.md"], ["d/x.md", "d/a/b/x.md"]),
        ("d/a*b*c", ["d/abc", "d/a-b-c", "d/abcbc/x"], ["d/ab/c", "d/acb", "d/abcd"]),
        ("*a*", ["a", "xax", "bba/q"], ["b/cc"]),
        ("a?.md", ["ab.md", "d/a神.md"], ["a.md", "abc.md", "a/.md"]),
        ("模板/**", ["模板/概念.md"], ["模板", "旧模板/x.md"]),
        ("my notes/*.md", ["my notes/a.md"], ["my_notes/a.md", "my notes/a.png"]),
        ("[draft]", ["[draft]/a.md"], ["d/a.md", "draft/a.md"]),
        ("a+(b).md", ["a+(b).md"], ["aab.md", "a(b).md"]),
        ("TEMPLATES", ["templates/a.md"], []),
        ("caf\u00e9", ["cafe\u0301/a.md"], []),
        ("a**b", ["aXb", "ab"], ["a/b"]),  # `**` within a component is `*`
        ("a.md", ["a.md", "d/a.md"], ["a.md\n", "axmd", "ba.md"]),
        ("a/**", ["a/b\nc/d.md"], []),
    ],
)
def test_a_glob_names_paths(glob: str, named: list[str], other: list[str]) -> None:
    assert find_glob_problem(glob) == ""
    assert find_excluded([*named, *other], [glob], ()) == frozenset(named)


@pytest.mark.parametrize("glob", ["", "/", "//", "!a", "a\\b", "../a", "a/../b", ".", "a//b", "./", "a/./b"])
def test_a_glob_that_means_nothing_has_a_problem(glob: str) -> None:
    assert find_glob_problem(glob)


COMPONENTS = st.lists(st.sampled_from(["a", "b", "*", "?", "a*", "*b", "a?b", "*a*", "**"]), min_size=1, max_size=4)


def matches(components: list[str], parts: list[str]) -> bool:
    """Whether the components name the path or a folder around it: by trying everything."""
    if not components:
        return True
    if components[0] == "**":
        if len(components) == 1:
            return bool(parts)
        return any(matches(components[1:], parts[skip:]) for skip in range(len(parts) + 1))
    if not parts:
        return False
    fits = re.fullmatch(re.escape(components[0]).replace(r"\*", "[^/]*").replace(r"\?", "[^/]"), parts[0])
    return bool(fits) and matches(components[1:], parts[1:])


@given(COMPONENTS, st.lists(st.text(alphabet="ab", min_size=1, max_size=3), min_size=1, max_size=4), st.booleans())
@settings(max_examples=500, deadline=None)
def test_globs_match_as_trying_everything_does(components: list[str], parts: list[str], rooted: bool) -> None:
    glob = ("/" if rooted else "") + "/".join(components)
    anchored = rooted or len(components) > 1
    assert by_glob(glob, "/".join(parts)) == matches(components if anchored else ["**", *components], parts)


def test_no_glob_takes_for_ever() -> None:
    started = time.process_time()
    assert not by_glob("*a" * 40 + "b", "a" * 250)
    assert not by_glob("/".join(["**", "a*a*a"] * 12) + "/b", "/".join(["aaaaaaaa"] * 100))
    assert time.process_time() - started < 2


# ------------------------------------------------------------------------------------------------ Obsidian's filters


@pytest.mark.parametrize(
    ("written", "named", "other"),
    [
        ("Archive/", ["Archive/a.md", "archive/b/c.md"], ["d/Archive/a.md", "Archive.md"]),
        ("Draft", ["Draft.md", "Drafts/x.md", "DRAFT"], ["my Draft.md"]),  # what the path begins with, no whole name
        ("notes/todo.md", ["notes/todo.md", "notes/todo.md.bak"], ["todo.md"]),
        ("a*.md", ["a*.md"], ["ab.md"]),  # no glob
        ("a.b", ["a.b/c"], ["axb/c"]),
        ("  Archive/ ", ["Archive/a.md"], []),
        ("模板", ["模板/a.md"], ["旧/模板/a.md"]),
        ("/old/", ["old/a.md", "d/bold.md", "OLD"], ["o/ld"]),
        (r"/^old\//", ["old/a.md"], ["d/old/a.md"]),
        (r"/.*\.excalidraw\.md$/", ["d/x.excalidraw.md"], ["x.md"]),
        (r"/^\d{4}-\d{2}-\d{2}\.md$/", ["2024-01-02.md"], ["d/2024-01-02.md", "٢٠٢٤-٠١-٠٢.md"]),
        (r"/(^|\/)_.+/", ["_x.md", "d/_y/z.md"], ["a_b.md"]),
        (r"/^Books/(?!.*/Scratch/)/", ["Books/a.md"], ["Books/x/Scratch/y.md", "x/Books/a.md"]),
        (r"/^(?<year>20\d\d)\//", ["2024/a.md"], ["1999/a.md"]),
        (r"/[^\w\/.]/", ["a b.md", "神.md"], ["a_b/c.md"]),
        (r"/\u795e/", ["神.md"], ["网.md"]),
        ("//", ["//x"], ["a//", "a.md"]),  # too short for an expression
        ("", [], ["a.md"]),
        ("   ", [], ["a.md"]),
        ("/(/", [], ["(", "a.md"]),  # no expression at all
    ],
)
def test_a_filter_keeps_out_what_obsidian_keeps_out(written: str, named: list[str], other: list[str]) -> None:
    assert find_excluded([*named, *other], (), [written]) == frozenset(named)


def test_globs_and_filters_add_up() -> None:
    assert find_excluded(["a.md", "b.md", "c.md", "d.md"], ["a.md"], ["b", "/^c/"]) == {"a.md", "b.md", "c.md"}


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+$", "(a|a)*$", "(.*a){20}", "a?" * 30 + "a" * 30, "(a*)*b", "((a{1,9}){1,9}){1,9}", "(?:(?:a?){30}){30}"),
        *("a*" * 9, "(a*b?)+c", "(?=(a+))(a+)+$", "(){999}(){999,}{9}", "a{1,1000}{1,1000}", "(.?){9,}x"),
        pytest.param("(" * 5000 + ")" * 5000, id="five thousand groups"),
    ],
)
def test_an_expression_that_could_take_for_ever_is_left_out(pattern: str) -> None:
    started = time.process_time()
    assert not by_filter(f"/{pattern}/", "a" * 200)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "pattern", [r"\p{L}", "(?i)a", "(?P<n>a)", r"(a)\1", r"\A", "a**", "[]", "[^]a", r"\k<n>", "(?#c)", "a)", "\\"]
)
def test_what_the_two_languages_read_differently_is_left_out(pattern: str) -> None:
    assert compile_tame(pattern) is None


REGEX = st.text(alphabet="ab.*+?|()[]{}^$\\/-,123dwW:=!<> 神", max_size=25)


@given(REGEX)
@settings(max_examples=800, deadline=None)
def test_whatever_is_written_answers_soon(pattern: str) -> None:
    search = compile_tame(pattern)
    if search is not None:
        started = time.process_time()
        search.search("ab" * 20 + "/a-1.md")
        assert time.process_time() - started < 1


SIMPLE = st.lists(st.sampled_from(["a", "b", ".", "a*", "b+", "(?:ab)?", "[ab]", "(a|b)", "^", "$", ".*"]), max_size=5).map(
    "".join
)


@given(SIMPLE, st.text(alphabet="abc", max_size=6))
@settings(max_examples=500, deadline=None)
def test_a_tame_expression_means_what_it_always_meant(pattern: str, path: str) -> None:
    search = compile_tame(pattern)
    if search is not None:
        assert bool(search.search(path)) == bool(re.search(pattern, path))
