"""A page of constructs: Markdown as one writes it in Obsidian, and what Obsidian shows of it, as pieces of HTML.

Each stands in `x.md` of the vault `AROUND`. Pieces must follow each other in the page's HTML in their order. How formulas and
programs look is their own renderers' business and not asked here.
"""

from __future__ import annotations

from typing import NamedTuple

AROUND: dict[str, str] = {
    "Note.md": "---\ntags: [猫]\n---\n引言。\n\n## 推导\n\n第一步。\n\n### 细节\n\n细说。\n\n"
    "## 小结\n\n完了。 ^end\n\n- 甲\n- 乙 ^item\n",
    "dir/v1.2.md": "版本。\n\n## Self Attention!\n",
    "图.png": "",
    "dir/a b.svg": "",
    "声.mp3": "",
    "片.mp4": "",
    "论文.pdf": "",
    "数据.zip": "",
    "板.canvas": "{}",
}
NOTE = '<a class="internal-link" href="../Note/">'


class Construct(NamedTuple):
    """Some Markdown, pieces of what is shown, pieces that must not be there."""

    name: str
    source: str
    shown: tuple[str, ...]
    absent: tuple[str, ...] = ()


def shows(name: str, source: str, *shown: str, absent: tuple[str, ...] = ()) -> Construct:
    return Construct(name, source, shown, absent)


LINKS = (
    shows("a wikilink", "[[Note]]", f"<p>{NOTE}Note</a></p>"),
    shows("a wikilink with a text", "[[Note|笔记]]", f"{NOTE}笔记</a>"),
    shows("a text is no Markdown", "[[Note|a **b** <i>]]", f"{NOTE}a **b** &lt;i&gt;</a>"),
    shows("a folder stays in the text", "[[dir/v1.2]]", 'href="../dir/v1.2/">dir/v1.2</a>'),
    shows("a heading", "[[Note#推导]]", 'href="../Note/#%E6%8E%A8%E5%AF%BC">Note &gt; 推导</a>'),
    shows("a nested heading", "[[Note#推导#细节|x]]", 'href="../Note/#%E7%BB%86%E8%8A%82">x</a>'),
    shows("a heading without its punctuation", "[[v1.2#self attention]]", 'href="../dir/v1.2/#self-attention"'),
    shows("a block", "[[Note#^end]]", 'href="../Note/#%5Eend">Note &gt; ^end</a>'),
    shows(
        "a heading of the same note",
        "[[#甲]]\n\n## 甲",
        '<a class="internal-link" href="#%E7%94%B2">甲</a>',
        '<h2 id="甲">甲</h2>',
    ),
    shows("a block of the same note", "[[#^q]]\n\n文 ^q", 'href="#%5Eq">^q</a>', '<p id="^q">文</p>'),
    shows("the note itself", "[[x]]", 'href="./">x</a>'),
    shows("no such note", "[[无]]", '<span class="kb-unresolved" title="还没有这篇笔记">无</span>'),
    shows("no such heading", "[[Note#无]]", f"{NOTE}Note &gt; 无</a>"),
    shows("a link in a heading", "## 见 [[Note]]", f'<h2 id="见-note">见 {NOTE}Note</a></h2>'),
    shows("a link in bold", "**[[Note]]**", f"<strong>{NOTE}Note</a></strong>"),
    shows("a link between letters in bold", "的**[[Note]]**是", f"的<strong>{NOTE}Note</a></strong>是"),
    shows("an escaped link", r"\[[Note]]", "[[Note]]", absent=("internal-link",)),
    shows("a link in code", "`[[Note]]`", "<code>[[Note]]</code>", absent=("internal-link",)),
    shows("a Markdown link", "[笔记](Note.md)", f"{NOTE}笔记</a>"),
    shows("a Markdown link without ending", "[笔记](Note)", f"{NOTE}笔记</a>"),
    shows("a Markdown link with a heading", "[x](Note.md#%E6%8E%A8%E5%AF%BC)", 'href="../Note/#%E6%8E%A8%E5%AF%BC">x</a>'),
    shows("a percent-encoded address", "[图](dir/a%20b.svg)", 'href="../dir/a%20b.svg">图</a>'),
    shows("an address in angles", "[图](<dir/a b.svg>)", 'href="../dir/a%20b.svg">图</a>'),
    shows("an address with a blank", "[图](dir/a b.svg)", "[图](dir/a b.svg)", absent=("<a",)),
    shows("a title", '[x](Note.md "说明")', 'href="../Note/" title="说明">x</a>'),
    shows("a reference", "[x][n] 与 [n]\n\n[n]: Note.md", f"{NOTE}x</a>", f"{NOTE}n</a>"),
    shows("a label that is a wikilink", "[x]: [[Note]]", f"[x]: {NOTE}Note</a>"),
    shows(
        "a link out of the vault",
        "[x](https://x.org/a?b&c)",
        '<a class="external" href="https://x.org/a?b&amp;c" rel="noopener">x</a>',
    ),
    shows(
        "a bare address",
        "见 https://x.org/a_b_c。后",
        '<a class="external" href="https://x.org/a_b_c" rel="noopener">https://x.org/a_b_c</a>。后',
    ),
    shows(
        "a bare address in brackets", "（https://x.org）(http://y.org/a_(b))", ">https://x.org</a>）(", ">http://y.org/a_(b)</a>)"
    ),
    shows("an address in angles of its own", "<https://x.org>", '<a class="external" href="https://x.org"'),
    shows("an address in code", "`https://x.org`", "<code>https://x.org</code>"),
    shows("a mail", "<a@b.org>", 'href="mailto:a@b.org"'),
    shows(
        "the text of an address is no address",
        "[https://a.org](https://b.org)",
        'href="https://b.org" rel="noopener">https://a.org</a>',
    ),
)

