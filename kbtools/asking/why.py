"""A link and where it stands -> the files it could mean, the rule that decided, and what would change that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kbtools.model import Ambiguous, External, Found, MissingAnchor, MissingFile, NotePath, Resolution
from kbtools.resolve import Index
from kbtools.syntax.names import fold_heading, fold_name
from kbtools.vault.snapshot import Snapshot

RULES: Final = {
    "itself": "a link without a name means the note it stands in",
    "only": "the only file of that name",
    "exact": "its whole path is what is written",
    "below": "it lies below the folder of the note, and of those its path is the shortest",
    "shortest": "of the files whose path ends so, its path is the shortest",
    "first": "of the files whose path ends so, its path is the shortest, and of equally long ones the first",
    "inside": "the only file whose path ends so, in the middle of a folder's name",
    "alias": "an alias of it (aliases-resolve)",
    "rooted": "a path that begins with '/' must be whole, and no file has it",
    "none": "no file is named so",
    "external": "it leads out of the vault",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`candidates` are the files of the name, the one that is taken first; `rule` a key of RULES; `advice` in words."""

    meaning: Resolution
    rule: str
    candidates: tuple[NotePath, ...] = ()
    place: str = ""
    advice: tuple[str, ...] = ()


def explain(vault: Snapshot, written: str, source: NotePath) -> Answer:
    """Why `[[written]]` means in `source` what it means."""
    target, _, subpath = written.partition("#")
    meaning = vault.resolve(written, source)
    if isinstance(meaning, External):
        return Answer(meaning, "external")
    candidates = _candidates(vault.index, target)
    taken = getattr(meaning, "path", None)
    ordered = tuple(sorted(candidates, key=lambda path: (path != taken, len(path), path)))
    rule = _rule(vault, target, source, taken, ordered)
    place = _place(vault, subpath, meaning) if subpath.strip("# ") and taken else ""
    return Answer(meaning, rule, ordered, place, tuple(_advise(vault, target, source, meaning, ordered)))


def _candidates(index: Index, target: str) -> list[NotePath]:
    """The files of the last component's name."""
    last = fold_name(target)[fold_name(target).rfind("/") + 1 :]
    names = index.by_name.get(last, []) if "." in last else []
    return [NotePath(path) for path in names or index.by_name.get(f"{last}.md", [])] if last else []


def _rule(vault: Snapshot, target: str, source: NotePath, taken: str | None, candidates: tuple[NotePath, ...]) -> str:
    if not target:
        return "itself"
    if taken is None:
        return "rooted" if target.startswith("/") and candidates else "none"
    if taken not in candidates:
        return "alias"
    written = fold_name(target).removeprefix("/")
    bare = fold_name(taken).removesuffix(".md")
    if len(candidates) == 1 and "/" not in written:
        return "only"
    if target.startswith(("./", "../")) or written in (bare, fold_name(taken)):
        return "exact"
    found = vault.index.resolve(target, source)
    if found is not None and not found.rivals:
        return "inside" if found.fragile else "exact" if written in (bare, fold_name(taken)) else "only"
    folder = fold_name(source[: source.rfind("/") + 1])
    if folder and fold_name(taken).startswith(folder):
        return "below"
    rivals = found.rivals if found else ()
    return "first" if any(len(rival) == len(taken) for rival in rivals) else "shortest"


def _place(vault: Snapshot, subpath: str, meaning: Resolution) -> str:
    """Which heading, block or footnote is meant, in words."""
    match meaning:
        case Found(path, anchor) if anchor is not None:
            return f"{anchor.kind} '{anchor.text}'"
        case MissingAnchor(path) if path in vault.notes:
            part = subpath.split("#")[-1].strip()
            if part.startswith("^"):
                return f"it has no block '{part}'"
            headings = [found.text for found in vault.notes[path].anchors if found.kind == "heading"]
            compared = fold_heading(part)
            said = f"it has no heading that reads '{compared}' once punctuation and case are put aside"
            return f"{said}; it has: {', '.join(headings[:8])}" if headings else "it has no headings"
        case _:
            return ""


def _advise(vault: Snapshot, target: str, source: NotePath, meaning: Resolution, candidates: tuple[NotePath, ...]) -> list[str]:
    match meaning:
        case Ambiguous((taken, other, *_)):
            whole = taken.removesuffix(".md")
            return [
                f"without '{taken}' it would mean '{_without(vault, target, source, taken) or other}'",
                f"[[{whole}]] means it whatever else is named so",
            ]
        case Ambiguous((taken,)):
            return [f"[[{taken.removesuffix('.md')}]] says it plainly"]
        case MissingFile() if candidates:
            return [f"[[{candidates[0].removesuffix('.md')}]] would mean '{candidates[0]}'"]
        case MissingFile():
            aliases = sorted({path for path, alias in vault.iter_aliases() if fold_name(alias) == fold_name(target)})
            return [f"it is an alias of '{path}': [[{_stem(path)}|{target}]]" for path in aliases] or [
                f"a note '{target}.md' would be meant by it"
            ]
        case _:
            return []


def _without(vault: Snapshot, target: str, source: NotePath, taken: str) -> str:
    paths = [path for same in vault.index.by_name.values() for path in same if path != taken]
    found = Index(sorted(paths)).resolve(target, source)
    return found.path if found else ""


def _stem(path: str) -> str:
    return path[path.rfind("/") + 1 :].removesuffix(".md")
