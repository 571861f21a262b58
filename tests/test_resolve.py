"""Which file a name means, and which place a subpath means: what was observed in Obsidian, each rule's edges, and the rules
restated plainly for small random vaults."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.resolve import Index, Target, find_anchor, names_place
from kbtools.syntax.scan import RawAnchor, scan

OBSERVED = ("Note.md", "zzzz/Note.md", "a/b/Note.md", "b/Note.md", "aaaaaaaa/Note.md")


def resolved(files: tuple[str, ...] | list[str], target: str, source: str = "x.md") -> str | None:
    found = Index(files).resolve(target, source)
    return None if found is None else found.path


def without(*paths: str) -> list[str]:
    return [path for path in OBSERVED if path not in paths]


# ------------------------------------------------------------------------------------------------ which file


@pytest.mark.parametrize(
    ("files", "target", "source", "path"),
    [
        (OBSERVED, "Note", "zzzz/x.md", "Note.md"),
        (without("Note.md"), "Note", "zzzz/x.md", "zzzz/Note.md"),
        (OBSERVED, "b/Note", "a/b/x.md", "b/Note.md"),
        (without("b/Note.md"), "b/Note", "a/b/x.md", "a/b/Note.md"),
        (without("Note.md"), "Note", "zzzz/deep/x.md", "b/Note.md"),
    ],
)
def test_as_observed_in_obsidian(files: list[str], target: str, source: str, path: str) -> None:
    assert resolved(files, target, source) == path


@pytest.mark.parametrize(
    ("files", "target", "path"),
    [
        (["a.md"], "a", "a.md"),
        (["d/A.md"], "a", "d/A.md"),
        (["a.md"], "a.md", "a.md"),
        (["a.md"], "b", None),
        (["a.md"], "", "s/x.md"),
        (["v1.2.md"], "v1.2", "v1.2.md"),
        (["v1.2.md", "d/v1.2"], "v1.2", "d/v1.2"),
        (["a.md.md"], "a.md", "a.md.md"),
        (["a.png"], "a", None),
        (["a.png"], "a.png", "a.png"),
        (["a"], "a", None),  # a file without extension has no dot to be found by
        (["README", "readme.md"], "README", "readme.md"),
        (["d/a.md"], "/a", None),
        (["d/a.md"], "/d/a", "d/a.md"),
        (["a.md"], "//a", None),  # one slash is dropped, the path is then rooted
        (["d/a.md"], "e/a", None),
        (["d/ea.md"], "a", None),
        (["a.md"], ".", None),
        (["a.md"], "..", None),
        (["a.md"], "/", None),
        (["a.md"], "./", None),
        (["a.md"], "a/", None),
        (["s/a.md", "a.md"], "./a", "s/a.md"),
        (["s/a.md", "a.md"], "../a", "a.md"),
        (["s/a.md", "a.md"], "../../../a", "a.md"),
        (["s/a.md", "a.md"], "./../a", "a.md"),
        (["s/a.md", "a.md"], "./../s/./a", "s/a.md"),
        (["q/s/a.md"], "./a", "q/s/a.md"),  # a miss: later steps apply to the resolved path
        (["q/a.md"], "./a", None),
        (["q/a.md"], "../a", "q/a.md"),
        (["Cafe\u0301.md"], "caf\u00e9", "Cafe\u0301.md"),
        (["caf\u00e9.md"], "CAFE\u0301", "caf\u00e9.md"),
        (["a\u00a0b.md"], "a b", "a\u00a0b.md"),
        (["a b.md"], "a\u202fb", "a b.md"),
        (["a：b.md"], "a:b", None),  # NFC, not NFKC
        (["神经网络.md"], "神经网络", "神经网络.md"),
        (["ﬁ.md"], "fi", None),
    ],
)
def test_each_rule_at_its_edges(files: list[str], target: str, path: str | None) -> None:
    assert resolved(files, target, "s/x.md") == path


def test_of_files_that_only_case_tells_apart_the_first_is_meant() -> None:
    assert resolved(["A.md", "a.md"], "a") == "A.md"
    assert resolved(["d/A.md", "d/a.md"], "d/a") == "d/A.md"


def test_a_choice_among_several_is_fragile_and_names_the_rivals() -> None:
    assert Index(["a/n.md", "b/n.md", "cc/n.md"]).resolve("n", "b/x.md") == Target("b/n.md", True, ("a/n.md", "cc/n.md"))


def test_an_exact_path_is_not_fragile() -> None:
    assert Index(["a/n.md", "n.md"]).resolve("n", "a/x.md") == Target("n.md")


def test_a_match_within_a_folders_name_is_fragile_without_rivals() -> None:
    assert Index(["a/xb/n.md"]).resolve("b/n", "x.md") == Target("a/xb/n.md", True)
    assert Index(["a/b/n.md"]).resolve("b/n", "x.md") == Target("a/b/n.md")


def test_aliases_resolve_only_where_asked_for() -> None:
    assert resolved(["Artificial Intelligence.md"], "AI") is None
    index = Index(["Artificial Intelligence.md", "ai.md.md"], [("Artificial Intelligence.md", "AI"), ("x.md", "ai")])
    assert index.resolve("ai", "x.md") == Target("Artificial Intelligence.md")


def test_a_file_goes_before_an_alias() -> None:
    assert Index(["AI.md", "b.md"], [("b.md", "AI")]).resolve("AI", "x.md") == Target("AI.md")


def test_a_canvas_names_whole_paths() -> None:
    index = Index(["d/a.md", "b.md"])
    assert index.find_exact("D/A.md") == "d/a.md"
    assert index.find_exact("a.md") is None
    assert index.find_exact("b") is None
    assert index.find_exact("") is None


def test_thousands_of_files_of_one_name_are_quick() -> None:
    files = [f"{number // 50}/{number}/README.md" for number in range(5000)]
    index = Index(files)
    started = time.process_time()
    found = [index.resolve("README", file) for file in files[:500]]
    found += [index.resolve("./README", file) for file in files]
    assert time.process_time() - started < 3
    assert [target.path for target in found if target] == files[:500] + files


# ------------------------------------------------------------------------------------------------ the rules, restated

NAMES = ("n.md", "N.md", "m.md", "n", "n.png", "v1.2.md", "é.md", "e\u0301.md", "n.md.md")
FOLDERS = ("", "a/", "b/", "a/b/", "xb/", "B/", "a/b/c/", "é/")
TARGETS = ("n", "m", "n.md", "n.png", "v1.2", "É", "N.MD")
STARTS = ("", "/", "./", "../", "../../", "a/", "b/", "a/b/", "A/B/", "./b/", "../b/", "é/", "/a/", "//", "./../")


def fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).lower()


def oracle(files: list[str], target: str, source: str) -> Target | None:
    """Section 3, step by step, in the plainest way."""
    wanted, folder = fold(target), fold(source.rpartition("/")[0])
    named = [file for file in files if fold(file.rpartition("/")[2]) == wanted.rpartition("/")[2]]
    if "." not in wanted.rpartition("/")[2] or not named:
        wanted += ".md"
        named = [file for file in files if fold(file.rpartition("/")[2]) == wanted.rpartition("/")[2]]
    if not named:
        return None
    if "/" not in wanted and len(named) == 1:
        return Target(named[0])
    if wanted.startswith(("./", "../")):
        parts = folder.split("/") if folder else []
        for part in wanted.split("/"):
            parts = parts[:-1] if part == ".." else parts if part in (".", "") else [*parts, part]
        wanted = "/".join(parts)
    path = wanted.removeprefix("/")
    for file in named:
        if fold(file) == path:
            return Target(file)
    ending = [] if wanted.startswith("/") else [file for file in named if fold(file).endswith(path)]
    if not ending:
        return None
    by_length = sorted(ending, key=lambda file: (len(file), file))
    best = min(by_length, key=lambda file: not fold(file).startswith(f"{folder}/" if folder else ""))
    rivals = tuple(file for file in by_length if file != best)
    return Target(best, bool(rivals) or not f"/{fold(best)}".endswith(f"/{path}"), rivals)


paths = st.builds(str.__add__, st.sampled_from(FOLDERS), st.sampled_from(NAMES))


@given(
    files=st.lists(paths, min_size=1, max_size=7, unique=True).map(sorted),
    targets=st.lists(st.builds(str.__add__, st.sampled_from(STARTS), st.sampled_from(TARGETS)), min_size=1, max_size=4),
    sources=st.lists(st.sampled_from(FOLDERS), min_size=1, max_size=3),
)
@settings(max_examples=600, deadline=None)
def test_the_index_does_what_the_rules_say(files: list[str], targets: list[str], sources: list[str]) -> None:
    index = Index(files)
    for target in targets:
        for folder in sources:  # one index for all: what it remembers must not depend on who asked first
            source = f"{folder}x.md"
            assert index.resolve(target, source) == oracle(files, target, source)


# ------------------------------------------------------------------------------------------------ which place


def place(text: str, subpath: str) -> str | None:
    anchors: tuple[RawAnchor, ...] = scan("a.md", text).anchors
    found = find_anchor(anchors, subpath)
    return None if found is None else found[2]


@pytest.mark.parametrize(
    ("text", "subpath", "found"),
    [
        ("### `hasTag()`", "hasTag", "`hasTag()`"),
        ("## 1.2 链式法则：推导", "1 2 链式法则：推导", "1.2 链式法则：推导"),
        ("## 1.2 链式法则：推导", "1 2 链式法则 推导", None),
        ("# A\n## B\n# C", "A#B", "B"),
        ("# A\n## B\n# C\n## B", "C#B", "B"),
        ("# A\n## B\n# C", "B#A", None),
        ("# A\n## B\n# C", "A#C", None),  # not deeper than A
        ("# A\n### B", "A#B", "B"),
        ("# A\n# A x\n## B", "A x#B", "B"),
        ("# A", "a", "A"),
        ("# A  b", "A b", "A  b"),
        ("# it's - a_b", "It's - A_B", "it's - a_b"),
        ("# its", "it's", None),
        ("# A", "##A##", "A"),
        ("# A", "A# ", "A"),
        ("A\n===", "A", "A"),
        ("C# x", "x", None),
        ("```\n# A\n```", "A", None),
        ("# E\u0301", "é", "E\u0301"),
        ("# A ^b", "A", "A ^b"),
        ("# A ^b", "A b", "A ^b"),
        ("text ^b1", "^B1", "b1"),
        ("text ^b1", "A#^b1", "b1"),
        ("text ^b1", "b1", None),
        ("- a ^x-1", "^x-1", "x-1"),
        ("> q\n\n^q", "^q", "q"),
        ("text^b1", "^b1", None),
        ("[[x]]^b1", "^b1", "b1"),
        ("a[^n]\n\n[^n]: note", "[^n]", "n"),
        ("a[^n]\n\n[^n]: note", "[^m]", None),
        ("# !!!", "???", "!!!"),  # both are nothing but punctuation
        ("", "A", None),
        ("", "^a", None),
    ],
)
def test_a_subpath_finds_its_place(text: str, subpath: str, found: str | None) -> None:
    assert place(text, subpath) == found


def test_of_equal_headings_the_first_wins() -> None:
    anchors = scan("a.md", "# A\ntext\n# A").anchors
    assert find_anchor(anchors, "A") == anchors[0]


@pytest.mark.parametrize(
    ("subpath", "names"), [("", False), ("#", False), ("##", False), (" # ", False), ("a", True), ("#^a", True)]
)
def test_hashes_alone_name_no_place(subpath: str, names: bool) -> None:
    assert names_place(subpath) is names
