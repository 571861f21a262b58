"""Callouts: quotes that begin with `[!type]`, as Obsidian's help lists them, in the markup of Material's admonitions.

Source: https://help.obsidian.md/callouts. A type nobody knows is a note under its own name.
"""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple

from markdown_it.token import Token

HEAD = re.compile(r"\[!(?P<type>[^\]\n|]+)(?:\|[^\]\n]*)?\](?P<fold>[+-]?)[ \t]*(?P<title>[^\n]*)\n?")
TITLES = {
    "note": "笔记",
    "abstract": "摘要",
    "summary": "小结",
    "tldr": "一句话",
    "info": "信息",
    "todo": "待办",
    "tip": "提示",
    "hint": "提示",
    "important": "重要",
    "success": "成功",
    "check": "检查",
    "done": "完成",
    "question": "问题",
    "help": "求助",
    "faq": "常见问题",
    "warning": "警告",
    "caution": "小心",
    "attention": "注意",
    "failure": "失败",
    "fail": "失败",
    "missing": "缺失",
    "danger": "危险",
    "error": "错误",
    "bug": "缺陷",
    "example": "例子",
    "quote": "引用",
    "cite": "引用",
}
"""Every type, with the title it has when the author gives none."""
LOOKS = {
    "summary": "abstract",
    "tldr": "abstract",
    "hint": "tip",
    "important": "tip",
    "check": "success",
    "done": "success",
    "help": "question",
    "faq": "question",
    "caution": "warning",
    "attention": "warning",
    "fail": "failure",
    "missing": "failure",
    "error": "danger",
    "cite": "quote",
}
"""The types that look like another one."""


class Callout(NamedTuple):
    """A callout's head. `fold` is "", "+" or "-"; `title` is Markdown, "" where none is given."""

    type: str
    fold: str
    title: str

    @property
    def look(self) -> str:
        return LOOKS.get(self.type, self.type) if self.type in TITLES else "note"

    @property
    def default_title(self) -> str:
        return TITLES.get(self.type) or self.type[:1].upper() + self.type[1:]


def mark_callouts(tokens: list[Token]) -> list[Token]:
    """Blocks in which the quotes that are callouts are named so, their titles parted from their text."""
    if not any(token.type == "blockquote_open" for token in tokens):
        return tokens
    marked: list[Token] = []
    open_quotes: list[Callout | None] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        place += 1
        marked.append(token)
        if token.type == "blockquote_open":
            head = HEAD.match(tokens[place + 1].content) if tokens[place].type == "paragraph_open" else None
            open_quotes.append(_read(head) if head else None)
            if head:
                place += _part(tokens, place, head, marked, open_quotes[-1])
        elif token.type == "blockquote_close" and (callout := open_quotes.pop()):
            token.type, token.meta = "callout_close", {"callout": callout}
    return marked


def _read(head: re.Match[str]) -> Callout:
    return Callout(head["type"].strip().lower(), head["fold"], head["title"].strip())


def _part(tokens: list[Token], place: int, head: re.Match[str], marked: list[Token], callout: Callout | None) -> int:
    """Write the title that the first paragraph of a callout begins with; how many tokens are done."""
    marked[-1].type, marked[-1].meta = "callout_open", {"callout": callout}
    opening, inline = tokens[place], tokens[place + 1]
    title = Token("inline", "", 0, content=head["title"].strip(), children=[], map=opening.map)
    marked += [Token("callout_title_open", "p", 1, meta={"callout": callout}), title]
    marked.append(Token("callout_title_close", "p", -1, meta={"callout": callout}))
    inline.content = inline.content[head.end() :]
    return 0 if inline.content.strip() else 3


def open_callout(callout: Callout, ids: str) -> str:
    """The beginning of a callout; `ids` is its id attribute, with a blank before it, or ""."""
    named = f' data-callout="{escape(callout.type)}"'
    if not callout.fold:
        return f'<div class="admonition {callout.look}"{named}{ids}>\n'
    unfolded = " open" if callout.fold == "+" else ""
    return f'<details class="{callout.look}"{named}{ids}{unfolded}>\n'


def close_callout(callout: Callout) -> str:
    """The end of a callout."""
    return "</details>\n" if callout.fold else "</div>\n"
