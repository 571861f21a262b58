"""Where a finding is, as its readers can open it: notes are counted from the vault, snippets from the project."""

from __future__ import annotations

from kbtools.model import Finding


def address(found: Finding, prefix: str, project: str) -> str:
    """The finding's file behind the prefix of what it belongs to; only rules about snippets speak of a Python file as
    one of the project."""
    if found.path.endswith(".py") and found.rule.endswith("-snippet"):
        return project + found.path
    return prefix + found.path


def seen_from(here: str, path: str) -> str:
    """A relative path as short as it is in the folder `here`: `../概念/LSTM.md` is `LSTM.md` in `…/概念`."""
    ups = 0
    while path.startswith("../", 3 * ups):
        ups += 1
    names = path[3 * ups :].split("/")
    around = here.split("/")[-ups:] if ups else []
    while around and len(names) > 1 and names[0] == around[0]:
        del names[0], around[0]
    return "../" * len(around) + "/".join(names)


def sentence(found: Finding, project: str) -> str:
    """Message, hint and second address, as one text without markup."""
    hint = f" ({found.hint})" if found.hint else ""
    second = f" [{project}{found.place}]" if found.place else ""
    return found.message + hint + second
