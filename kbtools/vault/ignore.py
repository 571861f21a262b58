"""What a vault's owner keeps out of the checks: the globs of the configuration, the filters of Obsidian's settings.

Globs follow `.gitignore` as far as they go: `*` and `?` stay in a folder, `**` as a whole component crosses folders, a
name without a slash is found at any depth, one with a slash is counted from the vault's root, and a folder stands for
all below it. Brackets are plain characters, for folders are named `[draft]`; nothing is taken back with `!`. Case and
Unicode form do not matter, as for links.

Filters are read as Obsidian reads its setting "Excluded files": `/…/` is a regular expression found anywhere in the
path, anything else is what the path begins with, both without case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kbtools.syntax.names import fold_name
from kbtools.vault.tame import compile_tame

STARS = re.compile(r"\*++")


def find_excluded(paths: Iterable[str], globs: Iterable[str], filters: Iterable[str]) -> frozenset[str]:
    """Those of the vault's paths that a glob or a filter names."""
    pattern = compile_globs(globs)
    prefixes, searches = compile_filters(filters)
    if pattern is None and not prefixes and not searches:
        return frozenset()
    return frozenset(path for path in paths if _is_named(path, pattern, prefixes, searches))


def _is_named(path: str, pattern: re.Pattern[str] | None, prefixes: tuple[str, ...], searches: list[re.Pattern[str]]) -> bool:
    folded = fold_name(path)
    if folded.startswith(prefixes) or (pattern is not None and pattern.match(folded)):
        return True
    return any(search.search(folded) for search in searches)


# ------------------------------------------------------------------------------------------------ globs


def find_glob_problem(glob: str) -> str:
    """What `ignore` would take instead of this glob; "" when the glob is fine."""
    if glob.startswith("!"):
        return "nothing is taken back with '!': name what to leave out"
    if "\\" in glob:
        return "folders are parted by '/'"
    parts = glob.removeprefix("./").strip("/").split("/")
    if ".." in parts or "." in parts:
        return "a path from the vault's folder, without '..'"
    return "" if all(parts) else "a name or a path such as 'templates/**'"


def compile_globs(globs: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for the folded paths that any of the globs names; None for no globs."""
    parts = [_glob(fold_name(glob)) for glob in globs]
    return re.compile("|".join(parts), re.DOTALL) if parts else None


def _glob(glob: str) -> str:
    """The pattern of one glob: components, each with what ends it. After a star or `**` only the first place that fits is
    tried (`(?>…)`): a later one is never better, and so no glob takes time squared."""
    components = glob.removeprefix("./").strip("/").split("/")
    if "/" not in glob.rstrip("/"):
        components.insert(0, "**")
    first, *others = _runs(components)
    out = "".join(first) + "".join(f"(?>(?:[^/]++/)*?{''.join(run)})" for run in others if run)
    return out + "." if glob.endswith("/") or components[-1] == "**" else out


def _runs(components: Iterable[str]) -> list[list[str]]:
    """The patterns of the components, parted at each `**`."""
    runs: list[list[str]] = [[]]
    for component in components:
        if component == "**":
            runs.append([])
        else:
            runs[-1].append(_component(component) + r"(?:/|\Z)")
    return runs


def _component(component: str) -> str:
    first, *others = ("".join("[^/]" if char == "?" else re.escape(char) for char in text) for text in STARS.split(component))
    if not others:
        return first
    *middle, last = others
    if not (first or middle or last):
        return "[^/]++"
    return first + "".join(f"(?>[^/]*?{text})" for text in middle) + f"[^/]*{last}"


# ------------------------------------------------------------------------------------------------ Obsidian's filters


def compile_filters(filters: Iterable[str]) -> tuple[tuple[str, ...], list[re.Pattern[str]]]:
    """(folded beginnings, patterns to search for). A regular expression that is none, or that could take for ever, is left
    out: Obsidian leaves out the first, and the second may come with a vault that somebody else made."""
    prefixes: list[str] = []
    searches: list[re.Pattern[str]] = []
    for written in filters:
        text = written.strip()
        if len(text) > 2 and text.startswith("/") and text.endswith("/"):
            search = compile_tame(text[1:-1])
            searches += [search] if search is not None else []
        elif text:
            prefixes.append(fold_name(text))
    return tuple(prefixes), searches
