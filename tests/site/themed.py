"""A small site in the theme, built by MkDocs from pages written by hand in the HTML that the renderer gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config

from kbtools.site import around, navigation, previews
from kbtools.site.book import Backlink, Book, Page
from tests.site.serving import serving

SITE = Path(around.__file__).parent
LSTM = "概念/序列/LSTM.md"
RNN = "概念/序列/循环神经网络.md"
ATTENTION = "概念/注意力 机制.md"
CALLOUTS = (
    *("note", "abstract", "summary", "tldr", "info", "todo", "tip", "hint", "important", "success", "check", "done", "question"),
    *("help", "faq", "warning", "caution", "attention", "failure", "fail", "missing", "danger", "error", "bug", "example"),
    *("quote", "cite"),
)
LEADS = {
    RNN: "<p>循环神经网络每一步都读一个输入，把<a href='{lstm}'>状态</a>改写一遍。<img alt='' src='attachments/dot.svg'></p>"
    + "<p>再一段。</p>" * 30,
    RNN + "#梯度": "<p>这里说梯度为什么消失。</p>",
    LSTM: "<p>长短期记忆网络在状态旁边另设一格记忆。</p>",
}
BODY = """
<p>长短期记忆网络（LSTM）在<a class="internal-link" href="{rnn}">循环神经网络</a>的状态旁边另设一格记忆，
用乘法的门决定忘多少、写多少、读多少；记忆沿时间的直路上只乘遗忘门，梯度因此衰减得慢得多。
<span class="kb-unresolved" title="还没有这篇笔记">门控循环单元</span>也是这样，见
<a class="internal-link" href="{rnn_gradient}">梯度一节</a>与<a class="external" href="https://example.org/paper">原论文</a>。<mark>要记住的是这一句</mark>，<del>这句作废</del>，<code>torch.nn.LSTM</code>
<a class="kb-tag" href="{home}">#seq/rnn</a></p>

## 定义与公式 {{#定义与公式}}

<p>记号 <math><msub><mi>c</mi><mi>t</mi></msub></math> 是记忆。</p>
<div class="kb-math"><math display="block"><mrow>{long_sum}</mrow></math></div>
<ul><li class="task-list-item" data-task="x"><label class="task-list-control"><input type="checkbox" disabled checked
aria-label="已完成"><span class="task-list-indicator"></span></label> 读完</li>
<li class="task-list-item" data-task=" "><label class="task-list-control"><input type="checkbox" disabled
aria-label="未完成"><span class="task-list-indicator"></span></label> 算一遍</li></ul>
<table><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table>

### 代码 {{#代码}}

<div class="language-python highlight"><span class="filename">snippets/seq/lstm.py</span><pre><span></span><code>{code}
</code></pre></div>
<details class="kb-proof" data-state="proven" open><summary>已在 CPU 上证明</summary><dl><dt>对照</dt><dd>torch.nn.LSTM</dd>
<dt>容差</dt><dd>1e-6</dd><dt>CPU</dt><dd>已证明 · 2026-11-26 · numpy 2.1、torch 2.9</dd>
<dt>源码</dt><dd><a href="{home}"><code>snippets/seq/lstm.py</code></a></dd></dl></details>
<details class="kb-proof" data-state="stale"><summary>CPU 上的证明已过期</summary><dl></dl></details>
<details class="kb-proof" data-state="none"><summary>尚未证明</summary><dl></dl></details>
<p class="kb-proof" data-state="illustrative">示意代码</p>

## 标注 {{#标注}}

{callouts}
<details class="question"><summary>遗忘门开到底会怎样？</summary><p>记忆原封不动。</p></details>
<div class="kb-embed">
<p class="kb-embed-title"><a class="internal-link" href="{rnn}">循环神经网络</a></p>
<p>嵌入的一段。</p>
</div>
<p class="kb-embed-cut">嵌入成环，不再展开：<a class="internal-link" href="{rnn}">循环神经网络</a></p>
<p><img alt="一个点" src="{dot}" width="120"></p>
<blockquote><p>引文。</p></blockquote>

