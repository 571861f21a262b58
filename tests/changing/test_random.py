"""A random rename on a random vault keeps what every link means, and its reverse restores every byte.

Two things no reverse can know: that a link was lengthened because another note has the new name, and that a name was a whole
path when the note comes back from the top of the vault. `kb undo` restores these too.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.change.plan import Plan, Wish, make_plan
from kbtools.change.view import View, view_of

NAMES = ("A", "B b", "中文", "v1.2", "c-d", "it's")
FOLDERS = ("", "x/", "x/y/", "z/")
PATHS = [f"{folder}{name}.md" for folder in FOLDERS for name in NAMES]
FORMS = (
    "[[{}]]",
    "![[{}]]",
    "[[{}|shown]]",
    "[[{}#Head]]",
    "[[{}#^b1|x]]",
    "[t](<{}.md>)",
    "| [[{}\\|c]] |\n|---|\n",
    "%%[[{}]]%%",
    "`[[{}]]`",
)


@st.composite
def vaults(draw: st.DrawFn) -> dict[str, str]:
    """Notes whose links name others in the shortest way, or by their whole paths."""
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=2, max_size=7, unique_by=str.lower))
    files = {}
    for path in paths:
        lines = [draw(st.sampled_from(["", "# Head\n", "---\ntags: [t]\n---\n# Head\n"]))]
        for _ in range(draw(st.integers(0, 4))):
            target = draw(st.sampled_from([*paths, "gone/Nothing.md"]))
            names = [path_.rpartition("/")[2].lower() for path_ in paths]
            name = target.rpartition("/")[2]
            short = names.count(name.lower()) == 1 and draw(st.booleans())
            form, end = draw(st.sampled_from(FORMS)), draw(st.sampled_from(["\n", "\r\n", " ^b1\n"]))
            lines.append(form.format((name if short else target)[:-3]) + end)
        files[path] = "".join(lines)
    return files


def after(files: dict[str, str], plan: Plan) -> dict[str, str]:
    texts = {rewrite.path: rewrite.after for rewrite in plan.rewrites}
    return {plan.moves.get(path, path): texts.get(path, text) for path, text in files.items()}


def meanings(view: View, back: dict[str, str]) -> list[tuple[str, list[tuple[str, int]]]]:
    found = []
    for source in view.sources:
        links = [view.mean(link, source) for link in view.columns(source).links]
        found.append((back.get(source, source), [(back.get(mean.path, mean.path), mean.place) for mean in links]))
    return sorted(found)


@settings(max_examples=300, deadline=None)
@given(vaults(), st.data())
def test_there_and_back(files: dict[str, str], data: st.DataObject) -> None:
    src = data.draw(st.sampled_from(sorted(files)))
    taken = {path.lower() for path in files}
    free = [path for path in PATHS if path.lower() not in taken and ("/" in path or "/" not in src)]
    dst = data.draw(st.sampled_from([*free, "w/neu.md", src.upper()[:-3] + ".md"]))
    old = view_of(files)
    plan = make_plan(old, Wish({src: dst}))
    if plan.trouble:
        assert all("dead link would come" in trouble.message for trouble in plan.trouble), plan.trouble
        return
    there = after(files, plan)
    assert meanings(view_of(there), {dst: src}) == meanings(old, {})
    back_plan = make_plan(view_of(there), Wish({dst: src}))
    if back_plan.trouble:
        assert all("dead link would come" in trouble.message for trouble in back_plan.trouble), back_plan.trouble
        return
    back = after(there, back_plan)
    lengthened = {rewrite.path for rewrite in plan.rewrites if lengthens(old, rewrite.path, rewrite.after)}
    assert {path: text for path, text in back.items() if path not in lengthened} == {
        path: text for path, text in files.items() if path not in lengthened
    }
    assert meanings(view_of(back), {}) == meanings(old, {})


def lengthens(old: View, path: str, text: str) -> bool:
    """Whether a link of a note got folders it was not written with: nothing takes them away again."""
    new = view_of({path: text})
    pairs = zip(old.columns(path).links, new.columns(path).links, strict=True)
    return any(one[1].count("/") < other[1].count("/") and "/" not in one[1] for one, other in pairs)
