"""Code blocks: Material's markup, and nothing of the source lost or let loose."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.site.highlight import render_code


def source(html: str) -> str:
    code = ElementTree.fromstring(html).find("pre/code")
    assert code is not None
    return "".join(code.itertext())


def test_python_is_marked_and_titled() -> None:
    html = render_code("def f():\n    return 1\n", "python", "snippets/a.py#f")
    assert html.startswith(
        '<div class="language-python highlight"><span class="filename">snippets/a.py#f</span><pre><span></span><code>'
    )
    assert '<span class="k">def</span>' in html
    assert source(html) == "def f():\n    return 1\n"


@pytest.mark.parametrize("lang", ["", "nosuchlanguage", "text", "c++", "C#", 'a"><script>', "中文"])
def test_any_name_of_a_language(lang: str) -> None:
    assert source(render_code("a < b && c > d\n", lang, "")) == "a < b && c > d\n"


@pytest.mark.parametrize(("alias", "lang"), [("py", "k"), ("Python", "k")])
def test_names_of_python(alias: str, lang: str) -> None:
    assert f'<span class="{lang}">def</span>' in render_code("def f(): ...", alias, "")


def test_titles_are_escaped() -> None:
    assert '<span class="filename">a&lt;b&gt;&quot;.py</span>' in render_code("x", "python", 'a<b>".py')


def test_blank_lines_and_indents_stay() -> None:
    assert source(render_code("\n\n    x = 1\n\n\n    y\n", "python", "")) == "\n\n    x = 1\n\n\n    y\n"


def test_long_code_is_shown_plain() -> None:
    code = "x = 1\n" * 50_000
    html = render_code(code, "python", "")
    assert '<span class="k' not in html
    assert source(html) == code


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff\ufeff"), max_size=200),
    st.sampled_from(["python", "html", "bash", "yaml", ""]),
)
def test_nothing_of_the_source_is_lost(code: str, lang: str) -> None:
    assert source(render_code(code, lang, "")) == code.rstrip("\n") + "\n"
