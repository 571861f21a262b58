"""Findings about links -> the same findings with "did you mean", and with a fix where exactly one repair resolves.

Rules say what is true; this says what was probably meant, once, when all findings of a run are known. Exact repairs (an
alias, another spelling, two letters swapped, another folder) are looked up for every finding; the nearest names, which
cost a look at every name of the vault, only for the first `GUESSES` findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, NamedTuple

from kbtools.model import Finding, Fix, NotePath, Vault
from kbtools.nearest import Names, loosen, loosen_heading
from kbtools.syntax.names import fold_name

GUESSES: Final = 20
SHOWN: Final = 3
GENERIC: Final = frozenset({"index", "readme"})
ABOUT_FILES: Final = frozenset({"broken-link", "broken-embed"})
UNLINKABLE: Final = re.compile(r"[:#|^\\\r\n]|%%|\[\[|\]\]")
BLOCK_ID: Final = re.compile(r"\s\^[A-Za-z0-9-]+$")


class Repair(NamedTuple):
    """A file that was probably meant; `shown` is the display text that keeps what the author wrote."""

    path: NotePath
    shown: str = ""


def add_hints(findings: Iterable[Finding], vault: Vault) -> list[Finding]:
    """The findings, in their order; those about missing files and places with hints and fixes."""
    texts = _Texts(vault)
    files, places, guesses = _Files(vault, texts), _Places(vault, texts), 0
    explained = []
    for finding in findings:
        if finding.rule in ABOUT_FILES and finding.target:
            finding = files.explain(finding, guess=guesses < GUESSES)
            guesses += not finding.fix
        elif finding.rule == "broken-anchor":
            finding = replace(places.explain(finding, guess=guesses < GUESSES), place="")
            guesses += not finding.fix
        explained.append(finding)
    return explained


class _Texts:
    """The texts that findings stand in; findings come file by file, so the last one is kept."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.last = ("", "")

    def of(self, finding: Finding) -> str:
        if self.last[0] != finding.path:
            self.last = (finding.path, self.vault.notes[NotePath(finding.path)].source.text)
        return self.last[1]

    def written(self, finding: Finding) -> str:
        """The link as it stands there."""
        return self.of(finding)[finding.span.start : finding.span.end]


class _Files:
    """The names of a vault, looked up loosely; built when the first finding needs it."""

    def __init__(self, vault: Vault, texts: _Texts) -> None:
        self.vault = vault
        self.texts = texts

    def explain(self, finding: Finding, *, guess: bool) -> Finding:
        target = finding.target
        if "://" in target:
            return replace(finding, hint=f"a web address is written [text]({target})")
        repairs = self._exact(target)
        if repairs:
            return self._with_repairs(finding, repairs)
        if not guess:
            return finding
        near = self.names.nearest(loosen(_stem(target)))
        written = self.texts.written(finding)
        return replace(finding, hint=_did_you_mean([self._link(path, written) for path in near]))

    def _with_repairs(self, finding: Finding, repairs: Sequence[Repair]) -> Finding:
        written = self.texts.written(finding)
        links = [self._link(repair.path, written, repair.shown) for repair in repairs]
        hint = _did_you_mean(links)
        if repairs[0].shown and written.endswith("]]"):
            names = " and ".join(_stem(repair.path) for repair in repairs[:SHOWN])
            hint = f"'{finding.target}' is an alias of {names}: write {' or '.join(links[:SHOWN])}"
        moved = "/" in finding.target and loosen(_stem(finding.target)) in GENERIC
        fix = self._fix(finding, written, repairs[0]) if len(repairs) == 1 and not moved else None
        return replace(finding, hint=hint, fix=fix)

    def _exact(self, target: str) -> list[Repair]:
        """The files that the target means when spelling, folder or an alias are forgiven; the first kind that fits."""
        key = loosen(_stem(target))
        named = self.by_key.get(key, [])
        if named:
            return [Repair(path) for path in named]
        if key in self.by_alias:
            return [Repair(path, target) for path in self.by_alias[key]]
        swapped = {path for other in _swaps(key) for path in self.by_key.get(other, ())}
        return [Repair(path) for path in sorted(swapped)]

    def _fix(self, finding: Finding, written: str, repair: Repair) -> Fix | None:
        """The link with its target replaced and all else kept; None where that is not plainly right."""
        name = self._shortest(repair.path)
        head, found, rest = written.partition(finding.target)
        if not found or not head.endswith("[[") or not rest.endswith("]]") or "#" in rest or not finding.path.endswith(".md"):
            return None
        if not rest[:-2].strip(" \\") and repair.shown and not head.startswith("!"):
            bar = "\\|" if self._stands_in_table(finding) else "|"
            rest = f"{bar}{repair.shown}]]"
        if any(mark in name for mark in "\"'\\[]|#^"):
            return None
        return Fix(finding.span, f"{head}{name}{rest}")

    def _link(self, path: NotePath, written: str, shown: str = "") -> str:
        return _link(self._shortest(path) if "[[" in written else path, written, shown)

    def _stands_in_table(self, finding: Finding) -> bool:
        text = self.texts.of(finding)
        start = text.rfind("\n", 0, finding.span.start) + 1
        end = text.find("\n", finding.span.end)
        return "|" in text[start : finding.span.start] or "|" in text[finding.span.end : end if end >= 0 else None]

    def _shortest(self, path: NotePath) -> str:
        """What a link to the file says: its name, or its whole path where the name is not the only one."""
        name = path[path.rfind("/") + 1 :]
        stem = name.removesuffix(".md")
        if self.counts[fold_name(name)] > 1 or (stem != name and fold_name(stem) in self.counts):
            return path.removesuffix(".md")
        return stem

    @cached_property
    def paths(self) -> tuple[NotePath, ...]:
        return (*self.vault.notes, *self.vault.attachments)

    @cached_property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for path in self.paths:
            name = fold_name(path[path.rfind("/") + 1 :])
            counts[name] = counts.get(name, 0) + 1
        return counts

    @cached_property
    def by_key(self) -> dict[str, list[NotePath]]:
        """Files by their loosened name; attachments also by the name without extension."""
        found: dict[str, list[NotePath]] = {}
        for path in self.paths:
            stem = _stem(path)
            found.setdefault(loosen(stem), []).append(path)
            dot = stem.rfind(".") if not path.endswith(".md") else -1
            if dot > 0:
                found.setdefault(loosen(stem[:dot]), []).append(path)
        return found

    @cached_property
    def by_alias(self) -> dict[str, list[NotePath]]:
        found: dict[str, list[NotePath]] = {}
        for path, alias in self.vault.iter_aliases():
            paths = found.setdefault(loosen(alias), [])
            if path not in paths:
                paths.append(path)
        return found

    @cached_property
    def names(self) -> Names[NotePath]:
        """Everything a link could have meant: names and aliases."""
        tables = (self.by_key, self.by_alias)
        return Names((key, path) for table in tables for key, paths in table.items() for path in paths)


