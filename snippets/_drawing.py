"""笔记里的图共用的纸、笔与颜色；SVG 逐字节可复现，中文画成轮廓，哪里打开都不缺字。

怎样画一张图：
1. 在 snippets/<组>/_figures.py 里写函数 `<片段>__<图名>() -> Figure`，图便是 <片段>--<图名>.svg。
2. 文档字符串的第一行是图的标题，写进 SVG 的 <title>；函数里的数据从片段算出，不手填。
3. `from snippets import _drawing as drawing`；`figure, ax = drawing.canvas()`，多格用 `canvas(1, 3)`；
   画完 `return figure`。宽固定，高用 `height=` 调；用 ax 的普通方法，不碰 pyplot 与全局 rcParams。
4. 颜色用 BLUE、RED、GREEN、GOLD、PURPLE（照此次序），次要的线用 MUTED；热图用 `heat(ax, values)`。
   不靠颜色一种手段区分：线型、标记或旁注至少再用一种。
5. 随机数用自己的生成器；画之前 torch 已经播种为 0、单线程。
6. `make figures` 重画过时的，或 `.venv/bin/python -m snippets._gallery <组>` 只画一组；笔记里写 `![[<片段>--<图名>.svg]]`。
   tests/test_figures.py 会发现过时、手改过、没人用和超过 60 KB 的图（点太密就少取些点）。
"""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

INK: Final = "#23272e"
MUTED: Final = "#6a6f78"
CARD: Final = "#faf8f3"  # 浅色卡片：网页换成深色时，图仍在自己的纸上
BLUE: Final = "#0067a5"
RED: Final = "#bf4a0a"
GREEN: Final = "#007a5a"
GOLD: Final = "#8a6200"
PURPLE: Final = "#93408d"
CYCLE: Final = (BLUE, RED, GREEN, GOLD, PURPLE)  # 由 Okabe–Ito 加深，与卡片的对比都在 4.5 以上，色觉异常者可辨

WIDTH: Final = 7.2  # 英寸；网页上约 690 像素
FONT: Final = "NotoSansCJKsc-Regular.otf"
FAMILY: Final = "Noto Sans CJK SC"

STYLE: Final[dict[str, Any]] = {
    "svg.hashsalt": "kb",
    "svg.fonttype": "path",
    "font.family": [FAMILY],
    "font.size": 10,
    "mathtext.fontset": "stix",
    "figure.facecolor": CARD,
    "savefig.facecolor": CARD,
    "axes.facecolor": CARD,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.5,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": "cycler('color', " + repr(list(CYCLE)) + ")",
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "grid.color": "#dcd8cf",
    "grid.linewidth": 0.7,
    "image.cmap": "cividis",
}


def canvas(rows: int = 1, columns: int = 1, *, height: float = 2.8, **options: Any) -> tuple[Figure, Any]:
    """一张纸与它的格子（一格时是 Axes，多格时是数组）；options 交给 Figure.subplots，如 sharey=True。"""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def heat(ax: Axes, values: Any, **options: Any) -> AxesImage:
    """热图：行向下、列向右，每格一块不模糊的颜色；options 交给 Axes.imshow，如 vmin、vmax、extent。"""
    for spine in ax.spines.values():
        spine.set_visible(True)
    return ax.imshow(np.asarray(values), **{"interpolation": "none", "aspect": "auto", **options})


def diverging(values: Any) -> dict[str, Any]:
    """有正有负的热图的配色：0 在正中。用法 heat(ax, v, **diverging(v))。"""
    reach = float(np.abs(np.asarray(values)).max()) or 1.0
    return {"cmap": "PuOr_r", "vmin": -reach, "vmax": reach}


def render(draw: Callable[[], Figure]) -> bytes:
    """画一张图 -> SVG 的字节；同样的代码与 matplotlib 给出同样的字节。"""
    add_font()
    buffer = io.BytesIO()
    with rc_context(STYLE):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        title = (draw.__doc__ or "").strip().partition("\n")[0]
        draw().savefig(buffer, format="svg", metadata={**nothing, "Title": title})
    return tidy(buffer.getvalue().decode()).encode()


def add_font() -> None:
    """把 mplfonts 带的字体告诉本进程的 matplotlib，不改任何配置文件。"""
    if any(entry.name == FAMILY for entry in font_manager.fontManager.ttflist):
        return
    spec = importlib.util.find_spec("mplfonts")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("no package 'mplfonts', which has the Chinese font (pip install -e '.[figures]')")
    font_manager.fontManager.addfont(Path(spec.origin).parent / "fonts" / FONT)


def tidy(svg: str) -> str:
    """坐标留两位小数，去掉注释、没人引用的编号、路径里的换行与字形的长名：图更小，末位的舍入误差也不再改变字节。

    缩放与矩阵里的数不动。
    """

    def shorten(found: re.Match[str]) -> str:
        return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), found[0])

    svg = re.sub(r' (?:d|x|y)="[^"]*"|translate\([^)]*\)', shorten, svg)
    svg = re.sub(r"<!--.*?-->", "", svg.replace(FONT.removesuffix("otf").replace(".", "-"), "cjk-"), flags=re.DOTALL)
    svg = re.sub(r'<g id="[\w.]+_\d+"', "<g", svg)
    svg = re.sub(r' d="[^"]*"', lambda path: re.sub(r"\s*([A-Za-z])\s*", r"\1", path[0][4:-1]).join((' d="', '"')), svg)
    return re.sub(r"\s*\n\s*", "\n", svg)
