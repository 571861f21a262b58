"""What no note may do to the site: fail, run code, tear a page, take long."""

from __future__ import annotations

import gc
import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown

from kbtools.plugins.markdown import makeExtension, nest
from kbtools.site.book import Book, Meaning, Page
from kbtools.site.markdown import parse
from kbtools.site.render import Rendered, TocEntry, render_page

VOID = {"area", "br", "col", "hr", "img", "input", "param", "source", "track", "wbr"}
PIECES = (
    *(
        "[[",
        "]]",
        "![[",
        "[",
        "](",
        "](a.md)",
        "![",
        ")",
        "(",
        "|",
        "\\|",
        "\\",
        "`",
        "``",
        "```\n",
        "~~~\n",
        "$",
        "$$",
        "%%",
        "==",
        "~~",
        "*",
        "**",
    ),
    *(
        "_",
        "^",
        "^[",
        "[^1]",
        "[^1]: ",
        "[a]: b\n",
        "[a]",
        "#",
        "# ",
        "## ",
        "#t ",
        " ^id\n",
        "^id\n\n",
        "> ",
        "> [!tip]- ",
        "[!a]",
        "- ",
        "1. ",
    ),
    *(
        "- [x] ",
        "\n",
        "\n\n",
        "    ",
        "\t",
        "  \n",
        "| a | b |\n|---|---|\n",
        "---\n",
        "===\n",
        "<b>",
        "</b>",
        "<div>",
        "</div>",
        "<p>",
        "<a ",
        ">",
    ),
    *(
        "<script>",
        "</script>",
        "<style>",
        "<!--",
        "-->",
        "<?",
        "<![CDATA[",
        "<img src=x onerror=y>",
        "<svg>",
        "&amp;",
        "&",
        "\r\n",
        "\r",
        "\0",
    ),
    *(
        "\ufdd0",
        "\ufdd00\ufdd1",
        "\ufdd1",
        "\ufeff",
        "\u2028",
        "https://a.b",
        "javascript:x",
        "a",
        "b ",
        "中",
        "x.png",
        "|300",
        "é",
    ),
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=30).map("".join)


def render(text: str) -> Rendered:
    page = Page("x.md", "x/", "x", lines=text.count("\n") + 1, links={"a": Meaning("x.md"), "a.md": Meaning("x.md")})
    return render_page(text, page, Book("v", {"x.md": page}, texts={"x.md": text}))


