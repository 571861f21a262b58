"""The shards of the leads: each address is found where the browser looks for it."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from kbtools.site.previews import FOLDER, SHARD_BYTES, iter_preview_files, shard_of


def read(parts: dict[str, str]) -> tuple[int, dict[int, dict[str, str]]]:
    files = dict(iter_preview_files(parts))
    (count,) = re.findall(rb"^window\.__kb_preview_count=(\d+);\n$", files.pop(f"{FOLDER}/count.js"))
    shards = {}
    for path, content in files.items():
        call = re.fullmatch(r"__kb_preview\((\d+),(.*)\);\n", content.decode())
        assert call
        assert path == f"{FOLDER}/{call[1]}.js"
        shards[int(call[1])] = json.loads(call[2])
    return int(count), shards


def test_no_leads_no_shards() -> None:
    assert read({}) == (0, {})
    assert read({"a/": " \n"}) == (0, {})


def test_an_address_is_written_as_it_is_read() -> None:
    count, shards = read({"a%20b/#" + quote("梯度"): "<p>一</p>", "f/index.html": "<p>二</p>"})
    assert (count, shards) == (1, {0: {"a b/#梯度": "<p>一</p>", "f/": "<p>二</p>"}})


def test_every_lead_lies_in_the_shard_of_its_address() -> None:
    parts = {f"{number}/#节": f"<p>{'文' * 300}{number}</p>" for number in range(400)}
    count, shards = read(parts)
    assert count == -(-sum(len(url.encode()) + len(html.encode()) for url, html in parts.items()) // SHARD_BYTES)
    found = {key: html for number, shard in shards.items() for key, html in shard.items() if shard_of(key, count) == number}
    assert found == parts
    assert max(len(json.dumps(shard, ensure_ascii=False).encode()) for shard in shards.values()) < 2 * SHARD_BYTES


def test_the_hash_is_fnv_1a() -> None:
    assert shard_of("foobar", 1 << 32) == 0xBF9CF968  # from the function's own test vectors
    assert shard_of("", 1 << 32) == 0x811C9DC5


def test_two_runs_are_the_same_whatever_the_order() -> None:
    parts = {f"{number}/": f"<p>{number}</p>" for number in range(50)}
    assert list(iter_preview_files(parts)) == list(iter_preview_files(dict(reversed(parts.items()))))
