"""The ways to ask a vault agree with each other, and with what its owner keeps out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings

from kbtools import app
from kbtools.config import Config
from kbtools.graph import path_of
from kbtools.model import Ambiguous, External, Found, MissingAnchor, MissingFile, NotePath
from tests.independent.vaults import vaults


def snapshot(files: Mapping[str, str | bytes], *, ignore: tuple[str, ...] = (), aliases_resolve: bool = False) -> app.Any:
    config = Config(vault=Path("v"), root=Path("v"), ignore=ignore, aliases_resolve=aliases_resolve)
    return app.snapshot_of(files, config)


@given(vaults())
@settings(max_examples=40, deadline=None)
def test_short_ways_say_what_the_long_one_says(files: dict[str, bytes | str]) -> None:
    vault = snapshot(files)
    edges = list(vault.iter_edges())
    assert list(vault.iter_targets()) == list(dict.fromkeys((edge.source, path_of(edge)) for edge in edges if path_of(edge)))
    assert list(vault.iter_property_edges()) == [edge for edge in edges if edge.link.form == "property"]
    trouble = [edge for edge in edges if not edge.link.hidden and not isinstance(edge.to, Found | External)]
    assert list(vault.iter_trouble()) == trouble
    assert vault.counts == (len(vault.notes), len(edges))
    assert [edge.link for edge in edges] == [link for note in vault.notes.values() for link in note.links]


@given(vaults())
@settings(max_examples=15, deadline=None)
def test_the_order_of_files_changes_nothing(files: dict[str, bytes | str]) -> None:
    backwards = dict(reversed(list(files.items())))
    assert list(snapshot(files).iter_edges()) == list(snapshot(backwards).iter_edges())


def test_what_is_kept_out_is_a_target_but_no_source() -> None:
    vault = snapshot({"a.md": "[[b]] [[p.png]]", "old/b.md": "[[gone]]", "old/p.png": ""}, ignore=("old/**",))
    assert list(vault.notes) == ["a.md"]
    assert vault.attachments == ()
    assert [edge.to for edge in vault.iter_edges()] == [Found(NotePath("old/b.md")), Found(NotePath("old/p.png"))]
    assert "old/b.md" not in vault.notes
    with pytest.raises(KeyError):
        vault.notes["old/b.md"]


def test_any_place_in_a_note_that_cannot_be_read_is_believed_to_be_there() -> None:
    vault = snapshot({"a.md": "[[b#h]] [[c#h]]", "b.md": b"\xff", "c.md": ""})
    assert [edge.to for edge in vault.iter_edges()] == [Found(NotePath("b.md")), MissingAnchor(NotePath("c.md"))]


def test_a_place_counts_only_on_notes() -> None:
    vault = snapshot({"a.md": "[[b.pdf#page=3]] [[c.canvas#x]] [[#]] [[d##]]", "b.pdf": "", "c.canvas": "", "d.md": ""})
    assert all(isinstance(edge.to, Found) for edge in vault.iter_edges())


def test_a_missing_place_goes_before_a_fragile_choice() -> None:
    vault = snapshot({"x.md": "[[n]] [[n#h]] [[n#g]]", "a/n.md": "# h", "b/n.md": "# g"})
    paths = (NotePath("a/n.md"), NotePath("b/n.md"))
    assert [edge.to for edge in vault.iter_edges()] == [Ambiguous(paths), Ambiguous(paths), MissingAnchor(paths[0])]


def test_aliases_resolve_where_the_vault_says_so() -> None:
    files = {"a.md": "[[AI]]", "b.md": "---\naliases: [AI]\n---\n"}
    assert [edge.to for edge in snapshot(files).iter_edges()] == [MissingFile()]
    assert [edge.to for edge in snapshot(files, aliases_resolve=True).iter_edges()] == [Found(NotePath("b.md"))]
    assert list(snapshot(files).iter_aliases()) == [("b.md", "AI")]


@pytest.mark.parametrize(
    "front",
    [
        "tags: [0x" + "f" * 8000 + "]",
        "aliases: [0x" + "f" * 8000 + "]",
        "a: 0001-01-01 00:00:00 +23:59",
        "a: 1" + ":59" * 50_000,
        "a: &a [*a]\ntags: *a\naliases: *a",
        "a: &a {<<: *a}",
        "a: &a [1]\n" + "".join(f"{'ab'[n % 2]}{n}: &{'ab'[n % 2]} [*{'ba'[n % 2]}, *{'ba'[n % 2]}]\n" for n in range(1, 60)),
        pytest.param("a: " + "[" * 100_000, id="deep"),
        pytest.param("- " * 100_000 + "x", id="deep list"),
    ],
)
def test_properties_made_to_hurt_do_not(front: str) -> None:
    report = app.check_files({"a.md": f"---\n{front}\n---\n[[gone]]"})
    assert [found.message for found in report.findings if found.rule == "broken-link"] == ["nothing is named 'gone'"]


def test_a_merge_bomb_does_not_go_off() -> None:
    lines = [
        f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}"
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    ]
    report = app.check_files({"a.md": "\n".join(["---", "a: &a {x: 1}", *lines, "---", "[[gone]]"])})
    assert "broken-link" in {found.rule for found in report.findings}


def test_quotes_in_quotes_in_quotes() -> None:
    report = app.check_files({"a.md": ">" * 100_000 + " [[gone]]"})
    assert report.links == 1


@pytest.mark.parametrize(
    ("content", "links"),
    [
        ('{"nodes": [{"type": "file", "file": "b.md"', 0),
        ("{nodes: [{type: 'file', file: 'b.md'}]}", 0),
        ('{"nodes": [{"type": "file", "file": "b.md", "file": "a.md"}]}', 1),
        ('{"nodes": [{"type": "file", "file": 3}, {"type": "file"}, null, 3, "x", []]}', 0),
        ('{"nodes": {"0": "[[b]]"}}', 0),
        ('["[[b]]"]', 0),
        ('"[[b]]"', 0),
        ('{"nodes": [{"type": "file", "file": "b.md", "x": ' + "9" * 10_000 + "}]}", 1),
        ('{"nodes": [{"type": "file", "file": "b.md", "x": 1e999, "y": NaN}]}', 1),
        ("[" * 100_000 + "]" * 100_000, 0),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, 0),
        ("\ufeff{}", 0),
        ("", 0),
        ("\0", 0),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_a_canvas_of_any_shape_is_read_or_said_to_be_unreadable(content: str, links: int) -> None:
    for name in ("c.canvas", "c.ipynb"):
        vault = snapshot({name: content, "a.md": "", "b.md": ""})
        assert vault.counts[1] == (links if name == "c.canvas" else 0)
    assert len(list(snapshot({"c.canvas": content}).iter_edges())) == links
