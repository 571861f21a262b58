"""What a proof compares with: tolerances by dtype and device, equality of nested numbers, runs on the meta device, a
snippet altered in one place.

torch and numpy are imported only when a value of theirs is compared.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, Final

WIDE: Final = ("float64", "complex128")
HALF: Final = ("float16", "bfloat16", "complex32")


def tolerance(dtype: str, device: str) -> tuple[float, float]:
    """(rtol, atol) for values of a dtype ("float32") on a device ("cpu", "cuda"); (0, 0) for integers and truth values."""
    if not dtype.startswith(("float", "bfloat", "complex")):
        return 0.0, 0.0
    if dtype in HALF:
        return 2e-2, 2e-2
    if dtype in WIDE:
        return (1e-9, 1e-9) if device == "cuda" else (1e-10, 1e-10)
    return (1e-4, 1e-5) if device == "cuda" else (1e-5, 1e-6)


def assert_close(actual: Any, expected: Any, *, factor: float = 1.0) -> None:
    """Raise AssertionError unless both are equal within `factor` times the tolerance of `actual`'s dtype and device.

    Tensors, numpy arrays, numbers, and tuples, lists and dicts of them; shape, dtype and device must agree. NaN equals nothing.
    """
    __tracebackhide__ = True
    if isinstance(actual, tuple | list) and isinstance(expected, tuple | list):
        assert len(actual) == len(expected), f"{len(actual)} values, not {len(expected)}"
        for one, other in zip(actual, expected, strict=True):
            assert_close(one, other, factor=factor)
        return
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        assert actual.keys() == expected.keys(), f"the keys {sorted(actual)} are not {sorted(expected)}"
        for key in actual:
            assert_close(actual[key], expected[key], factor=factor)
        return
    kinds = _kind(actual), _kind(expected)
    if "tensor" in kinds:
        _tensors_close(actual, expected, factor, kinds)
        return
    _arrays_close(actual, expected, factor, kinds)


def _kind(value: Any) -> str:
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return "tensor"
    return "array" if hasattr(value, "dtype") else "number"


def _tensors_close(actual: Any, expected: Any, factor: float, kinds: tuple[str, str]) -> None:
    import torch

    __tracebackhide__ = True
    assert "array" not in kinds, f"{' and '.join(kinds)} are not compared: turn one into the other"
    if kinds[0] == "number":
        actual = torch.tensor(actual, dtype=expected.dtype, device=expected.device)
    if kinds[1] == "number":
        expected = torch.tensor(expected, dtype=actual.dtype, device=actual.device)
    rtol, atol = tolerance(str(actual.dtype).removeprefix("torch."), actual.device.type)
    torch.testing.assert_close(actual, expected, rtol=rtol * factor, atol=atol * factor)


def _arrays_close(actual: Any, expected: Any, factor: float, kinds: tuple[str, str]) -> None:
    __tracebackhide__ = True
    if kinds == ("number", "number") and not isinstance(actual, float | complex) and not isinstance(expected, float | complex):
        assert actual == expected, f"{actual!r} is not {expected!r}"
        return
    import numpy as np

    if kinds == ("number", "array"):
        actual = np.asarray(actual, dtype=expected.dtype)
    if kinds == ("array", "number"):
        expected = np.asarray(expected, dtype=actual.dtype)
    one, other = np.asarray(actual), np.asarray(expected)
    assert one.shape == other.shape, f"shape {one.shape} is not {other.shape}"
    if kinds != ("number", "number"):
        assert one.dtype == other.dtype, f"dtype {one.dtype} is not {other.dtype}"
    rtol, atol = tolerance(str(one.dtype), "cpu")
    np.testing.assert_allclose(one, other, rtol=rtol * factor, atol=atol * factor, equal_nan=False)


def on_meta(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`function` on torch's `meta` device, where tensors have shapes and no values: what it returns.

    Every tensor and module in the arguments goes there first. Raises AssertionError, naming the operation and the line,
    when a tensor with dimensions is made or used elsewhere: on a GPU that would be a tensor on the wrong device.
    """
    import torch
    from torch.utils import _python_dispatch

    __tracebackhide__ = True

    mode: Any = _python_dispatch.TorchDispatchMode

    class OnlyMeta(mode):  # type: ignore[misc]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            __tracebackhide__ = True
            for tensor in _tensors((args, kwargs or {})):
                _refuse(tensor, f"{func} uses")
            result = func(*args, **(kwargs or {}))
            for tensor in _tensors(result):
                _refuse(tensor, f"{func} makes")
            return result

    moved, named = _moved((args, kwargs))
    if isinstance(function, torch.nn.Module):
        function = _moved(function)
    watch: Any = OnlyMeta
    with watch():
        result = function(*moved, **named)
    for tensor in _tensors(result):
        assert tensor.device.type == "meta", f"a tensor of shape {tuple(tensor.shape)} comes back on '{tensor.device}'"
    return result


def altered(module: ModuleType, old: str, new: str) -> SimpleNamespace:
    """What a snippet's module would hold with `new` for `old` in its source: a version broken on purpose, which a proof must
    notice. Raises LookupError unless `old` stands there exactly once (no AssertionError: that is what a proof waits for)."""
    import inspect

    source = inspect.getsource(module)
    if source.count(old) != 1:
        raise LookupError(f"'{old}' stands {source.count(old)} times in {module.__name__}")
    space: dict[str, object] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(source.replace(old, new), f"{module.__file__}, altered", "exec"), space)
    return SimpleNamespace(**space)


def _refuse(tensor: Any, deed: str) -> None:
    __tracebackhide__ = True
    if tensor.device.type != "meta" and tensor.ndim > 0:
        shape = tuple(tensor.shape)
        raise AssertionError(f"{deed} a tensor of shape {shape} on '{tensor.device}', its inputs are on 'meta': {_caller()}")


def _caller() -> str:
    """`path:line: code` of the innermost frame that is neither torch's nor ours."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        module = frame.f_globals.get("__name__", "")
        if module.split(".")[0] not in ("torch", "kbtools") and not module.startswith("contextlib"):
            break
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f"{file}:{line}: {linecache.getline(file, line).strip()}"


def _tensors(value: Any) -> list[Any]:
    """Every tensor in nested tuples, lists and dicts."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [tensor for item in value.values() for tensor in _tensors(item)]
    if isinstance(value, tuple | list):
        return [tensor for item in value for tensor in _tensors(item)]
    return []


def _moved(value: Any) -> Any:
    """A copy with every tensor and module on the meta device."""
    import copy

    import torch

    if isinstance(value, torch.nn.Module):
        return copy.deepcopy(value).to("meta")
    if isinstance(value, torch.Tensor):
        return value.detach().to("meta").requires_grad_(value.requires_grad)
    if isinstance(value, Mapping):
        return {key: _moved(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_moved(item) for item in value))
    if isinstance(value, tuple | list):
        return type(value)(_moved(item) for item in value)
    return value
