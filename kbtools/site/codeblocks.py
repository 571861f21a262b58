"""Code blocks -> HTML: highlighted code, diagrams, and below code of the project what is known of its proof."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from markdown_it.token import Token

from kbtools.site.book import Book, Listing, Proof, relative
from kbtools.site.diagram import render_mermaid
from kbtools.site.highlight import render_code
from kbtools.site.scene import Scene
from kbtools.syntax.note import TITLE

PYTHON = {"py", "python", "python3"}
NAMES = {"cpu": "CPU", "cuda": "CUDA"}
ILLUSTRATIVE = '<p class="kb-proof" data-state="illustrative">示意代码</p>\n'


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
        return _write_proof(listing, book, base)
    has_proofs = bool(book.snippets or book.snippets_folder)
    return ILLUSTRATIVE if has_proofs and lang.lower() in PYTHON else ""


def _write_proof(listing: Listing, book: Book, base: str) -> str:
    states = {state: [proof for proof in listing.proofs if proof.state == state] for state in ("proven", "stale")}
    state = next((state for state in ("proven", "stale") if states[state]), "none")
    said = []
    if states["proven"]:
        said.append(f"已在 {_devices(states['proven'])} 上证明")
    if states["stale"]:
        said.append(f"{_devices(states['stale'])} 上的证明已过期")
    if not said:
        said.append("尚未证明")
    said += [f"对照 {escape(listing.oracle)}"] if listing.oracle else []
    said += [f"容差 {escape(listing.tolerance)}"] if listing.tolerance else []
    said += _versions(states["proven"] or states["stale"])
    said += _links(listing, book, base)
    return f'<p class="kb-proof" data-state="{state}">{" · ".join(said)}</p>\n'


def _devices(proofs: list[Proof]) -> str:
    return "、".join(escape(NAMES.get(proof.device.lower(), proof.device)) for proof in proofs)


def _versions(proofs: list[Proof]) -> list[str]:
    found = {f"{name} {version}": None for proof in proofs for name, version in sorted(proof.versions.items())}
    return [escape("、".join(found))] if found else []


def _links(listing: Listing, book: Book, base: str) -> list[str]:
    page = relative(f"{book.snippets_url}#{quote(listing.path, safe='')}", base) if book.snippets_url else ""
    links = []
    for url, text in ((listing.source_url, "源码"), (listing.proof_url, "证明"), (page, "记录")):
        if url:
            outside = ' class="external" rel="noopener"' if "://" in url else ""
            links.append(f'<a href="{escape(url)}"{outside}>{text}</a>')
    return links
