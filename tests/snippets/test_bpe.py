"""字节对编码的证明：对照每步从头重数的朴素实现与论文里 low、lower、newest、widest 的手算。"""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import pairwise

import pytest

from snippets.llm import bpe
from snippets.llm.bpe import decode, encode, merge, split, train, vocabulary

WORDS = ["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3
CORPUS = "\n".join(WORDS)  # 换行单独成段，所以词前面没有空格
CHINESE = "深度学习不是学习深度。深度学习模型在学习；模型越深，学习越难。" * 3
TEXTS = ["", " ", "low lowest", "a  b\n\n c ", "最低的lowest词", "🙂🙃 naïve café", "\x00\x7f\u3000全角　空格"]


def naive_train(text, n_merges):
    """不并词、不记次数：每步把整个语料重数一遍，再逐段替换。"""
    pieces = [[bytes([b]) for b in piece.encode()] for piece in split(text)]
    merges = []
    while len(merges) < n_merges:
        counts = Counter((p[i], p[i + 1]) for p in pieces for i in range(len(p) - 1))
        if not counts or max(counts.values()) < 2:
            break
        top = max(counts.values())
        best = sorted(pair for pair, times in counts.items() if times == top)[0]
        merges.append(best)
        pieces = [naive_merge(p, best) for p in pieces]
    return merges


def naive_merge(tokens, pair):
    out, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            out.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            out.append(tokens[i])
            i += 1
    return out


def naive_encode(text, merges):
    """按学到的次序把每条合并从头到尾做一遍。"""
    table, ids = vocabulary(merges), []
    for piece in split(text):
        tokens = [bytes([b]) for b in piece.encode()]
        for pair in merges:
            tokens = naive_merge(tokens, pair)
        ids += [table.index(token) for token in tokens]
    return ids


# --- 训练 ---


def check_training(snippet):
    for text in (CORPUS, CHINESE, "abab " * 4 + "aaa aaaa"):
        assert snippet.train(text, 20) == naive_train(text, 20)


def test_merges_are_those_of_counting_anew_each_time():
    check_training(bpe)


def test_the_worked_example_of_the_note():
    """次数手算：es 9、est 9、lo 7、low 7，其后 ew、wes… 都是 6。"""
    merges = train(CORPUS, 6)
    assert [(a + b).decode() for a, b in merges] == ["es", "est", "lo", "low", "ew", "ewest"]
    pairs = Counter()
    for word in WORDS:
        pairs.update(pairwise(word))
    assert [pairs[p] for p in (("e", "s"), ("s", "t"), ("w", "e"), ("l", "o"), ("o", "w"))] == [9, 9, 8, 7, 7]
    table = vocabulary(merges)
    assert [table[n] for n in encode("lowest", merges)] == [b"low", b"est"]  # 没见过的词，拼得出来


WRONG_TRAINING = {
    "the rarest pair": ("(-counts[pair], pair)", "(counts[pair], pair)"),
    "ties the other way round": ("(-counts[pair], pair)", "(-counts[pair], (-pair[0][0], pair))"),
    "each word counted once": ("counts[pair] += times", "counts[pair] += 1"),
    "merges across words": ('re.findall(r" ?\\S+|\\s+", text)', "[text]"),
    "stops too early": ("if counts[best] < 2:", "if counts[best] < 5:"),
    "merged words counted once": ("merge(word, best): times", "merge(word, best): 1"),
}


@pytest.mark.parametrize("change", WRONG_TRAINING.values(), ids=WRONG_TRAINING)
def test_wrong_training_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_training(altered(bpe, *change))


def test_nothing_is_merged_that_occurs_once():
    assert train("abcdefg", 10) == []
    assert train("", 10) == []


# --- 编码与解码 ---


def check_round_trip(snippet):
    merges = train(CORPUS + CHINESE, 40)
    for text in TEXTS + random_texts(50):
        ids = snippet.encode(text, merges)
        assert ids == naive_encode(text, merges)
        assert snippet.decode(ids, merges) == text


def random_texts(n):
    """任意码位（除去单独的代理）：ASCII、汉字、表情与空白都有。"""
    chooser = random.Random(0)
    letters = "lowernst 深度学习\n\t🙂é" + "".join(chr(chooser.randrange(0x20, 0xD7FF)) for _ in range(30))
    return ["".join(chooser.choices(letters, k=chooser.randrange(40))) for _ in range(n)]


def test_encoding_is_the_naive_one_and_decoding_undoes_it():
    check_round_trip(bpe)


WRONG_ENCODING = {
    "latest merge first": ("min(candidates, key=rank.__getitem__)", "max(candidates, key=rank.__getitem__)"),
    "spaces lost": ('r" ?\\S+|\\s+"', 'r"\\S+"'),
    "numbers off by the bytes": ("[bytes([b]) for b in range(256)] + [left", "[bytes([b]) for b in range(255)] + [left"),
}


@pytest.mark.parametrize("change", WRONG_ENCODING.values(), ids=WRONG_ENCODING)
def test_wrong_encoding_is_noticed(change, altered):
    wrong = altered(bpe, *change)
    with pytest.raises((AssertionError, KeyError)):
        check_round_trip(wrong)


@pytest.mark.parametrize("text", TEXTS)
def test_splitting_loses_nothing(text):
    assert "".join(split(text)) == text


def test_merging_goes_from_left_to_right():
    a, b = b"a", b"b"
    assert merge([a, b, a, b, b], (a, b)) == (b"ab", b"ab", b)
    assert merge([a, a, a], (a, a)) == (b"aa", a)
    assert merge([a] * 5, (a, a)) == (b"aa", b"aa", a)


def test_untrained_tokens_are_the_bytes():
    text = "low 最低"
    assert encode(text, []) == list(text.encode())


def test_more_merges_never_make_more_tokens():
    lengths = [len(encode(CHINESE, train(CHINESE, n))) for n in range(0, 40, 4)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == 3 * len(CHINESE)  # 每个汉字与全角标点都是三个字节


def test_a_cut_character_is_shown_as_replaced():
    assert decode("最".encode()[:2], []) == "\ufffd"


def test_the_chinese_example_of_the_note():
    """31 个字，每字三个字节；学 20 条之后是 31 个词元：常见的四字成一个，少见的字还是三个字节。"""
    merges = train(CHINESE, 20)
    sentence = CHINESE[: len(CHINESE) // 3]
    assert (len(sentence), len(sentence.encode())) == (31, 93)
    tokens = [vocabulary(merges)[n] for n in encode(sentence, merges)]
    assert len(tokens) == 31
    assert tokens[0].decode() == "深度学习"
    assert tokens[1:4] == [bytes([b]) for b in "不".encode()]
    assert {"学习", "模型", "深度学习"} <= {t.decode(errors="replace") for t in tokens}


def test_the_bigrams_of_the_note():
    """三句话的二元模型：概率、困惑度、加一平滑。"""
    sentences = [["^", *line.split(), "$"] for line in ("我 爱 猫", "猫 爱 鱼", "我 爱 鱼")]
    counts = Counter(pair for sentence in sentences for pair in pairwise(sentence))
    before = Counter(word for sentence in sentences for word in sentence[:-1])
    words = {word for sentence in sentences for word in sentence[1:]}

    def probability(line, extra):
        steps = pairwise(["^", *line.split(), "$"])
        return math.prod((counts[a, b] + extra) / (before[a] + extra * len(words)) for a, b in steps)

    assert len(words) == 5
    assert probability("我 爱 鱼", 0) == pytest.approx(4 / 9)
    assert probability("猫 爱 猫", 0) == pytest.approx(1 / 36)
    assert probability("鱼 爱 我", 0) == 0
    assert probability("鱼 爱 我", 1) == pytest.approx(1 / 3136)
    assert [round(p**-0.25, 4) for p in (4 / 9, 1 / 3136)] == [1.2247, 7.4833]
