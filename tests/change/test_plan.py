"""What follows when something is renamed, and what is refused."""

from __future__ import annotations

import pytest

from kbtools.change.plan import Plan, Wish, make_plan, rename_block, rename_heading
from kbtools.change.tags import plan_tag
from kbtools.change.view import view_of
from kbtools.resolve import find_anchor
from kbtools.vault.settings import LinkFormat


def move(
    files: dict[str, str], src: str, dst: str, *, adopt: bool = False, wish: LinkFormat = "shortest"
) -> tuple[dict[str, str], Plan]:
    """The vault after a move, and its plan."""
    plan = make_plan(view_of(files), Wish({src: dst}, adopt=adopt, format=wish))
    texts = {rewrite.path: rewrite.after for rewrite in plan.rewrites}
    return {(dst if path == src else path): texts.get(path, text) for path, text in files.items()}, plan


def place(files: dict[str, str], note: str, subpath: str, name: str) -> tuple[dict[str, str], Plan]:
    view = view_of(files)
    anchors = view.anchors(note)
    anchor = find_anchor(anchors, subpath)
    assert anchor is not None
    rename = rename_block if subpath.startswith("^") else rename_heading
    plan = make_plan(view, Wish(edits={note: (rename(view, note, anchors.index(anchor), name),)}))
    texts = {rewrite.path: rewrite.after for rewrite in plan.rewrites}
    return {path: texts.get(path, text) for path, text in files.items()}, plan


FOLLOWS = [
    ("[[Old]]", "[[New]]"),
    ("![[Old]]", "![[New]]"),
    ("[[ Old ]]", "[[ New ]]"),
    ("[[Old.md]]", "[[New.md]]"),
    ("[[Old|text]]", "[[New|text]]"),
    ("[[Old|Old]]", "[[New|New]]"),
    ("[[Old#a#b|t]]", "[[New#a#b|t]]"),
    ("![[Old#^id|300]]", "![[New#^id|300]]"),
    ("[[a/Old]]", "[[a/New]]"),
    ("[[/a/Old]]", "[[/a/New]]"),
    ("[[./a/Old]]", "[[./a/New]]"),
    ("[Old](Old.md)", "[New](New.md)"),
    ("[t](a/Old.md)", "[t](a/New.md)"),
    ("[t](Old)", "[t](New)"),
    ('[t](<a/Old.md> "title")', '[t](<a/New.md> "title")'),
    ("[t](a/Old.md#a%20b 'x')", "[t](a/New.md#a%20b 'x')"),
    ("![t](Old.md)", "![t](New.md)"),
    ("[r]: a/Old.md (t)", "[r]: a/New.md (t)"),
    ("| [[Old\\|x]] | y |\n|---|---|", "| [[New\\|x]] | y |\n|---|---|"),
    ("%%[[Old]]%%", "%%[[New]]%%"),
    ("> [!note] [[Old]]\n> - [[Old|a]]", "> [!note] [[New]]\n> - [[New|a]]"),
    ("`[[Old]]` $[[Old]]$", "`[[Old]]` $[[Old]]$"),
    ("```\n[[Old]]\n```", "```\n[[Old]]\n```"),
    ("---\nup: '[[Old]]'\n---\n", "---\nup: '[[New]]'\n---\n"),
    ('---\nup:\n  - "[[a/Old|Old]]"\n---\n', '---\nup:\n  - "[[a/New|New]]"\n---\n'),
    ("[[Old]]\r\n[[Old]]\r\n", "[[New]]\r\n[[New]]\r\n"),
]


@pytest.mark.parametrize(("before", "after"), FOLLOWS)
def test_every_form_of_link_follows(before: str, after: str) -> None:
    files, plan = move({"a/Old.md": "# a\n## b\n## a b\nx ^id\n", "x.md": before}, "a/Old.md", "a/New.md")
    assert plan.trouble == ()
    assert files["x.md"] == after


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("新 名", "[[Old]] [t](Old.md) [u](<Old.md>)", "[[新 名]] [t](新%20名.md) [u](<新 名.md>)"),
        ("a(b)", "[t](Old.md)", "[t](a%28b%29.md)"),
        ("50% & more", "[t](Old.md)", "[t](50%25%20&%20more.md)"),
        ("v1.2", "[[Old]]", "[[v1.2]]"),
        ("it's", "---\nup: '[[Old]]'\n---\n", "---\nup: '[[it''s]]'\n---\n"),
        ("it's", '---\nup: "[[Old]]"\n---\n', '---\nup: "[[it\'s]]"\n---\n'),
    ],
)
def test_names_are_written_as_their_place_asks(name: str, before: str, after: str) -> None:
    files, plan = move({"Old.md": "", "x.md": before}, "Old.md", f"{name}.md")
    assert plan.trouble == ()
    assert files["x.md"] == after


