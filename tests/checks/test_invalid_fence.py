"""`invalid-fence` against the extension that draws code blocks on the site: what the rule says is what comes out."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kbtools.app import check_files
from kbtools.model import Finding, NotePath, Source
from kbtools.snippets.block import read_code
from kbtools.syntax.note import parse_note
from kbtools.syntax.superfences import find_problem, is_header, split_header
from tests.checks.superfences import draws, read_blocks, render

SOUND = [
    *("", "python", "py", ".python", "Python", "c++", "c#", "objective-c", "dataviewjs", "ad-note", "代码", "#", "...", "-"),
    *('python title="a"', 'python title="a" ', "\tpython\ttitle='a b'", 'title="x"', "python title", 'python title=""'),
    *('python title="线性 回归（“甲”）"', 'python title="it\'s"', "python title='say \"x\"'", 'python title="a" title="b"'),
    *('python title="a"hl_lines="1"', 'python title="a" "1"', 'python title="<b>&amp;</b>"', 'python title="a\u3000b"'),
    *(
        'python hl_lines="1 2"',
        'python hl_lines="1-2  4"',
        'python linenums="1"',
        'python linenums="1 2 3"',
        'python linenums="1x"',
    ),
    *("{}", "python {}", "{.python}", "{ .python }", '{.python title="x"}', "{.python title=x .annotate #id data-a=1}"),
    *(
        'python {title="x"}',
        'python {title="x" hl_lines="1"}',
        "{python}",
        "{r, echo=FALSE}",
        "js {1,3}",
        "{=html}",
        "{.python title}",
    ),
    *("mermaid", "{.mermaid}", 'mermaid {title="x"}', 'mermaid title="x"'),
]
BROKEN = [
    *(
        "python title=a",
        "python file=x",
        'python file="x"',
        "python notest",
        "python 注释",
        "python title=a b",
        'python Title="a"',
    ),
    *(
        'python title="a" 说明',
        'python title="a"b"',
        'python title="a" b"',
        'python title="a',
        "python title='a\"",
        "python x title='a'",
    ),
    *(
        "python title=“a”",
        "python title=‘a’",
        'python title＝"a"',
        'python title = "a"',
        'python title:"a"',
        'python\u3000title="a"',
    ),
    *("python\u00a0", "python\u3000", "python\x0b", "python hl_lines=1", 'python hl_lines="1,2"', 'python hl_lines=""'),
    *("python linenums", 'python linenums="x"', "python {hl_lines}", "{.python linenums}", 'python data-x="1"', 'python id="x"'),
    *("python:a.py", "python,linenos", "js{1,3}", "c/c++", "text/x-python", "=html", "(示例)"),
    *("python {", "python }", '{.python title="a"', "{.python} x", "python {a}b", "{"),
]


@pytest.mark.parametrize("header", SOUND)
def test_sound_headers(header: str) -> None:
    assert draws(header)
    assert find_problem(header) is None


@pytest.mark.parametrize("header", BROKEN)
def test_broken_headers(header: str) -> None:
    assert not draws(header)
    problem = find_problem(header)
    assert problem is not None
    assert header[problem.start : problem.end].strip() or header != header.strip()


PIECES = [
    *("python", "title", "title_mode", "hl_lines", "linenums", "file", "data-a", "x", "注", "mermaid", "c++", ".cls", "#id"),
    *(
        "=",
        '"',
        "'",
        "“",
        "”",
        " ",
        "  ",
        "\t",
        "\u3000",
        "\x0b",
        "{",
        "}",
        "1",
        "2-3",
        ",",
        ".",
        "#",
        "-",
        "_",
        "<",
        "&",
        "/",
        ":",
    ),
    *('title="a"', "title='b c'", 'hl_lines="1 2"', 'linenums="1"', "file=x", "hl_lines=", '" "', "{.python ", "٣"),
]
HEADERS = st.lists(st.sampled_from(PIECES), max_size=7).map("".join)


@settings(max_examples=600, deadline=None)
@given(HEADERS)
@example('title="a" "b" \'1"')
@example("{.python hl_lines hl_lines=1}")
def test_headers_are_read_as_the_extension_reads_them(header: str) -> None:
    assert is_header(header) == draws(header)


@settings(max_examples=300, deadline=None)
@given(st.one_of(HEADERS, st.sampled_from(BROKEN)))
def test_a_repaired_header_is_sound_and_keeps_its_language(header: str) -> None:
    problem = find_problem(header)
    assert problem is None or 0 <= problem.start <= problem.end <= len(header)
    if problem and problem.repaired:
        assert draws(problem.repaired)
        assert split_header(problem.repaired)[0] in header


@pytest.mark.parametrize(
    ("header", "repaired"),
    [
        ("python title=a.py", 'python title="a.py"'),
        ("python title=snippets/a.py#f", 'python title="snippets/a.py#f"'),
        ("python title=“线性 回归.py”", 'python title="线性 回归.py"'),
        ('python title="a”', 'python title="a"'),
        ("python title=‘a’", "python title='a'"),
        ('python title＝"a"', 'python title="a"'),
        ("python title = a", 'python title="a"'),
        ('python\u3000title="“引”"', 'python title="“引”"'),
        ('python title="“引”" hl_lines=1', 'python title="“引”" hl_lines="1"'),
        ('python hl_lines="1, 3-5，7"', 'python hl_lines="1 3-5 7"'),
        ("python hl_lines=1,2 linenums=1", 'python hl_lines="1 2" linenums="1"'),
        ("python\u3000", "python"),
        ("python title=a b", ""),
        ('python title="the "best" one"', ""),
        ("python file=a.py", ""),
        ("python notest", ""),
        ("python linenums", ""),
    ],
)
def test_only_what_can_be_meant_in_one_way_is_repaired(header: str, repaired: str) -> None:
    problem = find_problem(header)
    assert problem is not None
    assert problem.repaired == repaired


def test_a_mermaid_block_with_options_is_no_diagram() -> None:
    assert '<pre class="mermaid">' in render("```mermaid\nflowchart LR\n```")
    assert 'class="mermaid"' not in render('```mermaid title="x"\nflowchart LR\n```')
    assert messages('```mermaid title="x"\nflowchart LR\n```\n')


# ------------------------------------------------------------------------------------------------ marks and code


def findings(text: str) -> tuple[Finding, ...]:
    return check_files({"mkdocs.yml": "", "a.md": text}, select=["invalid-fence"]).findings


def messages(text: str) -> list[str]:
    return [found.message for found in findings(text)]


def fixed(text: str) -> str:
    for finding in reversed(findings(text)):
        if finding.fix:
            text = text[: finding.fix.span.start] + finding.fix.text + text[finding.fix.span.end :]
    return text


LEADS = ["", " ", "  ", "   ", "> ", ">", ">  ", "> > ", ">> ", ">>", "    ", "     ", "\t"]
LINES = ["x = 1", "> z", "  y", "```", "````", "~~~", "`", "", "  ", "\ta", "甲 <b>"]


@st.composite
def blocks(draw: st.DrawFn) -> tuple[str, str]:
    """(what stands before, a block whose lines mostly go together)."""
    lead = draw(st.sampled_from(LEADS))
    leads = st.sampled_from([lead] * 20 + LEADS)
    mark = draw(st.sampled_from(["```", "~~~", "````"]))
    opening = lead + mark + draw(st.sampled_from(["", "py", 'py title="a"']))
    code = [draw(leads) + draw(st.sampled_from(LINES)) for _ in range(draw(st.integers(0, 3)))]
    closing = draw(leads) + mark + draw(st.sampled_from(["", "", "", mark[0], " ", "\t"]))
    before = "- 项\n\n" if lead in ("    ", "     ", "\t") else "前文\n\n"  # deep enough for Python-Markdown's lists
    return before, "\n".join([opening, *code, closing])


def strip_blanks(code: str) -> list[str]:
    """The lines that are not blank, without their blanks: how wide a tab is, is no question of ours."""
    return ["".join(line.split()) for line in code.split("\n") if line.strip()]


@settings(max_examples=600, deadline=None)
@given(blocks())
@example(("前文\n\n", "```py\nx = 1\n ```"))
@example(("前文\n\n", "> ```py\n>x = 1\n> ```"))
@example(("前文\n\n", "~~~\n```\n~~~"))
@example(("前文\n\n", ">>```\n> > x = 1\n>>```"))
def test_marks_are_found_as_the_extension_finds_them(drawn: tuple[str, str]) -> None:
    before, block = drawn
    text = f"{before}{block}\n"
    note = parse_note(Source(NotePath("a.md"), text))
    if [(fence.span.start, fence.span.end, fence.closed) for fence in note.fences] != [(len(before), len(text) - 1, True)]:
        return  # Obsidian sees no block here, or several
    (fence,) = note.fences
    code = strip_blanks(read_code(text, fence))
    shown = [strip_blanks(block) for block in read_blocks(text) or []]
    assert (not messages(text)) == (shown == [code])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```py\nx\n`````\n", "```py\nx\n```\n"),
        ("```py\nx\n  ```\n", "```py\nx\n```\n"),
        ("- 项\n\n    ```py\n    x\n  ````\n", "- 项\n\n    ```py\n    x\n    ```\n"),
        (">```py\n>x\n> ```\n", ">```py\n>x\n>```\n"),
        ("1. ```py\n   x\n  \t```\n", "1. ```py\n   x\n   ```\n"),
        ("```py title=a\nx\n ````\n", '```py title="a"\nx\n```\n'),
        ("```py\r\nx\r\n ```\r\n", "```py\r\nx\r\n```\r\n"),
    ],
)
def test_fixes(text: str, expected: str) -> None:
    assert fixed(text) == expected
    assert findings(expected) == ()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("```py\nx\n", ""),
        ("````py\nx\n```\n", "'```' on line 3 is too short"),
        ("````md\n```py\nx\n```\n", "'```' on line 4 is too short"),
        ("```py\nx\n    ```\n", "'```' on line 3 is indented too far"),
        ("```py\nx\n```。\n", "'```' on line 3 is followed by text"),
        ("```\nx\n\n```py\ny\n", "'```' on line 4 opens another block"),
    ],
)
def test_what_is_said_of_a_block_that_is_never_closed(text: str, hint: str) -> None:
    (finding,) = findings(text)
    assert finding.message.endswith("is never closed")
    assert finding.hint == hint


def test_one_mistake_is_reported_once() -> None:
    assert len(messages("- 项\n  ```py\n  x\n```\n\n后文\n")) == 1
    assert len(messages("> ```py\n> x\n```\n\n后文\n")) == 1
    assert len(messages("```md\n```py\nx\n```\n```\n")) == 1
    assert len(messages("```py title=`a`\nx\n```\n\n后文\n")) == 1
    assert len(messages("```py title=a\nx\n```\n\n```py title=b\nx\n```\n")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "- 两格\n  ```py\n  x\n  ```\n",
        "1. 三格\n\n   ```py\n   x\n   ```\n",
        "- ```py\n  x\n  ```\n",
        "-\t```py\n\tx\n\t```\n",
        "- 项\n\t```py\n\tx\n\t```\n",
        "- 甲\n  - 乙\n    ```py\n    x\n    ```\n",
        "> [!note]-\n> ```py\n>\n> x\n> ```\n",
        "> - ```py\n>   x\n>   ```\n",
        "```md\n    ```py\n    ```\n```\n",
        "a ```b``` c\n```d`e``` f\n",
        "```d`e\nf``` g\n",
        "文\n\n    ```py title=x\n    ```\n",
        "# 标题\n    ```py\n    x\n    ```\n",
        "%%\n```py title=x\n%%\n",
        "<div>\n```py title=x\n</div>\n",
        "`` ` ``\n",
    ],
)
def test_silent(text: str) -> None:
    assert messages(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "文\n    ```py\n    x\n    ```\n",
        "文\n\t~~~py\n\tx\n\t~~~\n",
        "- 项\n      ```py\n      x\n      ```\n",
        "```py\n```\n\n文\n    ```py\n    x\n    ```\n",
    ],
)
def test_indented_too_far(text: str) -> None:
    assert [message.partition(":")[0][-14:] for message in messages(text)] == ["opens no block"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*LEADS, *LINES, "\n", "\n", "```py x", "- ", "```a`b", "%%\n", "\r\n", "\r"]), max_size=25).map(
        "".join
    )
)
def test_no_text_is_too_strange(text: str) -> None:
    for finding in findings(text):
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
    mended = fixed(text)
    assert fixed(fixed(mended)) == fixed(mended)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "```",
            "~~~",
            "`",
            "```a`b\n",
            "```py x\n```\n",
            "```\n",
            "> ```\n",
            "- ```\n",
            "文\n    ```a\n",
            "文\n    ```a\n    ```\n",
        ),
        *(
            '```py title="a" ',
            "```py\n```js\n",
            "> ",
            "\t",
            "    ```\n",
            "````",
            "~~~\n```\n",
            'a="b" ',
            "```{",
            "title=“",
            "%%\n```x y\n",
        ),
    ],
)
def test_linear(piece: str) -> None:
    text = piece * (40_000 // len(piece))
    started = time.perf_counter()
    findings(text)
    findings(f"```py {text}\n```\n")
    assert time.perf_counter() - started < 3
