"""What the server found -> the types of the Language Server Protocol. Offsets become ranges here, and nowhere deeper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from lsprotocol import types

from kbtools.change.edits import Edit
from kbtools.lsp.completion import Candidate, Candidates
from kbtools.lsp.navigation import Section, Symbol
from kbtools.lsp.positions import Lines
from kbtools.model import Finding, Span

KINDS: Final = {
    "note": types.CompletionItemKind.File,
    "alias": types.CompletionItemKind.Reference,
    "file": types.CompletionItemKind.File,
    "heading": types.CompletionItemKind.Module,
    "block": types.CompletionItemKind.Constant,
    "tag": types.CompletionItemKind.Keyword,
    "snippet": types.CompletionItemKind.Module,
    "symbol": types.CompletionItemKind.Function,
}
SYMBOL_KINDS: Final = {
    "note": types.SymbolKind.File,
    "alias": types.SymbolKind.Key,
    "heading": types.SymbolKind.String,
}
SEVERITIES: Final = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}


def range_of(lines: Lines, span: Span) -> types.Range:
    """Where a span is, in an editor's terms."""
    return types.Range(types.Position(*lines.position(span.start)), types.Position(*lines.position(span.end)))


def diagnostic_of(found: Finding, lines: Lines) -> types.Diagnostic:
    """A finding as an editor shows it; one about a whole file stands at its start."""
    second = f" [{found.place}]" if found.place else ""
    return types.Diagnostic(
        range=range_of(lines, found.span),
        message=found.message + (f" ({found.hint})" if found.hint else "") + second,
        severity=SEVERITIES[found.severity],
        code=found.rule,
        source="kb",
    )


def completion_list(candidates: Candidates, lines: Lines, written: Callable[[Span], str]) -> types.CompletionList:
    """Candidates in the order they are in; an editor must not hide those that it would spell otherwise."""
    items = [_item(number, candidate, lines, written) for number, candidate in enumerate(candidates.found)]
    return types.CompletionList(is_incomplete=True if items else not candidates.is_all, items=items)


def _item(number: int, candidate: Candidate, lines: Lines, written: Callable[[Span], str]) -> types.CompletionItem:
    typed = written(candidate.span)
    return types.CompletionItem(
        label=candidate.label,
        kind=KINDS[candidate.kind],
        detail=candidate.detail or None,
        sort_text=f"{number:04}",
        filter_text=candidate.label if typed.lower() in candidate.label.lower() else typed,
        text_edit=types.TextEdit(range_of(lines, candidate.span), candidate.text),
    )


def document_symbols(sections: Iterable[Section], lines: Lines) -> list[types.DocumentSymbol]:
    """The outline of a note."""
    return [
        types.DocumentSymbol(
            name=section.anchor.text or " ",
            kind=types.SymbolKind.String,
            range=range_of(lines, section.span),
            selection_range=range_of(lines, section.anchor.span),
            children=document_symbols(section.children, lines),
        )
        for section in sections
    ]


def flat_symbols(sections: Iterable[Section], lines: Lines, uri: str, around: str = "") -> list[types.SymbolInformation]:
    """The same for an editor that knows no trees."""
    found = []
    for section in sections:
        location = types.Location(uri, range_of(lines, section.span))
        kind = types.SymbolKind.String
        found.append(types.SymbolInformation(location, section.anchor.text or " ", kind, container_name=around or None))
        found += flat_symbols(section.children, lines, uri, section.anchor.text)
    return found


def workspace_symbol(symbol: Symbol, location: types.Location) -> types.WorkspaceSymbol:
    """A name of the vault."""
    kind = SYMBOL_KINDS[symbol.kind]
    return types.WorkspaceSymbol(location=location, name=symbol.name, kind=kind, container_name=symbol.around or None)


def text_edits(edits: Iterable[Edit], lines: Lines) -> list[types.TextEdit]:
    """Edits of one text."""
    return [types.TextEdit(range_of(lines, Span(edit.start, edit.end)), edit.text) for edit in sorted(edits)]


def workspace_edit(
    edits: Mapping[str, list[types.TextEdit]],
    versions: Callable[[str], int | None],
    *,
    creates: Iterable[str] = (),
    renames: Iterable[tuple[str, str]] = (),
    plain: bool = False,
) -> types.WorkspaceEdit:
    """Edits by URI, then files that come and files that move. `plain`: the editor knows no versions, and no file is concerned."""
    if plain:
        return types.WorkspaceEdit(changes=dict(edits))
    changes: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = [
        types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=versions(uri)), list(found))
        for uri, found in edits.items()
        if found
    ]
    changes += [types.CreateFile(uri) for uri in creates]
    changes += [types.RenameFile(old, new) for old, new in renames]
    return types.WorkspaceEdit(document_changes=changes)
