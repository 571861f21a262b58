"""What an editor asks about a place, a note or a vault -> the answer; nothing changes."""

from __future__ import annotations

from lsprotocol import types

from kbtools.lsp import wire
from kbtools.lsp.completion import complete
from kbtools.lsp.hover import hover_of
from kbtools.lsp.inlays import iter_inlays
from kbtools.lsp.navigation import find_definition, find_symbols, iter_references, outline
from kbtools.lsp.server import Server, find_here_and_spot
from kbtools.lsp.spots import TitleSpot
from kbtools.syntax.note import make_anchor
from kbtools.vault.settings import read_link_format


async def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList | None:
    here = await ls.here(params.text_document.uri)
    if here is None:
        return None
    text, offset = here.text, here.offset(params.position)
    wish = read_link_format(here.desk.shelf.config.vault)
    found = complete(here.desk.snapshot, here.desk.lookup, here.path, offset, wish)
    return wire.completion_list(found, here.lines, lambda span: text[span.start : span.end])


async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    here, spot = await find_here_and_spot(ls, params.text_document.uri, params.position)
    if here is None or spot is None:
        return None
    evidence = await ls.evidence_of(here.desk) if isinstance(spot, TitleSpot) else {}
    found = hover_of(here.desk.snapshot, spot, evidence)
    if found is None:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, found.text)
    return types.Hover(content, wire.range_of(here.lines, found.span))


async def definition(ls: Server, params: types.DefinitionParams) -> types.Location | None:
    here, spot = await find_here_and_spot(ls, params.text_document.uri, params.position)
    place = find_definition(here.desk.snapshot, spot) if here and spot else None
    return ls.location(here.desk, place.path, place.span, is_code=place.is_code) if here and place else None


async def references(ls: Server, params: types.ReferenceParams) -> list[types.Location] | None:
    here, spot = await find_here_and_spot(ls, params.text_document.uri, params.position)
    if here is None:
        return None
    found = iter_references(here.desk.snapshot, here.path, spot, declared=params.context.include_declaration)
    return [ls.location(here.desk, place.path, place.span) for place in found]


async def document_symbol(
    ls: Server, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
    here = await ls.here(params.text_document.uri)
    if here is None or here.path not in here.desk.snapshot.blobs:
        return None
    sections = outline(map(make_anchor, here.desk.snapshot.anchors_of(here.path)), len(here.text))
    can = ls.client_capabilities.text_document
    if can and can.document_symbol and can.document_symbol.hierarchical_document_symbol_support:
        return wire.document_symbols(sections, here.lines)
    return wire.flat_symbols(sections, here.lines, params.text_document.uri)


async def workspace_symbol(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    found = []
    for desk in await ls.vaults():
        for symbol in find_symbols(desk.snapshot, desk.lookup, params.query):
            found.append(wire.workspace_symbol(symbol, ls.location(desk, symbol.place.path, symbol.place.span)))
    return found


async def inlay_hint(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    here = await ls.here(params.text_document.uri)
    if here is None or not here.desk.snapshot.snippets:
        return None
    evidence = await ls.evidence_of(here.desk)
    first, last = params.range.start.line, params.range.end.line
    hints = []
    for inlay in iter_inlays(here.desk.snapshot, here.path, evidence):
        line, column = here.lines.position(inlay.offset)
        if first <= line <= last:
            hints.append(types.InlayHint(types.Position(line, column), inlay.text, padding_left=True))
    return hints
