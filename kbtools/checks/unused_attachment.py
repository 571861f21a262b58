"""No note links to this attachment.

Pictures stay behind when the notes that showed them are rewritten; they make the vault heavy and its search noisy. Only
what Obsidian calls an attachment is looked at (pictures, audio, video, PDF and office documents), and only links count,
as in Obsidian: an `<img>` in raw HTML or a bare file name in a property is none.

Example: `attachments/旧结构图.png` that no `![[旧结构图.png]]` shows.

Fix: show it, delete it, or add its folder to `ignore`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, Span, Vault

SEVERITY: Final = "off"
NEEDS: Final = ""
PICTURES: Final = ("avif", "bmp", "gif", "jpeg", "jpg", "png", "svg", "webp")
SOUND_AND_FILM: Final = ("flac", "m4a", "mp3", "ogg", "wav", "webm", "3gp", "mkv", "mov", "mp4", "ogv")
DOCUMENTS: Final = ("pdf", "docx", "pptx", "xlsx", "epub", "zip")
KINDS: Final = frozenset((*PICTURES, *SOUND_AND_FILM, *DOCUMENTS))


def check(vault: Vault) -> Iterator[Finding]:
    unused = {path for path in vault.attachments if path[path.rfind(".") + 1 :].lower() in KINDS}
    if unused:
        unused.difference_update(path for _, path in vault.iter_targets())
    for path in sorted(unused):
        yield Finding("unused-attachment", "warning", path, Span(0, 0), "no note links to this attachment")
