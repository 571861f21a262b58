"""Hints and fixes for links: what is offered, what is not, and that a fix resolves."""

from __future__ import annotations

import time

import pytest

from kbtools.app import check_files, snapshot_of
from kbtools.checks.broken_link import check_edge
from kbtools.model import Finding
from kbtools.nearest import loosen, loosen_heading
from kbtools.suggest import GUESSES, add_hints
from tests.checks.test_nearest import MISSPELT, NOTES

RULES = ["broken-link", "broken-embed", "broken-anchor"]
FILES = {
    "LSTM.md": "---\naliases: [长短期记忆]\n---\n## 三个门\n\n## 1.2 链式法则：推导\n\n定义 ^def\n",
    "反向传播.md": "---\naliases: [BP]\n---\n",
    "a/总结.md": "",
    "b/总结.md": "",
    "a/README.md": "",
    "图/loss.svg": "",
    "v1.2.md": "",
    "自编码器.md": "---\naliases: [AE]\n---\n",
    "对抗样本.md": "---\naliases: [AE]\n---\n",
}


def findings_of(text: str) -> tuple[Finding, ...]:
    return check_files({**FILES, "x.md": text}, select=RULES).findings


def fixed(text: str) -> str:
    """The text with every fix applied."""
    for finding in reversed(findings_of(text)):
        if finding.fix:
            text = text[: finding.fix.span.start] + finding.fix.text + text[finding.fix.span.end :]
    return text


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("[[LSMT]]", "[[LSTM]]"),
        ("[[ＬＳＴＭ]]", "[[LSTM]]"),
        ("[[LSMT|门]]", "[[LSTM|门]]"),
        ("[[BP]]", "[[反向传播|BP]]"),
        ("[[bp]]", "[[反向传播|bp]]"),
        ("[[BP|算法]]", "[[反向传播|算法]]"),
        ("| [[BP]] |\n|---|\n", "| [[反向传播\\|BP]] |\n|---|\n"),
        ("| a | [[BP]] |\n|---|---|\n", "| a | [[反向传播\\|BP]] |\n|---|---|\n"),
        ("![[BP]]", "![[反向传播]]"),
        ("![[loss]]", "![[loss.svg]]"),
        ("![[loss|300]]", "![[loss.svg|300]]"),
        ("[[old/LSTM]]", "[[LSTM]]"),
        ("[[v 1.2]]", "[[v1.2]]"),
        ('---\nup: "[[BP]]"\n---\n', '---\nup: "[[反向传播|BP]]"\n---\n'),
        ("[[LSTM#三个 门]]", "[[LSTM#三个门]]"),
        ("[[LSTM#1.2 链式法则:推导|见]]", "[[LSTM#1.2 链式法则：推导|见]]".replace("1.2", "1.2")),
        ("## 甲。乙\n\n[[#甲乙]]", "## 甲。乙\n\n[[#甲。乙]]"),
    ],
)
def test_exactly_one_repair_is_a_fix(broken: str, mended: str) -> None:
    assert fixed(broken) == mended
    assert findings_of(mended) == ()


@pytest.mark.parametrize(
    "text",
    [
        "[[AE]]",
        "[[c/总结]]",
        "[[c/README]]",
        "[[反向传波]]",
        "[[BP#节]]",
        "[x](old/LSTM.md)",
        "[[GPT4]]",
        "[[LSTM#门]]",
        "[[LSTM#^deff]]",
        "[[https://x.org]]",
    ],
)
def test_what_is_not_proven_is_not_fixed(text: str) -> None:
    (finding,) = findings_of(text)
    assert finding.fix is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[[BP]]", "'BP' is an alias of 反向传播: write [[反向传播|BP]]"),
        ("[[AE]]", "'AE' is an alias of 对抗样本 and 自编码器: write [[对抗样本|AE]] or [[自编码器|AE]]"),
        ("[[c/总结]]", "did you mean [[a/总结]] or [[b/总结]]?"),
        ("[x](old/LSTM.md)", "did you mean 'LSTM.md'?"),
        ("[[LSTM#^deff]]", "did you mean [[LSTM#^def]]?"),
        ("[[四元数]]", ""),
    ],
)
def test_hint(text: str, hint: str) -> None:
    (finding,) = findings_of(text)
    assert finding.hint == hint


def test_guesses_are_made_for_the_first_names_only_and_exact_repairs_for_all() -> None:
    misspelt = "".join(f"[[反向传波{'波' * number}]] " for number in range(GUESSES + 5))
    files = {"反向传播波波波波波波波波波波波波波波.md": "", **FILES, "x.md": misspelt + "[[反向传波]] [[BP]]"}
    findings = check_files(files, select=RULES).findings
    assert len(findings) == GUESSES + 7
    assert [bool(finding.hint) for finding in findings[GUESSES : GUESSES + 5]] == [False] * 5
    assert findings[0].hint == findings[-2].hint != ""
    assert findings[-1].hint