EMBEDS = (
    shows("a picture", "![[图.png]]", '<p><img src="../%E5%9B%BE.png" alt="图" loading="lazy"></p>'),
    shows("a picture with a width", "![[图.png|300]]", 'alt="图" width="300" loading'),
    shows("a picture with a size", "![[图.png|300x200]]", 'alt="图" width="300" height="200" loading'),
    shows("a picture with a text", "![[图.png|猫|30]]", 'alt="猫" width="30" loading'),
    shows("a Markdown picture", "![猫](图.png)", '<img src="../%E5%9B%BE.png" alt="猫" loading="lazy">'),
    shows("a Markdown picture with a size", "![猫|100x50](图.png)", 'alt="猫" width="100" height="50"'),
    shows("a Markdown picture of a size alone", "![100](图.png)", 'alt="图" width="100"'),
    shows("a picture by reference", "![猫|9][p]\n\n[p]: 图.png", 'src="../%E5%9B%BE.png" alt="猫" width="9"'),
    shows(
        "a picture from outside",
        "![x|5](https://x.org/a.png)",
        '<img src="https://x.org/a.png" alt="x" width="5" loading="lazy">',
    ),
    shows("no such picture", "![[无.png]]", '<span class="kb-unresolved" title="还没有这个文件">无.png</span>'),
    shows("sound", "![[声.mp3]]", '<audio controls preload="metadata" src="../%E5%A3%B0.mp3"></audio>'),
    shows("a film", "![[片.mp4|640]]", '<video controls preload="metadata" src="../%E7%89%87.mp4" width="640"></video>'),
    shows("a paper", "![[论文.pdf#page=3]]", '<iframe class="kb-pdf" src="../%E8%AE%BA%E6%96%87.pdf#page=3" title="论文.pdf"'),
    shows("another file", "![[数据.zip]]", '<a class="internal-link" href="../%E6%95%B0%E6%8D%AE.zip">数据.zip</a>'),
    shows("a canvas", "![[板.canvas]]", '<a class="internal-link" href="../%E6%9D%BF.canvas/">板.canvas</a>'),
    shows(
        "a note",
        "![[Note]]",
        '<div class="kb-embed">',
        f"{NOTE}Note</a>",
        "<p>引言。</p>",
        "<h2>推导</h2>",
        "<p>完了。</p>",
        "</div>",
        absent=("tags", "^end"),
    ),
    shows(
        "a section", "![[Note#推导]]", "Note &gt; 推导</a>", "<h2>推导</h2>", "第一步", "<h3>细节</h3>", absent=("引言", "小结")
    ),
    shows("a block of a note", "![[Note#^end]]", "<p>完了。</p>", absent=("小结", "甲")),
    shows("an item", "![[Note#^item]]", "<ul>\n<li>乙\n</li>\n</ul>", absent=("甲", "完了")),
    shows("a section of the same note", "![[#甲]]\n\n## 甲\n\n文。", "<h2>甲</h2>\n<p>文。</p>\n</div>", '<h2 id="甲">'),
    shows("an embed among words", "前\n![[Note#^end]]\n后", "<p>前</p>\n<div", "</div>\n<p>后</p>"),
    shows("an embed in a table", "| a |\n|---|\n| ![[Note]] |", f"<td>{NOTE}Note</a></td>"),
    shows("an embed in an item", "- ![[Note#^end]]", '<li><div class="kb-embed">', "<p>完了。</p>", "</div>\n</li>"),
    shows("no such part", "![[Note#无]]", '<p class="kb-embed-cut">这篇笔记里没有这一处'),
)

