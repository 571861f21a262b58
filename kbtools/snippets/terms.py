"""What a project and a request say about proving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NO_GPU: Final = "no CUDA device"
NO_DEVICE: Final = "no test of its proof asks for a device"
NO_PROOF: Final = "no proof"
"""Why something is skipped."""

Begin = Callable[[int], Callable[[int], None] | None]
"""Told how many jobs there will be; what it returns is told of each that is done."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a project and a request say: where things are, on which device ("auto", "cpu", "cuda"), within which limits.

    `memory_file` is where evidence is kept between runs; `requires_gpu`: that none is there is a failure.
    """

    root: Path
    memory_file: Path
    device: str = "auto"
    timeout: float = 60.0
    memory: int = 4 << 30
    requires_gpu: bool = False

    @property
    def devices(self) -> tuple[str, ...]:
        return ("cpu", "cuda") if self.device == "auto" else (self.device,)
