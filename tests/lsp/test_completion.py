"""What is offered where, and what choosing it writes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kbtools import app
from kbtools.config import Config
from kbtools.lsp.completion import MOST, Candidates, complete
from kbtools.suggest import Lookup
from kbtools.vault.settings import LinkFormat
from tests.lsp.cursors import PROJECT, look

NOTES = {
    "概念/反向传播.md": "---\naliases: [BP, 误差反传]\ntags: [神经/训练]\n---\n"
    "# 反向传播\n\n## 链式法则：推导\n\n梯度。 ^grad\n\n## 计算图\n",
    "概念/LSTM.md": "# LSTM\n\n#神经/循环\n",
    "a/Note.md": "",
    "b/Note.md": "",
    "图.svg": "",
}


def offered(files: Mapping[str, str], config: Config | None = None) -> Candidates:
    snapshot, path, offset = look(files, config)
    return complete(snapshot, Lookup(snapshot), path, offset)


def chosen(
    written: str,
    label: str,
    files: Mapping[str, str] = NOTES,
    config: Config | None = None,
    path: str = "x.md",
    wish: LinkFormat = "shortest",
) -> str:
    """The note's text after a candidate was chosen."""
    snapshot, note, offset = look({**files, path: written}, config)
    found = complete(snapshot, Lookup(snapshot), note, offset, wish).found
    [candidate] = [candidate for candidate in found if candidate.label == label]
    text = written.replace("¦", "")
    return text[: candidate.span.start] + candidate.text + text[candidate.span.end :]


@pytest.mark.parametrize(
    ("written", "label", "becomes"),
    [
        ("见[[反¦", "反向传播", "见[[反向传播]]"),
        ("见[[¦]]。", "LSTM", "见[[LSTM]]。"),
        ("见[[lst¦]]。", "LSTM", "见[[LSTM]]。"),
        ("见[[ＬＳ¦", "LSTM", "见[[LSTM]]"),
        ("见[[BP¦", "BP", "见[[反向传播|BP]]"),
        ("见[[误差¦]]", "误差反传", "见[[反向传播|误差反传]]"),
        ("| [[bp¦ |", "BP", "| [[反向传播\\|BP]] |"),
        ("![[图¦", "图.svg", "![[图.svg]]"),
        ("[[no¦", "a/Note", "[[a/Note]]"),
        ("见[[反向传播#链¦", "链式法则：推导", "见[[反向传播#链式法则：推导]]"),
        ("见[[反向传播#¦]]", "计算图", "见[[反向传播#计算图]]"),
        ("见[[反向传播#反向传播#计¦", "计算图", "见[[反向传播#反向传播#计算图]]"),
        ("见[[反向传播#^g¦", "^grad", "见[[反向传播#^grad]]"),
        ("# 一\n\n[[#¦", "一", "# 一\n\n[[#一]]"),
        ("#神¦", "#神经/训练", "#神经/训练"),
        ("😀𠮷 [[反¦", "反向传播", "😀𠮷 [[反向传播]]"),
        ("[[概念/l¦", "LSTM", "[[LSTM]]"),
        ("[[b/¦", "b/Note", "[[b/Note]]"),
    ],
)
def test_choosing(written: str, label: str, becomes: str) -> None:
    assert chosen(written, label) == becomes


@pytest.mark.parametrize(
    "written",
    ["plain¦", "[[反向传播]]¦", "[[反向传播|显¦", "```\n[[反¦\n```\n", "C#¦", "[[没有#¦", "```py\n#神¦\n```\n"],
)
def test_nothing_is_offered(written: str) -> None:
    assert offered({**NOTES, "x.md": written}).found == ()


MARKDOWN = {**NOTES, "a b/50% (x).md": "---\naliases: [half]\n---\n# 一 (二)\n\n## 三 四\n\nx ^id\n"}


