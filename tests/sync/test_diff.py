"""A difference as a person reads it."""

from __future__ import annotations

from kbtools.report import diff


def test_equal_texts_have_none() -> None:
    assert diff.render("a\n", "a\n", old="x", new="y") == ""


def test_line_ends_and_control_characters_command_no_terminal() -> None:
    printed = diff.render("a\r\n\tb\r\n", "a\r\n\tc\x1b[31m\u202e\r\n", old="x", new="y")
    assert printed == "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-\tb\n+\tc\\x1b[31m\\u202e\n"


def test_a_new_file_comes_from_nowhere() -> None:
    assert diff.render(None, "a\n", old="x", new="x").startswith("--- /dev/null\n+++ x\n@@ -0,0 +1 @@\n+a\n")


def test_lines_that_look_like_heads_are_painted_as_lines() -> None:
    printed = diff.render("-- a\n", "++ b\n", old="x", new="y", colour=True)
    lines = printed.splitlines()
    assert [line[: line.index("m") + 1] for line in lines] == [diff.BOLD, diff.BOLD, diff.CYAN, diff.RED, diff.GREEN]