def test_canvases_and_notebooks_follow_with_their_escapes() -> None:
    canvas = '{"nodes":[{"type":"file","file":"a/Old.md","subpath":"#h"},{"type":"text","text":"\\"[[Old|q\\"]] \\u4e2d"}]}'
    notebook = '{"cells":[{"cell_type":"markdown","source":["[[Old]]\\n","x [a](a/Old.md)"]}],"nbformat":4}'
    files, plan = move({"a/Old.md": "# h\n", "c.canvas": canvas, "n.ipynb": notebook}, "a/Old.md", "b/New.md")
    assert plan.trouble == ()
    assert files["c.canvas"] == canvas.replace("a/Old.md", "b/New.md").replace("[[Old|", "[[New|")
    assert files["n.ipynb"] == notebook.replace("[[Old]]", "[[New]]").replace("a/Old.md", "b/New.md")


def test_a_short_link_that_still_suffices_stays_when_the_file_moves() -> None:
    files, plan = move({"a/Old.md": "", "x.md": "[[Old]] [[a/Old]]"}, "a/Old.md", "b/Old.md")
    assert files["x.md"] == "[[Old]] [[b/Old]]"
    assert plan.links == 1


def test_relative_links_of_a_note_that_moves_are_counted_anew() -> None:
    files, _ = move({"a/x.md": "[[../b/y]] ![](./p.png)", "b/y.md": "", "a/p.png": ""}, "a/x.md", "c/d/x.md")
    assert files["c/d/x.md"] == "[[../../b/y]] ![](../../a/p.png)"


def test_a_link_that_the_new_name_would_take_over_is_lengthened() -> None:
    vault = {"a/Note.md": "", "zz/Old.md": "", "zz/x.md": "[[Note]]", "y.md": "[[Note]]"}
    files, plan = move(vault, "zz/Old.md", "zz/Note.md")
    assert plan.trouble == ()
    assert files["zz/x.md"] == "[[a/Note]]"
    assert files["y.md"] == "[[a/Note]]", "what became ambiguous is lengthened too"


def test_a_name_that_others_have_is_written_with_its_folder() -> None:
    files, plan = move({"b/Old.md": "", "a/New.md": "", "x.md": "[[Old]]"}, "b/Old.md", "b/New.md")
    assert plan.trouble == ()
    assert files["x.md"] == "[[b/New]]"


@pytest.mark.parametrize(("wish", "written"), [("shortest", "[[New]]"), ("absolute", "[[c/New]]"), ("relative", "[[../c/New]]")])
def test_the_format_that_obsidian_is_set_to(wish: LinkFormat, written: str) -> None:
    files, _ = move({"b/Old.md": "", "a/x.md": "[[Old]]"}, "b/Old.md", "c/New.md", wish=wish)
    assert files["a/x.md"] == written


def test_two_notes_swap_their_names() -> None:
    files = {"A.md": "[[B]] me", "B.md": "[[A]] [[B]]", "x.md": "[[A]] [[B|b]]"}
    plan = make_plan(view_of(files), Wish({"A.md": "B.md", "B.md": "A.md"}))
    assert plan.trouble == ()
    assert {rewrite.to: rewrite.after for rewrite in plan.rewrites} == {
        "B.md": "[[A]] me",
        "A.md": "[[B]] [[A]]",
        "x.md": "[[B]] [[A|b]]",
    }


def test_case_alone_changes() -> None:
    files, plan = move({"lstm.md": "", "x.md": "[[lstm]] [[LSTM]]"}, "lstm.md", "LSTM.md")
    assert plan.trouble == ()
    assert files["x.md"] == "[[LSTM]] [[LSTM]]"


def test_a_dead_link_does_not_come_to_life_unasked() -> None:
    vault = {"Old.md": "", "x.md": "[[New]]"}
    _, plan = move(vault, "Old.md", "New.md")
    assert [(trouble.path, trouble.hint) for trouble in plan.trouble] == [("x.md", "--adopt lets it")]
    _, plan = move(vault, "Old.md", "New.md", adopt=True)
    assert plan.trouble == ()
    assert [source for source, _ in plan.adopted] == ["x.md"]


