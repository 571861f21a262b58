"""URIs as editors write them, and the paths they name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kbtools.lsp.addresses import below, path_of, uri_of


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///v/a.md", "/v/a.md"),
        ("file:///v/%E5%8F%8D%E5%90%91.md", "/v/反向.md"),
        ("file:///v/反向.md", "/v/反向.md"),
        ("file:///v/a%23b%3Fc.md", "/v/a#b?c.md"),
        ("file:///v/a;b.md", "/v/a;b.md"),
        ("file:///v/100%25.md", "/v/100%.md"),
        ("file:///v/x%3A1.md", "/v/x:1.md"),
        ("file:///v/sub/../a.md", "/v/a.md"),
    ],
)
def test_path_of(uri: str, path: str) -> None:
    assert path_of(uri) == Path(path)


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "https://x.org/a.md", "", "file:relative", "git:/v/a.md?x", "file:///a%00b", "http://[x"]
)
def test_no_path(uri: str) -> None:
    assert path_of(uri) is None


@pytest.mark.parametrize("name", ["反向 传播.md", "a#b?.md", "100%.md", "a;b.md", "𠮷😀.md", os.fsdecode(b"caf\xe9.md")])
def test_a_path_comes_back(name: str) -> None:
    path = Path("/v") / name
    assert path_of(uri_of(path)) == path


def test_below_follows_links_on_the_way(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    (vault / "sub").mkdir(parents=True)
    (tmp_path / "other").symlink_to(vault)
    assert below(vault, tmp_path / "other" / "sub" / "a.md") == "sub/a.md"
    assert below(vault, vault / "a.md") == "a.md"
    assert below(vault, vault) is None
    assert below(vault, tmp_path / "a.md") is None