BLOCKS = (
    shows("a line end", "一\n二", "<p>一<br>\n二</p>"),
    shows("two paragraphs", "一\n\n二", "<p>一</p>\n<p>二</p>"),
    shows(
        "headings",
        "## 甲\n\n## 甲\n\n### `f()`",
        '<h2 id="甲">甲</h2>',
        '<h2 id="甲-1">甲</h2>',
        '<h3 id="f"><code>f()</code></h3>',
    ),
    shows("a setext heading", "甲\n---", '<h2 id="甲">甲</h2>'),
    shows("a heading of level 1 moves all", "# 甲\n\n## 乙", '<h2 id="甲">甲</h2>', '<h3 id="乙">乙</h3>'),
    shows("the title said again", "# x\n\n## 乙", '<a id="x"></a>', '<h2 id="乙">乙</h2>', absent=("<h1", "<h3")),
    shows("a tag is no heading", "#猫 是", '<p><a class="kb-tag" href="../tags/%E7%8C%AB/">#猫</a> 是</p>'),
    shows("a list below a paragraph", "文\n- 一\n- 二", "<p>文</p>\n<ul>\n<li>一\n</li>\n<li>二"),
    shows("a list with 2 blanks", "- 一\n  - 二\n    - 三", "<li>一\n<ul>\n<li>二\n<ul>\n<li>三"),
    shows("a list with 3 blanks", "1. 一\n   1. 二\n   2. 三", "<li>一\n<ol>\n<li>二\n</li>\n<li>三"),
    shows("a list with tabs", "1. 一\n\t- 二\n\t\t- 三", "<li>一\n<ul>\n<li>二\n<ul>\n<li>三"),
    shows("a list that begins at 3", "3. 三\n4. 四", '<ol start="3">'),
    shows("paragraphs in a list", "- 一\n\n  文\n- 二", "<li><p>一</p>\n<p>文</p>"),
    shows(
        "tasks",
        "- [ ] 做\n- [x] 完\n- [-] 弃",
        '<li class="task-list-item" data-task=" ">',
        '<input type="checkbox" disabled aria',
        '<input type="checkbox" disabled checked',
        'data-task="-"',
    ),
    shows("a task that is a link", "- [x](Note.md)", f"<li>{NOTE}x</a>"),
    shows("a quote", "> 一\n> 二", "<blockquote>\n<p>一<br>\n二</p>\n</blockquote>"),
    shows("a rule", "一\n\n---", "<hr>"),
    shows(
        "a table",
        "| a | b |\n|:--|--:|\n| 1 | [[Note\\|n]] |",
        '<th style="text-align:left">a</th>',
        f'<td style="text-align:right">{NOTE}n</a></td>',
    ),
    shows("a table below a paragraph", "文\n| a | b |\n|---|---|\n| 1 | 2 |", "<p>文</p>\n<table>"),
    shows("a pipe in a table's code", "| a |\n|---|\n| `x\\|y` |", "<td><code>x|y</code></td>"),
    shows(
        "a picture's size in a table", "| a |\n|---|\n| ![[图.png\\|50]] |", '<td><img src="../%E5%9B%BE.png" alt="图" width="50"'
    ),
    shows(
        "a footnote",
        "文[^a]。\n\n[^a]: 注 [[Note]]",
        '<sup id="fnref:a"><a class="footnote-ref" href="#fn:a">1</a></sup>',
        '<li id="fn:a">',
        f"注 {NOTE}Note</a>",
        'title="回到正文"',
    ),
    shows("an inline footnote", "文^[注 **b**]。", '<a class="footnote-ref"', "<p>注 <strong>b</strong> <a"),
    shows(
        "a footnote used twice", "a[^1] b[^1]\n\n[^1]: 注", 'id="fnref:1"', 'id="fnref2:1"', "回到正文第 1 处", "回到正文第 2 处"
    ),
    shows("a footnote that is not there", "a[^1](Note.md)", "<p>a[^1](Note.md)</p>"),
    shows("a footnote nobody uses", "a\n\n[^1]: 注", '<li id="fn:1">\n<p>注'),
    shows("a comment", "一%%暗 [[Note]]%%二", "<p>一二</p>", absent=("暗", "Note")),
    shows("a comment over blank lines", "一\n\n%%\n暗\n\n暗\n%%\n\n二", "<p>一</p>\n<p>二</p>", absent=("暗",)),
    shows("a comment does not part a list", "- 一\n%% 暗 %%\n- 二", "<ul>\n<li>一\n</li>\n<li>二"),
    shows("a comment in code", "`%%a%%`", "<code>%%a%%</code>"),
    shows("an HTML comment", "一<!-- 暗 -->二\n\n<!--\n暗\n-->", "<p>一二</p>", absent=("暗",)),
    shows("properties", "---\ntitle: 暗\n---\n文", "<p>文</p>", absent=("暗", "<hr>")),
    shows("the id of an item", "- 甲 ^a\n  - 乙 ^b", '<li id="^a">甲\n<ul>\n<li id="^b">乙'),
    shows("the id of a list", "- 甲\n\n^a", '<ul id="^a">\n<li>甲', absent=("<p",)),
    shows("the id of a quote", "> 甲\n\n^a", '<blockquote id="^a">'),
    shows("the id of a table", "| a |\n|---|\n| 1 |\n\n^a", '<table id="^a">'),
    shows("the id of a table below it", "| a |\n|---|\n| 1 |\n^a", '<table id="^a">', absent=("^a</td>",)),
    shows("the id of a callout", "> [!tip] 甲\n> 乙\n\n^a", '<div class="admonition tip" data-callout="tip" id="^a">'),
    shows("the id of a heading", "## 甲 ^a", '<h2 id="甲"><a id="^a"></a>甲</h2>'),
    shows("no id", "文 x^2 与 a^b", "<p>文 x^2 与 a^b</p>"),
    shows(
        "HTML",
        'a <kbd class="k">Ctrl</kbd>\n\n<div>\n\n**b**\n\n</div>',
        '<kbd class="k">Ctrl</kbd>',
        "<div>\n<p><strong>b</strong></p>\n</div>",
    ),
    shows(
        "foldable HTML",
        "<details><summary>s</summary>\n\n- a\n\n</details>",
        "<details><summary>s</summary>\n<ul>",
        "</ul>\n</details>",
    ),
)

