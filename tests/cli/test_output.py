"""What leaves kb: every format of every command, in any locale, with any name, on a terminal and in a pipe."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbtools.cli.listing import FORMATS
from kbtools.cli.main import command_names, load_command, main, parser_of
from tests.cli.pages import sample_vault
from tests.cli.run import kb, kb_on_terminal, write

NOTES = {
    "links": ["LSTM"],
    "backlinks": ["LSTM"],
    "mentions": ["LSTM"],
    "outline": ["LSTM"],
    "path": ["LSTM"],
    "search": ["LSTM"],
}


def is_listing(name: str) -> bool:
    """Whether a command prints rows in the formats of all listings."""
    formats = parser_of(name, load_command(name))._option_string_actions.get("--format")
    return formats is not None and tuple(formats.choices or ()) == FORMATS


LISTINGS = list(filter(is_listing, command_names()))
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    vault = write(tmp_path / "vault", sample_vault())
    monkeypatch.chdir(vault)
    return vault


def rows_of_tsv(printed: str) -> Iterator[dict[str, str]]:
    lines = [line.split("\t") for line in printed.removesuffix("\n").split("\n")]
    return (dict(zip(lines[0], line, strict=True)) for line in lines[1:])


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_says_the_same_in_all_formats(vault: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    write(vault, {"日记/草稿.md": "再读LSTM。"})  # a mention, for `kb mentions`
    printed = {}
    for form in ("text", "json", "tsv"):
        assert main([name, *NOTES.get(name, []), "--format", form]) == 0
        printed[form] = capsys.readouterr().out
        assert main([name, *NOTES.get(name, []), "--format", form]) == 0
        assert capsys.readouterr().out == printed[form], "two runs print the same"
    (key, rows), *more = json.loads(printed["json"]).items()
    assert (key, more) == (name, [])
    cells = list(rows_of_tsv(printed["tsv"]))
    assert len(rows) == len(cells) > 0
    assert printed["text"].count("\n") >= (1 if name == "outline" else len(rows))
    for row, cell in zip(rows, cells, strict=True):
        assert list(row) == list(cell)
        for field, value in row.items():
            if isinstance(value, str):
                assert cell[field] == value.replace("\\", "\\\\").replace("\n", "\\n")
            elif isinstance(value, list):
                assert cell[field].split("|") == value
            else:
                assert cell[field] == ("" if value is None else str(value).lower())


def test_tsv_is_read_by_the_standard_library(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["links", "--all", "--format", "tsv"]) == 0
    printed = capsys.readouterr().out
    read = csv.DictReader(printed.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    assert list(read) == list(rows_of_tsv(printed))


def test_an_empty_listing(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(vault.parent / "bare", {"a.md": "[[a]]"})
    for form, expected in (("text", ""), ("json", '{"unresolved": []}\n'), ("tsv", "target\tlinks\tsources\n")):
        assert main(["unresolved", "--vault", "../bare", "--format", form]) == 0
        assert capsys.readouterr().out == expected


# ------------------------------------------------------------------------------------------------ names

HOSTILE = (
    "a\x1b[31mred\x1b[0m.md",
    "b\nc\td.md",
    "e\u202egpj.md",
    "f\x9b2Jg\u2028h.md",
    "i%2C,j:k.md",
    "l|m\\n.md",
    b"not\xffutf8.md",
)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A vault whose names hold what a terminal obeys, what ends lines and cells, and what is no UTF-8."""
    vault = tmp_path / "hostile"
    vault.mkdir()
    for name in HOSTILE:
        path = os.path.join(os.fsencode(vault), os.fsencode(name))
        with open(path, "w", encoding="utf-8") as file:
            file.write("---\ntags: ['x\\e[31my']\n---\n[[no\x1b[31mbody]] [[a\u202eb]] #标签\n\n## h\x1b[2J\n")
    write(vault, {".obsidian/app.json": "{}"})
    return vault


def is_tame(printed: bytes) -> bool:
    """No control characters but line ends (and tabs), nothing that turns the direction, valid UTF-8."""
    return not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", printed.decode("utf-8"))


