"""Renaming on disk: a wish of the command line -> the files it concerns, the proven plan, and the change carried out.

`plan_*` read the vault and write nothing; `carry_out` writes all of a plan or nothing; `undo` takes the last one back.
"""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kbtools import app
from kbtools.change import codepaths
from kbtools.change.edits import Edit
from kbtools.change.plan import Plan, Rewrite, Wish, make_plan, rename_block, rename_heading
from kbtools.change.tags import count_carriers, find_tag_problem, plan_tag
from kbtools.change.view import View
from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.resolve import find_anchor
from kbtools.snippets.read import read_code
from kbtools.syntax.names import find_name_problem, fold_name
from kbtools.syntax.scan import ANCHOR_KINDS
from kbtools.vault import transaction
from kbtools.vault.settings import read_link_format
from kbtools.vault.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Change:
    """A plan for a project, with a title for people. `code` are rewritten files of the project outside the vault, by their path
    from its root, `code_moves` those that move; `unlisted` are files of a moved folder that the vault does not list."""

    title: str
    config: Config
    plan: Plan
    code: tuple[Rewrite, ...] = ()
    code_moves: tuple[tuple[str, str], ...] = ()
    unlisted: tuple[tuple[str, str], ...] = ()


# ------------------------------------------------------------------------------------------------ plans


def plan_move(project: app.Project, src: str, dst: str, *, adopt: bool = False, view: View | None = None) -> Change:
    """Move a file or a folder of the vault to `dst`, a path in it. Raises KbError where there is no such file, or the name is
    taken or unfit. Here and below, `view` is the vault as somebody has it who has read it already."""
    view = view or _look(project)
    moves = _find_moves(view, src, dst)
    unlisted = tuple(_iter_unlisted(project.config.vault, src, dst, moves)) if src not in view.names else ()
    _refuse_names(view, moves)
    plan = make_plan(view, Wish(moves, adopt=adopt, format=read_link_format(project.config.vault)))
    return Change(f"move {src} to {dst}", project.config, plan, unlisted=unlisted)


def plan_place(
    project: app.Project, path: str, subpath: str, name: str, *, adopt: bool = False, view: View | None = None
) -> Change:
    """Give the heading or block of a note that `subpath` names a new text or id. Raises KbError where there is none."""
    view = view or _look(project)
    anchors = view.anchors(path)
    anchor = find_anchor(anchors, subpath) if subpath.strip("# ") else None
    if anchor is None:
        headings = [found[2] for found in anchors if found[0] == 0][:5]
        raise KbError(f"'{path}' has no '#{subpath}'", f"it has: {', '.join(headings)}" if headings else "it has no headings")
    kind = ANCHOR_KINDS[anchor[0]]
    if kind == "footnote":
        raise KbError("a footnote cannot be renamed", "rename a heading or a block id")
    try:
        rename = rename_block if kind == "block" else rename_heading
        edit = rename(view, path, anchors.index(anchor), name.removeprefix("^") if kind == "block" else name)
    except ValueError as error:
        raise KbError(str(error), "choose another name") from error
    wish = Wish(edits={path: (edit,)}, adopt=adopt, format=read_link_format(project.config.vault))
    return Change(f"rename {path}#{subpath} to {name}", project.config, make_plan(view, wish))


def plan_tag_rename(project: app.Project, old: str, new: str, *, merge: bool = False, view: View | None = None) -> Change:
    """Rename a tag and those below it. Raises KbError where nobody carries it, or `new` is none or taken."""
    view = view or _look(project)
    problem = find_tag_problem(new)
    if problem:
        raise KbError(problem, "choose another name")
    plan = plan_tag(view, old, new)
    if not plan.rewrites and not plan.trouble:
        raise KbError(f"no note carries '#{old}'", "kb tags lists them")
    taken = count_carriers(view, new)
    if taken and not merge and old.lower() != new.lower():
        raise KbError(f"'#{new}' is there already, on {taken} notes", "--merge makes the two one")
    return Change(f"rename #{old} to #{new}", project.config, plan)


def plan_snippet(project: app.Project, snapshot: Snapshot, src: str, dst: str) -> Change:
    """Move a snippet, both named from the project's root: the titles in notes follow, its proof, and what imports it,
    in notebooks too. Raises KbError where the name is taken or no module's, or an import cannot be followed."""
    config, view = project.config, view_of(snapshot, project.config)
    dst = dst if dst.endswith(".py") else f"{dst}.py"
    if not dst.startswith(f"{config.snippets}/"):
        raise KbError(f"'{dst}' is not below '{config.snippets}'", "a snippet stays among the snippets")
    unfit = codepaths.find_module_problem(dst)
    if unfit:
        raise KbError(f"'{unfit}' is no name for a Python module", "write letters, digits and underscores, such as nn/softmax")
    files = _read_code(config)
    if dst in files or (config.root / dst).exists():
        raise KbError(f"'{dst}' is there already", "choose another name")
    moved = codepaths.plan(src, dst, files, snapshot.snippets[src].proof if src in snapshot.snippets else "")
    edits = {}
    for path in view.sources:
        try:
            edits[path] = _follow_snippet(view, snapshot, path, src, dst)
        except ValueError as error:
            moved.trouble.append((config.prefix + path, str(error)))
    plan = make_plan(view, Wish(edits={path: made for path, made in edits.items() if made}))
    code = tuple(Rewrite(path, moved.moves.get(path, path), files[path], text, 0) for path, text in sorted(moved.texts.items()))
    if moved.trouble:
        path, message = moved.trouble[0]
        raise KbError(f"'{path}': {message}", "nothing was changed: rewrite it by hand first")
    return Change(f"move {src} to {dst}", config, plan, code, tuple(moved.moves.items()))


