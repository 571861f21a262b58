"""What a Python file mentions, as `imports.find_names` reads it and evidence remembers it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """What a text mentions: modules as (dots before the name, dotted name), and strings that look like a path or a dotted
    name, by which `run_path("snippets/x.py")` and `open("data.csv")` are seen. `device`: see `may_use_device`."""

    modules: tuple[tuple[int, str], ...] = ()
    strings: tuple[str, ...] = ()
    device: bool = False
