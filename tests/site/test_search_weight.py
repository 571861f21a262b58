"""What a question to a site of 4,000 pages loads, and how long the answer takes in a real browser.

Two sites: the benchmarks' vault, whose few words stand on nearly every page, and one of Chinese sentences out of this
project's notes, four sections of 700 characters a page.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from benchmarks.generate import generate
from kbtools.site import searchindex
from kbtools.site.searchindex import PLACES_BYTES, Entry, iter_search_files
from tests.site.conftest import OpenTab

pytestmark = pytest.mark.slow

PAGES = 4000
NOTES = Path(searchindex.__file__).parents[2] / "notes"
ASSETS = Path(searchindex.__file__).parent / "assets"
SCRIPTS = ("searchindex.js", "searchwords.js")
HTML = """<!doctype html><meta charset="utf-8"><title>x</title><link rel="icon" href="data:,">
<script id="__config" type="application/json">{"base":"."}</script>
<script src="searchindex.js"></script><script src="searchwords.js"></script>"""
ASK = """async (query) => {
  const start = performance.now();
  const { pages } = await __kb_search_index.search(query);
  await Promise.all(pages.slice(0, 8).flatMap((page) => page.sections.slice(0, 3).map(__kb_search_index.section)));
  return [pages.length, performance.now() - start];
}"""

LONGEST_MS = 1_500
"""A question takes less than half a second on a machine that has nothing else to do; the tests share theirs."""


def generated() -> Iterator[Entry]:
    for file in generate(PAGES):
        title, _, text = file.data.decode("utf-8", "replace").partition("\n# ")[2].partition("\n")
        for number, section in enumerate(text.split("\n## ") if file.path.endswith(".md") else []):
            heading, _, body = section.partition("\n")
            yield Entry(f"{file.path}#{number}" if number else file.path, title, heading if number else "", body)


def shuffled() -> Iterator[Entry]:
    text = "\n".join(path.read_text("utf-8") for path in sorted(NOTES.rglob("*.md")))
    sentences = [sentence for sentence in re.split(r"(?<=[。\n])", text) if len(sentence) > 5]
    chance = random.Random(1)
    for page in range(PAGES):
        title = chance.choice(sentences)[:12]
        for number in range(4):
            body = "".join(chance.choices(sentences, k=20))[:700]
            yield Entry(
                f"{page}/#{number}" if number else f"{page}/", title, chance.choice(sentences)[:10] if number else "", body
            )


@pytest.fixture(scope="module")
def few_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("few"), generated())


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("chinese"), shuffled())


def write_site(folder: Path, entries: Iterator[Entry]) -> Path:
    (folder / "index.html").write_text(HTML)
    for name in SCRIPTS:
        (folder / name).write_bytes((ASSETS / name).read_bytes())
    for path, data in iter_search_files(entries):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def weigh(page: Page, folder: Path, query: str) -> tuple[int, int, float]:
    """How many pages are found, with how many bytes, in how many milliseconds, by a tab that has loaded nothing yet."""
    loaded: list[int] = []
    page.on("request", lambda request: loaded.append(size(folder, request.url)))
    count, milliseconds = page.evaluate(ASK, query)
    return count, sum(loaded), milliseconds


def size(folder: Path, url: str) -> int:
    return (folder / "assets/kb/search" / url.partition("?")[0].rpartition("/")[2]).stat().st_size


@pytest.mark.parametrize("query", ["注意力", "attention", "m", "model training", "layer weights data", "晚期注意力 model"])
def test_a_question_where_words_stand_everywhere(open_tab: OpenTab, few_words: Path, query: str) -> None:
    count, loaded, milliseconds = weigh(open_tab((few_words / "index.html").as_uri()), few_words, query)
    print(query, count, loaded, milliseconds)
    assert count > 0
    assert loaded < 300_000
    assert milliseconds < LONGEST_MS


@pytest.mark.parametrize(
    "query",
    [
        "的",
        "模型",
        "反向传播",
        "注意力机制 softmax",
        "循环神经网络",
        "梯度",
        "x",
        "dot product",
        "梯度往回走也要乘同样多次",
    ],
)
def test_a_question_to_a_chinese_site(open_tab: OpenTab, chinese: Path, query: str) -> None:
    count, loaded, milliseconds = weigh(open_tab((chinese / "index.html").as_uri()), chinese, query)
    print(query, count, loaded, milliseconds)
    assert count > 0
    assert loaded < 300_000
    assert milliseconds < LONGEST_MS


def test_files_are_small(few_words: Path, chinese: Path) -> None:
    for folder in (few_words, chinese):
        files = {path.name: path.stat().st_size for path in (folder / "assets/kb/search").iterdir()}
        assert max(files.values()) < PLACES_BYTES + 16_000
        assert files["manifest.js"] < 40_000
