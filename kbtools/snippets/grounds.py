"""A snippet -> the grounds on which its proof would rest if it ran now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kbtools.model import Snippet
from kbtools.snippets.evidence import KB, PYTEST, Grounds, Memory, digest_of_kb
from kbtools.snippets.ini import Settings, read_settings
from kbtools.snippets.needs import Sources
from kbtools.snippets.versions import Installed, read_installed, versions_of


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks at the project at one moment: each file is read once, so a new one has to be made to see what changed."""

    sources: Sources
    settings: Settings
    installed: Installed
    kb: str

    def grounds_of(self, snippet: Snippet, name: str) -> Grounds:
        """What the snippet's proof rests on, on a device called `name`."""
        needs = self.sources.needs_of(snippet.path, snippet.proof)
        own = {KB: self.kb, PYTEST: self.settings.digest}
        versions = versions_of({*needs.modules, "pytest"}, self.installed)
        return Grounds(snippet.path, snippet.proof if self.has_proof(snippet) else "", {**needs.files, **own}, versions, name)

    def has_proof(self, snippet: Snippet) -> bool:
        """Whether the file that should prove it is there."""
        return self.sources.has(snippet.proof)

    def asks_for_device(self, snippet: Snippet) -> bool:
        """Whether its proof has tests for a GPU."""
        return self.sources.asks_for_device(snippet.proof)

    @property
    def torch(self) -> str:
        """torch's version, "" where it is not installed."""
        return versions_of(("torch",), self.installed).get("torch", "")


def survey(root: Path, memory: Memory) -> Surveyor:
    """The project as it is now; `memory` saves parsing what is known."""
    settings = read_settings(root)
    return Surveyor(Sources(root, memory.names, settings.paths), settings, read_installed(memory.installed), digest_of_kb())
