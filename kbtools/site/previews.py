"""What a link leads to, shown before it is followed: the leads of pages, headings and blocks, in shards the browser loads.

A shard is a script that calls `__kb_preview(number, {url: html})`, so that it loads without a server; a url is written as it is
read (decoded), a lead's own addresses are counted from the site's root. A url's shard is the FNV-1a hash of its UTF-8 bytes
modulo the number of shards, which `assets/kb/preview/count.js` says: `assets/preview.js` counts the same way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

FOLDER = "assets/kb/preview"
SHARD_BYTES = 30_000


def iter_preview_files(parts: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """The shards of `parts` (address with anchor -> HTML of its lead), about 30 KB each; a shard without leads is not written."""
    leads = {_key(url): html for url, html in parts.items() if html.strip()}
    total = sum(len(key.encode()) + len(html.encode()) for key, html in leads.items())
    count = -(-total // SHARD_BYTES)
    yield f"{FOLDER}/count.js", f"window.__kb_preview_count={count};\n".encode()
    shards: dict[int, dict[str, str]] = {}
    for key in sorted(leads):
        shards.setdefault(shard_of(key, count), {})[key] = leads[key]
    for number, shard in sorted(shards.items()):
        text = json.dumps(shard, ensure_ascii=False, separators=(",", ":"))
        yield f"{FOLDER}/{number}.js", f"__kb_preview({number},{text});\n".encode()


def shard_of(key: str, count: int) -> int:
    """The number of the shard that holds a decoded address: FNV-1a of 32 bits over its UTF-8 bytes."""
    value = 0x811C9DC5
    for byte in key.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value % count


def _key(url: str) -> str:
    path, mark, anchor = url.partition("#")
    return unquote(path).removesuffix("index.html") + mark + unquote(anchor)