@pytest.mark.parametrize("name", ["a#b.md", "a|b.md", "a]]b.md"])
def test_a_name_that_no_wikilink_can_write_is_refused(name: str) -> None:
    _, plan = move({"Old.md": "", "x.md": "[[Old]]"}, "Old.md", name)
    assert plan.trouble


def test_a_value_that_cannot_be_rewritten_in_place_is_refused() -> None:
    _, plan = move({"Old.md": "", "x.md": '---\nup: "[[O\\u006cd]]"\n---\n'}, "Old.md", "New.md")
    assert plan.trouble[0].message == "this link cannot be rewritten in place"


# ------------------------------------------------------------------------------------------------ places


def test_a_heading_and_the_links_to_it() -> None:
    vault = {
        "n.md": "# Top\n## Old one ^keep\n[[#Old one]] [[#Top#Old one|Old one]]\n### Deep\n",
        "x.md": "[[n#Old one]] ![[n#Old one#Deep]] [t](n.md#Old%20one) [[n#^keep]] [[n#old ONE]]",
        "c.canvas": '{"nodes":[{"type":"file","file":"n.md","subpath":"#Old one"}]}',
    }
    files, plan = place(vault, "n.md", "Old one", "Neu: [x] y")
    assert plan.trouble == ()
    assert files["n.md"] == "# Top\n## Neu: [x] y ^keep\n[[#Neu [x] y]] [[#Top#Neu [x] y|Neu [x] y]]\n### Deep\n"
    assert files["x.md"] == "[[n#Neu [x] y]] ![[n#Neu [x] y#Deep]] [t](n.md#Neu%20[x]%20y) [[n#^keep]] [[n#Neu [x] y]]"
    assert '"#Neu [x] y"' in files["c.canvas"]


def test_a_heading_that_another_one_hides_is_refused() -> None:
    _, plan = place({"n.md": "# A\n# B\n", "x.md": "[[n#B]]"}, "n.md", "B", "A")
    assert [trouble.path for trouble in plan.trouble] == ["x.md"]


@pytest.mark.parametrize("text", ["", "two\nlines", "a #"])
def test_what_is_no_heading_is_refused(text: str) -> None:
    view = view_of({"n.md": "# A\n"})
    with pytest.raises(ValueError, match="heading"):
        rename_heading(view, "n.md", 0, text)


def test_a_heading_changes_with_the_link_in_it() -> None:
    vault = {"Old.md": "", "n.md": "## About [[Old]]\n", "x.md": "[[n#About Old]]"}
    files, plan = move(vault, "Old.md", "New.md")
    assert plan.trouble == ()
    assert files["n.md"] == "## About [[New]]\n"
    assert files["x.md"] == "[[n#About New]]"


def test_a_block_id_and_the_links_to_it() -> None:
    files, plan = place({"n.md": "text ^one\n\nmore ^two\n", "x.md": "![[n#^ONE]] [[n#^two]]"}, "n.md", "^one", "uno")
    assert plan.trouble == ()
    assert files == {"n.md": "text ^uno\n\nmore ^two\n", "x.md": "![[n#^uno]] [[n#^two]]"}


@pytest.mark.parametrize("name", ["two", "a b", "中"])
def test_a_block_id_that_is_taken_or_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"there already|no block id"):
        rename_block(view_of({"n.md": "text ^one\n\nmore ^two\n"}), "n.md", 0, name)


# ------------------------------------------------------------------------------------------------ tags


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#nn and #nn/train and #nnx", "#net and #net/train and #nnx"),
        ("---\ntags: [a, nn/train, nn]\naliases: [nn]\n---\n", "---\ntags: [a, net/train, net]\naliases: [nn]\n---\n"),
        ('---\ntags:\n  - "#nn"\n  - b\n---\n#NN\n', '---\ntags:\n  - "#net"\n  - b\n---\n#net\n'),
        ("---\ntags: nn, b\n---\n", "---\ntags: net, b\n---\n"),
        ("`#nn` #x", "`#nn` #x"),
    ],
)
def test_a_tag_and_those_below_it(before: str, after: str) -> None:
    plan = plan_tag(view_of({"n.md": before}), "nn", "net")
    assert plan.trouble == ()
    assert (plan.rewrites[0].after if plan.rewrites else before) == after
