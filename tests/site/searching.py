"""A small Material site with a search index, built from a few notes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config

from kbtools.site import searchindex
from kbtools.site.searchindex import Entry, iter_search_files
from tests.site.serving import serving

SITE = Path(searchindex.__file__).parent
SCRIPTS = ("search.js", "searchindex.js", "searchmarks.js", "searchwords.js")
STYLES = ("kb.css", "search.css")
PALETTE = [
    {"media": f"(prefers-color-scheme: {name})", "scheme": scheme} for name, scheme in (("light", "default"), ("dark", "slate"))
]

NOTES = {
    "index.md": "# 首页\n\n从这里读起。\n",
    "backprop.md": "# 反向传播\n\n误差从输出逐层回到输入。\n\n## 链式法则\n\n复合函数的导数是各层导数之积。\n",
    "lstm.md": "# LSTM\n\n长短期记忆网络。\n\n## 为何不消失\n\n"
    + "细胞状态的通路上几乎只有加法。" * 20
    + "于是误差在其中经由反向传播而不衰减，遗忘门决定留下多少。\n\n## 代码\n\n`nn.LSTMCell`，其中 attention 无用。\n",
    "gru.md": "# GRU\n\n更新门与重置门。\n\n"
    + "\n\n".join(f"## 第{n}节\n\n这一节讲重置门之{n}。" for n in "一二三四五六")
    + "\n",
    **{f"more{number}.md": f"# 其余{number}\n\n批量归一化使训练稳定，这是第 {number} 页。\n" for number in range(20)},
}


def entries(suffix: str) -> Iterator[Entry]:
    for name, text in NOTES.items():
        title, *parts = text.removeprefix("# ").split("\n## ")
        url = "index.html" if name == "index.md" else name.removesuffix(".md") + suffix
        title, _, lead = title.partition("\n")
        yield Entry(url, title, "", lead.strip(), tags=("循环网络",) if name == "gru.md" else ())
        for part in parts:
            heading, _, body = part.partition("\n")
            yield Entry(f"{url}#{heading}", title, heading, body.strip())


def build_site(folder: Path, *, folders: bool, features: tuple[str, ...] = ()) -> Path:
    """The folder of the built site; with `folders`, a page's address is a folder's."""
    docs = folder / "docs"
    for name, text in NOTES.items():
        lines = (f"{line} {{#{line.removeprefix('## ')}}}" if line.startswith("## ") else line for line in text.split("\n"))
        _write(docs / name, "\n".join(lines).encode())
    for name in (*SCRIPTS, *STYLES):
        _write(docs / "assets/kb" / name, (SITE / "assets" / name).read_bytes())
    for path, data in iter_search_files(entries("/" if folders else ".html")):
        _write(docs / path, data)
    config = {
        "site_name": "试",
        "docs_dir": "docs",
        "site_dir": "site",
        "plugins": [],
        "use_directory_urls": folders,
        "theme": {
            "name": "material",
            "language": "zh",
            "font": False,
            "custom_dir": str(SITE / "theme"),
            "features": list(features),
            "palette": PALETTE,
        },
        "extra_javascript": [f"assets/kb/{name}" for name in SCRIPTS],
        "extra_css": [f"assets/kb/{name}" for name in STYLES],
        "markdown_extensions": ["attr_list"],
    }
    _write(folder / "mkdocs.yml", json.dumps(config).encode())
    build(load_config(str(folder / "mkdocs.yml")))
    return folder / "site"


@contextmanager
def serving_with_sitemap(site: Path) -> Iterator[str]:
    """The address of a server of the site, which has a sitemap for it."""
    with serving(site) as address:
        urls = "".join(f"<url><loc>{address}{name}</loc></url>" for name in ("", "lstm/", "backprop/", "gru/"))
        (site / "sitemap.xml").write_text(f"<urlset>{urls}</urlset>", "utf-8")
        yield address


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
