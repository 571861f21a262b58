"""Footnotes: which definitions a text has, how they are numbered, and the list of them at its end.

Numbers follow the first use. A definition that nothing refers to comes last, so that no text is lost. The markup is that of
Python-Markdown, which Material knows; a footnote's id is `fn:` and its label in lower case, so that links can name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from markdown_it.token import Token


@dataclass(slots=True)
class Footnote:
    """One footnote: its blocks, its number (from 1) and how many times the text refers to it."""

    label: str
    tokens: list[Token] = field(default_factory=list)
    number: int = 0
    uses: int = 0

    def id(self, part: str) -> str:
        """The id of the footnote; `part` tells the texts of a page apart that has several."""
        return f"fn:{part}{self.label}"

    def use_id(self, use: int, part: str) -> str:
        """The id of a place that refers to it (from 1)."""
        return f"fnref:{part}{self.label}" if use == 1 else f"fnref{use}:{part}{self.label}"


def part_footnotes(tokens: list[Token]) -> tuple[list[Token], tuple[Footnote, ...]]:
    """The blocks without the definitions, and the footnotes by number; a reference's `meta` then says which one, which use."""
    body, defined = _take_definitions(tokens)
    by_label: dict[str, Footnote] = {}
    for footnote in defined:
        by_label.setdefault(footnote.label, footnote)
    numbered: list[Footnote] = []
    _number(body, by_label, numbered)
    waiting = iter(defined)
    done = 0
    while True:
        while done < len(numbered):
            _number(numbered[done].tokens, by_label, numbered)
            done += 1
        unused = next((footnote for footnote in waiting if not footnote.number), None)
        if unused is None:
            break
        _append(unused, numbered)
    return body, tuple(numbered)


def _take_definitions(tokens: list[Token]) -> tuple[list[Token], list[Footnote]]:
    if not any(token.type == "footnote_reference_open" for token in tokens):
        return tokens, []
    body: list[Token] = []
    defined: list[Footnote] = []
    open_lists = [body]
    for token in tokens:
        if token.type == "footnote_reference_open":
            defined.append(Footnote(str(token.meta["label"]).lower()))
            open_lists.append(defined[-1].tokens)
        elif token.type == "footnote_reference_close":
            open_lists.pop()
        else:
            open_lists[-1].append(token)
    return body, defined


def _number(tokens: list[Token], by_label: dict[str, Footnote], numbered: list[Footnote]) -> None:
    for token in _iter_references(tokens):
        if token.type == "inline_footnote":
            paragraph = Token("inline", "", 0, children=token.children)
            blocks = [Token("paragraph_open", "p", 1), paragraph, Token("paragraph_close", "p", -1)]
            footnote = Footnote(f"inline-{len(numbered) + 1}", blocks)
        else:
            footnote = by_label[token.content.lower()]
        if not footnote.number:
            _append(footnote, numbered)
        footnote.uses += 1
        token.meta = {"footnote": footnote, "use": footnote.uses}


def _append(footnote: Footnote, numbered: list[Footnote]) -> None:
    footnote.number = len(numbered) + 1
    numbered.append(footnote)


def _iter_references(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        for child in token.children or ():
            if child.type == "footnote" or (child.type == "inline_footnote" and child.children is not None):
                yield child


def write_reference(token: Token, url: str, part: str) -> str:
    """The number in the text. `url` is the page that has the list of footnotes, "" for this one, which then gets an id."""
    footnote: Footnote = token.meta["footnote"]
    own = "" if url else f' id="{escape(footnote.use_id(token.meta["use"], part))}"'
    href = f"{url}#{quote(footnote.id(part), safe=':')}"
    return f'<sup{own}><a class="footnote-ref" href="{href}">{footnote.number}</a></sup>'


def write_back_links(footnote: Footnote, part: str) -> str:
    """The ways back from a footnote to the text."""
    links = []
    for use in range(1, footnote.uses + 1):
        said = "回到正文" if footnote.uses == 1 else f"回到正文第 {use} 处"
        href = quote(footnote.use_id(use, part), safe=":")
        links.append(f'<a class="footnote-backref" href="#{href}" title="{said}" aria-label="{said}">↩</a>')
    return " ".join(links)