def carry_out(change: Change) -> transaction.Left:
    """Write everything the change asks for. Raises KbError, with nothing changed, where a file is not what was read."""
    root, prefix = change.config.top, change.config.prefix
    rewrites = {prefix + rewrite.path: rewrite for rewrite in change.plan.rewrites}
    rewrites |= {rewrite.path: rewrite for rewrite in change.code}
    texts = {path: _bytes_of(root, path, rewrite) for path, rewrite in rewrites.items()}
    moves = {prefix + src: prefix + dst for src, dst in (*change.plan.moves.items(), *change.unlisted)}
    moves |= dict(change.code_moves)
    return transaction.commit(root, transaction.Change(change.title, moves, texts))


def plan_undo(project: app.Project) -> transaction.Change:
    """The change that takes the last one back. Raises KbError where there is none."""
    return transaction.read_undo(project.config.top)


def undo(project: app.Project) -> transaction.Left:
    """Take the last change back, byte for byte; a second time, make it again."""
    return transaction.commit(project.config.top, plan_undo(project))


# ------------------------------------------------------------------------------------------------ parts


def _look(project: app.Project) -> View:
    return view_of(app.scan(project), project.config)


def view_of(snapshot: Snapshot, config: Config, texts: Mapping[str, str] | None = None) -> View:
    """The vault with what its settings keep out: links there follow too. `texts` are files as an editor has them."""
    unsaved = texts or {}
    names = [path for same in snapshot.index.by_name.values() for path in same]

    def read(path: str) -> str:
        return unsaved[path] if path in unsaved else snapshot.text_of(path)

    return View(snapshot.blobs, names, snapshot.columns, read, aliases_resolve=config.aliases_resolve)


def _follow_snippet(view: View, snapshot: Snapshot, path: str, src: str, dst: str) -> tuple[Edit, ...]:
    """The edits of a note that shows a snippet, or of a notebook that imports it. Raises ValueError where one is impossible."""
    if path.lower().endswith(".ipynb"):
        return codepaths.find_notebook_imports(view.text_of(path), src, dst)
    return codepaths.find_titles(snapshot.note(path), view.text_of(path), src, dst)


def _find_moves(view: View, src: str, dst: str) -> dict[str, str]:
    if src in view.names:
        return {src: dst}
    below = [path for path in view.names if path.startswith(f"{src}/")]
    if not below:
        raise KbError(f"the vault has no file or folder '{src}'", "name it by its path in the vault")
    if dst == src or dst.startswith(f"{src}/"):
        raise KbError(f"'{dst}' lies in '{src}'", "a folder cannot go into itself")
    return {path: dst + path[len(src) :] for path in below}


def _iter_unlisted(vault: Path, src: str, dst: str, moves: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The files of a folder that are no part of the vault (hidden ones): they go with it."""
    for folder, _, names in os.walk(vault / src):
        for name in names:
            path = (Path(folder) / name).relative_to(vault).as_posix()
            if path not in moves:
                yield path, dst + path[len(src) :]


def _refuse_names(view: View, moves: Mapping[str, str]) -> None:
    for src, dst in moves.items():
        for part in PurePosixPath(dst).parts:
            said = find_name_problem(part)
            if said:
                raise KbError(f"'{dst}' is no name for a file: {said}", "such a name breaks links, or another system")
        if not PurePosixPath(dst).name or PurePosixPath(dst).name.lower() == ".md":
            raise KbError(f"'{dst}' names no file", "write a name")
        if PurePosixPath(src).suffix.lower() != PurePosixPath(dst).suffix.lower():
            raise KbError(f"'{dst}' would change what '{src}' is", f"keep '{PurePosixPath(src).suffix}'")
    leaving = {fold_name(path) for path in moves}
    taken = {fold_name(path): path for path in view.names if fold_name(path) not in leaving}
    going: dict[str, str] = {}
    for dst in moves.values():
        there = taken.get(fold_name(dst)) or going.get(fold_name(dst))
        if there:
            raise KbError(f"'{there}' is there already", "choose another name")
        going[fold_name(dst)] = dst
        if any(fold_name(folder.as_posix()) in taken for folder in PurePosixPath(dst).parents):
            raise KbError(f"'{dst}' lies below a file", "choose another folder")
    if all(src == dst for src, dst in moves.items()):
        raise KbError("it has that name already", "nothing was changed")


def _read_code(config: Config) -> dict[str, str]:
    """The Python files beside snippets and proofs: of the whole folders at the top that hold these."""
    tops = sorted({folder.partition("/")[0] for folder in config.code_folders})
    return {path: file.text.removeprefix("\ufeff") for path, file in read_code(config.root, tops).items() if not file.problem}


def _bytes_of(root: Path, path: str, rewrite: Rewrite) -> transaction.Text:
    """The bytes of a file before and after: its byte order mark stays, and so do its line ends."""
    try:
        now = (root / path).read_bytes()
    except OSError as error:
        raise KbError(f"'{path}' cannot be read: {error.strerror or error}", "nothing was changed") from error
    mark = BOM_UTF8 if now.startswith(BOM_UTF8) else b""
    if now != mark + _encode(rewrite.before):
        raise KbError(f"'{path}' changed meanwhile", "nothing was changed: try again")
    return transaction.Text(now, mark + _encode(rewrite.after))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
