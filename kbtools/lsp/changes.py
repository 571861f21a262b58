"""What an editor wants changed -> the edits that do it, for the editor to make: nothing is written here."""

from __future__ import annotations

from lsprotocol import types

from kbtools.change.edits import Edit
from kbtools.change.plan import Plan
from kbtools.errors import KbError
from kbtools.lsp import wire
from kbtools.lsp.actions import Action, iter_actions
from kbtools.lsp.addresses import path_of
from kbtools.lsp.desk import Desk
from kbtools.lsp.renaming import find_renamable, plan_moves, plan_rename
from kbtools.lsp.rewrites import find_edits
from kbtools.lsp.server import Here, Server, find_here_and_spot
from kbtools.vault.settings import read_new_folder


async def prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    here, spot = await find_here_and_spot(ls, params.text_document.uri, params.position)
    if here is None:
        return None
    found = find_renamable(spot)
    return types.PrepareRenamePlaceholder(wire.range_of(here.lines, found.span), found.name)


async def rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    here, spot = await find_here_and_spot(ls, params.text_document.uri, params.position)
    if here is None:
        return None
    plan = plan_rename(here.desk.snapshot, here.desk.shelf.config, here.path, spot, params.new_name)
    if plan.moves and not ls.watches:
        ls.publisher.expect_files(here.desk)
    return _edit_of(ls, here.desk, plan, renames=tuple(plan.moves.items()))


async def will_rename(ls: Server, params: types.RenameFilesParams) -> types.WorkspaceEdit | None:
    """Links follow what is renamed in the editor's tree of files; where they cannot, the user is told and no text changes."""
    for desk in await ls.vaults():
        shelf = desk.shelf
        pairs = [(path_of(change.old_uri), path_of(change.new_uri)) for change in params.files]
        named = [(shelf.path_of(old), shelf.path_of(new)) for old, new in pairs if old and new]
        wanted = {old: new for old, new in named if old and new}
        if not wanted:
            continue
        try:
            return _edit_of(ls, desk, plan_moves(desk.snapshot, shelf.config, wanted))
        except KbError as error:
            ls.tell(f"kb: links do not follow: {error}")
    return None


def _edit_of(ls: Server, desk: Desk, plan: Plan, renames: tuple[tuple[str, str], ...] = ()) -> types.WorkspaceEdit:
    edits = {rewrite.path: find_edits(rewrite.before, rewrite.after) for rewrite in plan.rewrites}
    return ls.edit_of(desk, edits, renames=renames)


async def code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    here = await ls.here(params.text_document.uri)
    only = params.context.only
    if here is None or (only and not any(_includes(kind, types.CodeActionKind.QuickFix) for kind in only)):
        return None
    start, end = here.offset(params.range.start), here.offset(params.range.end)
    config = here.desk.shelf.config
    folder = read_new_folder(config.vault, here.path)
    actions = []
    for found in here.desk.findings_of(here.path):
        if found.span.start <= end and start <= found.span.end:
            shown = wire.diagnostic_of(found, here.lines)
            for action in iter_actions(here.desk.snapshot, found, snippets=config.snippets, new_notes=folder):
                edit = _try_edit(ls, here, action)
                if edit is not None:
                    kind, is_preferred = types.CodeActionKind.QuickFix, action.is_preferred or None
                    actions.append(types.CodeAction(action.title, kind, [shown], is_preferred=is_preferred, edit=edit))
    return actions


def _includes(asked: str, kind: str) -> bool:
    return asked == "" or kind == asked or kind.startswith(f"{asked}.")


def _try_edit(ls: Server, here: Here, action: Action) -> types.WorkspaceEdit | None:
    """What an action does, None where this editor cannot do it."""
    snapshot = here.desk.snapshot
    edits = {path: [Edit(fix.span.start, fix.span.end, fix.text) for fix in fixes] for path, fixes in action.fixes.items()}
    edits |= {path: find_edits(snapshot.text_of(path), text) for path, text in action.texts.items()}
    root, vault = here.desk.shelf.config.root, here.desk.shelf.config.vault
    if any((vault / path).exists() for path in action.create):
        return None  # some editors would empty a file that they were not told of
    code = {}
    for path, text in action.code.items():
        snippet = snapshot.snippets.get(path)
        if snippet is None:
            return None  # `kb sync` makes a file that is not there, and says what it made
        code[ls.buffers.uri_of(root / path)] = wire.text_edits(find_edits(snippet.text, text), ls.buffers.lines(snippet.text))
    try:
        return ls.edit_of(here.desk, edits, code=code, creates=action.create)
    except KbError:
        return None