def test_fixes_are_idempotent() -> None:
    text = "[[LSMT]] [[BP]] [[AE]] ![[loss]] [[LSTM#三个 门]] [[反向传波]]\n"
    assert fixed(fixed(text)) == fixed(text)


def test_an_unlinkable_name_is_not_put_into_a_property() -> None:
    report = check_files({'a"b.md': "", "x.md": "[[a＂b]]"}, select=RULES)
    assert [finding.fix for finding in report.findings] == [None]


def test_loosen() -> None:
    assert loosen("Self-Attention_机 制·Ａ") == "selfattention机制a"
    assert loosen("ch 1-2") == loosen("ch１.２") != loosen("ch 12")
    assert loosen_heading("1.2 链式法则：推导！") == loosen_heading("1 2 链式法则:推导") == "1.2链式法则推导"


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"ch 1-2.md": ""}, "[[ch 12]]"),
        ({"b.md": "## 1.2 门"}, "[[b#12 门]]"),
        ({"b.md": "定义 ^1-23"}, "[[b#^12-3]]"),
        ({"b.md": "## ！！"}, "[[b#？？]]"),
        ({"v1.23.md": ""}, "[[v12.3]]"),
    ],
)
def test_another_number_is_not_the_same_name(files: dict[str, str], text: str) -> None:
    (finding,) = check_files({**files, "x.md": text}, select=RULES).findings
    assert finding.fix is None


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"BatchNorm.md": "", "批归一化.md": "---\naliases: [Batch Norm]\n---\n"}, "[[batch norm]]"),
        ({"LSTM.md": ""}, "## 关于 [[LSMT]]"),
        ({"LSTM.md": ""}, "关于 [[LSMT]]\n==="),
        ({"a`b.md": ""}, "[[a` b]]"),
        ({"a$b.md": ""}, "[[a$ b]]"),
        ({"a%%b.md": ""}, "[[a%% b]]"),
        ({"b.md": "## `f`"}, "[[b#f ]] [[b#f！]]"),
    ],
)
def test_a_fix_that_might_change_more_is_not_offered(files: dict[str, str], text: str) -> None:
    findings = check_files({**files, "x.md": text}, select=RULES).findings
    assert findings
    assert [finding.fix for finding in findings if finding.fix] == []


def test_a_name_that_an_excluded_note_has_too_is_written_with_its_folder() -> None:
    files = {"kb.toml": "ignore = ['out/**']", "a/LSTM.md": "", "out/LSTM.md": "", "x.md": "[[LSMT]]"}
    (finding,) = check_files(files, select=RULES).findings
    assert finding.fix is not None
    assert finding.fix.text == "[[a/LSTM]]"


def test_the_folder_that_was_written_comes_first() -> None:
    files = {"a/总结.md": "", "b/总结.md": "", "c/d/总结.md": ""}
    (finding,) = check_files({**files, "x.md": "[[旧/b/总结]]"}, select=RULES).findings
    assert finding.hint == "did you mean [[b/总结]], [[a/总结]] or [[c/d/总结]]?"


def test_a_block_without_its_mark() -> None:
    assert findings_of("[[LSTM#def]]")[0].hint == "a block is written [[LSTM#^def]]"


def test_a_heading_of_an_excluded_note_is_not_explained() -> None:
    report = check_files({"kb.toml": "ignore = ['out/**']", "out/b.md": "## 门", "x.md": "[[b#窗]]"}, select=RULES)
    assert [finding.hint for finding in report.findings] in ([], [""])


def test_a_table_without_outer_bars() -> None:
    assert fixed("名 | 义\n---|---\n[[BP]]\n") == "名 | 义\n---|---\n[[反向传播\\|BP]]\n"
    assert fixed("| 名 |\n\n[[BP]]\n") == "| 名 |\n\n[[反向传播|BP]]\n"


def test_hundreds_of_findings_among_ten_thousand_notes_are_explained_in_no_time() -> None:
    notes = {f"{number % 30}/{note}.md": f"---\naliases: [别名{number}]\n---\n" for number, note in enumerate(NOTES)}
    words = list(MISSPELT)
    text = "\n\n".join(f"[[{words[at % 40]}]] [[{words[at % 40]}{at}]] [[别名{at}]]" for at in range(170))
    vault = snapshot_of({**notes, "x.md": text})
    findings = [found for edge in vault.iter_trouble() for found in check_edge(edge, vault)]

    def explain() -> float:
        started = time.process_time()
        explained = add_hints(findings, vault)
        spent = time.process_time() - started
        assert sum(bool(finding.fix) for finding in explained) >= 170
        return spent

    assert len(findings) > 500
    assert min(explain() for _ in range(3)) < 0.3
