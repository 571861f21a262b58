"""Findings about links -> the same findings with "did you mean", and with a fix where exactly one repair resolves.

Rules say what is true; this says what was probably meant, once, when all findings of a run are known. Exact repairs (an
alias, another spelling, two letters swapped, another folder) are looked up for every finding; the nearest names, which
cost a look at every name of the vault, only for the first `GUESSES` of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, NamedTuple

from kbtools.model import Anchor, Finding, Fix, Found, MissingAnchor, NotePath, Vault
from kbtools.nearest import Names, loosen, loosen_all, loosen_heading

GUESSES: Final = 20
SHOWN: Final = 3
GENERIC: Final = frozenset({"index", "readme"})
ABOUT_FILES: Final = frozenset({"broken-link", "broken-embed"})
UNLINKABLE: Final = re.compile(r"[:#|^\\\r\n]|%%|\[\[|\]\]")
UNFIXABLE: Final = re.compile(r"""["'`$<>%\\|#^\[\]\x00-\x1f]|^\s|\s$""")
"""What could end a property's quotes, or open or close something around the link, if a fix wrote it into a note."""
BLOCK_ID: Final = re.compile(r"\s\^[A-Za-z0-9-]+$")
BLANK_LINE: Final = re.compile(r"\n[ \t>]*\n")


class Repair(NamedTuple):
    """A file that was probably meant; `shown` is the display text that keeps what the author wrote."""

    path: NotePath
    shown: str = ""


def add_hints(findings: Iterable[Finding], vault: Vault, lookup: Lookup | None = None) -> list[Finding]:
    """The findings, in their order; those about missing files and places with hints and fixes. A `lookup` of the same names
    spares its making."""
    texts, guesses = _Texts(vault), _Guesses()
    files, places = _Files(vault, texts, guesses, lookup or Lookup(vault)), _Places(vault, texts, guesses)
    explained = []
    for finding in findings:
        if finding.rule in ABOUT_FILES and finding.target:
            finding = files.explain(finding)
        elif finding.rule == "broken-anchor":
            finding = places.explain(finding)
        explained.append(finding)
    return explained


class _Guesses:
    """The nearest names, looked up for so many questions and for no more; a question asked again costs nothing."""

    def __init__(self) -> None:
        self._left = GUESSES
        self._known: dict[tuple[str, str], list[str]] = {}

    def nearest(self, where: str, word: str, names: Callable[[], Names[str]]) -> list[str]:
        """What resembles `word` among the `names` of a place; [] when too much was asked before, and then nothing is built."""
        asked = (where, word)
        if asked not in self._known:
            if not self._left:
                return []
            self._left -= 1
            self._known[asked] = names().nearest(word)
        return self._known[asked]


class _Texts:
    """The texts that findings stand in; findings come file by file, so the last one is kept."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self._path = NotePath("")
        self._text = ""
        self._headings: tuple[Anchor, ...] = ()
        self._body = 0

    def written(self, finding: Finding) -> str:
        """The link as it stands there."""
        self._read(finding)
        return self._text[finding.span.start : finding.span.end]

    def mendable(self, finding: Finding) -> bool:
        """Whether the link may be rewritten: it is no part of a heading, whose text other links may name."""
        self._read(finding)
        start = finding.span.start
        return finding.path.endswith(".md") and not any(head.span.start <= start < head.span.end for head in self._headings)

    def stands_near_bar(self, finding: Finding) -> bool:
        """Whether there is a bar in the paragraph around the link: it may be a table, whose cells a plain bar would split."""
        self._read(finding)
        if finding.span.start < self._body:  # a property: no table, and no place for a backslash
            return False
        before, after = self._text[self._body : finding.span.start], self._text[finding.span.end :]
        start = max((found.start() for found in BLANK_LINE.finditer(before)), default=0)
        end = BLANK_LINE.search(after)
        return "|" in before[start:] or "|" in after[: end.start() if end else None]

    def _read(self, finding: Finding) -> None:
        if self._path != finding.path:
            note = self.vault.notes[NotePath(finding.path)]
            self._path, self._text = note.path, note.source.text
            self._headings = tuple(anchor for anchor in note.anchors if anchor.kind == "heading")
            self._body = note.properties_span.end


class Lookup:
    """The names of a vault, found loosely; each table is built when somebody needs it."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    @cached_property
    def by_key(self) -> dict[str, list[NotePath]]:
        """Files by their loosened name; attachments also by the name without extension."""
        paths = [*self.vault.notes, *self.vault.attachments]
        named = [(_stem(path), path) for path in paths]
        named += [(stem[: stem.rfind(".")], path) for stem, path in named if stem.rfind(".") > 0 and not path.endswith(".md")]
        found: dict[str, list[NotePath]] = {}
        for key, (_, path) in zip(loosen_all([stem for stem, _ in named]), named, strict=True):
            found.setdefault(key, []).append(path)
        return found

    @cached_property
    def by_alias(self) -> dict[str, list[NotePath]]:
        aliases = list(self.vault.iter_aliases())
        found: dict[str, list[NotePath]] = {}
        for key, (path, _) in zip(loosen_all([alias for _, alias in aliases]), aliases, strict=True):
            paths = found.setdefault(key, [])
            if path not in paths:
                paths.append(path)
        return found

    @cached_property
    def names(self) -> Names[str]:
        """Everything a link could have meant: names and aliases."""
        tables = (self.by_key, self.by_alias)
        return Names((key, path) for table in tables for key, paths in table.items() for path in paths)


