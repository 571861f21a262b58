"""Where a note is named without a link."""

from __future__ import annotations

import pytest

from kbtools.app import snapshot_of
from kbtools.asking.mentions import find_mentions
from kbtools.model import NotePath


def mentions(text: str, **names: str) -> list[str]:
    """What is found of `卷积.md` (alias Conv) in a text."""
    vault = {"卷积.md": "---\naliases: [Conv, it's]\n---\n", "x.md": text, **{f"{name}.md": "" for name in names.values()}}
    snapshot = snapshot_of(vault)
    owners: dict[str, list[NotePath]] = {path[:-3]: [path] for path in snapshot.paths}
    for path, alias in snapshot.iter_aliases():
        owners.setdefault(alias, []).append(path)
    notes = [snapshot.notes[path] for path in snapshot.paths]
    return [mention.text for mention in find_mentions(notes, NotePath("卷积.md"), owners) if mention.source == "x.md"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("先学卷积再说", ["卷积"]),
        ("卷积卷积", ["卷积", "卷积"]),
        ("a conv, a Conv.", ["conv", "Conv"]),
        ("用Conv层", ["Conv"]),
        ("convolution, preconv, conv2, conv_x", []),
        ("[[卷积]] [卷积](x.md) `卷积` $卷积$ %%卷积%% <b title='卷积'>", []),
        ("```\n卷积\n```\n\n    卷积\n", []),
        ("---\nup: 卷积\n---\n卷积", ["卷积"]),
        ("#卷积 是标签", []),
        ("# 卷积\n| 卷积 |\n|---|\n", ["卷积", "卷积"]),
        ("it's one", ["it's"]),
        ("没有", []),
    ],
)
def test_what_is_a_mention(text: str, found: list[str]) -> None:
    assert mentions(text) == found


def test_a_longer_name_of_another_note_is_that_notes() -> None:
    assert mentions("卷积神经网络里的卷积", longer="卷积神经网络") == ["卷积"]
    assert mentions("转置卷积", longer="转置卷积") == []


def test_a_note_does_not_mention_itself() -> None:
    snapshot = snapshot_of({"a b.md": "a b is a b"})
    assert list(find_mentions([snapshot.notes["a b.md"]], NotePath("a b.md"), {"a b": [NotePath("a b.md")]})) == []
