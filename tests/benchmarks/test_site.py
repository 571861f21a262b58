"""The vault that stock MkDocs is given, and the table of the site's targets."""

from __future__ import annotations

from pathlib import Path

from benchmarks.generate import write_vault
from benchmarks.measure import Sample
from benchmarks.plain import make_plain, write_plain_vault
from benchmarks.site import COLD, MARKS, SERVED, SMALL, STOCK, WARM, Row, render
from benchmarks.table import README
from kbtools import app
from kbtools.graph import path_of

FILES = {
    "a/甲.md": "[[乙|那里]]、[[乙#节]]、![[图.png|300]]、![[乙]]、`[[乙]]`、[[没有]]、[旧](乙.md)",
    "a/乙.md": "## 节",
    "图.png": "",
}
PLAIN = "[那里](%E4%B9%99.md)、[乙](%E4%B9%99.md)、![300](../%E5%9B%BE.png)、[乙](%E4%B9%99.md)、`[[乙]]`、没有、[旧](乙.md)"


def test_wikilinks_become_plain_links() -> None:
    snapshot = app.snapshot_of(FILES)
    edges = [edge for edge in snapshot.edges_of("a/甲.md") if edge.link.form == "wiki"]
    assert make_plain(FILES["a/甲.md"], "a/甲.md", edges) == PLAIN


def test_the_plain_vault_links_the_same_notes(tmp_path: Path) -> None:
    write_vault(100, tmp_path)
    write_plain_vault(tmp_path / "vault", tmp_path / "plain")
    links = []
    for name in ("vault", "plain"):
        folder = tmp_path / name
        files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        snapshot = app.snapshot_of(files)
        links.append(
            {(path, path_of(edge)) for path in snapshot.paths if path.endswith(".md") for edge in snapshot.edges_of(path)}
        )
    assert {pair for pair in links[0] if pair[1]} == {pair for pair in links[1] if pair[1]}


def test_the_table_says_what_is_met() -> None:
    rows = [
        Row(STOCK, SMALL, Sample(70, 60)),
        Row(COLD, SMALL, Sample(7, 12), 10**8, 10**8),
        Row(WARM, SMALL, Sample(4, 4)),
        Row(SERVED, SMALL, Sample(1.5, 0)),
    ]
    text = render(rows)
    assert "| kb build, cold: CPU time by stock Material's | 1,000 | 0.25 × | 0.20 × | met |" in text
    assert "| kb build, unchanged | 1,000 | 3 s | 4.00 s | **not met** |" in text


def test_the_readme_has_a_place_for_it() -> None:
    assert len(MARKS.findall(README.read_text("utf-8"))) == 1
