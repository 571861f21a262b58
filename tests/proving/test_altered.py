"""A snippet altered in one place, for the proof that has to notice it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kbtools.snippets.proof import altered

SOURCE = """from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

RATE = 0.5


@dataclass
class Layer:
    kinds: ClassVar[int] = 1
    width: int = 2


def scale(x):
    return RATE * x
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "scaling.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("scaling")
    del sys.modules["scaling"]


def test_one_place_is_other_and_the_module_stays(module: ModuleType) -> None:
    changed = altered(module, "RATE * x", "RATE + x")
    assert changed.scale(2) == 2.5
    assert module.scale(2) == 1.0
    assert changed.Layer(3).width == 3


@pytest.mark.parametrize("old", ["RATE", "no such text"])
def test_a_place_must_be_there_exactly_once(module: ModuleType, old: str) -> None:
    with pytest.raises(LookupError, match=old):
        altered(module, old, "x")
