"""New snippets: what is written, that the proof fails until it is done and passes then, and that it is all or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtools import app
from kbtools.creating.snippet import NewSnippet, create_snippet
from kbtools.errors import KbError
from kbtools.model import NotePath
from tests.cli.run import write

CONFIG = 'vault = "notes"\nsnippets = "snippets"\nproofs = "tests/snippets"\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))
    return write(tmp_path / "project", {"kb.toml": CONFIG, "notes/softmax.md": "# softmax\n", "snippets/nn/relu.py": "x = 1\n"})


def create(root: Path, name: str, note: str | None = None) -> NewSnippet:
    project = app.open_project(None, root)
    return create_snippet(project.config, app.scan(project), name, NotePath(note) if note else None)


@pytest.mark.parametrize("name", ["nn/softmax", "snippets/nn/softmax.py", "./snippets/nn/softmax.py"])
def test_a_snippet_and_its_proof(root: Path, name: str) -> None:
    created = create(root, name)
    assert created[:2] == ("snippets/nn/softmax.py", "tests/snippets/test_softmax.py")
    assert "from snippets.nn.softmax import softmax" in (root / created.proof).read_text()
    assert created.block.startswith('```python title="snippets/nn/softmax.py#softmax"\ndef softmax(')


def test_the_block_agrees_with_the_snippet(root: Path) -> None:
    create(root, "nn/softmax", "softmax.md")
    report = app.check(app.open_project(None, root), app.Request(run=False))
    assert [finding.message for finding in report.findings if finding.severity == "error"] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"# softmax\r\n", b"# softmax\r\n\r\n```python"),
        (b"\xef\xbb\xbf# a\n\n\n", b"\xef\xbb\xbf# a\n\n```python"),
        (b"", b"```python"),
        (b"a", b"a\n\n```python"),
    ],
)
def test_the_block_is_appended_with_the_notes_own_line_ends(root: Path, before: bytes, after: bytes) -> None:
    (root / "notes/softmax.md").write_bytes(before)
    block = create(root, "nn/softmax", "softmax.md").block.encode()
    written = (root / "notes/softmax.md").read_bytes()
    assert written.startswith(after)
    assert written.replace(b"\r\n", b"\n").endswith(block)
    assert (b"\r\n" in before) == (b"\r\n" in written)


@pytest.mark.slow
def test_the_proof_fails_until_it_is_written(root: Path) -> None:
    created = create(root, "nn/softmax")

    def prove() -> tuple[str, str]:
        outcomes = app.check(app.open_project(None, root), app.Request(device="cpu")).outcomes
        (outcome,) = [outcome for outcome in outcomes if outcome.path == created.path]
        return outcome.status, outcome.detail

    status, detail = prove()
    assert status == "failed"
    assert "write snippets/nn/softmax.py" in detail
    snippet, proof = root / created.path, root / created.proof
    snippet.write_text(
        snippet.read_text().replace('raise NotImplementedError("write snippets/nn/softmax.py")', "return x.softmax(dim=-1)")
    )
    status, detail = prove()
    assert status == "failed"
    assert "write expected_softmax" in detail
    text = proof.read_text()
    start = text.index("    pytest.fail(")
    proof.write_text(
        text[:start] + "    return x.exp() / x.exp().sum(dim=-1, keepdim=True)\n" + text[text.index("\n", start) + 1 :]
    )
    assert prove()[0] == "passed"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("softmax", "has no group"),
        ("nn/relu", "is there already"),
        ("other/relu", "has that name"),
        ("nn/my-op", "no name for a Python module"),
        ("nn/class", "no name for a Python module"),
        ("nn/_shared", "would be no snippet"),
        ("../x/y", "no name for a Python module"),
        ("概念/门", "no name for a Python module"),
        ("nn/", "no name for a Python module"),
    ],
)
def test_what_is_refused_leaves_nothing(root: Path, name: str, said: str) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(KbError, match=said) as refusal:
        create(root, name, "softmax.md")
    assert refusal.value.hint
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_proof_that_is_there_is_not_overwritten(root: Path) -> None:
    write(root, {"tests/snippets/test_softmax.py": "old"})
    with pytest.raises(KbError, match=r"test_softmax\.py' is there already"):
        create(root, "nn/softmax")
    assert not (root / "snippets/nn/softmax.py").exists()


@pytest.mark.parametrize(("line", "said"), [("snippets", "no folder for snippets"), ("proofs", "no folder for proofs")])
def test_folders_must_be_configured(root: Path, line: str, said: str) -> None:
    lines = [text for text in CONFIG.splitlines() if not text.startswith(line)]
    (root / "kb.toml").write_text("\n".join(lines))
    with pytest.raises(KbError, match=said):
        create(root, "nn/softmax")
