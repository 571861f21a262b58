"""Renames and code actions: what they would write, and when they refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kbtools import app
from kbtools.change.edits import Edit, apply_edits
from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.lsp.actions import Action, iter_actions
from kbtools.lsp.renaming import find_renamable, plan_moves, plan_rename
from kbtools.lsp.spots import find_spot
from kbtools.rulebook import judge, open_rulebook
from tests.lsp.cursors import PROJECT, look

VAULT = Config(vault=Path("/v"), root=Path("/v"))


def renamed(files: dict[str, str], name: str) -> dict[str, str]:
    """The vault after a rename at the cursor."""
    snapshot, path, offset = look(files)
    plan = plan_rename(snapshot, VAULT, path, find_spot(snapshot, path, offset), name)
    texts = {name: snapshot.text_of(name) for name in files} | {rewrite.path: rewrite.after for rewrite in plan.rewrites}
    return {plan.moves.get(path, path): text for path, text in texts.items()}


def test_a_note_is_renamed_at_a_link() -> None:
    after = renamed({"k/旧.md": "[[旧#h]]\n# h\n", "x.md": "[[旧¦]] ![[旧|旧]] [a](k/旧.md)"}, "新")
    assert after == {"k/新.md": "[[新#h]]\n# h\n", "x.md": "[[新]] ![[新|新]] [a](k/新.md)"}


def test_a_new_name_with_a_folder_moves_the_note() -> None:
    assert set(renamed({"旧.md": "", "x.md": "[[旧¦]]"}, "k/新.md")) == {"k/新.md", "x.md"}


def test_a_heading_is_renamed_where_it_stands_and_at_a_link() -> None:
    expected = {"a.md": "# new\n", "b.md": "[[a#new]]"}
    assert renamed({"a.md": "# o¦ld\n", "b.md": "[[a#old]]"}, "new") == expected
    assert renamed({"a.md": "# old\n", "b.md": "[[a#ol¦d]]"}, "new") == expected


def test_of_two_equal_headings_the_one_at_the_cursor_is_renamed() -> None:
    after = renamed({"a.md": "# A\n\n## 例\n\n# B\n\n## ¦例\n", "b.md": "[[a#B#例]] [[a#A#例]]"}, "其他")
    assert after == {"a.md": "# A\n\n## 例\n\n# B\n\n## 其他\n", "b.md": "[[a#B#其他]] [[a#A#例]]"}


def test_a_block_id_is_renamed() -> None:
    after = renamed({"a.md": "text ^o¦ld\n", "b.md": "[[a#^old]]"}, "^new")
    assert after == {"a.md": "text ^new\n", "b.md": "[[a#^new]]"}


def test_a_tag_is_renamed() -> None:
    after = renamed({"a.md": "#o¦ld\n", "b.md": "---\ntags: [old/x]\n---\n"}, "new")
    assert after == {"a.md": "#new\n", "b.md": "---\ntags: [new/x]\n---\n"}


@pytest.mark.parametrize(
    ("files", "name", "reason"),
    [
        ({"a.md": "te¦xt"}, "x", "nothing to rename stands here"),
        ({"a.md": "[[没有¦]]"}, "x", "leads to nothing"),
        ({"a.md": "", "b.md": "", "x.md": "[[a¦]]"}, "b", "'b.md' is there already"),
        ({"a.md": "", "x.md": "[[a¦]]"}, "b|c", "no name for a file"),
        ({"a.md": "", "x.md": "[[a¦]] [[dead]]"}, "dead", "x.md:1:7 this dead link would come to mean it"),
        ({"a.md": "x ^o¦ld\n"}, "no good", "no block id"),
        ({"a.md": "#o¦ld #taken"}, "taken", "'#taken' is there already"),
        ({"a.md": "[^1]¦: note\n"}, "x", "footnote"),
    ],
)
def test_a_refusal_says_why(files: dict[str, str], name: str, reason: str) -> None:
    with pytest.raises(KbError, match=re.escape(reason)):
        renamed(files, name)


def test_what_would_be_renamed_is_shown_first() -> None:
    snapshot, path, offset = look({"k/旧.md": "", "x.md": "见[[k/旧¦#h|显示]]"})
    found = find_renamable(find_spot(snapshot, path, offset))
    assert (found.name, found.span.start, found.span.end) == ("旧", 3, 6)


def test_links_follow_a_folder_that_an_editor_renames() -> None:
    snapshot = app.snapshot_of({"a/b/x.md": "", "a/p.png": "", "i.md": "[[a/b/x]] ![](a/p.png) [[x]]"})
    plan = plan_moves(snapshot, VAULT, {"a": "c"})
    assert plan.moves == {"a/b/x.md": "c/b/x.md", "a/p.png": "c/p.png"}
    assert [rewrite.after for rewrite in plan.rewrites] == ["[[c/b/x]] ![](c/p.png) [[x]]"]


# ------------------------------------------------------------------------------------------------ actions


def actions(files: dict[str, str], config: Config = VAULT, new_notes: str = "") -> list[Action]:
    """What is offered about the findings of a vault."""
    config_of = config if config is PROJECT else None
    snapshot = app.snapshot_of(files, config_of)
    findings = judge(snapshot, open_rulebook(config))
    return [
        action for found in findings for action in iter_actions(snapshot, found, snippets=config.snippets, new_notes=new_notes)
    ]


def done(action: Action, text: str, path: str = "x.md") -> str:
    return apply_edits(text, [Edit(fix.span.start, fix.span.end, fix.text) for fix in action.fixes[path]])


def test_the_suggestion_is_taken() -> None:
    text = "![[LSMT|300]] [[LSMT#门|显示]]\n"
    first, *_ = actions({"x.md": text, "LSTM.md": "# 门\n"})
    assert (first.title, first.is_preferred) == ("write ![[LSTM|300]]", True)
    assert done(first, text) == "![[LSTM|300]] [[LSMT#门|显示]]\n"
    titles = [action.title for action in actions({"x.md": "[[LSMT#门|显示]]\n", "LSTM.md": "# 门\n"})]
    assert titles == ["write [[LSTM#门|显示]]", "create the note 'LSMT.md'"]


def test_each_of_several_suggestions_is_offered() -> None:
    text = "[[a-b|t]]\n"
    found = [action for action in actions({"x.md": text, "k/ab.md": "", "m/a b.md": ""}) if action.fixes]
    assert sorted(done(action, text) for action in found) == ["[[a b|t]]\n", "[[ab|t]]\n"]


def test_a_suggested_heading_is_taken() -> None:
    text = "[[a#链式法測|x]]\n"
    [action] = actions({"x.md": text, "a.md": "# 链式法则\n"})
    assert done(action, text) == "[[a#链式法则|x]]\n"


@pytest.mark.parametrize(
    ("link", "folder", "created"),
    [
        ("[[新 概念]]", "", ["新 概念.md"]),
        ("[[新]]", "inbox", ["inbox/新.md"]),
        ("[[k/新#h|x]]", "inbox", ["k/新.md"]),
        ("[[v1.2]]", "", ["v1.2.md"]),
        ("[a](新.md)", "", ["新.md"]),
        ("[[图.png]]", "", []),
        ("![[新]]", "", []),
        ("[[a:b]]", "", []),
        ("[[https://x.org]]", "", []),
    ],
)
def test_the_missing_note_is_created(link: str, folder: str, created: list[str]) -> None:
    found = actions({"x.md": link}, new_notes=folder)
    assert [path for action in found for path in action.create] == created


BLOCK = '```python title="snippets/a.py#f"\n{}\n```\n'
FILES = {
    "snippets/a.py": "import x\n\n\ndef f():\n    return 1\n",
    "tests/snippets/test_a.py": "from snippets.a import f\ndef test_f(): ...\n",
}


def test_a_stale_block_can_take_the_code_or_give_it() -> None:
    note = BLOCK.format("def f():\n    return 2")
    take, give = actions({"notes/x.md": note, **FILES}, PROJECT)
    assert take.title == "take the code of 'snippets/a.py#f'"
    assert take.texts == {"x.md": BLOCK.format("def f():\n    return 1")}
    assert give.title == "write this code to 'snippets/a.py'"
    assert give.code == {"snippets/a.py": "import x\n\n\ndef f():\n    return 2\n"}
    assert not take.is_preferred


def test_where_it_is_known_which_side_moved_that_is_offered_alone() -> None:
    from kbtools.snippets.moved import find_agreed

    before = app.snapshot_of({"notes/x.md": BLOCK.format("def f():\n    return 1"), **FILES}, PROJECT)
    after = app.snapshot_of({"notes/x.md": BLOCK.format("def f():\n    return 2"), **FILES}, PROJECT)
    after.agreed = find_agreed(before.shown, before.snippets, {})
    [found] = [found for found in judge(after, open_rulebook(PROJECT)) if found.rule == "stale-snippet"]
    [action] = iter_actions(after, found, snippets="snippets")
    assert (list(action.code), action.is_preferred) == (["snippets/a.py"], True)
