"""The state of a process that a test may change without saying so: remembered, set for proofs, put back.

torch and numpy are touched only where somebody imported them already.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

SEED: Final = 0

Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class State:
    """What was remembered: one function a piece, each puts its piece back."""

    undo: tuple[Undo, ...]
    modules: frozenset[str]


def remember() -> State:
    """The process as it is now."""
    undo: list[Undo] = [*_process_undo(), _call(random.setstate, random.getstate())]
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        undo.append(_call(numpy.random.set_state, numpy.random.get_state()))
        undo.append(_call(lambda errors: numpy.seterr(**errors), numpy.geterr()))
    if torch is not None and hasattr(torch, "get_rng_state"):
        undo += _torch_undo(torch)
    return State(tuple(undo), frozenset(name for name in ("numpy", "torch") if name in sys.modules))


def restore(state: State) -> None:
    """Make the process what it was; torch, when it was imported since, what it is right after its import."""
    torch = sys.modules.get("torch")
    if torch is not None and "torch" not in state.modules and hasattr(torch, "get_rng_state"):
        _reset_torch(torch)
    for undo in state.undo:
        undo()


def prepare() -> None:
    """What holds in every proof: fixed seeds, one thread, full precision on a GPU."""
    random.seed(SEED)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed(SEED)
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(SEED)
        torch.set_num_threads(1)
        _set_precision(torch)


def _call(function: Callable[[Any], Any], value: Any) -> Undo:
    def undo() -> None:
        function(value)

    return undo


def _process_undo() -> list[Undo]:
    folder, environment, path = os.getcwd(), dict(os.environ), list(sys.path)
    filters, depth = list(warnings.filters), sys.getrecursionlimit()

    def undo() -> None:
        if _current_folder() != folder:
            os.chdir(folder)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        if sys.path != path:
            sys.path[:] = path
        if list(warnings.filters) != filters:
            warnings.resetwarnings()
            warnings.filters[:] = filters  # type: ignore[index]
        sys.setrecursionlimit(depth)

    return [undo]


def _current_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def _torch_undo(torch: Any) -> list[Undo]:
    undo = [
        _call(torch.set_rng_state, torch.get_rng_state()),
        _call(torch.set_default_dtype, torch.get_default_dtype()),
        _call(torch.set_grad_enabled, torch.is_grad_enabled()),
        _call(torch.set_num_threads, torch.get_num_threads()),
        _call(torch.autograd.set_detect_anomaly, torch.is_anomaly_enabled()),
    ]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        undo.append(_call(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
    device = torch.get_default_device()
    strict, lenient = _determinism(torch)
    precision = torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn
    flags = cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32

    def others() -> None:
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)
        if (strict, lenient) != _determinism(torch):
            torch.use_deterministic_algorithms(strict, warn_only=lenient)  # imports torch's compiler: a second
        torch.set_float32_matmul_precision(precision)
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = flags

    return [*undo, others]


def _determinism(torch: Any) -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _set_precision(torch: Any) -> None:
    """No TF32 (ten bits of mantissa), and convolutions that give the same result twice."""
    torch.set_float32_matmul_precision("highest")
    cudnn = torch.backends.cudnn
    cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = True, False, False


def _reset_torch(torch: Any) -> None:
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    if _determinism(torch) != (False, False):
        torch.use_deterministic_algorithms(False)
    torch.autograd.set_detect_anomaly(False)
