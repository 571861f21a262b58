"""What a check carries over from the last one is what a check that remembers nothing finds."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kbtools import app, scanning
from kbtools.model import Report
from kbtools.vault import cache

NOTES = {
    "index.md": "[[甲]] [[乙#节]] [[地图]]\n",
    "甲.md": "---\naliases: [头]\nprerequisites: ['[[乙]]']\n---\n"
    "# 甲\n\n见[[乙]]、[[没有]]、[[乙#没有]]与![[图.png]]。\n\n- 项 ^kuai\n",
    "乙.md": "# 乙\n\n## 节\n\n一句话，[[甲#^kuai]]。\n",
    "丙.md": "---\nkind: map\n---\n谁也不提我。$x$\n",
    "丁.md": "%% kb: ignore broken-link %%\n[[哪里]]\n",
    "代码.md": '```python title="snippets/a.py"\ndef f():\n    return 1\n```\n',
    "地图.md": "---\ntags: [图]\n---\n[[丁]] [[代码]]\n",
}
FILES = {"图.png": "", "孤.png": ""}
CONFIG = 'vault = "v"\nsnippets = "snippets"\nproofs = "tests"\n'
PIECES = (
    "又一句。\n",
    "\n\n",
    "$x$ $$\n",
    "#标签错了\n",
    "[[乙]] ",
    "[[没有]]",
    "[[头]]",
    "![[孤.png]]",
    "[x](乙.md)",
    "## 节\n",
    "# 新\n",
    " ^xin\n",
    "%% kb: ignore broken-link %%\n",
    "%% kb: ignore glued-tag %%\n",
    "```python\nx = = 1\n```\n",
    '```python title="snippets/a.py"\ndef f():\n    return 2\n```\n',
    "[[ ]] [a](<b>",
    "[^1]: 脚\n",
    "",
)
HEADS = ("", "---\nkind: map\n---\n", "---\naliases: [头]\n---\n", "---\nprerequisites: ['[[甲]]']\n---\n", "---\n坏: [\n---\n")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))
    for path, text in {**{f"v/{path}": text for path, text in {**NOTES, **FILES}.items()}, "kb.toml": CONFIG}.items():
        put(tmp_path / path, text)
    put(tmp_path / "snippets/a.py", "def f():\n    return 1\n")
    put(tmp_path / "tests/test_a.py", "from snippets.a import f\n\ndef test_f():\n    assert f() == 1\n")
    monkeypatch.setattr(cache, "RACY_NS", 0)  # the files are old enough
    return tmp_path


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def check(root: Path, **request: object) -> Report:
    return app.check(app.open_project(None, root), app.Request(run=False, **request))  # type: ignore[arg-type]


def told(report: Report) -> object:
    return report.findings, report.notes, report.links, report.snippets


def told_anew(root: Path, monkeypatch: pytest.MonkeyPatch, **request: object) -> object:
    """What a check says that remembers nothing, and leaves nothing behind."""
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "read_cache", lambda *_: cache.Cache())
        patch.setattr(scanning, "write_cache", lambda *_, **__: None)
        return told(check(root, **request))


def change(text: str, chance: random.Random) -> str:
    """A text with something put in, taken out, or other properties."""
    match chance.randrange(4):
        case 0 if text.startswith("---\n"):
            return chance.choice(HEADS) + text.partition("\n---\n")[2]
        case 1:
            lines = text.splitlines(keepends=True)
            del lines[chance.randrange(len(lines) + 1) :][:1]
            return "".join(lines)
        case _:
            at = chance.choice([0, len(text), text.find("\n") + 1, chance.randrange(len(text) + 1)])
            return text[:at] + chance.choice(PIECES) + text[at:]


@pytest.mark.parametrize("seed", range(6))
def test_many_edits_are_told_as_if_nothing_were_known(seed: int, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    carried = 0
    real = app._carry

    def count(*given: object) -> object:
        nonlocal carried
        result = real(*given)  # type: ignore[arg-type]
        carried += result is not None
        return result

    monkeypatch.setattr(app, "_carry", count)
    check(root)
    for number in range(40):
        if number % 4 == 0:  # a vault with ever more mistakes is judged as a whole each time
            for path, text in NOTES.items():
                put(root / "v" / path, text)
            check(root)
        for path in chance.sample(sorted(NOTES), chance.choice([1, 1, 1, 2])):
            file = root / "v" / path
            put(file, change(file.read_text("utf-8"), chance))
            if chance.random() < 0.3:
                os.utime(file, (1_000_000_000 + chance.randrange(10**6),) * 2)  # an old file, as after a checkout
        assert told(check(root)) == told_anew(root, monkeypatch)
    assert carried >= 5  # of 40


Edit = Callable[[str], str]


@pytest.mark.parametrize(
    ("path", "edit"),
    [
        ("乙.md", lambda text: text + "再说一句。\n"),
        ("乙.md", lambda text: "\n" + text),
        ("乙.md", lambda text: text + "#标签,错\n$\\frac{$\n"),
        ("乙.md", lambda text: text.replace("[[甲#^kuai]]", "[[甲#^kuai|那一块]]")),
        ("丙.md", lambda text: text + "```python\nx = = 1\n```\n"),
        ("甲.md", lambda text: text + "又一句。\n"),
        ("甲.md", lambda text: text.replace("# 甲", "一句，\n又一句。\n\n# 甲").replace("与![[", "，还有![[")),
    ],
)
def test_what_no_other_file_can_see_is_carried_over(path: str, edit: Edit, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(root)
    put(root / "v" / path, edit((root / "v" / path).read_text("utf-8")))
    wanted = told_anew(root, monkeypatch)
    monkeypatch.setattr(scanning, "build_snapshot", None)
    assert told(check(root)) == wanted


def test_an_edit_after_an_edit_is_carried_over_though_the_file_is_young(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("KB_CACHE_DIR", str(root / "cache"))
    time.sleep(2.1)
    check(root)
    for number in range(3):
        put(root / "v/乙.md", f"{NOTES['乙.md']}第 {number} 次。\n#错,了\n")
        wanted = told_anew(root, monkeypatch)
        with monkeypatch.context() as patch:
            patch.setattr(scanning, "build_snapshot", None)
            assert told(check(root)) == wanted
    put(root / "v/乙.md", NOTES["乙.md"].replace("[[甲", "[[假"))
    assert told(check(root)) == told_anew(root, monkeypatch)


@pytest.mark.parametrize(
    ("path", "edit"),
    [
        ("乙.md", lambda text: text + "[[丙]]\n"),
        ("乙.md", lambda text: text.replace("[[甲#^kuai]]", "")),
        ("乙.md", lambda text: text.replace("## 节", "## 段")),
        ("乙.md", lambda text: text.replace("## 节", "### 节")),
        ("甲.md", lambda text: text.replace("^kuai", "^kuay")),
        ("甲.md", lambda text: text.replace("[[没有]]", "[[没有|无]]")),
        ("丙.md", lambda text: text.replace("kind: map", "kind: note")),
        ("丁.md", lambda text: "\n" + text),
        ("代码.md", lambda text: text.replace("return 1", "return 2")),
        ("地图.md", lambda text: text.replace("tags: [图]", "aliases: [没有]")),
    ],
)
def test_whatever_another_file_may_see_is_judged_as_a_whole(
    path: str, edit: Edit, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(root)
    put(root / "v" / path, edit((root / "v" / path).read_text("utf-8")))
    wanted = told_anew(root, monkeypatch)
    built = []
    real = scanning.build_snapshot
    monkeypatch.setattr(scanning, "build_snapshot", lambda *given: (built.append(1), real(*given))[1])
    assert told(check(root)) == wanted
    assert built


def test_each_request_carries_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[dict[str, object]] = [{}, {"select": ("broken-link", "glued-tag")}, {"ignore": ("orphan-note",)}]
    for request in requests:
        check(root, **request)
    for number, request in enumerate(requests):
        put(root / "v/乙.md", f"{(root / 'v/乙.md').read_text('utf-8')}第 {number} 次 #错,了\n")
        assert told(check(root, **request)) == told_anew(root, monkeypatch, **request)


def test_what_was_kept_out_is_not_told_of(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root / "kb.toml", f'{CONFIG}ignore = ["乙.md"]\n')
    check(root)
    put(root / "v/乙.md", NOTES["乙.md"] + "#标签,错 $\\frac{$\n")
    assert told(check(root)) == told_anew(root, monkeypatch)


def test_a_level_of_the_configuration_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root / "kb.toml", f'{CONFIG}[rules]\ninvalid-code = "error"\ninvalid-math = "off"\n')
    check(root)
    put(root / "v/丙.md", NOTES["丙.md"] + "$\\frac{$\n```python\nx = = 1\n```\n")
    found = check(root)
    assert told(found) == told_anew(root, monkeypatch)
    assert ("invalid-code", "error") in {(finding.rule, finding.severity) for finding in found.findings}


def test_another_snippet_is_a_whole_check(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(root)
    put(root / "snippets/a.py", "def f():\n    return 3\n")
    put(root / "v/乙.md", NOTES["乙.md"] + "一句。\n")
    assert told(check(root)) == told_anew(root, monkeypatch)