class _Files:
    """Findings about missing files, explained."""

    def __init__(self, vault: Vault, texts: _Texts, guesses: _Guesses, lookup: Lookup) -> None:
        self.vault = vault
        self.texts = texts
        self.guesses = guesses
        self.lookup = lookup

    def explain(self, finding: Finding) -> Finding:
        target = finding.target
        if "://" in target:
            return replace(finding, hint=f"a web address is written [text]({target})")
        repairs = self._exact(target)
        if repairs:
            return self._with_repairs(finding, repairs)
        near = self.guesses.nearest("", loosen(_stem(target)), lambda: self.lookup.names)
        if not near:
            return finding
        written = self.texts.written(finding)
        return replace(finding, hint=_did_you_mean([self._link(NotePath(path), finding, written) for path in near]))

    def _with_repairs(self, finding: Finding, repairs: Sequence[Repair]) -> Finding:
        written = self.texts.written(finding)
        links = [self._link(repair.path, finding, written, repair.shown) for repair in repairs]
        hint = _did_you_mean(links)
        if all(repair.shown for repair in repairs) and written.endswith("]]"):
            names = " and ".join(_stem(repair.path) for repair in repairs[:SHOWN])
            hint = f"'{_stem(finding.target)}' is an alias of {names}: write {' or '.join(links[:SHOWN])}"
        moved = "/" in finding.target and loosen(_stem(finding.target)) in GENERIC
        fix = self._fix(finding, written, repairs[0]) if len(repairs) == 1 and not moved else None
        return replace(finding, hint=hint, fix=fix)

    def _exact(self, target: str) -> list[Repair]:
        """The files that the target means when spelling, folder and aliases are forgiven, else two swapped letters; those in
        the folder that was written first."""
        key = loosen(_stem(target))
        named = [Repair(path) for path in self.lookup.by_key.get(key, ())]
        known = {repair.path for repair in named}
        named += [Repair(path, target) for path in self.lookup.by_alias.get(key, ()) if path not in known]
        if not named:
            swapped = {path for other in _swaps(key) for path in self.lookup.by_key.get(other, ())}
            named = [Repair(path) for path in swapped]
        folders = target.split("/")[:-1]
        return sorted(named, key=lambda repair: (-_shared_folders(folders, repair.path), repair))

    def _fix(self, finding: Finding, written: str, repair: Repair) -> Fix | None:
        """The link with its target replaced and all else kept; None where that is not plainly right."""
        name = self._spell(repair.path, finding)
        head, found, rest = written.partition(finding.target)
        if not found or not head.endswith("[[") or not rest.endswith("]]") or "#" in rest:
            return None
        if not name or UNFIXABLE.search(name) or not self.texts.mendable(finding):
            return None
        if not rest[:-2].strip(" \\") and repair.shown and not head.startswith("!"):
            bar = "\\|" if self.texts.stands_near_bar(finding) else "|"
            rest = f"{bar}{repair.shown}]]"
        return Fix(finding.span, f"{head}{name}{rest}")

    def _link(self, path: NotePath, finding: Finding, written: str, shown: str = "") -> str:
        name = self._spell(path, finding) if "[[" in written else ""
        return _link(name or path, written, shown)

    def _spell(self, path: NotePath, finding: Finding) -> str:
        """What a link to the file says: its name, or where that means another one its whole path; "" if neither works."""
        source = NotePath(finding.path)
        for name in (_stem(path), path.removesuffix(".md"), path):
            if self.vault.resolve(name, source) == Found(path):
                return name
        return ""


