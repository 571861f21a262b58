"""Code blocks -> HTML: highlighted code, diagrams, and below code of the project what is known of its proof."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from urllib.parse import quote

from markdown_it.token import Token

from kbtools.site.book import Book, Listing, Proof, relative
from kbtools.site.diagram import render_mermaid
from kbtools.site.highlight import render_code
from kbtools.site.scene import Scene
from kbtools.site.sources import point_to_proof, point_to_source
from kbtools.syntax.note import TITLE

PYTHON = {"py", "python", "python3"}
NAMES = {"cpu": "CPU", "cuda": "CUDA"}
STATES = {"proven": "已证明", "stale": "已过期", "none": "尚未证明"}
ILLUSTRATIVE = '<p class="kb-proof" data-state="illustrative">示意代码，没有证明</p>\n'


def write_code(token: Token, scene: Scene) -> str:
    """A fenced or indented block."""
    code = scene.document.prepared.restore(token.content)
    info = scene.document.prepared.restore(token.info).strip()
    lang = info.split(None, 1)[0] if info else ""
    if lang.lower() == "mermaid":
        return render_mermaid(code)
    found = TITLE.search(info)
    title = "" if found is None else found[1] if found[1] is not None else found[2]
    return render_code(code, lang, title) + write_badge(lang, title, scene.book, scene.base)


def write_badge(lang: str, title: str, book: Book, base: str) -> str:
    """What stands below a block of code; nothing in a vault without proofs, nor below other languages that show no snippet."""
    listing = book.snippets.get(title.partition("#")[0])
    if listing is not None:
        return _write_proof(listing, title.partition("#")[2], book, base)
    has_proofs = bool(book.snippets or book.snippets_folder)
    return ILLUSTRATIVE if has_proofs and lang.lower() in PYTHON else ""


def _write_proof(listing: Listing, part: str, book: Book, base: str) -> str:
    """A line that says the state, and opens to what stands behind it."""
    states = {state: [proof for proof in listing.proofs if proof.state == state] for state in ("proven", "stale")}
    state = next((state for state in ("proven", "stale") if states[state]), "none")
    said = []
    if states["proven"]:
        said.append(f"已在 {_devices(states['proven'])} 上证明")
    if states["stale"]:
        said.append(f"{_devices(states['stale'])} 上的证明已过期")
    facts = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in _facts(listing, part, book, base))
    return (
        f'<details class="kb-proof" data-state="{state}"><summary>{"；".join(said) or "尚未证明"}</summary>'
        f"<dl>{facts}</dl></details>\n"
    )


def _devices(proofs: list[Proof]) -> str:
    return "、".join(escape(NAMES.get(proof.device.lower(), proof.device)) for proof in proofs)


def _facts(listing: Listing, part: str, book: Book, base: str) -> Iterator[tuple[str, str]]:
    """(name, HTML) of what is known of the proof of a part that is shown."""
    if listing.oracle:
        yield "对照", escape(listing.oracle)
    if listing.tolerance:
        yield "容差", escape(listing.tolerance)
    for proof in listing.proofs:
        yield _devices([proof]), _write_run(proof)
    yield "源码", _write_file(listing.path, point_to_source(listing, part, base), listing.source_url)
    if listing.proof:
        yield "证明", _write_file(listing.proof, point_to_proof(listing, base), listing.proof_url)
    if book.snippets_url:
        page = relative(f"{book.snippets_url}#{quote(listing.path, safe='')}", base)
        yield "记录", f'<a href="{escape(page)}">全部片段的状态</a>'


def _write_run(proof: Proof) -> str:
    versions = "、".join(f"{name} {version}" for name, version in sorted(proof.versions.items()))
    return escape(" · ".join(filter(None, (STATES[proof.state], proof.date[:10], proof.device_name, versions))))


def _write_file(path: str, url: str, outside: str) -> str:
    there = f'（<a href="{escape(outside)}" class="external" rel="noopener">仓库</a>）' if outside else ""
    return f'<a href="{escape(url)}"><code>{escape(path)}</code></a>{there}'
