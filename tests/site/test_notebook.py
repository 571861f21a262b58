"""A notebook's page: its Markdown as in notes, its code, its outputs, and what cannot be shown."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping

import pytest

from kbtools import app
from kbtools.site import verify
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Book
from kbtools.site.notebook import Look, render_notebook
from kbtools.site.render import Rendered
from kbtools.site.sections import find_places
from tests.site.notebooks import Cell, code, failed, markdown, notebook, printed, shown

LSTM = "---\naliases: [记]\n---\n## 门\n看 [[实验.ipynb#链式法则]] 与 [[实验.ipynb]]。\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (30).to_bytes(4) + (20).to_bytes(4) + b"\x08\x06\0\0\0"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60"><title>一条线</title><path d="M0 0L9 9"/></svg>'


def book_of(text: str, around: Mapping[str, str] | None = None) -> Book:
    return bind(app.snapshot_of({"LSTM.md": LSTM, **(around or {}), "实验.ipynb": text}), Wish("vault"))


def render(*cells: Cell, look: Look | None = None, **metadata: object) -> Rendered:
    text = notebook(*cells, **metadata)
    book = book_of(text)
    return render_notebook(text, book.pages["实验.ipynb"], book, look or Look())


def html_of(*cells: Cell) -> str:
    found = render(*cells)
    assert found.problems == ()
    return found.html.partition('<aside class="kb-notebook">')[0]


def output_of(output: Cell) -> str:
    return html_of(code("", output))


# ------------------------------------------------------------------------------------------------ text


def test_markdown_is_rendered_as_in_notes() -> None:
    html = html_of(markdown(["> [!tip] 提示\n", "> 公式 $x^2$，==要紧==，见 [[LSTM#门|门]]。"]))
    assert '<div class="admonition tip"' in html
    assert "<math><msup><mi>x</mi><mn>2</mn></msup></math>" in html
    assert "<mark>要紧</mark>" in html
    assert '<a class="internal-link" href="../LSTM/#%E9%97%A8">门</a>' in html


def test_headings_of_all_cells_share_ids_and_contents() -> None:
    found = render(markdown("## 链式法则\n\n### 一"), code("1"), markdown("## 链式法则"))
    assert re.findall(r'<h(\d) id="([^"]*)"', found.html) == [("2", "链式法则"), ("3", "一"), ("2", "链式法则-1")]
    assert [(entry.level, entry.id) for entry in found.toc] == [(2, "链式法则"), (3, "一"), (2, "链式法则-1")]


def test_the_heading_at_the_top_is_the_title_and_stands_there_once() -> None:
    text = notebook(markdown("# 从直线开始\n\n正文。"), markdown("# 从直线开始"))
    book = book_of(text)
    page = book.pages["实验.ipynb"]
    assert (page.title, page.description, page.url) == ("从直线开始", "正文。", "%E5%AE%9E%E9%AA%8C/")
    assert re.findall(r"<h\d.*?>", render_notebook(text, page, book).html) == ['<h2 id="从直线开始-1">']  # the later one


@pytest.mark.parametrize(
    "cells", [(code("1"), markdown("# 后来")), (markdown("先有话。\n\n# 后来"),), (markdown("## 二级"),), ()]
)
def test_without_a_title_at_the_top_a_notebook_is_called_like_its_file(cells: tuple[Cell, ...]) -> None:
    assert book_of(notebook(*cells)).pages["实验.ipynb"].title == "实验"


def test_a_rule_at_the_top_of_a_cell_begins_no_properties() -> None:
    html = html_of(markdown("---\n[[LSTM]]\n\n---\n## 标题"))
    assert html.count("<hr>") == 2
    assert '<h2 id="标题">' in html


def test_footnotes_and_macros_of_cells_do_not_meet() -> None:
    html = html_of(markdown("$\\newcommand{\\half}{\\frac12}$ 甲[^1]\n\n[^1]: 一"), markdown("乙[^1] $\\half$\n\n[^1]: 二"))
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert len(ids) == len(set(ids)) == 4
    assert html.count("<mfrac>") == 1


def test_pictures_that_a_cell_brings_stand_in_it() -> None:
    picture = {"图.png": {"image/png": b64encode(PNG).decode()}, "x.svg": {"image/svg+xml": "PHN2Zz4="}}
    html = html_of(markdown("![图](attachment:图.png) ![](attachment:x.svg) ![](attachment:none.png)", attachments=picture))
    assert f'src="data:image/png;base64,{b64encode(PNG).decode()}"' in html
    assert "attachment:" not in html
    assert "svg" not in html


# ------------------------------------------------------------------------------------------------ links


def test_links_go_both_ways_with_the_words_around_them() -> None:
    text = notebook(code("x = '[[LSTM]]'"), markdown("## 链式法则\n\n这里用到[[LSTM|长短期记忆]]的门。\n"))
    book = book_of(text)
    [there, whole] = book.pages["实验.ipynb"].backlinks
    assert (there.source, there.before, there.anchor) == ("LSTM.md", "看 ", "门")
    assert whole.source == "LSTM.md"
    [back] = book.pages["LSTM.md"].backlinks
    assert (back.source, back.before, back.text, back.after) == ("实验.ipynb", "这里用到", "长短期记忆", "的门。")
    assert back.anchor == "链式法则"


@pytest.mark.parametrize(
    ("written", "anchor"),
    [("#链式法则", "链式法则"), ("#链式法则#第二", "第二"), ("#^结论", ""), ("#^abc", "^abc"), ("#没有", ""), ("", "")],
)
def test_a_link_into_a_notebook_leads_to_its_heading_or_block(written: str, anchor: str) -> None:
    text = notebook(markdown("## 链式法则"), code("1"), markdown("### 第二\n\n一句。 ^abc"))
    book = book_of(text, {"x.md": f"[[实验.ipynb{written}]]"})
    [meaning] = book.pages["x.md"].links.values()
    assert (meaning.path, meaning.anchor, meaning.status) == ("实验.ipynb", anchor, "ok")
    html = render_notebook(text, book.pages["实验.ipynb"], book).html
    assert not anchor or f'id="{anchor}"' in html


def test_links_of_the_page_are_the_edges_of_the_graph() -> None:
    text = notebook(
        markdown("# 题\n[[LSTM]] [[LSTM#门]] ![[没有.png]] `[[LSTM]]` [[#尾]]\n%%[[LSTM]]%%"),
        code("# [[LSTM]]", shown(text="[[LSTM]]"), shown(html="<a href='LSTM.md'>[[LSTM]]</a>")),
        markdown("---\n[[没有]]\n---\n\n```\n[[LSTM]]\n```\n没有关上的 ```"),
        markdown("[引用][r] [x](LSTM.md)\n\n[r]: LSTM.md#门\n\n## 尾"),
        {"cell_type": "raw", "metadata": {}, "source": "[[LSTM]]"},
    )
    snapshot = app.snapshot_of({"LSTM.md": LSTM, "实验.ipynb": text})
    book = bind(snapshot, Wish("vault"))
    found = render_notebook(text, book.pages["实验.ipynb"], book)
    assert len(found.links) == 7
    edges = [edge for edge in snapshot.iter_edges() if edge.source == "实验.ipynb"]
    places = {path: find_places(snapshot.notes[path]) for path in snapshot.notes}
    meant = sorted(map(repr, (verify.meaning_of(edge, places) for edge in edges if not edge.link.hidden)))
    assert sorted(map(repr, found.links)) == meant


# ------------------------------------------------------------------------------------------------ code and outputs


def test_code_is_highlighted_in_the_language_of_the_kernel() -> None:
    assert '<div class="language-python highlight">' in html_of(code("def f(): pass"))
    julia = render(code("f(x) = 2x"), language_info={"name": "julia"})
    assert '<div class="language-julia highlight">' in julia.html
    assert '<div class="language-bash highlight">' in html_of(code("%%bash\nls"))
    assert "highlight" not in html_of(code("  \n"))


def test_text_is_shown_as_a_terminal_shows_it() -> None:
    html = output_of(printed("\x1b[31m红\x1b[0m <b>\n", "10%\r100%\r\n"))
    assert html == '<pre class="kb-output kb-output--stdout" tabindex="0">红 &lt;b&gt;\n100%</pre>\n'
    assert "kb-output--stderr" in output_of(printed("警告", name="stderr"))
    assert html_of(code("", printed("一"), printed("二\n"))).count("<pre") == 1


def test_an_error_is_shown_with_its_traceback() -> None:
    assert "kb-output--error" in output_of(failed("\x1b[0;31mValueError\x1b[0m", "  在这里"))
    assert "ValueError\n  在这里</pre>" in output_of(failed("\x1b[0;31mValueError\x1b[0m", "  在这里"))
    assert "ValueError: 不行</pre>" in output_of(failed())


def test_long_text_is_cut_and_says_so() -> None:
    html = output_of(printed("长" * 30_000))
    assert html.count("长") < 20_100
    assert "输出太长" in html


def test_pictures_become_files_with_their_sizes() -> None:
    found = render(code("", shown(png=b64encode(PNG).decode()), shown(svg=SVG, plain="<Figure>")))
    names = sorted(found.files)
    assert [name.rpartition(".")[2] for name in names] == ["ipynb", "png", "svg"]
    assert found.files[names[1]] == PNG
    assert f'<img src="../{names[1]}" alt="第 1 个单元格画的图" width="30" height="20" loading="lazy">' in found.html
    assert f'<img src="../{names[2]}" alt="一条线" width="120" height="60" loading="lazy">' in found.html


def test_what_the_program_says_of_a_picture_counts() -> None:
    html = output_of(shown(png=b64encode(PNG).decode(), about={"png": {"width": 15, "alt": "小图"}}))
    assert 'alt="小图" width="15" loading' in html


@pytest.mark.parametrize("latex", ["$\\displaystyle x^{2}$", "$$x^2$$", "x^2"])
def test_formulas_are_typeset(latex: str) -> None:
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in output_of(shown(latex=latex, plain="x**2"))


def test_tables_are_tables() -> None:
    html = output_of(shown(html="<style scoped>td {color: red}</style><table border=1><tr><td>1</td></tr></table>", plain="1"))
    assert '<table border="1"><tr><td>1</td></tr></table>' in html
    assert "color" not in html


def test_markdown_outputs_are_rendered_but_have_no_ids() -> None:
    html = output_of(shown(text="## 小结\n\n**见** [[LSTM]]"))
    assert "<h2>小结</h2>" in html
    assert "<strong>见</strong>" in html


def test_of_several_forms_the_one_that_needs_no_script_is_shown() -> None:
    assert output_of(shown(html="<div id=p></div><script>draw()</script>", plain="图")).startswith('<pre class="kb-output"')
    assert '"a": 1' in re.sub("<[^>]*>", "", output_of(shown(json={"a": 1}))).replace("&quot;", '"')


@pytest.mark.parametrize("output", [shown(js="alert(1)"), shown(plot={"data": []}), shown(html="<script>draw()</script><p></p>")])
def test_what_needs_a_script_is_said_to(output: Cell) -> None:
    assert "这里的输出要靠脚本才能显示" in output_of(output)


def test_tags_fold_and_leave_out() -> None:
    assert "<details" in html_of(code("1", tags=["hide-input"])) and "<details" in html_of(
        code("1", jupyter={"source_hidden": True})
    )
    assert html_of(code("secret", tags=["remove-cell"])) == ""
    assert "secret" not in html_of(code("secret", printed("说"), tags=["remove-input"]))
    assert "说" not in html_of(code("1", printed("说"), tags=["remove-output"]))
    assert "<summary>输出</summary>" in html_of(code("1", printed("说"), tags=["hide-output"]))


def test_all_code_can_be_left_out() -> None:
    html = render(code("secret", printed("说")), look=Look(code=False)).html
    assert "secret" not in html and "说" in html


def test_raw_cells_are_shown_as_they_are() -> None:
    assert "a &lt; b" in html_of({"cell_type": "raw", "metadata": {}, "source": "a < b"})


def test_the_file_can_be_downloaded() -> None:
    found = render(code("1"))
    assert '<a href="../%E5%AE%9E%E9%AA%8C.ipynb" download>' in found.html
    assert json.loads(found.files["%E5%AE%9E%E9%AA%8C.ipynb"])["nbformat"] == 4


# ------------------------------------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"cells": [\n,]}', "it is no JSON: expecting value in line 2"),
        ("[1]", "it is no notebook: it has no list of cells"),
        ('{"cells": {}}', "it is no notebook: it has no list of cells"),
        ('{"nbformat": 3, "worksheets": []}', "it is written in an old format: open it in Jupyter and save it again"),
        ("[" * 50_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_notebook_says_why(text: str, problem: str) -> None:
    book = book_of(text)
    found = render_notebook(text, book.pages["实验.ipynb"], book)
    assert found.problems == (problem,)
    assert '<p class="kb-notice">这个 Notebook 读不出来' in found.html


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (code("", shown(png="不是")), "cell 2: the output 'image/png' cannot be shown: it is no base64"),
        (code("", shown(svg="<svg>")), "cell 2: the output 'image/svg+xml' cannot be shown: it is no XML: "),
        (code("", shown(svg="<p/>")), "cell 2: the output 'image/svg+xml' cannot be shown: it is no drawing"),
        (code("", {"output_type": "noise"}), "cell 2: an output of kind 'noise' is not known"),
        ({"cell_type": "video"}, "cell 2: its kind is 'video' (a cell is markdown, code or raw)"),
        (code(7), "cell 2: its source is no text"),  # type: ignore[arg-type]
    ],
)
def test_what_is_broken_is_named_and_the_rest_is_shown(cell: Cell, problem: str) -> None:
    found = render(markdown("前"), cell, markdown("后"))
    assert len(found.problems) == 1
    assert found.problems[0].startswith(problem)
    assert "<p>前</p>" in found.html and "<p>后</p>" in found.html


def test_an_empty_file_is_an_empty_notebook() -> None:
    book = book_of("")
    assert render_notebook("", book.pages["实验.ipynb"], book).problems == ()


def test_without_mkdocs_jupyter_the_text_is_there_and_a_warning_says_what_is_missing() -> None:
    script = (
        "import sys; sys.modules['nbconvert'] = None\n"
        "from tests.site.test_notebook import render, markdown, code\n"
        "found = render(markdown('## 题\\n[[LSTM]]'), code('x = 1'))\n"
        "print(found.problems, len(found.links), '<h2 id=\"题\">' in found.html, 'x = 1' in found.html)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(\"mkdocs-jupyter is not installed (pip install 'kbtools[site]')\",) 1 True False"
