"""What is measured: kb in four states of its cache, ripgrep and rumdl, all on the same files."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kbtools.checks import load_rules

BIN: Final = Path(sys.executable).parent
LINK_RULES: Final = frozenset({"broken-link", "broken-embed", "broken-anchor", "ambiguous-link"})
RUMDL_RULES: Final = "MD042,MD051,MD052,MD053,MD057"
NOT_HERE: Final = frozenset({"snippets", "proofs"})
"""What the generated vault does not have: rules that need it stay as they are."""
YOUNG_S: Final = 2.2
"""A file changed less than two seconds ago is read again by the next run, whatever its stamp says."""


@dataclass(slots=True)
class Bench:
    """The files one round works on: `folder` holds vault/, truth.json and a folder for each configuration."""

    folder: Path
    edited: float = field(default=0.0)

    @property
    def vault(self) -> Path:
        return self.folder / "vault"

    def cache(self, name: str) -> dict[str, str]:
        """The environment in which kb keeps what it remembers apart for each configuration."""
        return {"KB_CACHE_DIR": str(self.folder / f"cache-{name}"), "OMP_NUM_THREADS": "1"}

    def write_configurations(self) -> None:
        """`links`: the rules on links alone. `every`: whatever a vault without snippets can have."""
        for name in ("links", "every"):
            (self.folder / name).mkdir(exist_ok=True)
            levels = {rule.name: _level(name, rule.name) for rule in load_rules() if rule.needs not in NOT_HERE}
            rows = [f'{rule} = "{level}"' for rule, level in levels.items() if level]
            (self.folder / name / "kb.toml").write_text("\n".join(['vault = "../vault"', "[rules]", *rows, ""]), "utf-8")

    def forget(self, name: str) -> None:
        """Remove a cache, once no file is young any more."""
        time.sleep(max(0.0, self.edited + YOUNG_S - time.time()))
        self.put_away(self.folder / f"cache-{name}")

    def put_away(self, folder: Path) -> None:
        """Take a folder out of the way, if it is there. `clear_away` removes it: for minutes after many files were deleted, ext4
        takes several times as long to create one.
        """
        if folder.exists():
            (self.folder / "away").mkdir(exist_ok=True)
            folder.rename(self.folder / "away" / str(time.time_ns()))

    def clear_away(self) -> None:
        """Remove what was put away, when nothing is measured any more."""
        shutil.rmtree(self.folder / "away", ignore_errors=True)

    def edit_note(self) -> None:
        """Change one note: a blank line more at its end, or that line less. Its links stay as they are."""
        note = min(self.vault.rglob("*.md"))
        text = note.read_bytes()
        note.write_bytes(text[:-1] if text.endswith(b"\n\n\n") else text + b"\n")
        self.edited = time.time()


def _level(configuration: str, rule: str) -> str:
    if configuration == "links":
        return "" if rule in LINK_RULES else "off"
    return "" if rule in LINK_RULES else "warning"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table. `prepare` runs before each measured run, outside the clock."""

    name: str
    command: Sequence[str]
    folder: str = "."
    cache: str = ""
    prepare: Callable[[Bench], None] = lambda bench: None


KB_CHECK: Final = (str(BIN / "kb"), "check", "--no-run")
RIPGREP: Final = "ripgrep, counting `[[`"
RUMDL: Final = "rumdl, link rules, no cache"
COLD: Final = "kb cold, link rules"
UNCHANGED: Final = "kb unchanged"
CHANGED: Final = "kb, one note changed"
EVERY: Final = "kb cold, every rule, networkx graph"

CASES: Final = (
    Case(RIPGREP, ("rg", "--count", "--fixed-strings", "[[", "vault")),
    Case(RUMDL, (str(BIN / "rumdl"), "check", "--no-cache", "--no-config", "--enable", RUMDL_RULES, "vault")),
    Case(COLD, KB_CHECK, "links", "links", lambda bench: bench.forget("links")),
    Case(UNCHANGED, KB_CHECK, "links", "links"),
    Case(CHANGED, KB_CHECK, "links", "links", Bench.edit_note),
    Case(
        EVERY, (sys.executable, str(Path(__file__).with_name("graph.py"))), "every", "every", lambda bench: bench.forget("every")
    ),
)
"""In the order of a round: the cold run leaves the cache that the next two meet."""