class Reader(HTMLParser):
    """Holds HTML to be a tree that runs no code."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.open == [], html

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert tag not in {"script", "object", "embed", "base", "meta", "link", "template"}
        for name, value in attrs:
            assert not name.startswith("on") and name != "srcdoc", (name, value)
            assert not re.match(r"(?:javascript|vbscript):", re.sub(r"[\x00-\x20]+", "", value or ""), re.IGNORECASE)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_every_text_is_a_page_that_is_a_tree(text: str) -> None:
    found = render(text)
    Reader(found.html)
    assert "\ufdd0" not in found.html and "\ufdd1" not in found.html
    ids = re.findall(r'<(?:h\d|p|li|ul|ol|div|table|a|blockquote|details)\b[^>]* id="([^"]*)"', found.html)
    assert {entry.id for entry in found.toc} <= set(ids)


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_gives_html(text: str) -> None:
    Reader(render(text).html)


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "a <script>alert(1)</script> b",
        "<script\n>alert(1)",
        "<img src=x onerror=alert(1)>",
        "a <img src=x OnError='alert(1)'> b",
        "<img src=x onerror=alert(1)//",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java\tscript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="java&NewLine;script&colon;alert(1)">x</a>',
        "[x](javascript:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#x6A;avascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x][y]\n\n[y]: javascript:alert(1)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        '[x](https://a.b "\\" onclick=\\"alert(1)")',
        '![" onerror="alert(1)](https://a.b/c.png)',
        '[[a|<img src=x onerror="alert(1)">]]',
        '![[" onerror="alert(1).png]]',
        '## " onclick="alert(1)',
        '> [!"onclick=alert(1)] x',
        '- ["] x',
        '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
        '<iframe src="javascript:alert(1)"></iframe>',
        "<svg><script>alert(1)</script></svg>",
        '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
        '<svg><animate attributeName="href" values="javascript:alert(1)"/></svg>',
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        "<style><img src=x onerror=alert(1)></style>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)><base href=//evil>",
        '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
        '<form action="javascript:alert(1)"><button formaction="javascript:alert(1)">x</button></form>',
        "`<script>alert(1)</script>`",
        "^[<script>alert(1)</script>]",
        "| <script>alert(1)</script> |\n|---|",
    ],
)
def test_a_note_runs_no_code(source: str) -> None:
    Reader(render(source).html)


def test_harmless_html_is_left_as_it_is() -> None:
    html = '<div class="a" style="color: red"><b title="&quot;x&quot;">y</b><br></div>'
    assert html in render(html).html
    assert '<img src="data:image/png;base64,AA==" alt="x"' in render("![x](data:image/png;base64,AA==)").html
    assert '<iframe src="https://x.org"></iframe>' in render('<iframe src="https://x.org">no</iframe>').html


@pytest.mark.parametrize(
    "source",
    ["</div></article></body> x", "<div><p>a", "<b>a\n\nb", "> <div>\n\nafter", "- <details>\n- b", "<textarea>", "<!-- a"],
)
def test_a_note_does_not_tear_the_page_around_it(source: str) -> None:
    Reader(render(source).html)


def test_what_the_theme_finds_by_id_cannot_be_named_again() -> None:
    html = render('<div id="__config">{"base": "//evil"}</div>\n\n## __config\n\n文 ^__config').html
    assert 'id="__' not in html


def test_a_heading_that_looks_like_html_is_text_in_the_contents() -> None:
    toc = render("## `<img src=x onerror=alert(1)>`").toc
    assert toc == (TocEntry(2, "img-srcx-onerroralert1", "<img src=x onerror=alert(1)>"),)
    assert nest(toc)[0]["name"] == "&lt;img src=x onerror=alert(1)&gt;"


def test_a_note_is_made_safe_when_python_markdown_is_asked_too() -> None:
    book = Book("v", {"x.md": Page("x.md", "x/", "x", lines=2)})
    markdown = Markdown(extensions=[makeExtension(book=book, page="x.md", around=False)])
    assert "<script" not in markdown.convert("<!-- x -->\n<script>alert(1)</script>")


UNITS = (
    *(
        "[",
        "![",
        "[[",
        "![[",
        "](",
        "![](",
        "[a](b)",
        "![a](b)",
        "[[a]]",
        "![[a]]",
        "[a][b]",
        "[a]: b\n",
        "[^1]",
        "[^1]: a\n\n",
        "^[",
        "^[a",
    ),
    *(
        "*a ",
        "**",
        "==",
        "==a",
        "~~",
        "_a",
        "`",
        "$",
        "$a$",
        "$$",
        "%%",
        "<",
        "<a ",
        "<b>",
        "</b>",
        '<a b="',
        "<!--",
        "<?",
        "<![CDATA[",
        "<div>\n\n",
    ),
    *(
        "\n> ",
        "\n- ",
        " - ",
        "1. ",
        "- [ ] a\n",
        "> [!a]\n",
        "|",
        "|a",
        "\n|a|b|\n|-|-|\n",
        "# a\n",
        " ^abc\n",
        "^abc\n\n",
        "#a ",
        "://",
        "http://",
    ),
    *("https://a.b/(", "&", "\\", "\t", "a\n", "<script>", "<svg><a/>"),
)


@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_the_text_and_not_with_its_square(unit: str) -> None:
    small, large = (unit * (size // len(unit)) for size in (3_000, 24_000))
    render(small)
    parse.cache_clear()
    assert _seconds(large) < 40 * _seconds(small) + 0.2


@pytest.mark.parametrize(
    ("left", "right"),
    [("![", "](b)"), ("[", "](b)"), ("^[", "]"), ("*", "*"), ("<b>", "</i>"), ("[[", "]]"), ("> ", ""), ("- ", "")],
)
def test_deep_nesting_is_shown_somehow_and_soon(left: str, right: str) -> None:
    text = left * 4_000 + "a" + right * 4_000
    assert _seconds(text) < 10
    Reader(render(text).html)


def _seconds(text: str) -> float:
    """What rendering takes, and not what a worker that has run a thousand tests takes to look for garbage."""
    parse.cache_clear()
    gc.collect()
    gc.disable()
    try:
        begun = time.process_time()
        render(text)
        return time.process_time() - begun
    finally:
        gc.enable()


def test_a_thousand_notes_take_four_seconds() -> None:
    note = (
        "## 链式法则\n\n设 **损失** 对 [[a]] 的导数，见 [笔记](a.md)。把误差从后往前传，每层乘上自己的导数，"
        "就是 ==反向传播== 的全部。\n"
        "- 一项，带 `code` 与 #标签\n  - 又一项 [^1]\n\n> [!question]- 为什么？\n> 因为导数相乘。\n\n"
        "| 量 | 形状 |\n|---|---|\n| x | (T, d) |\n\n"
    )
    text = note * (4_096 // len(note.encode()) + 1) + "[^1]: 注\n"
    assert len(text.encode()) >= 4_096
    render(text)
    best = min(_seconds(text + "\n" * number) for number in range(5))
    assert best < 0.02, f"{best * 1000:.1f} ms a note"  # five times what it takes on a machine with nothing else to do