RUNS = [
    *(
        ["check", "--strict", "--select", "broken-link,orphan-note", "--format", form]
        for form in ("text", "json", "github", "sarif")
    ),
    *([name, "--format", form] for name in ("orphans", "unresolved", "tags", "deadends") for form in ("text", "json", "tsv")),
    *(["links", "--all", "--format", form] for form in ("text", "json", "tsv")),
    *(["outline", "a\x1b[31mred\x1b[0m", "--format", form] for form in ("text", "json", "tsv")),
    ["backlinks", "b\nc\td"],
    ["links", "zzz\x1b[31m\n"],
    ["links", b"not\xffutf8"],
]


@pytest.mark.parametrize("arguments", RUNS, ids=str)
def test_no_name_reaches_the_terminal_raw(hostile: Path, arguments: list[str | bytes]) -> None:
    done = kb(hostile, *arguments)
    assert done.returncode in (0, 1, 2), done.stderr
    assert is_tame(done.stdout)
    assert is_tame(done.stderr)
    if b"json" in done.args[-1:] or "json" in arguments or "sarif" in arguments:
        json.loads(done.stdout)
    seen, _ = kb_on_terminal(hostile, *map(os.fsdecode, arguments), NO_COLOR="1")
    assert is_tame(seen.replace(b"\r\n", b"\n"))


def test_names_come_back_from_json_as_they_are(hostile: Path) -> None:
    done = kb(hostile, "orphans", "--format", "json")
    paths = {row["path"] for row in json.loads(done.stdout)["orphans"]}
    assert paths == {os.fsdecode(name) for name in HOSTILE}


def test_tsv_has_one_line_a_row_and_says_what_is_escaped(hostile: Path) -> None:
    done = kb(hostile, "orphans", "--format", "tsv")
    paths = {row["path"] for row in rows_of_tsv(done.stdout.decode("utf-8"))}
    assert {"b\\nc\\td.md", "l|m\\\\n.md", "a\\x1b[31mred\\x1b[0m.md", "not\\udcffutf8.md"} <= paths
    assert len(paths) == len(HOSTILE)


# ------------------------------------------------------------------------------------------------ surroundings


@pytest.mark.parametrize(
    "changes",
    [
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "gb18030"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1:strict"},
    ],
    ids=str,
)
def test_output_is_utf_8_whatever_the_locale(vault: Path, changes: dict[str, str | None]) -> None:
    done = kb(vault, "orphans", **changes)
    assert done.returncode == 0
    assert "日记/2026-11-20.md" in done.stdout.decode("utf-8").splitlines()
    wrong = kb(vault, "links", "反向船舶", **changes)
    assert wrong.stderr.decode("utf-8") == "kb: the vault has no note '反向船舶' (did you mean 概念/反向传播.md?)\n"


def test_colour_is_for_terminals(vault: Path) -> None:
    piped = kb(vault, "check").stdout
    assert not COLOUR.search(piped)
    seen, code = kb_on_terminal(vault, "check")
    assert code == 1
    assert b"\x1b[31mbroken-link\x1b[0m" in seen
    assert b"\x1b[33minvalid-properties\x1b[0m" in seen
    for changes in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain, _ = kb_on_terminal(vault, "check", **changes)
        assert not COLOUR.search(plain)
    assert COLOUR.search(kb_on_terminal(vault, "check", NO_COLOR="")[0]), "an empty NO_COLOR is none"
    bare = COLOUR.sub(b"", seen).replace(b"\r\n", b"\n")
    assert [line.split(b" in ")[0] for line in bare.splitlines()] == [line.split(b" in ")[0] for line in piped.splitlines()]


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_formats_for_programs_have_no_colour(vault: Path, form: str) -> None:
    assert not COLOUR.search(kb_on_terminal(vault, "check", "--format", form)[0])


def test_quick_work_draws_no_bar(vault: Path) -> None:
    seen, _ = kb_on_terminal(vault, "check")
    assert b"reading" not in seen
    assert b"\r\x1b[K" not in seen
