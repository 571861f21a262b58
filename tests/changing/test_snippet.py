"""Moving a snippet: its proof, the titles of blocks and the imports of code and notebooks go with it; undo restores each byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kbtools import app, changing
from kbtools.errors import KbError

SRC = "snippets/nn/mlp.py"
SNIPPET = "def mlp(x):\n    return x\n"
PROOF = "from snippets.nn.mlp import mlp\n\n\ndef test_mlp():\n    assert mlp(1) == 1\n"
NOTE = '# n\n\n> ```python title="snippets/nn/mlp.py#mlp"\n> def mlp(x):\n>     return x\n> ```\n\nsnippets/nn/mlp.py [[m]]\n'


def notebook(*lines: str, ascii_only: bool = False) -> str:
    """A notebook with one code cell of these lines, between a Markdown cell and an output that say the same."""
    source = [f"{line}\n" for line in lines]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": source},
        {"cell_type": "code", "metadata": {}, "outputs": [{"output_type": "stream", "text": source}], "source": source},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=ascii_only)


def code_of(file: Path) -> list[str]:
    return [line.rstrip("\n") for line in json.loads(file.read_text("utf-8"))["cells"][1]["source"]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, "kb.toml", 'vault = "notes"\nsnippets = "snippets"\nproofs = "tests/snippets"\n')
    write(tmp_path, SRC, SNIPPET)
    write(tmp_path, "snippets/nn/loss.py", "from snippets.nn import mlp as net\nfrom snippets.nn.other import mlp\n")
    write(tmp_path, "tests/snippets/test_mlp.py", PROOF)
    write(tmp_path, "notes/n.md", NOTE)
    write(tmp_path, "notes/m.md", "[[n]]\r\n")
    write(
        tmp_path,
        "notes/lab.ipynb",
        notebook("%matplotlib inline", "from snippets.nn.mlp import mlp", "x = !ls", 'print("mlp 甲")'),
    )
    return tmp_path


def write(project: Path, path: str, text: str) -> None:
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).write_bytes(text.encode())


def contents(project: Path) -> dict[str, bytes]:
    files = (path for path in project.rglob("*") if path.is_file() and ".kb" not in path.parts)
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in files}


def move(project: Path, src: str, dst: str) -> None:
    opened = app.open_project(None, project)
    changing.carry_out(changing.plan_snippet(opened, app.scan(opened), src, dst))


def test_all_that_names_it_follows(project: Path) -> None:
    before = contents(project)
    move(project, SRC, "snippets/deep/net.py")
    after = contents(project)
    assert after.keys() - before.keys() == {"snippets/deep/net.py", "tests/snippets/test_net.py"}
    assert before.keys() - after.keys() == {SRC, "tests/snippets/test_mlp.py"}
    assert after["snippets/deep/net.py"] == SNIPPET.encode()
    assert after["tests/snippets/test_net.py"].decode() == PROOF.replace("snippets.nn.mlp", "snippets.deep.net")
    assert after["snippets/nn/loss.py"] == b"from snippets.deep import net as net\nfrom snippets.nn.other import mlp\n"
    assert after["notes/n.md"].decode() == NOTE.replace('"snippets/nn/mlp.py', '"snippets/deep/net.py'), "prose stays"
    assert after["notes/m.md"] == before["notes/m.md"]
    old, new = b'"from snippets.nn.mlp import mlp\\n"', b'"from snippets.deep.net import mlp\\n"'
    pieces = before["notes/lab.ipynb"].split(old)
    assert after["notes/lab.ipynb"] == old.join(pieces[:-1]) + new + pieces[-1], "only the code, neither the prose nor the output"


def test_there_and_back_and_undo_restore_every_byte(project: Path) -> None:
    before = contents(project)
    move(project, SRC, "snippets/deep/net.py")
    there = contents(project)
    move(project, "snippets/deep/net.py", SRC)
    assert contents(project) == before
    opened = app.open_project(None, project)
    changing.undo(opened)
    assert contents(project) == there
    move(project, "snippets/deep/net.py", "snippets/a/b/c.py")
    changing.undo(opened)
    assert contents(project) == there


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from snippets.nn.mlp import mlp", "from snippets.deep.net import mlp"),
        ("from snippets.nn import mlp", "from snippets.deep import net as mlp"),
        ("from snippets.nn import mlp as m", "from snippets.deep import net as m"),
        ("import snippets.nn.mlp as m", "import snippets.deep.net as m"),
        ('s = "甲"; from snippets.nn.mlp import (mlp)', 's = "甲"; from snippets.deep.net import (mlp)'),
        ("if True: from snippets.nn.mlp import mlp", "if True: from snippets.deep.net import mlp"),
        ("from snippets.nn.mlp_deep import mlp", "from snippets.nn.mlp_deep import mlp"),
        ("# from snippets.nn.mlp import mlp", "# from snippets.nn.mlp import mlp"),
    ],
)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_imports_in_notebooks(project: Path, before: str, after: str, *, ascii_only: bool) -> None:
    lines = ("%load_ext x", '"甲"', before, "x = %time", "mlp?", "1 + 1")
    write(project, "notes/lab.ipynb", notebook(*lines, ascii_only=ascii_only))
    move(project, SRC, "snippets/deep/net.py")
    written = (project / "notes/lab.ipynb").read_text("utf-8")
    assert code_of(project / "notes/lab.ipynb") == [after if line == before else line for line in lines]
    assert written.isascii() == ascii_only


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from snippets.nn import loss, mlp\n", "from snippets.deep import net as mlp\nfrom snippets.nn import loss\n"),
        ("from snippets.nn import (mlp as m, loss)\n", "from snippets.deep import net as m\nfrom snippets.nn import (loss)\n"),
        (
            "def f():\r\n    from snippets.nn import (\r\n        loss as l,\r\n        mlp,\r\n        x,\r\n    )\r\n",
            "def f():\r\n    from snippets.deep import net as mlp\r\n    from snippets.nn import (loss as l, x)\r\n",
        ),
        (
            "from snippets.nn import mlp, mlp_deep; x = 1",
            "from snippets.deep import net as mlp\nfrom snippets.nn import mlp_deep; x = 1",
        ),
    ],
)
def test_what_is_imported_together_with_others_is_parted(project: Path, before: str, after: str) -> None:
    write(project, "snippets/nn/loss.py", before)
    write(project, "notes/lab.ipynb", notebook("from snippets.nn import loss, mlp", "mlp.f()"))
    move(project, SRC, "snippets/deep/net.py")
    assert (project / "snippets/nn/loss.py").read_bytes().decode() == after
    code = "".join(json.loads((project / "notes/lab.ipynb").read_text("utf-8"))["cells"][1]["source"])
    assert code == "from snippets.deep import net as mlp\nfrom snippets.nn import loss\nmlp.f()\n"


def test_a_name_that_is_escaped_is_found(project: Path) -> None:
    text = notebook("from snippets.nn.mlp import mlp").replace("snippets.nn.mlp", "\\u0073nippets.nn.ml\\u0070")
    write(project, "notes/lab.ipynb", text)
    move(project, SRC, "snippets/deep/net.py")
    assert code_of(project / "notes/lab.ipynb") == ["from snippets.deep.net import mlp"]


def test_a_cell_in_another_language_and_a_broken_notebook_stay(project: Path) -> None:
    write(project, "notes/lab.ipynb", notebook("%%bash", "python -m snippets.nn.mlp | cat"))
    write(project, "notes/broken.ipynb", '{"cells": [snippets.nn.mlp')
    before = contents(project)
    move(project, SRC, "snippets/deep/mlp.py")
    after = contents(project)
    assert after["notes/lab.ipynb"] == before["notes/lab.ipynb"]
    assert after["notes/broken.ipynb"] == before["notes/broken.ipynb"]


def test_a_byte_order_mark_stays(project: Path) -> None:
    write(project, "tests/snippets/test_mlp.py", "\ufeff" + PROOF)
    move(project, SRC, "snippets/deep/mlp.py")
    assert contents(project)["tests/snippets/test_mlp.py"].decode() == "\ufeff" + PROOF.replace("nn.mlp", "deep.mlp")


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("notes/lab.ipynb", notebook("if x: from snippets.nn import loss, mlp"), "cell 2, line 1: 'mlp' is imported together"),
        ("notes/lab.ipynb", notebook("import snippets.nn.mlp"), "cell 2, line 1: 'import snippets.nn.mlp' is used"),
        ("notes/lab.ipynb", notebook("from snippets.nn.mlp import ("), "cell 2 does not compile"),
        ("notes/lab.ipynb", notebook("from snippets.nn.mlp import x").replace("nn.mlp", 'nn",".mlp'), "in two"),
        ("snippets/nn/loss.py", "\nfrom snippets.nn import (  # both\n    mlp,\n    x)\n", "line 2: 'mlp' is imported together"),
        ("snippets/nn/loss.py", "from .mlp import mlp\n", "line 1: a relative import"),
        ("snippets/nn/loss.py", "from . import mlp\n", "line 1: a relative import"),
        (SRC, "from .loss import f\n", "line 1: a relative import"),
    ],
)
def test_what_cannot_follow_is_refused(project: Path, path: str, text: str, message: str) -> None:
    write(project, path, text)
    before = contents(project)
    with pytest.raises(KbError, match=f"'{path}': .*{message}"):
        move(project, SRC, "snippets/deep/net.py")
    assert contents(project) == before


@pytest.mark.parametrize(
    ("dst", "message"),
    [
        ("snippets/nn/loss.py", "'snippets/nn/loss.py' is there already"),
        ("snippets/nn/taken.py", "'tests/snippets/test_taken.py' is there already"),
        ("snippets/nn/my-net.py", "'my-net' is no name for a Python module"),
        ("snippets/class/net.py", "'class' is no name for a Python module"),
        ("elsewhere/net.py", "'elsewhere/net.py' is not below 'snippets'"),
    ],
)
def test_unfit_targets_are_refused(project: Path, dst: str, message: str) -> None:
    write(project, "tests/snippets/test_taken.py", "")
    before = contents(project)
    with pytest.raises(KbError, match=message):
        move(project, SRC, dst)
    assert contents(project) == before