CALLOUTS = (
    shows(
        "a callout",
        "> [!tip] 标题\n> 文",
        '<div class="admonition tip" data-callout="tip">\n<p class="admonition-title">标题</p>\n<p>文</p>\n</div>',
    ),
    shows("a callout without a title", "> [!warning]\n> 文", '<p class="admonition-title">警告</p>\n<p>文</p>'),
    shows("a callout without a text", "> [!info] 只有标题", '<p class="admonition-title">只有标题</p>\n</div>'),
    shows(
        "a callout that is folded",
        "> [!question]- 问\n> 答",
        '<details class="question" data-callout="question">\n<summary>问</summary>\n<p>答</p>\n</details>',
    ),
    shows(
        "a callout that is unfolded",
        "> [!faq]+\n> 答",
        '<details class="question" data-callout="faq" open>\n<summary>常见问题</summary>',
    ),
    shows("a callout in capitals", "> [!NOTE]\n> 文", '<div class="admonition note" data-callout="note">'),
    shows(
        "a callout nobody knows",
        "> [!my-own]\n> 文",
        '<div class="admonition note" data-callout="my-own">\n<p class="admonition-title">My-own</p>',
    ),
    shows(
        "a callout with more to its type",
        "> [!tip|wide] a\n> 文",
        '<div class="admonition tip" data-callout="tip">\n<p class="admonition-title">a</p>',
    ),
    shows(
        "a callout in a callout",
        "> [!note] a\n> > [!bug] b\n> > 文",
        'admonition-title">a</p>\n<div class="admonition bug"',
        "<p>文</p>\n</div>\n</div>",
    ),
    shows("markup in a title", "> [!note] 见 [[Note]] ==m==\n> 文", f'title">见 {NOTE}Note</a> <mark>m</mark></p>'),
    shows("a list in a callout", "> [!note]\n> - 一\n>   - 二", "<ul>\n<li>一\n<ul>\n<li>二"),
    shows("a callout in a list", "- a\n  > [!note]\n  > 文", '<li>a\n<div class="admonition note"'),
    shows("a table in a callout", "> [!note]\n> | a |\n> |---|\n> | 1 |", "笔记</p>\n<table>"),
    shows("a quote is no callout", "> 文 [!note]", "<blockquote>\n<p>文 [!note]</p>"),
)

