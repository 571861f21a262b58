"""Top-level modules -> the distributions they come from, with versions. The installed ones are listed once and remembered:
reading their metadata takes longer than everything else about evidence that is fresh.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Installed:
    """`key` is the state of the folders of packages when this was read; `modules` gives "name version" of the distributions
    that a module comes from."""

    key: tuple[str, ...] = ()
    modules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_installed(remembered: Installed) -> Installed:
    """What is installed now; what is remembered, when nothing was installed or removed since."""
    folders = [folder for folder in sys.path if folder.endswith(("site-packages", "dist-packages"))]
    key = (os.environ.get("PYTHONPATH", ""), *(f"{folder} {_stamp(folder)}" for folder in folders))
    return remembered if remembered.key == key else Installed(key, _read_modules())


def versions_of(modules: Iterable[str], installed: Installed) -> dict[str, str]:
    """Python's version and that of every distribution that has one of the modules."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for module in modules:
        for text in installed.modules.get(module, ()):
            name, _, version = text.rpartition(" ")
            found[name] = version
    return dict(sorted(found.items()))


def _stamp(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def _read_modules() -> dict[str, tuple[str, ...]]:
    from importlib import metadata

    found: dict[str, tuple[str, ...]] = {}
    versions: dict[str, str] = {}
    for module, names in metadata.packages_distributions().items():
        for name in names:
            if name not in versions:
                versions[name] = metadata.version(name)
        found[module] = tuple(sorted({f"{name} {versions[name]}" for name in names}))
    return found
