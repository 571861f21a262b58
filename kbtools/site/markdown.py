"""A note's text -> a `Document`: blocks and inline tokens of markdown-it, with everything found that is Obsidian's own.

Nothing here knows of a vault or writes HTML, and a document depends on its text alone; so those last read are remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.reference import reference
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def

from kbtools.site import inlinerules
from kbtools.site.blockids import name_blocks
from kbtools.site.callouts import mark_callouts
from kbtools.site.footnotes import Footnote, part_footnotes
from kbtools.site.marks import OPEN, Prepared, prepare
from kbtools.site.surplus import keep_surplus

TASK = re.compile(r"\[(?P<state>[^\]\n])\](?:[ \t]+|$)")
WIKILINK_DEFINITION = re.compile(rf"\[[^\]]*\]:\s*{OPEN}")
MAX_NESTING = 100


@dataclass(frozen=True, slots=True)
class Document:
    """A note, parsed. The tokens are shared and must not be changed."""

    prepared: Prepared
    tokens: tuple[Token, ...]
    footnotes: tuple[Footnote, ...]


@lru_cache(maxsize=16)
def parse(text: str) -> Document:
    """A note's text, properties included or not; total."""
    prepared = prepare(text)
    env: dict[str, Any] = {}
    tokens: list[Token] = []
    PARSER.block.parse(prepared.text, PARSER, env, tokens)
    tokens = mark_callouts(list(keep_surplus(tokens, prepared.text.split("\n"))))
    _mark_tasks(tokens)
    labels = env.get("footnotes", {}).get("refs", {})
    env["labels"] = {label[1:].lower() for label in labels}
    for token in tokens:
        if token.type == "inline" and token.children is not None:
            _parse_inline(token.content, env, token.children)
    tokens = name_blocks(tokens, prepared.marks)
    body, footnotes = part_footnotes(tokens)
    return Document(prepared, tuple(body), footnotes)


def _parse_inline(content: str, env: dict[str, Any], children: list[Token]) -> None:
    PARSER.inline.parse(content, PARSER, env, children)
    if "^[" in content:
        for child in children:
            if child.type == "inline_footnote":
                child.children = PARSER.inline.parse(child.content, PARSER, env, [])


def _mark_tasks(tokens: list[Token]) -> None:
    """Say of list items that begin with `[ ]`, `[x]` or another such box what is in it, and take the box away."""
    for place, token in enumerate(tokens):
        if token.type != "list_item_open" or tokens[place + 1].type != "paragraph_open":
            continue
        inline = tokens[place + 2]
        box = TASK.match(inline.content)
        if box:
            token.meta["task"] = box["state"]
            inline.content = inline.content[box.end() :]


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """CommonMark's reference definitions, but that `[x]: [[y]]` is a wikilink."""
    if WIKILINK_DEFINITION.match(state.src, state.bMarks[start] + state.tShift[start]):
        return False
    return reference(state, start, end, silent)


def _make_parser() -> MarkdownIt:
    options = {"maxNesting": MAX_NESTING, "store_labels": True, "inline_definitions": True}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    parser.block.ruler.at("reference", _reference)
    parser.block.ruler.before("reference", "footnote_def", footnote_def, {"alt": ["paragraph", "reference"]})
    inlinerules.add_rules(parser)
    parser.normalizeLink = str  # type: ignore[method-assign, assignment]  # addresses are read as the vault reads them,
    parser.validateLink = _accept  # type: ignore[method-assign]  # and judged where they are written
    return parser


def _accept(url: str) -> bool:
    """Every address is a link's; whether it may be followed is judged where it is written."""
    return True


PARSER = _make_parser()
