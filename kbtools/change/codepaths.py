"""A snippet and where it goes -> the titles in notes, the imports in code, and the name of its proof, that go with it."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from kbtools.change.edits import Edit, apply_edits
from kbtools.lines import LINE_END
from kbtools.model import Note
from kbtools.syntax.jsontext import ESCAPE, escape_as, find_problem
from kbtools.syntax.notebook import find_code_cells

MAGIC: Final = re.compile(
    r"""^(?P<indent>[ \t]*+)(?:
        (?:[\w.,][\w., \t]*+=[ \t]*+)?[%!?].*   # %time, %%timeit, !ls, x = !ls, ?f
        | [\w.]++\?\??[ \t]*+                    # f?
    )$""",
    re.MULTILINE | re.VERBOSE,
)
"""A line of a notebook that is IPython's and not Python's."""
TOGETHER: Final = re.compile(r"(?P<head>from[ \t]++[\w.]++[ \t]++import[ \t]*+)(?P<open>\()?(?P<names>[\w, \t\r\n]++)\)?")
"""`from package import a, b as c`, without comments and backslashes."""


class Moved(NamedTuple):
    """Files that move, the new texts of files by old path, and (path, why) of what cannot be rewritten."""

    moves: dict[str, str]
    texts: dict[str, str]
    trouble: list[tuple[str, str]]


def find_titles(note: Note, text: str, src: str, dst: str) -> tuple[Edit, ...]:
    """The edits of a note whose fences show the snippet."""
    edits = []
    for fence in note.fences:
        if fence.title.partition("#")[0] != src:
            continue
        at = text.find(src, fence.span.start, fence.body_span.start)
        if at >= 0:
            edits.append(Edit(at, at + len(src), dst))
    return tuple(edits)


def find_notebook_imports(file: str, src: str, dst: str) -> tuple[Edit, ...]:
    """The edits of a notebook whose code cells import the snippet. Raises ValueError for an import that has no plain new form."""
    old, new = _module(src), _module(dst)
    package, _, name = old.rpartition(".")
    if (name not in file and "\\u" not in file) or find_problem(file):
        return ()
    edits = []
    for cell in find_code_cells(file):
        if package not in cell.text or name not in cell.text:
            continue
        try:
            found = list(_iter_imports(_hide_magics(cell.text), old, new))
        except SyntaxError:
            if cell.text.lstrip().startswith("%%"):
                continue  # in another language
            raise ValueError(f"cell {cell.number + 1} does not compile, so its imports cannot be followed") from None
        except ValueError as error:
            raise ValueError(f"cell {cell.number + 1}, {error}") from None
        places = cell.offsets(file) if found else []
        for edit in found:
            last = ESCAPE.match(file, places[edit.end - 1])
            start, end = places[edit.start], last.end() if last else places[edit.end]
            if '"' in file[start:end]:
                raise ValueError(f"cell {cell.number + 1}: the JSON cuts '{cell.text[edit.start : edit.end]}' in two")
            edits.append(Edit(start, end, escape_as(edit.text, file)))
    return tuple(edits)


def _hide_magics(text: str) -> str:
    """The text, or where it is no Python one of the same lines and length without IPython's own."""
    try:
        ast.parse(text)
    except SyntaxError:
        return MAGIC.sub(lambda found: found["indent"] + "0".ljust(len(found[0]) - len(found["indent"])), text)
    return text


def find_module_problem(path: str) -> str:
    """The part of a path for which Python could not import it, or ""."""
    parts = path.removesuffix(".py").split("/")
    return next((part for part in parts if not part.isidentifier() or keyword.iskeyword(part)), "")


