"""A note -> its self-test: every `> [!question] …` callout, the title as the question and what stands below as the answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from html import escape
from typing import Final, NamedTuple

from kbtools.model import Note

OPENING: Final = re.compile(
    r"^(?P<prefix>[ \t]{0,3}(?:>[ \t]?)+)\[!(?:question|faq|help)\][+-]?[ \t]*(?P<title>.*)$", re.IGNORECASE
)
QUOTE: Final = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+")
CODE: Final = re.compile(r"`([^`\n]+)`")
BOLD: Final = re.compile(r"\*\*([^*\n]+)\*\*")
WIKI: Final = re.compile(r"!?\[\[(?P<target>[^\[\]|\n]++)(?:\|(?P<shown>[^\[\]\n]*+))?+\]\]")
LINK: Final = re.compile(r"\[(?P<shown>[^\[\]\n]*+)\]\([^()\n]*+\)")
MATH: Final = re.compile(r"\$\$(?P<block>[^$]+)\$\$|\$(?P<line>(?!\s)[^$\n]+(?<!\s))\$")
LIST: Final = re.compile(r"^[-*+] |^\d+[.)] ")
ORDINAL: Final = re.compile(r"^\d+\.\s+")


class Card(NamedTuple):
    """A question and its answer in Markdown, with where it stands; `key` stays while note name and question do."""

    note: str
    line: int
    question: str
    answer: str
    tags: tuple[str, ...]
    key: str


def find_cards(note: Note) -> Iterator[Card]:
    """The questions of a note that have an answer, in order."""
    lines = note.source.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tags = tuple(dict.fromkeys(tag.name for tag in note.tags))
    stem = note.path[note.path.rfind("/") + 1 :].removesuffix(".md")
    number = 0
    while number < len(lines):
        opening = OPENING.match(lines[number])
        first = number
        number += 1
        if opening is None:
            continue
        depth = opening["prefix"].count(">")
        answer = []
        while number < len(lines) and _depth(lines[number]) >= depth and not OPENING.match(lines[number]):
            answer.append(_inside(lines[number], depth))
            number += 1
        question, text = opening["title"].strip(), "\n".join(answer).strip()
        if question and text:
            key = hashlib.sha256(f"{stem}\0{question}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
            yield Card(note.path, first + 1, question, text, tags, key)


def _depth(line: str) -> int:
    found = QUOTE.match(line)
    return found[0].count(">") if found else 0


def _inside(line: str, depth: int) -> str:
    for _ in range(depth):
        line = re.sub(r"^[ \t]{0,3}>[ \t]?", "", line)
    return line


def to_html(markdown: str) -> str:
    r"""A question or answer as Anki shows it: formulas for its MathJax as `\(…\)`, lists, code and emphasis as HTML."""
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\0{len(kept) - 1}\0"

    def formula(found: re.Match[str]) -> str:
        said = found["block"] if found["block"] is not None else found["line"]
        marks = ("\\[", "\\]") if found["block"] is not None else ("\\(", "\\)")
        return keep(f"{marks[0]}{escape(said.strip(), quote=False)}{marks[1]}")

    text = CODE.sub(lambda found: keep(f"<code>{escape(found[1], quote=False)}</code>"), markdown)
    text = MATH.sub(formula, text)
    text = WIKI.sub(lambda found: found["shown"] or found["target"].replace("#", " > "), text)
    text = LINK.sub(lambda found: found["shown"], text)
    text = BOLD.sub(r"<b>\1</b>", escape(text, quote=False).replace("&lt;br&gt;", "<br>"))
    html = _lines(text.split("\n"))
    while "\0" in html:
        html = re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], html)
    return html


def _lines(lines: list[str]) -> str:
    parts: list[str] = []
    in_list = ""
    for line in lines:
        item = LIST.match(line.strip())
        kind = "" if item is None else "ul" if line.strip()[0] in "-*+" else "ol"
        if kind != in_list:
            parts += [f"</{in_list}>"] if in_list else []
            parts += [f"<{kind}>"] if kind else []
            in_list = kind
        if item is not None:
            parts.append(f"<li>{line.strip()[item.end() :]}</li>")
        else:
            parts.append(f"{line}<br>" if line.strip() else "<br>" if parts else "")
    if in_list:
        parts.append(f"</{in_list}>")
    return "".join(parts).removesuffix("<br>")


def to_anki(cards: Iterator[Card], deck: str) -> Iterator[str]:
    """The lines of a text file that Anki imports: a card a line, known again by its key when it is imported anew."""
    yield from ("#separator:tab", "#html:true", "#notetype:Basic", f"#deck:{deck}", "#guid column:1", "#tags column:4")
    for card in cards:
        tags = " ".join(tag.replace("/", "::") for tag in card.tags)
        cells = (card.key, to_html(ORDINAL.sub("", card.question)), to_html(card.answer), tags)
        yield "\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in cells)
