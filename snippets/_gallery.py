"""图的账本：哪个函数画哪张图，画它的代码变了没有；只重画过时的。

在项目根目录：`python -m snippets._gallery [--all] [组或图的前缀 …]`，例如 `python -m snippets._gallery gen lstm_cell`。
账本 snippets/figures.lock 一行一张图：图名、代码的摘要、SVG 的摘要、matplotlib 的版本。
代码的摘要取画图函数与它用到的一切顶层定义的原文，跟着 import 走进片段与 _drawing.py；
读账与核对不需要 matplotlib，只有画才需要。
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
LOCK: Final = ROOT / "snippets" / "figures.lock"
FOLDER: Final = ROOT / "notes" / "attachments" / "figures"
NAME: Final = re.compile(r"(?P<snippet>[a-z0-9]\w*?)__(?P<name>\w+)")
HEADER: Final = "# 由 make figures 写：图  代码的摘要  SVG 的摘要  matplotlib\n"
DRAWING: Final = "snippets/_drawing.py"

Place = tuple[str, str]  # 文件（相对项目根目录）与其中一个顶层名字


class Plan(NamedTuple):
    """一张图：名字，画它的函数在哪里，代码的摘要。"""

    name: str
    path: str
    function: str
    code: str


class Entry(NamedTuple):
    """账本的一行：上次画它时代码与 SVG 的摘要，matplotlib 的版本。"""

    code: str
    svg: str
    matplotlib: str


def iter_plans(root: Path = ROOT) -> Iterator[Plan]:
    """snippets/<组>/_figures.py 里名字形如 <片段>__<图名> 的顶层函数，按文件与次序。"""
    for path in sorted((root / "snippets").glob("*/_figures.py")):
        relative = path.relative_to(root).as_posix()
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.FunctionDef) and (found := NAME.fullmatch(statement.name)):
                name = f"{found['snippet']}--{found['name']}"
                yield Plan(name, relative, statement.name, digest_code(root, relative, statement.name))


def read_lock(path: Path = LOCK) -> dict[str, Entry]:
    """图名 -> 账目；没有账本时为空。"""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: Entry(code, svg, version) for name, code, svg, version in rows}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def digest_code(root: Path, path: str, function: str) -> str:
    """画图函数、render，与它们用到的一切顶层定义的摘要。"""
    waiting: list[Place] = [(path, function), (DRAWING, "render")]
    seen: dict[Place, str] = {}
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen[place], uses = read_part(root, *place)
        waiting += uses
    return digest("\0".join(f"{file}#{name}\n{text}" for (file, name), text in sorted(seen.items())).encode())


def read_part(root: Path, path: str, name: str) -> tuple[str, list[Place]]:
    """一个顶层名字的原文，与它用到的名字；不是这个文件的名字（内建、局部变量）给空。"""
    module = read_module(root, path)
    lines, uses = [], []
    for statement in module.get(name, ()):
        start = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        lines += (root / path).read_text(encoding="utf-8").splitlines()[start - 1 : statement.end_lineno]
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue  # 谁用到它，谁去找它指的文件
        inner = list(ast.walk(statement))
        whole = {node.id for node in inner if isinstance(node, ast.Name)}
        parts = {(n.value.id, n.attr) for n in inner if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}
        for used in sorted(whole & module.keys()):
            uses.append((path, used))
            uses += follow(root, module[used], used, sorted(attribute for owner, attribute in parts if owner == used))
    return "\n".join(lines), uses


def follow(root: Path, statements: list[ast.stmt], name: str, attributes: list[str]) -> list[Place]:
    """`name` 若是从 snippets 导入的：它所指的定义；是整个模块时，取其中用到的属性。"""
    found: list[Place] = []
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == "snippets":
            folder = (statement.module or "").replace(".", "/")
            original = next(alias.name for alias in statement.names if name in (alias.asname, alias.name))
            if (root / f"{folder}.py").exists():
                found.append((f"{folder}.py", original))
            else:
                file = f"{folder}/{original}.py"
                found += [(file, attribute) for attribute in attributes or read_module(root, file)]
    return found


@lru_cache
def read_module(root: Path, path: str) -> dict[str, list[ast.stmt]]:
    """文件的顶层名字 -> 定义它的语句；演示（if __name__ …）不算。"""
    table: dict[str, list[ast.stmt]] = {}
    for statement in ast.parse((root / path).read_text(encoding="utf-8")).body:
        if not (isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)):
            for name in iter_bound(statement):
                table.setdefault(name, []).append(statement)
    return table


def iter_bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
    else:
        yield from {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def draw(plan: Plan) -> bytes:
    """画一张图 -> SVG 的字节。"""
    from snippets import _drawing

    module = importlib.import_module(plan.path.removesuffix(".py").replace("/", "."))
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
        torch.set_num_threads(1)
    return _drawing.render(getattr(module, plan.function))


def matplotlib_version() -> str:
    """主版本与次版本：它们变了，线条与字的画法可能跟着变。"""
    import matplotlib

    return ".".join(matplotlib.__version__.split(".")[:2])


def is_fresh(plan: Plan, entry: Entry | None, folder: Path = FOLDER) -> bool:
    """代码与 SVG 都还是记账时的样子。"""
    file = folder / f"{plan.name}.svg"
    return entry is not None and plan.code == entry.code and file.exists() and digest(file.read_bytes()) == entry.svg


def record(changes: dict[str, Entry | None], path: Path = LOCK) -> None:
    """改几行账（None 是销账），别的行照旧。写之前重读：几个人可以同时画各自的组。"""
    entries = {**read_lock(path), **changes}
    rows = [f"{name}  {'  '.join(entry)}\n" for name, entry in sorted(entries.items()) if entry is not None]
    fresh = path.with_suffix(".new")
    fresh.write_text(HEADER + "".join(rows), encoding="utf-8", newline="\n")
    fresh.replace(path)


def main(arguments: list[str]) -> None:
    wanted = [argument for argument in arguments if argument != "--all"]
    plans = list(iter_plans())
    chosen = [p for p in plans if not wanted or any(p.path.split("/")[1] == w or p.name.startswith(w) for w in wanted)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    version = matplotlib_version()
    for plan in chosen:
        entry = read_lock().get(plan.name)
        if "--all" in arguments or not is_fresh(plan, entry) or entry is None or entry.matplotlib != version:
            content = draw(plan)
            (FOLDER / f"{plan.name}.svg").write_bytes(content)
            record({plan.name: Entry(plan.code, digest(content), version)})
            print(f"{plan.name}.svg  {len(content) / 1000:.0f} KB")
    gone = read_lock().keys() - {plan.name for plan in plans} if not wanted else set()
    for name in sorted(gone):
        (FOLDER / f"{name}.svg").unlink(missing_ok=True)
        record({name: None})
        print(f"{name}.svg  没有函数再画它，删去")


if __name__ == "__main__":
    main(sys.argv[1:])
