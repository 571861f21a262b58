"""The words of a command line that is not finished -> what its last word may become. Fast, for it runs while somebody types: the
names of notes are read from the folder, and no note is opened."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kbtools.cli.main import OTHER_WORDS, command_names, load_command, parser_of

if TYPE_CHECKING:
    from kbtools.config import Config

FILES: Final = ":files"
FOLDERS: Final = ":folders"
"""What tells the shell to add files or folders of its own."""

KINDS: Final = {
    "NOTE": "notes",
    "A,B": "notes",
    "WHAT": "notes",
    "RULE": "rules",
    "COMMAND": "commands",
    "T": "templates",
    "SRC": "movable",
    "DST": "folders of the vault",
    "PATH": "files",
    "FILE": "files",
    "DIR": "folders",
}
"""What stands for an argument in the help -> what it may be."""
OWN: Final = {("new", "name"): "new"}
MOST: Final = 500


class Candidate(NamedTuple):
    """A word that fits, and what it is."""

    value: str
    about: str = ""


def complete(words: Sequence[str]) -> list[Candidate]:
    """What the last of the words may become, `kb` being the first of them; nothing where that is not known. Raises KbError."""
    *before, current = _rejoin(words)[1:] or [""]
    typed = current.lstrip("'\"").replace("\\", "")
    found = _find(before, typed)
    folded = typed.casefold()
    fitting = [one for one in found if one.value[0] == ":" or one.value.casefold().startswith(folded)]
    return fitting[:MOST]


def _rejoin(words: Sequence[str]) -> list[str]:
    """The words with `--option=value` as two of them, however the shell has cut it."""
    joined: list[str] = []
    for word in words:
        if word == "=" and joined and joined[-1].startswith("--"):
            joined.append("=")
        elif joined and joined[-1] == "=":
            joined[-1] = word
        elif word.startswith("--") and "=" in word:
            joined += word.split("=", 1)
        else:
            joined.append(word)
    return [*joined[:-1], ""] if joined and joined[-1] == "=" else joined


def _find(before: list[str], current: str) -> Iterator[Candidate]:
    vault, words = None, list(before)
    while words and words[0] == "--vault" and len(words) > 1:
        vault, words = words[1], words[2:]
    if words == ["--vault"]:
        return iter([Candidate(FOLDERS)])
    if not words:
        if current.startswith("-"):
            return iter([Candidate("--vault", "the vault's folder"), Candidate("--help"), Candidate("--version")])
        return iter(Candidate(name, load_command(name).HELP) for name in command_names())
    name = OTHER_WORDS.get(words[0], words[0])
    parser = parser_of(name, load_command(name), vault)
    return _find_argument(name, parser, words[1:], current, vault)


def _find_argument(
    name: str, parser: argparse.ArgumentParser, words: list[str], current: str, vault: str | None
) -> Iterator[Candidate]:
    options = parser._option_string_actions
    positionals = [action for action in parser._actions if not action.option_strings]
    waiting: argparse.Action | None = None
    given = 0
    for at, word in enumerate(words):
        if waiting is not None:
            vault = word if waiting.dest == "vault" else vault
            waiting = None
        elif word in options and "--" not in words[:at]:
            waiting = options[word] if options[word].nargs != 0 else None
        elif word != "--":
            given += 1
    if waiting is None and current.startswith("-") and "--" not in words:
        return (Candidate(option, action.help or "") for option, action in options.items() if option.startswith("--"))
    if waiting is None:
        open_ended = positionals and positionals[-1].nargs in ("*", "+")
        if given >= len(positionals) and not open_ended:
            return iter(())
        waiting = positionals[min(given, len(positionals) - 1)]
    if waiting.choices:
        return (Candidate(str(choice)) for choice in waiting.choices)
    return _find_values(OWN.get((name, waiting.dest), KINDS.get(str(waiting.metavar), "")), vault, first=not given)


def _find_values(kind: str, vault: str | None, *, first: bool) -> Iterator[Candidate]:
    match kind:
        case "files":
            return iter([Candidate(FILES)])
        case "folders":
            return iter([Candidate(FOLDERS)])
        case "commands":
            return (Candidate(name) for name in command_names())
        case "rules":
            from kbtools.checks import load_rules

            return (Candidate(rule.name, " ".join(rule.doc.partition("\n\n")[0].split())) for rule in load_rules())
        case "":
            return iter(())
    from kbtools.config import find_config

    return _find_in_vault(kind, find_config(vault, Path.cwd()), first=first)


def _find_in_vault(kind: str, config: Config, *, first: bool) -> Iterator[Candidate]:
    from kbtools.vault.walk import list_files

    if kind == "templates":
        from kbtools.creating.note import list_templates
        from kbtools.vault.settings import read_templates

        yield from map(Candidate, list_templates(config.vault, read_templates(config.vault)))
        return
    listing = list_files(str(config.vault))
    if kind in ("folders of the vault", "new"):
        if kind == "new" and first:
            yield Candidate("snippet", "a snippet with its proof")
        folders = {path[: path.rfind("/") + 1] for path in (*listing.sources, *listing.others)}
        yield from (Candidate(folder) for folder in sorted(folders) if folder)
        return
    yield from _name_notes(listing.sources)
    if kind == "movable":
        yield from map(Candidate, listing.others)
        if config.snippets:
            yield Candidate(FILES)


def _name_notes(sources: dict[str, tuple[int, int, int, int]]) -> Iterator[Candidate]:
    """Each note by its name where that is enough, and by its path for those who type one."""
    stems = [path[path.rfind("/") + 1 :].removesuffix(".md") for path in sources]
    seen: dict[str, int] = {}
    for stem in stems:
        seen[stem.lower()] = seen.get(stem.lower(), 0) + 1
    pairs = sorted(zip(stems, sources, strict=True))
    yield from (Candidate(stem, os.path.dirname(path)) for stem, path in pairs if seen[stem.lower()] == 1)
    yield from (Candidate(path.removesuffix(".md")) for path in sorted(sources) if "/" in path)
