"""A fix is right: applied, it makes its finding disappear, adds none, and changes the meaning of no other link."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbtools.app import check_files, snapshot_of
from kbtools.config import parse_config_text
from kbtools.model import Edge, Finding, Found

RULES = ["broken-link", "broken-embed", "broken-anchor", "ambiguous-link", "malformed-link"]
NAMES = [
    "LSTM",
    "反向传播",
    "BatchNorm",
    "batch norm",
    "总结",
    "v1.2",
    "ch 1-2",
    "ch 12",
    "a`b",
    "a$b",
    "README",
    "图.png",
    "a&b",
    "Q A",
]
WRITTEN = [
    *NAMES,
    "LSMT",
    "ＬＳＴＭ",
    "反向播传",
    "BP",
    "bp",
    "batch-norm",
    "v 1.2",
    "ch1-2",
    "a` b",
    "a$ b",
    "图",
    "旧/总结",
    "q-a",
    "概念/LSTM",
]
HEADINGS = ["三个门", "1.2 推导：一", "甲。乙", "`f()` 与 g", "BP", "关于 [[BP]]", "A#B", "门 ^id"]
PLACES = ["三个 门", "1.2 推导:一", "甲乙", "f与g", "bp！", "关于BP", "A B！", "门！", "^ID", "无"]
SHAPES = [
    "{}",
    "{} {}",
    "- {}，`{}`",
    "> [!note]\n> {}",
    "| {} | {} |\n|---|---|\n| {} | x |",
    "甲 | 乙\n---|---\n{} | {}\n{}",
    "## {}",
    "{}\n===",
    "==关于 {}==",
    "半个 ` {} 与 $ {} ",
    "%%{}%%",
    "    {}",
    "[{}](LSMT.md)",
]

names, folders = st.sampled_from(NAMES), st.sampled_from(["", "甲/", "概念/", "甲/乙/"])
paths = st.builds(lambda folder, name: folder + (name if name.endswith(".png") else f"{name}.md"), folders, names)
links = st.builds(
    "{}[[{}{}{}]]".format,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(WRITTEN[len(NAMES) :]) | st.sampled_from(WRITTEN),
    st.sampled_from(["", "", "", *(f"#{place}" for place in PLACES)]),
    st.sampled_from(["", "", "|显示", "\\|显示", "|"]),
)
inner = st.sampled_from([f"[[#{place}]]" for place in PLACES])
paragraphs = st.builds(
    lambda shape, fill: shape.format(*fill), st.sampled_from(SHAPES), st.lists(links | inner, min_size=3, max_size=3)
)
headings = st.sampled_from(HEADINGS).map("## {}".format)
frontmatter = st.builds(
    lambda aliases, up: f'---\naliases: [{", ".join(aliases)}]\nup: "{up}"\n---\n',
    st.lists(st.sampled_from(["BP", "Batch Norm", "Q&A"]), max_size=2),
    links.filter(lambda link: "\\" not in link),
)
notes = st.builds(
    lambda front, parts: front + "\n\n".join(parts) + "\n",
    st.just("") | frontmatter,
    st.lists(paragraphs | headings, min_size=1, max_size=4),
)
vaults = st.dictionaries(paths, notes, min_size=4, max_size=9)
configs = st.sampled_from(["", "ignore = ['甲/乙/**']", "ignore = ['概念/**']"])


def edges_of(files: dict[str, str]) -> list[Edge]:
    texts = {path: text for path, text in files.items() if path != "kb.toml"}
    return list(snapshot_of(texts, parse_config_text(files["kb.toml"], site=False)).iter_edges())


def meanings(edges: list[Edge]) -> Iterator[tuple[object, ...]]:
    """What each link says and means, whatever its place; of an anchor its key, for its text may be what was mended."""
    for edge in edges:
        found = (edge.to.path, edge.to.anchor and edge.to.anchor.key) if isinstance(edge.to, Found) else edge.to
        yield edge.source, edge.link.target, edge.link.subpath, edge.link.hidden, found


def facts(findings: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return sorted((finding.path, finding.rule, finding.message) for finding in findings)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(vaults, configs)
def test_a_fix_mends_its_link_and_nothing_else(notes: dict[str, str], config: str) -> None:
    files = {**notes, "kb.toml": config}
    findings, before = check_files(files, select=RULES).findings, edges_of(files)
    for finding in findings:
        if not finding.fix:
            continue
        text, span = files[finding.path], finding.fix.span
        mended = {**files, finding.path: text[: span.start] + finding.fix.text + text[span.end :]}
        others = facts(findings)
        others.remove((finding.path, finding.rule, finding.message))
        assert facts(check_files(mended, select=RULES).findings) == others
        after = edges_of(mended)
        (at,) = (at for at, edge in enumerate(before) if edge.source == finding.path and edge.link.span == finding.span)
        assert isinstance(after[at].to, Found)
        assert list(meanings(after[:at] + after[at + 1 :])) == list(meanings(before[:at] + before[at + 1 :]))


def test_the_vaults_above_do_hold_fixes() -> None:
    files = {"LSTM.md": "## 三个门\n", "a.md": "| [[LSMT]] | [[LSTM#三个 门]] |\n|---|---|\n", "kb.toml": ""}
    assert [bool(finding.fix) for finding in check_files(files, select=RULES).findings] == [True, True]
