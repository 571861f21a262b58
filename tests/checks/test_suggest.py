"""Hints and fixes for links: what is offered, what is not, and that a fix resolves."""

from __future__ import annotations

import pytest

from kbtools.app import check_files
from kbtools.model import Finding
from kbtools.nearest import loosen, loosen_heading
from kbtools.suggest import GUESSES

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


def test_guesses_are_made_for_the_first_findings_only_and_exact_repairs_for_all() -> None:
    findings = findings_of("[[反向传波]] " * (GUESSES + 5) + "[[BP]]")
    assert [bool(finding.hint) for finding in findings] == [True] * GUESSES + [False] * 5 + [True]


def test_fixes_are_idempotent() -> None:
    text = "[[LSMT]] [[BP]] [[AE]] ![[loss]] [[LSTM#三个 门]] [[反向传波]]\n"
    assert fixed(fixed(text)) == fixed(text)


def test_an_unlinkable_name_is_not_put_into_a_property() -> None:
    report = check_files({'a"b.md': "", "x.md": "[[a＂b]]"}, select=RULES)
    assert [finding.fix for finding in report.findings] == [None]


def test_loosen() -> None:
    assert loosen("Self-Attention_机 制·Ａ") == "selfattention机制a"
    assert loosen_heading("1.2 链式法则：推导！") == "12链式法则推导"
