"""A Python file's text -> what it may need: modules, and strings that may name files; whether a proof's tests use a device.

Everything is read off the syntax tree, nothing is imported or run. Pure: no disk.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from kbtools.snippets.names import Names

NAME: Final = re.compile(r"[\w./\\-]{2,200}")
FIXTURES: Final = frozenset(
    ("dtype", "assert_close", "on_meta", "request", "monkeypatch", "recwarn", "capsys", "capfd", "caplog", "subtests")
)
"""Fixtures that everybody has and that need no device."""

IMPORTERS: Final = frozenset({"import_module", "importorskip", "run_module", "__import__"})

Function = ast.FunctionDef | ast.AsyncFunctionDef
Nodes = tuple[ast.AST, ...]


@lru_cache(maxsize=2)
def find_names(text: str) -> Names:
    """What a file's text mentions; nothing where it does not parse."""
    modules: set[tuple[int, str]] = set()
    strings: set[str] = set()
    nodes = _parse(text)
    for node in nodes:
        if isinstance(node, ast.Import):
            modules.update((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            modules.add((node.level, node.module or ""))
            modules.update((node.level, f"{node.module or ''}.{alias.name}".lstrip(".")) for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in IMPORTERS:
            modules.update(_as_module(text) for text in _texts(node.args[:1]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            strings.add(node.value)
    paths = sorted(text for text in strings if "." in text or "/" in text)
    return Names(tuple(sorted(modules)), tuple(paths), _may_use_device(nodes))


def imports(text: str, package: str) -> bool:
    """Whether a file imports `package` or something in it."""
    return any(level == 0 and name.split(".")[0] == package for level, name in find_names(text).modules)


def mentions(text: str, name: str) -> bool:
    """Whether a file imports something of this name, or has it in a string; True for one that does not parse."""
    nodes = _parse(text)
    imported = {piece for _, module in find_names(text).modules for piece in module.split(".")}
    return len(nodes) == 1 or name in imported or any(name in string for string in _strings_among(nodes))


def has_test(text: str) -> bool:
    """Whether a proof defines anything that pytest would collect."""
    return any(True for _ in _iter_tests(_parse(text)))


def may_use_device(text: str) -> bool:
    """Whether a proof's tests may be run on a device: one asks for the fixture `device`, or for a fixture of a conftest.py
    that may do so. False only when it is certain that none does."""
    return find_names(text).device


def _may_use_device(nodes: Nodes) -> bool:
    fixtures = {node.name: _arguments(node) for node in nodes if isinstance(node, Function) and _is_fixture(node)}
    given = {word for node in nodes if isinstance(node, ast.Call) for word in _strings_of(node)}
    asked = {name for test in _iter_tests(nodes) for name in _arguments(test)}
    asked.update(name for names in fixtures.values() for name in names)
    if "device" in asked or "device" in given:
        return True
    unknown = asked - given - fixtures.keys() - FIXTURES
    return any(not name.startswith("tmp") for name in unknown)


@lru_cache(maxsize=2)
def _parse(text: str) -> Nodes:
    """The nodes of a text's tree, the module first; that alone where it does not parse. The last ones are kept, for a
    snippet and its proof are asked about several times in a row, and to walk a tree costs more than to parse it."""
    try:
        tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module(body=[], type_ignores=[])
    return tuple(ast.walk(tree))


def _iter_tests(nodes: Nodes) -> Iterator[Function]:
    """The functions of a module, and of its classes, whose names begin with `test`."""
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.If | ast.Try | ast.With | ast.For):
            yield from (inner for inner in node.body if isinstance(inner, Function) and inner.name.startswith("test"))


def _called(call: ast.Call) -> str:
    """`c` of `a.b.c(…)`."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _texts(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Every literal string in some expressions."""
    return _strings_among(node for outer in nodes for node in ast.walk(outer))


def _strings_among(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _as_module(name: str) -> tuple[int, str]:
    bare = name.lstrip(".")
    return len(name) - len(bare), bare


def _arguments(function: Function) -> set[str]:
    """The arguments that a caller, or pytest with a fixture, has to give."""
    places = function.args.posonlyargs + function.args.args
    free = places[: len(places) - len(function.args.defaults)]
    named = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return {argument.arg for argument in [*free, *(word for word, default in named if default is None)]} - {"self", "cls"}


def _is_fixture(function: Function) -> bool:
    return any("fixture" in ast.dump(decorator) for decorator in function.decorator_list)


def _strings_of(call: ast.Call) -> Iterator[str]:
    """The names in `parametrize("a, b", …)`, `usefixtures("a")` and `getfixturevalue("a")`."""
    name = _called(call)
    if name in ("parametrize", "usefixtures", "getfixturevalue"):
        for text in _texts(call.args[:1] if name == "parametrize" else call.args):
            yield from (word.strip() for word in text.split(","))
