"""字节对编码（BPE）：从 256 个字节出发，反复把最常相邻的一对词元并成一个新词元。

文本先切成小段（一个词连同前面的空格），合并不跨段；字节级使任何 UTF-8 文本都能编码。
同样常见的几对里取字节序最小的一对：各家实现的约定不同，合并表因此可能不同。
来源：Gage 1994, The C Users Journal 12(2)；Sennrich 等 2016, arXiv:1508.07909；字节级 Radford 等 2019（GPT-2）。
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

Pair = tuple[bytes, bytes]


def split(text: str) -> list[str]:
    """切成小段：一串非空白字符连同它前面的一个空格，或一串空白；拼起来就是原文。"""
    return re.findall(r" ?\S+|\s+", text)


def merge(tokens: Sequence[bytes], pair: Pair) -> tuple[bytes, ...]:
    """从左到右把相邻的一对并成一个：(a, b, a, b, b) 并 (a, b) 得 (ab, ab, b)。"""
    merged: list[bytes] = []
    for token in tokens:
        if merged and (merged[-1], token) == pair:
            merged[-1] += token
        else:
            merged.append(token)
    return tuple(merged)


def train(text: str, n_merges: int) -> list[Pair]:
    """学出至多 n_merges 条合并，先学的在前；再没有出现两次以上的一对时停止。"""
    words = Counter(tuple(bytes([b]) for b in word.encode()) for word in split(text))
    merges: list[Pair] = []
    for _ in range(n_merges):
        counts: Counter[Pair] = Counter()
        for word, times in words.items():
            for pair in pairwise(word):
                counts[pair] += times
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[best] < 2:
            break
        merges.append(best)
        words = Counter({merge(word, best): times for word, times in words.items()})
    return merges


def vocabulary(merges: Sequence[Pair]) -> list[bytes]:
    """编号 -> 词元：先 256 个字节，再按学到的次序。"""
    return [bytes([b]) for b in range(256)] + [left + right for left, right in merges]


def encode(text: str, merges: Sequence[Pair]) -> list[int]:
    """文本 -> 编号：每段里总是先做学得最早的那条合并。"""
    rank = {pair: n for n, pair in enumerate(merges)}
    number = {token: n for n, token in reversed(list(enumerate(vocabulary(merges))))}
    ids: list[int] = []
    for word in split(text):
        tokens = tuple(bytes([b]) for b in word.encode())
        while candidates := rank.keys() & set(pairwise(tokens)):
            tokens = merge(tokens, min(candidates, key=rank.__getitem__))
        ids += [number[token] for token in tokens]
    return ids


def decode(ids: Sequence[int], merges: Sequence[Pair]) -> str:
    """编号 -> 文本。任意截断的编号未必是合法的 UTF-8，坏字节换成 U+FFFD。"""
    table = vocabulary(merges)
    return b"".join(table[n] for n in ids).decode(errors="replace")


if __name__ == "__main__":
    corpus = "\n".join(["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3)
    merges = train(corpus, 8)
    print("学到的合并：" + "，".join((left + right).decode() for left, right in merges))
    ids = encode("lowest 最低🙂", merges)
    table = vocabulary(merges)
    first = [table[n].decode() for n in ids[:2]]
    print(f"“lowest 最低🙂”是 {len(ids)} 个词元，前两个是 {first}；解码还原：{decode(ids, merges)}")