def plan(src: str, dst: str, files: Mapping[str, str], proof: str) -> Moved:
    """What moves and changes among the project's Python files (texts by path)."""
    moved = Moved({src: dst}, {}, [])
    old_name, new_name = PurePosixPath(src).stem, PurePosixPath(dst).stem
    if proof in files and old_name != new_name:
        new_proof = str(PurePosixPath(proof).with_name(f"test_{new_name}.py"))
        if new_proof in files:
            moved.trouble.append((proof, f"'{new_proof}' is there already"))
        moved.moves[proof] = new_proof
    old, new = _module(src), _module(dst)
    for path, text in files.items():
        if old_name not in text and (path != src or "from ." not in text):
            continue
        try:
            edits = list(_iter_imports(text, old, new, path))
        except SyntaxError:
            moved.trouble.append((path, "it does not compile, so its imports cannot be followed"))
            continue
        except ValueError as error:
            moved.trouble.append((path, str(error)))
            continue
        if edits:
            moved.texts[path] = apply_edits(text, edits)
    return moved


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _iter_imports(text: str, old: str, new: str, path: str = "") -> Iterator[Edit]:
    """The edits of the file at `path`. Raises ValueError for an import that has no plain new form, and SyntaxError for what is
    no Python."""
    package, _, name = old.rpartition(".")
    new_package, _, new_name = new.rpartition(".")
    starts = [0, *(found.end() for found in LINE_END.finditer(text))]

    def offset(line: int, column: int) -> int:
        """Where a place of the syntax tree, which counts bytes, lies in the text."""
        rest = text[starts[line - 1] : starts[line - 1] + column]
        return starts[line - 1] + len(rest.encode()[:column].decode("utf-8", "ignore"))

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == old:
                    if alias.asname is None:
                        raise ValueError(f"line {node.lineno}: 'import {old}' is used by its whole name")
                    at = offset(alias.lineno, alias.col_offset)
                    yield Edit(at, at + len(old), new)
        elif isinstance(node, ast.ImportFrom) and node.level:
            absolute = ".".join((*path.split("/")[: -node.level], *filter(None, (node.module,))))
            is_meant = absolute == old or (absolute == package and any(alias.name == name for alias in node.names))
            if is_meant or (_module(path) == old and package != new_package):
                raise ValueError(f"line {node.lineno}: a relative import")
        elif isinstance(node, ast.ImportFrom) and node.module in (old, package):
            start = offset(node.lineno, node.col_offset)
            if node.module == old:
                at = text.index(old, start)
                yield Edit(at, at + len(old), new)
                continue
            named = [alias for alias in node.names if alias.name == name]
            if not named:
                continue
            if len(node.names) > 1 and package != new_package:
                end = offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
                yield Edit(start, end, _part_import(text, start, end, name, new))
                continue
            at = offset(named[0].lineno, named[0].col_offset)
            kept = f" as {name}" if named[0].asname is None and new_name != name else ""
            if new_name != name:
                yield Edit(at, at + len(name), new_name + kept)
            if package != new_package:
                at = text.index(package, start)
                yield Edit(at, at + len(package), new_package)


def _part_import(text: str, start: int, end: int, name: str, new: str) -> str:
    """`from package import name, others` as two imports, of `name` from where it is now. Raises ValueError where its lines hold
    anything else."""
    before = LINE_END.split(text[:start])[-1]
    line = len(LINE_END.findall(text, 0, start)) + 1
    found = TOGETHER.fullmatch(text[start:end])
    names = [one.strip() for one in found["names"].strip(", \t\r\n").split(",")] if found else []
    own = [one for one in names if one.split()[:1] == [name]]
    if found is None or len(own) != 1 or before.strip():
        raise ValueError(f"line {line}: '{name}' is imported together with others")
    package, _, new_name = new.rpartition(".")
    shown = own[0].replace(name, new_name, 1)
    shown += f" as {name}" if new_name != name and " as " not in own[0] else ""
    stop = LINE_END.search(text)
    rest = ", ".join(one for one in names if one != own[0])
    opened, closed = ("(", ")") if found["open"] else ("", "")
    return f"from {package} import {shown}{stop[0] if stop else chr(10)}{before}{found['head']}{opened}{rest}{closed}"
