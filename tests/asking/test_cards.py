"""The self-test callouts as cards."""

from __future__ import annotations

import pytest

from kbtools.app import snapshot_of
from kbtools.asking.cards import Card, find_cards, to_anki, to_html


def cards(text: str) -> list[Card]:
    return list(find_cards(snapshot_of({"n.md": text}).notes["n.md"]))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("> [!question]- Q?\n> A\n", [("Q?", "A")]),
        ("> [!QUESTION]+ Q?\r\n> A\r\n> B\r\n\r\ntext", [("Q?", "A\nB")]),
        ("> [!question] Q1\n> A1\n\n> [!faq] Q2\n> - a\n>   - b\n", [("Q1", "A1"), ("Q2", "- a\n  - b")]),
        ("> [!note] outer\n> > [!question]- Q?\n> > A\n> rest\n", [("Q?", "A")]),
        ("> [!question]- no answer\n\ntext", []),
        ("> [!question]-\n> no question\n", []),
        ("> [!note] N\n> text", []),
    ],
)
def test_questions_and_answers(text: str, found: list[tuple[str, str]]) -> None:
    assert [(card.question, card.answer) for card in cards(text)] == found


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("$a<b$ and $$x$$", "\\(a&lt;b\\) and \\[x\\]"),
        ("`a<b` **b** [[n#h|t]] [[n#h]] [t](u)", "<code>a&lt;b</code> <b>b</b> t n &gt; h t"),
        ("- a\n- b\ntext", "<ul><li>a</li><li>b</li></ul>text"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("a & <script>", "a &amp; &lt;script&gt;"),
        ("$5 and $6", "$5 and $6"),
        ("a\nb", "a<br>b"),
    ],
)
def test_html_for_anki(markdown: str, html: str) -> None:
    assert to_html(markdown) == html


def test_the_key_stays_when_the_answer_changes_and_the_lines_are_whole() -> None:
    one, other = cards("> [!question] 1. Q?\n> A\n> B\tC\n"), cards("text\n\n> [!question] 1. Q?\n> better\n")
    assert one[0].key == other[0].key
    [*_, line] = to_anki(iter(one), "d")
    assert line.split("\t") == [one[0].key, "Q?", "A<br>B C", ""]
