"""The names of this machine's processor and GPU. A GPU is asked for through torch, once; what it said is remembered for as
long as nothing that could change the answer has changed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

CPU_INFO: Final = "/proc/cpuinfo"
NODES: Final = ("nvidia", "dxg", "kfd")
"""Beginnings of the names below /dev by which a GPU is reached: NVIDIA's own, through Windows, AMD's."""
FACTS: Final = ("/proc/driver/nvidia/version", "/proc/sys/kernel/random/boot_id")


def cpu_name() -> str:
    """The processor as its maker calls it, else its architecture."""
    try:
        with open(CPU_INFO, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return os.uname().machine if hasattr(os, "uname") else sys.platform


def gpu_key(torch_version: str) -> str:
    """A text that changes when torch might see another GPU than before; "" where it cannot see any."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return ""
    nodes: list[str] = []
    if sys.platform == "linux":
        nodes = sorted(name for name in os.listdir("/dev") if name.startswith(NODES))
        if not nodes:
            return ""
    facts = [Path(file).read_text(encoding="utf-8", errors="replace") for file in FACTS if os.path.exists(file)]
    return "\n".join([torch_version, str(visible), *nodes, *facts])
