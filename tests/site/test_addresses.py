"""Where pages and files stand: permalinks, folders, and names that are in each other's way."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.site.addresses import (
    Ground,
    build_addresses,
    build_redirects,
    file_of,
    find_free,
    find_permalink_problem,
    page_address,
)


def urls(*paths: str, folders: bool = True, files: tuple[str, ...] = (), **permalinks: object) -> dict[str, str]:
    pages = [(path, permalinks.get(path.removesuffix(".md"))) for path in paths]
    found = build_addresses(pages, files, folders=folders)
    return {path: unquote(url) for path, url in found.urls.items()}


def test_a_page_stands_where_its_file_does() -> None:
    assert urls("a.md", "深/层/LSTM 网络.md", "图.canvas", "n.ipynb") == {
        "a.md": "a/",
        "深/层/LSTM 网络.md": "深/层/LSTM 网络/",
        "图.canvas": "图.canvas/",
        "n.ipynb": "n/",
    }


def test_without_folders_a_page_is_a_file() -> None:
    found = urls("a.md", "b/index.md", "index.md", "图.canvas", folders=False)
    assert list(found.values()) == ["a.html", "b/index.html", "index.html", "图.canvas.html"]


def test_an_index_is_its_folder() -> None:
    assert urls("index.md", "b/Index.md") == {"index.md": "", "b/Index.md": "b/"}


def test_addresses_are_percent_encoded() -> None:
    assert build_addresses([("一 二#三?.md", None)], []).urls["一 二#三?.md"] == "%E4%B8%80%20%E4%BA%8C%23%E4%B8%89%3F/"


def test_a_permalink_is_the_address() -> None:
    assert urls("深/a.md", "b.md", a=None, **{"深/a": " /nn/a/ "})["深/a.md"] == "nn/a/"


def test_who_asks_by_name_goes_first() -> None:
    found = build_addresses([("lstm.md", None), ("深/a.md", "lstm")], [])
    assert found.urls == {"深/a.md": "lstm/", "lstm.md": "lstm-md/"}


def test_the_second_of_two_equal_permalinks_keeps_its_place_and_it_is_said_who_has_it() -> None:
    found = build_addresses([("a.md", "x"), ("b.md", "X")], [])
    assert found.urls == {"a.md": "x/", "b.md": "b/"}
    assert found.taken == {"b.md": "a.md"}


@pytest.mark.parametrize("value", ["../x", "a/./b", "a//b", "a?b", "a#b", "a\\b", "a\nb", "", "/", 3, ["x"], "长" * 80])
def test_what_names_no_address_is_no_permalink(value: object) -> None:
    assert urls("a.md", a=value) == {"a.md": "a/"}
    assert find_permalink_problem(value) != ""


def test_no_permalink_and_a_good_one_are_no_problem() -> None:
    assert find_permalink_problem(None) == find_permalink_problem("深度/lstm") == ""


def test_case_does_not_tell_addresses_apart() -> None:
    assert urls("A.md", "a.md") == {"A.md": "A/", "a.md": "a-md/"}


def test_a_note_and_a_notebook_of_one_name_stand_beside_each_other() -> None:
    assert urls("a.ipynb", "a.md") == {"a.ipynb": "a/", "a.md": "a-md/"}


def test_a_page_makes_way_for_a_file_that_has_its_name() -> None:
    assert urls("LICENSE.md", files=("LICENSE",)) == {"LICENSE.md": "LICENSE-md/"}
    assert urls("a.md", files=("a/index.html",)) == {"a.md": "a-md/"}
    assert urls("a.md", folders=False, files=("a.html",)) == {"a.md": "a-md.html"}


def test_a_permalink_cannot_stand_on_or_below_a_file() -> None:
    assert urls("a.md", files=("图.png",), a="图.png") == {"a.md": "a/"}
    assert urls("a.md", files=("图.png",), a="图.png/x") == {"a.md": "a/"}


def test_a_file_that_differs_from_a_folder_in_case_alone_is_in_nobodys_way() -> None:
    assert urls("a/b.md", "a/c/b.md", files=("A",)) == {"a/b.md": "a-b-2/", "a/c/b.md": "a-c-b-2/"}


def test_what_mkdocs_writes_is_taken() -> None:
    assert urls("404.md", folders=False) == {"404.md": "404-md.html"}


@given(
    st.lists(
        st.tuples(st.text("aAb/.é-", min_size=1, max_size=4), st.sampled_from([None, "a", "b/a", "A/", "index"])), max_size=9
    ),
    st.lists(st.text("aAb/", min_size=1, max_size=4).map(lambda path: path.strip("/")).filter(bool), max_size=4, unique=True),
    st.booleans(),
)
def test_no_two_files_of_a_site_are_in_each_others_way(
    pages: list[tuple[str, str | None]], files: list[str], folders: bool
) -> None:
    notes = {f"{stem.strip('/') or 'x'}.md": permalink for stem, permalink in pages}
    found = build_addresses(notes.items(), files, folders=folders)
    places = [file_of(url).casefold() for url in found.urls.values()]
    assert len(found.urls) == len(notes)
    assert len(set(places)) == len(places)
    taken = {path.casefold() for path in files}
    for place in places:
        above = {"/".join(place.split("/")[:count]) for count in range(1, place.count("/") + 1)}
        assert not above & ({*places} | taken)
        assert place not in taken


# ------------------------------------------------------------------------------------------------ redirects


def redirects(old: dict[str, tuple[str, ...]], *, folders: bool = True, files: tuple[str, ...] = ()) -> dict[str, str]:
    found = build_addresses([(path, None) for path in old], files, folders=folders)
    return {unquote(url): path for url, path in build_redirects(old.items(), found.urls, found.ground, folders=folders).items()}


def test_other_names_lead_on() -> None:
    assert redirects({"a.md": ("旧/甲", "BP")}) == {"旧/甲/": "a.md", "BP/": "a.md"}
    assert redirects({"a.md": ("旧/甲", "old/a.html")}, folders=False) == {"旧/甲.html": "a.md", "old/a.html": "a.md"}


def test_nothing_leads_on_where_something_stands() -> None:
    assert redirects({"a.md": ("B", "图.png", "a"), "b.md": ("c",), "c.md": ("c",)}, files=("图.png",)) == {}


def test_the_first_who_asks_gets_the_name() -> None:
    assert redirects({"a.md": ("x",), "b.md": ("X",)}) == {"x/": "a.md"}


def test_a_name_that_is_no_address_leads_nowhere() -> None:
    assert redirects({"a.md": ("../x", "如何?", "..", "很" * 100)}) == {}


def test_the_front_page_can_lead_on() -> None:
    assert redirects({"a.md": ("",)}) == {"": "a.md"}


def test_the_sites_own_pages_make_way_with_all_below_them() -> None:
    found = build_addresses([("tags/甲.md", None), ("graph.md", None)], [])
    assert find_free("tags", ("乙",), found.ground, folders=True) == "tags"
    assert find_free("tags", ("甲",), found.ground, folders=True) == "tags-"
    assert find_free("graph", (), found.ground, folders=True) == "graph-"


def test_the_file_of_an_address() -> None:
    assert file_of("") == "index.html"
    assert file_of("a%20b/") == "a b/index.html"
    assert file_of("a.html") == "a.html"
    assert page_address("甲", folders=False) == "%E7%94%B2.html"


def test_nobody_owns_free_ground() -> None:
    ground = Ground()
    ground.take("a/b/", "x")
    assert ground.find_owner("A/B/") == "x"
    assert ground.find_owner("a/") is None
    assert ground.find_owner("a.html") is None