@pytest.mark.parametrize(
    ("written", "label", "becomes"),
    [
        ("见[它](反¦", "反向传播.md", "见[它](反向传播.md)"),
        ("见[它](¦)。", "LSTM.md", "见[它](LSTM.md)。"),
        ("[它](lst¦ 'title')", "LSTM.md", "[它](LSTM.md 'title')"),
        ("[x](bp¦", "BP", "[x](反向传播.md)"),
        ("![图](图¦", "图.svg", "![图](图.svg)"),
        ("[x](no¦", "a/Note.md", "[x](a/Note.md)"),
        ("[x](b/no¦", "b/Note.md", "[x](b/Note.md)"),
        ("[x](50¦", "50% (x).md", "[x](50%25%20%28x%29.md)"),
        ("[x](50%25%20¦", "50% (x).md", "[x](50%25%20%28x%29.md)"),
        ("[x](<50¦", "50% (x).md", "[x](<50%25 (x).md>)"),
        ("[x](<50¦>)", "50% (x).md", "[x](<50%25 (x).md>)"),
        ("[x](<50¦)", "50% (x).md", "[x](<50%25 (x).md>)"),
        ("[x](./50¦", "a b/50% (x).md", "[x](a%20b/50%25%20%28x%29.md)"),
        ("[x](反向传播.md#链¦", "链式法则：推导", "[x](反向传播.md#链式法则：推导)"),
        ("[x](反向传播#^g¦)", "^grad", "[x](反向传播#^grad)"),
        ("[x](50%25%20%28x%29.md#¦", "一 (二)", "[x](50%25%20%28x%29.md#一%20%28二%29)"),
        ("[x](50%25%20%28x%29.md#一%20%28二%29#三%20¦", "三 四", "[x](50%25%20%28x%29.md#一%20%28二%29#三%20四)"),
        ("[x](<50%25 (x).md#一 ¦", "一 (二)", "[x](<50%25 (x).md#一 (二)>)"),
        ("# 甲 乙\n\n[x](#¦", "甲 乙", "# 甲 乙\n\n[x](#甲%20乙)"),
    ],
)
def test_choosing_in_a_markdown_link(written: str, label: str, becomes: str) -> None:
    assert chosen(written, label, MARKDOWN) == becomes
    [link] = app.snapshot_of({**MARKDOWN, "x.md": becomes}).note("x.md").links
    assert label in (link.target, link.subpath.rpartition("#")[2], "BP")


@pytest.mark.parametrize(
    ("wish", "label", "becomes"),
    [
        ("shortest", "LSTM.md", "[x](LSTM.md)"),
        ("relative", "../概念/LSTM.md", "[x](../概念/LSTM.md)"),
        ("absolute", "概念/LSTM.md", "[x](概念/LSTM.md)"),
    ],
)
def test_links_are_written_as_obsidian_is_set_to(wish: LinkFormat, label: str, becomes: str) -> None:
    assert chosen("[x](lst¦", label, path="a/x.md", wish=wish) == becomes
    assert chosen("[[lst¦", label[:-3], path="a/x.md", wish=wish) == f"[[{label[:-3]}]]"


@pytest.mark.parametrize(
    "written", ["f](反¦", "[x] (反¦", "[x](反向传播.md)¦", "[x](https://反¦", "[x](反 ¦", "```\n[x](反¦\n```\n", "[x](没有.md#¦"]
)
def test_nothing_is_offered_outside_of_a_markdown_link(written: str) -> None:
    assert offered({**NOTES, "x.md": written}).found == ()


@pytest.mark.parametrize("properties", ["tags: [神¦]", "tags:\n  - 神¦", "tags: 神¦"])
def test_tags_in_properties(properties: str) -> None:
    found = offered({**NOTES, "x.md": f"---\n{properties}\n---\n"}).found
    assert {"神经/训练", "神经/循环"} <= {candidate.text for candidate in found}


def test_no_tags_under_another_property() -> None:
    assert offered({**NOTES, "x.md": "---\ntags: [a]\ntitle: 神¦\n---\n"}).found == ()


def test_the_tag_being_typed_is_not_its_own_candidate() -> None:
    assert [candidate.text for candidate in offered({**NOTES, "x.md": "#神经¦"}).found] == ["神经/循环", "神经/训练"]


def test_what_begins_with_the_word_comes_first() -> None:
    labels = [candidate.label for candidate in offered({"x.md": "[[ab¦", "cab.md": "", "abc.md": "", "ab.md": ""}).found]
    assert labels == ["ab", "abc", "cab"]


def test_the_second_of_two_equal_headings_is_reached_by_the_one_above() -> None:
    files = {"n.md": "# A\n\n## 例\n\n# B\n\n## 例\n"}
    assert [candidate.label for candidate in offered({**files, "x.md": "[[n#例¦"}).found] == ["例"]
    assert chosen("[[n#B#¦", "例", files) == "[[n#B#例]]"


def test_many_are_cut_and_said_to_be() -> None:
    files = {f"n{number}.md": "" for number in range(MOST + 5)}
    found = offered({**files, "x.md": "[[n¦"})
    assert (len(found.found), found.is_all) == (MOST, False)


CODE = {
    "snippets/seq/rnn.py": "def rnn_step(x):\n    return x\n\n\n# region demo\nrnn_step(1)\n# endregion\n",
    "snippets/seq/gru.py": "",
    "tests/snippets/test_rnn.py": "",
}


@pytest.mark.parametrize(
    ("written", "label", "becomes"),
    [
        ('```python title="¦"\n```', "snippets/seq/rnn.py", '```python title="snippets/seq/rnn.py"\n```'),
        ('```python title="rn¦"\n```', "snippets/seq/rnn.py", '```python title="snippets/seq/rnn.py"\n```'),
        ('> ```py title="snippets/seq/rnn.py#¦', "demo", '> ```py title="snippets/seq/rnn.py#demo'),
        ('```py title="snippets/seq/rnn.py#st¦"', "rnn_step", '```py title="snippets/seq/rnn.py#rnn_step"'),
    ],
)
def test_titles(written: str, label: str, becomes: str) -> None:
    assert chosen(written, label, CODE, PROJECT, "notes/x.md") == becomes