class _Places:
    """The headings, blocks and footnotes of the notes that broken anchors point into."""

    def __init__(self, vault: Vault, texts: _Texts) -> None:
        self.vault = vault
        self.texts = texts

    def explain(self, finding: Finding, *, guess: bool) -> Finding:
        path, _, subpath = finding.target.partition("#")
        parts = [part.strip() for part in subpath.split("#") if part.strip()]
        anchors = self.vault.notes[NotePath(finding.place or finding.path)].anchors
        last = parts[-1]
        kind = "block" if last.startswith("^") else "footnote" if last.startswith("[^") else "heading"
        texts = list(dict.fromkeys(_as_subpath(anchor.text, kind) for anchor in anchors if anchor.kind == kind))
        wanted = loosen_heading(last)
        same = [text for text in texts if loosen_heading(text) == wanted]
        if len(parts) > 1 and same and kind == "heading":
            return replace(finding, hint=f"'{last}' is not below '{parts[-2]}': write {self._link(finding, path, same[0])}")
        if not same and guess:
            same = Names((loosen_heading(text), text) for text in texts).nearest(wanted)
            return replace(finding, hint=_did_you_mean([self._link(finding, path, text) for text in same]))
        fix = self._fix(finding, subpath, same[0]) if len(same) == 1 else None
        return replace(finding, hint=_did_you_mean([self._link(finding, path, text) for text in same]), fix=fix)

    def _link(self, finding: Finding, path: str, subpath: str) -> str:
        return _link(f"{path}#{subpath}", self.texts.written(finding))

    def _fix(self, finding: Finding, subpath: str, text: str) -> Fix | None:
        written = self.texts.written(finding)
        head, found, rest = written.partition(f"#{subpath}")
        if not found or "[[" not in head or not rest.endswith("]]") or not finding.path.endswith(".md"):
            return None
        return Fix(finding.span, f"{head}#{text}{rest}")


def _as_subpath(text: str, kind: str) -> str:
    """An anchor's text as a link writes it."""
    if kind == "heading":
        return " ".join(UNLINKABLE.sub(" ", BLOCK_ID.sub("", text)).split())
    return f"^{text}" if kind == "block" else f"[^{text}]"


def _stem(path: str) -> str:
    return path[path.rfind("/") + 1 :].removesuffix(".md")


def _swaps(key: str) -> Iterator[str]:
    """The key with two neighbouring letters exchanged; none for short keys, where that is another word."""
    for at in range(len(key) - 1 if len(key) >= 4 else 0):
        one, other = key[at], key[at + 1]
        if one != other and not (one + other).isdigit():
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