class _Places:
    """The headings, blocks and footnotes of the notes that broken anchors point into."""

    def __init__(self, vault: Vault, texts: _Texts, guesses: _Guesses) -> None:
        self.vault = vault
        self.texts = texts
        self.guesses = guesses

    def explain(self, finding: Finding) -> Finding:
        meaning = self.vault.resolve(finding.target, NotePath(finding.path))
        note = self.vault.notes.get(meaning.path) if isinstance(meaning, MissingAnchor) else None
        if note is None:  # the settings keep it out: a link to it is alive, its places are not known
            return finding
        subpath = finding.target.partition("#")[2]
        parts = [part.strip() for part in subpath.split("#") if part.strip()]
        last, wanted = parts[-1], loosen_heading(parts[-1])
        kind = "block" if last.startswith("^") else "footnote" if last.startswith("[^") else "heading"
        anchors = note.anchors
        texts = list(dict.fromkeys(_as_subpath(anchor.text, kind) for anchor in anchors if anchor.kind == kind))
        same = [text for text in texts if wanted and loosen_heading(text) == wanted]
        if len(parts) > 1 and same and kind == "heading":
            return replace(finding, hint=f"'{last}' is not below '{parts[-2]}': write {self._link(finding, same[0])}")
        if not same and kind == "heading" and any(anchor.kind == "block" and anchor.key == last.lower() for anchor in anchors):
            return replace(finding, hint=f"a block is written {self._link(finding, f'^{last}')}")
        fix = self._fix(finding, subpath, same[0]) if len(same) == 1 and kind == "heading" else None
        if not same:
            same = self.guesses.nearest(note.path, wanted, lambda: Names((loosen_heading(text), text) for text in texts))
        return replace(finding, hint=_did_you_mean([self._link(finding, text) for text in same]), fix=fix)

    def _link(self, finding: Finding, subpath: str) -> str:
        return _link(f"{finding.target.partition('#')[0]}#{subpath}", self.texts.written(finding))

    def _fix(self, finding: Finding, subpath: str, text: str) -> Fix | None:
        head, found, rest = self.texts.written(finding).partition(f"#{subpath}")
        if not found or "[[" not in head or not rest.endswith("]]"):
            return None
        if UNFIXABLE.search(text) or not self.texts.mendable(finding):
            return None
        target = finding.target.partition("#")[0]
        if not isinstance(self.vault.resolve(f"{target}#{text}", NotePath(finding.path)), Found):
            return None
        return Fix(finding.span, f"{head}#{text}{rest}")


def _as_subpath(text: str, kind: str) -> str:
    """An anchor's text as a link writes it."""
    if kind == "heading":
        return " ".join(UNLINKABLE.sub(" ", BLOCK_ID.sub("", text)).split())
    return f"^{text}" if kind == "block" else f"[^{text}]"


def _stem(path: str) -> str:
    return path[path.rfind("/") + 1 :].removesuffix(".md")


def _shared_folders(folders: Sequence[str], path: str) -> int:
    """How many of the folders that were written the path has too."""
    return len({loosen(folder) for folder in folders} & {loosen(folder) for folder in path.split("/")[:-1]})


def _swaps(key: str) -> Iterator[str]:
    """The key with two neighbouring letters exchanged; none for short keys and for numbers, where that is another name."""
    for at in range(len(key) - 1 if len(key) >= 4 else 0):
        one, other = key[at], key[at + 1]
        if one != other and not (one.isdigit() or other.isdigit()):
            yield f"{key[:at]}{other}{one}{key[at + 2 :]}"


def _link(name: str, written: str, shown: str = "") -> str:
    """`name` in the form of the link it would replace."""
    if "[[" not in written:
        return f"'{name}'"
    if written.startswith("!"):
        return f"![[{name}]]"
    return f"[[{name}|{shown}]]" if shown else f"[[{name}]]"


def _did_you_mean(links: Sequence[str]) -> str:
    links = list(dict.fromkeys(links))[:SHOWN]
    if not links:
        return ""
    *others, last = links
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"
