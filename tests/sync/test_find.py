"""Which blocks show a snippet, which files are snippets, and where their proofs are."""

from __future__ import annotations

import pytest

from kbtools.model import NotePath, Source
from kbtools.snippets.extract import explain_path
from kbtools.snippets.find import File, build_snippets, find_proofs, find_shown, is_snippet
from kbtools.syntax.note import parse_note


def shown(text: str, folder: str = "snippets") -> list[str]:
    note = parse_note(Source(NotePath("a.md"), text))
    return [f"{block.title}: {block.code}" for block in find_shown(note, folder)]


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ('python title="snippets/a.py#f"', "snippets/a.py#f"),
        ("py title='snippets/a.py#f'", "snippets/a.py#f"),
        ('python3 linenums="1" title="snippets/a.py" hl_lines="1"', "snippets/a.py"),
        ('{.python title="snippets/甲/乙.py#一 步"}', "snippets/甲/乙.py#一 步"),
        ('Python title="snippets/a.py# f "', "snippets/a.py#f"),
        ('python title="snippets/../x.txt"', "snippets/../x.txt"),
    ],
)
def test_a_title_below_the_folder_shows_a_snippet(header: str, title: str) -> None:
    assert shown(f"```{header}\nx\n```\n") == [f"{title}: x\n"]


@pytest.mark.parametrize(
    "header",
    [
        "python",
        'python title="a.py"',
        'python title="mysnippets/a.py"',
        'python title="./snippets/a.py"',
        'js title="snippets/a.py"',
        'python subtitle="snippets/a.py"',
        'title="snippets/a.py"',
    ],
)
def test_other_blocks_show_none(header: str) -> None:
    assert shown(f"```{header}\nx\n```\n") == []


def test_without_a_folder_nothing_is_shown() -> None:
    assert shown('```python title="snippets/a.py"\n```\n', "") == []


def test_a_title_in_text_or_in_another_block_is_none() -> None:
    assert shown('`python title="snippets/a.py"`\n\n~~~md\n```python title="snippets/a.py"\nx\n```\n~~~\n') == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("snippets/a.py", True),
        ("snippets/深/甲.py", True),
        ("snippets/_a.py", False),
        ("snippets/a/conftest.py", False),
        ("snippets/a.txt", False),
        ("snippets/.a.py", False),
        ("snippets/../a.py", False),
        ("snippets//a.py", False),
        ("snippets/a\\b.py", False),
        ("other/a.py", False),
    ],
)
def test_which_files_are_snippets(path: str, expected: bool) -> None:
    assert is_snippet(path, "snippets") is expected
    assert (explain_path(path) is None) is (expected or path == "other/a.py")


def test_proofs_are_named_after_snippets() -> None:
    paths = ["s/a/x.py", "s/b/x.py", "s/y.py", "s/a/z.py"]
    found = find_proofs(paths, {"t/a/test_z.py"}, snippets="s", proofs="t")
    assert list(found.values()) == ["t/a/test_x.py", "t/b/test_x.py", "t/test_y.py", "t/a/test_z.py"]


def test_snippets_know_their_blocks_and_proofs() -> None:
    note = parse_note(Source(NotePath("n.md"), '```python title="s/a.py#f"\nx\n```\n```python title="s/b.py"\n```\n'))
    files = {"s/a.py": File("x"), "s/t/test_a.py": File("proof"), "s/_c.py": File(""), "s/d.py": File("", "is not UTF-8")}
    snippets = build_snippets(files, find_shown(note, "s"), snippets="s", proofs="s/t")
    assert list(snippets) == ["s/a.py", "s/d.py"]
    first, second = snippets.values()
    assert (first.proof, first.proof_text, [path for path, _ in first.shown]) == ("s/t/test_a.py", "proof", ["n.md"])
    assert (second.proof, second.proof_text, second.shown, second.problem) == ("s/t/test_d.py", "", (), "is not UTF-8")


def test_without_proofs_no_proof_is_named() -> None:
    snippets = build_snippets({"s/a.py": File("x")}, (), snippets="s", proofs="")
    assert snippets["s/a.py"].proof == ""
