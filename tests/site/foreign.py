"""A vault as somebody else might have it: every name that a file system and Obsidian allow, and notes that link all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, relpath
from urllib.parse import quote

LONG = "很长的名字" * 16  # 240 bytes
NAMES = (
    *("plain", "with space", " leading", "two  spaces", "trailing.", "dots.in.name", "v1.2", "5.5 小时", "a.md 的笔记", "x.html"),
    *(
        "50%",
        "100% 真的",
        "%41 不是 A",
        "a&b",
        "R&D &amp; co",
        "it's",
        "'quoted'",
        '双"引',
        "c++",
        "1+1=2",
        "[方括号]",
        "(圆) 括号",
    ),
    *("{花}", "~浪~", "`反引`", "$钱$", "=等=", "*星*", "_下划_", "a;b,c", "@我", "!叹号", "，。：；？！", "（全角）", "“引号”"),
    *(
        "🎉",
        "📚 读书",
        "👨‍👩‍👧 家",
        "🇨🇳",
        "e\u0301clair",
        "日本語の",
        "한국어",
        "עברית",
        "ไทย",
        "𠮷野家",
        "index",
        "INDEX",
        "README",
    ),
    *("CON", "nul", "404", "graph", "tags", "assets", "search", "sitemap", "Case", "case", LONG),
)
FOLDERS = ("", "文件 夹/", "📁 emoji & co/", "a/b/c/d/e/f/", "100%/", "plain/", "x.html/", "[old] notes/", "index/")
SETTINGS = "title: 2020\ntemplate: none.html\nhide: true\nicon: 🎉\n"
"""Properties that MkDocs or its theme would take for settings."""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def list_notes() -> list[str]:
    """The paths of all notes: every name in two folders, so that there are notes of one name, and folders named as notes are."""
    return [f"{FOLDERS[(at + turn * 4) % len(FOLDERS)]}{name}.md" for at, name in enumerate(NAMES) for turn in range(2)]


def write_vault(folder: Path) -> None:
    """Write the vault. It links only what is there."""
    for path, data in iter_files():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def iter_files() -> Iterator[tuple[str, bytes]]:
    """(path, content) of its files."""
    paths = list_notes()
    pictures = [f"附 件/{name}.png" for name in NAMES[:-1:3]]
    for at, path in enumerate(paths):
        others = [paths[(at * 7 + step) % len(paths)] for step in (1, 13, 29)]
        picture = pictures[at % len(pictures)]
        yield path, "\n\n".join(_write_note(at, path, others, picture)).encode()
    for picture in pictures:
        yield picture, PIXEL
    yield "with space", b"a file without a suffix, called as a note is"
    yield "附 件/index.html", b"<p>a page of somebody else's"
    yield (
        "板 & 图.canvas",
        b'{"nodes":[{"id":"a","type":"file","file":"50%.md","x":0,"y":0,"width":300,"height":200}],"edges":[]}',
    )


def _write_note(at: int, path: str, others: list[str], picture: str) -> Iterator[str]:
    yield f"---\naliases: [别名 {at}, 'a/b {at}?']\ntags: [标签/第{at % 5}, emoji🎉]\n{SETTINGS}---"
    yield f"## 第 {at} 节 & <co>\n\n这里写着第 {at} 篇。 ^b{at}\n\n#内联标签 #标签/第{at % 3}"
    for other in others:
        if not set(other) & set("[]#^|"):
            yield f"见[[{other.removesuffix('.md')}]]与[[{other.removesuffix('.md')}|别处 & 那里]]。"
        yield f"又见[它]({quote(relpath(other, dirname(path) or '.'))})。"
    yield f"![图|40]({quote(picture)}) <img src='{quote(relpath(picture, dirname(path) or '.'), safe='/ ')}'>"
    yield f"![[{picture}]]" if not set(picture) & set("[]#^|") else ""
    yield f"[[#第 {at} 节 & <co>]] [[#^b{at}]] `<a href='no/link'>` [x](https//no.host/) [y](#没有)"
    if at % 5 == 0 and not set(others[0]) & set("[]#^|"):
        yield f"![[{others[0].removesuffix('.md')}]]"