INLINE = (
    shows(
        "bold and italic",
        "**b** *i* ***bi*** __b__ _i_",
        "<strong>b</strong> <em>i</em> <em><strong>bi</strong></em> <strong>b</strong> <em>i</em>",
    ),
    shows("highlight", "a ==b **c** d== e", "a <mark>b <strong>c</strong> d</mark> e"),
    shows("equals signs", "a == b == c, x=1", "<p>a == b == c, x=1</p>"),
    shows("strikethrough", "~~a~~ ~b~", "<del>a</del> ~b~"),
    shows("escapes", r"\*a\* \#x \==b\==", "<p>*a* #x ==b==</p>"),
    shows("entities", "&amp; &copy; a & b < c", "<p>&amp; © a &amp; b &lt; c</p>"),
    shows("a tag", "文 #猫 末", '文 <a class="kb-tag" href="../tags/%E7%8C%AB/">#猫</a> 末'),
    shows("a nested tag", "#猫/黑", 'href="../tags/%E7%8C%AB/%E9%BB%91/">#猫/黑</a>'),
    shows("a tag within a word", "今天#猫", "<p>今天#猫</p>"),
    shows("a tag of digits", "#2024", "<p>#2024</p>"),
    shows("a tag in code", "`#猫`", "<code>#猫</code>"),
    shows("dollars", "5$ 与 6$ 及 `$x$`", "<p>5$ 与 6$ 及 <code>$x$</code></p>"),
    shows("a hard break", "一\\\n二", "<p>一<br>\n二</p>"),
    shows("single tags of HTML", "a<br>b <img src='//a.b/x.png'>", 'a<br>b <img src="//a.b/x.png">'),
)

CONSTRUCTS = (*LINKS, *EMBEDS, *BLOCKS, *CALLOUTS, *INLINE)