{around}
"""
CODE = (
    '<span class="k">def</span> <span class="nf">step</span><span class="p">(</span><span class="n">x</span>'
    '<span class="p">):</span>'
    '  <span class="c1"># (D,) -&gt; (H,)</span>\n    <span class="k">return</span> <span class="s2">"'
    + "一行很长的代码，" * 10
    + '"</span> <span class="o">+</span> <span class="mi">42</span>'
)
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><circle cx="30" cy="30" r="20"/></svg>'
PALETTE = [
    {
        "media": "(prefers-color-scheme: light)",
        "scheme": "default",
        "toggle": {"icon": "material/weather-sunny", "name": "换成深色"},
    },
    {
        "media": "(prefers-color-scheme: dark)",
        "scheme": "slate",
        "toggle": {"icon": "material/weather-night", "name": "换成浅色"},
    },
]


def make_book(*, ending: str) -> Book:
    """Four notes in two folders, one of them with a space; `ending` is what MkDocs puts behind a page's path."""

    def url(path: str) -> str:
        return quote(path.removesuffix(".md")) + ending

    lstm = Page(
        path=LSTM,
        url=url(LSTM),
        title="LSTM",
        minutes=35,
        prerequisites=(RNN,),
        unlocks=(ATTENTION,),
        before=("index.md", RNN),
        backlinks=(
            Backlink(RNN, "见", "LSTM", "：它多一格记忆。", anchor="梯度"),
            Backlink(ATTENTION, "", "LSTM", "没有它看得远。"),
        ),
    )
    rnn = Page(path=RNN, url=url(RNN), title="循环神经网络", minutes=25, unlocks=(LSTM,))
    attention = Page(path=ATTENTION, url=url(ATTENTION), title="注意力机制", minutes=30, prerequisites=(LSTM,))
    home = Page(path="index.md", url="" if ending == "/" else "index.html", title="首页", minutes=5)
    return Book(name="小知识库", pages={page.path: page for page in (home, lstm, rnn, attention)})


def build_site(folder: Path, *, address: str = "") -> Path:
    """The folder of the built site: for a server at `address` with instant navigation, without one for file://."""
    docs = folder / "docs"
    book = make_book(ending="/" if address else ".html")
    _write_pages(docs, book)
    for asset in (SITE / "assets").iterdir():
        _write(docs / "assets/kb" / asset.name, asset.read_bytes())
    for path, content in (*navigation.iter_nav_files(book), *previews.iter_preview_files(_leads(book))):
        _write(docs / path, content)
    config = {
        "site_name": book.name,
        "docs_dir": str(docs),
        "site_dir": str(folder / "site"),
        "use_directory_urls": bool(address),
        "theme": {
            "name": "material",
            "custom_dir": str(SITE / "theme"),
            "font": False,
            "language": "zh",
            "palette": PALETTE,
            "features": ["navigation.instant"] if address else [],
        },
        "markdown_extensions": ["attr_list"],
        "plugins": [],
        "extra": {"kb": {"links": [{"title": "首页", "url": book.pages["index.md"].url}, {"title": "图谱", "url": "graph/"}]}},
        "extra_css": [f"assets/kb/{style.name}" for style in sorted((SITE / "assets").glob("*.css"))],
        "extra_javascript": ["assets/kb/kb.js", "assets/kb/nav.js", "assets/kb/preview.js"],
    }
    if address:
        config["site_url"] = address
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config, allow_unicode=True))
    build(load_config(str(folder / "mkdocs.yml")))
    return folder / "site"


@contextmanager
def serving_built(folder: Path) -> Iterator[str]:
    """The address of a server of a site that is built for it."""
    with serving(folder / "site") as address:
        build_site(folder, address=address)
        yield address


def _leads(book: Book) -> dict[str, str]:
    leads = {}
    for key, html in LEADS.items():
        path, mark, anchor = key.partition("#")
        leads[book.pages[path].url + mark + quote(anchor)] = html.format(lstm=book.pages[LSTM].url) if not mark else html
    return leads


def _write_pages(docs: Path, book: Book) -> None:
    for page in book.pages.values():
        _write(docs / page.path, _markdown(page, book).encode())
    _write(docs / "attachments/dot.svg", DOT.encode())


def _markdown(page: Page, book: Book) -> str:
    if page.path != LSTM:
        return f"# {page.title}\n\n先看。\n\n## 梯度 {{#梯度}}\n\n梯度。\n\n{around.render_around(page, book)}\n"
    up = "../../" + ("../" if page.url.endswith("/") else "")
    rnn = up + book.pages[RNN].url
    text = f'<p>正文与<a class="internal-link" href="{rnn}">链接</a>。</p>'
    callouts = "\n".join(
        f'<div class="admonition {kind}"><p class="admonition-title">{kind}</p>{text}</div>' for kind in CALLOUTS
    )
    body = BODY.format(
        rnn=rnn,
        rnn_gradient=rnn + "#" + quote("梯度"),
        home=up + (book.pages["index.md"].url or "."),
        dot=up + "attachments/dot.svg",
        long_sum="<mo>+</mo>".join(f"<msub><mi>w</mi><mn>{number}</mn></msub>" for number in range(60)),
        heads="".join(f"<th>偏置 {number}</th>" for number in range(12)),
        cells="".join(f"<td>0.77{number}</td>" for number in range(12)),
        callouts=callouts,
        code=CODE,
        around=around.render_around(page, book),
    )
    return f"# {page.title}\n{body}"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
