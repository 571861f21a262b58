"""编码器-解码器的证明：对照 torch.nn.GRU 的打包序列、逐词的公式、穷举全部译文与手算的 BLEU。"""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from snippets.seq import seq2seq_attention as module
from snippets.seq.seq2seq_attention import Seq2Seq, beam_search, bleu, flip_within, masked_cross_entropy, train

B, S, T, V, E, H = 3, 6, 5, 12, 4, 5
LENGTHS = torch.tensor([6, 1, 4])


def small(snippet=module, device="cpu", dtype=torch.float64):
    return snippet.Seq2Seq(V, E, H, device=device, dtype=dtype)


def words(device, t):
    return torch.randint(V, (B, t), device=device)


# --- 编码 ---


def check_encoder(snippet, device, dtype, assert_close):
    """双向由库的 nn.GRU(bidirectional) 与打包序列给出。"""
    model, source, lengths = small(snippet, device, dtype), words(device, S), LENGTHS.to(device)
    oracle = torch.nn.GRU(E, H, batch_first=True, bidirectional=True, device=device, dtype=dtype)
    with torch.no_grad():
        for suffix, gru in (("", model.forth), ("_reverse", model.back)):
            for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
                getattr(oracle, name + suffix).copy_(getattr(gru, name))
    packed = pack_padded_sequence(model.embedding(source), LENGTHS, batch_first=True, enforce_sorted=False)
    packed, h_n = oracle(packed)
    expected, _ = pad_packed_sequence(packed, batch_first=True, total_length=S)
    memory, state = snippet.Seq2Seq.encode(model, source, lengths)
    assert_close(memory, expected)
    assert_close(state, torch.tanh(model.bridge(torch.cat([h_n[0], h_n[1]], dim=-1))))


def test_encoder_is_the_librarys_bidirectional_gru(device, dtype, assert_close):
    check_encoder(module, device, dtype, assert_close)


WRONG_ENCODERS = {
    "padding flipped to the front": (
        "index = torch.where(mirrored >= 0, mirrored, place)",
        "index = place.flip(0).expand(mirrored.shape)",
    ),
    "backward outputs not flipped back": ("torch.cat([left, flip_within(right, lengths)]", "torch.cat([left, right]"),
    "one set of weights for both": (
        "*self.back.all_weights[0], lengths=lengths)",
        "*self.forth.all_weights[0], lengths=lengths)",
    ),
    "end of the longest": ("left[torch.arange(len(x), device=x.device), lengths - 1]", "left[:, -1]"),
}


@pytest.mark.parametrize("change", WRONG_ENCODERS.values(), ids=WRONG_ENCODERS)
def test_wrong_encoder_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_encoder(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_flipping_leaves_the_padding_where_it_is():
    x = torch.tensor([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]])
    assert flip_within(x, torch.tensor([3, 5])).tolist() == [[3, 2, 1, 0, 0], [8, 7, 6, 5, 4]]
    assert torch.equal(flip_within(flip_within(x, torch.tensor([3, 5])), torch.tensor([3, 5])), x)


# --- 解码 ---


def check_decoder(snippet, device, dtype, assert_close):
    """逐句、逐词按公式：加性打分、按权重平均、库的 GRUCell、线性输出。"""
    model, source, target = small(snippet, device, dtype), words(device, S), words(device, T)
    lengths = LENGTHS.to(device)
    logits, weights = model(source, lengths, target)
    memory, state = model.encode(source, lengths)
    for n, length in enumerate(LENGTHS.tolist()):
        h, keys = state[n : n + 1], memory[n, :length]  # 只留真实的源词
        for t in range(T):
            scores = torch.stack([model.w_a(torch.tanh(model.w_q(h[0]) + model.w_k(key)))[0] for key in keys])
            expected = scores.softmax(dim=0)
            context = expected @ keys
            h = model.cell(torch.cat([model.embedding(target[n : n + 1, t]), context[None]], dim=-1), h)
            assert_close(weights[n, t, :length], expected, factor=10)
            assert torch.all(weights[n, t, length:] == 0)
            assert_close(logits[n, t], model.output(torch.cat([h[0], context])), factor=10)


def test_decoder_is_the_formula_word_by_word(device, dtype, assert_close):
    check_decoder(module, device, dtype, assert_close)


WRONG_DECODERS = {
    "padding attended to": ("self.w_a.weight[0], mask\n", "self.w_a.weight[0]\n"),
    "state and context swapped": ("torch.cat([state, context], dim=-1)), state", "torch.cat([context, state], dim=-1)), state"),
    "context not fed to the cell": (
        "x = torch.cat([self.embedding(token), context], dim=-1)",
        "x = torch.cat([self.embedding(token), 0 * context], dim=-1)",
    ),
    "state not carried on": ("logit, state, weight = self.step(", "logit, _, weight = self.step("),
}


@pytest.mark.parametrize("change", WRONG_DECODERS.values(), ids=WRONG_DECODERS)
def test_wrong_decoder_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_decoder(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_a_batch_is_its_sentences_one_by_one(device, dtype, assert_close):
    model, source, target = small(module, device, dtype), words(device, S), words(device, T)
    logits, _ = model(source, LENGTHS.to(device), target)
    for n, length in enumerate(LENGTHS.tolist()):
        alone, _ = model(source[n : n + 1, :length], LENGTHS[n : n + 1].to(device), target[n : n + 1])
        assert_close(logits[n], alone[0], factor=10)


def test_earlier_words_do_not_depend_on_later_ones(device, dtype):
    model, source, target = small(module, device, dtype), words(device, S), words(device, T)
    before, _ = model(source, LENGTHS.to(device), target)
    target[:, 3] = (target[:, 3] + 1) % V
    after, _ = model(source, LENGTHS.to(device), target)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3:], after[:, 3:])


def test_gradients_pass_gradcheck():
    model, source = small(), words("cpu", S)
    target = words("cpu", 2)

    def run(table):
        model.embedding._parameters["weight"] = table
        return model(source, LENGTHS, target)

    assert torch.autograd.gradcheck(run, (model.embedding.weight.detach().clone().requires_grad_(),))


# --- 掩码损失 ---


def check_loss(snippet, device, dtype, assert_close):
    """库按忽略编号求平均，就是按真实词元的总数平均。"""
    logits = torch.randn(B, T, V, device=device, dtype=dtype)
    target, lengths = words(device, T), torch.tensor([5, 1, 3], device=device)
    ignored = target.masked_fill(torch.arange(T, device=device) >= lengths[:, None], -100)
    expected = functional.cross_entropy(logits.flatten(0, 1), ignored.flatten(), ignore_index=-100)
    assert_close(snippet.masked_cross_entropy(logits, target, lengths), expected)


def test_masked_loss_is_the_librarys_with_ignored_tokens(device, dtype, assert_close):
    check_loss(module, device, dtype, assert_close)


WRONG_LOSSES = {
    "averaged over the padding too": ("(losses * real).sum() / real.sum()", "(losses * real).mean()"),
    "averaged sentence by sentence": (
        "(losses * real).sum() / real.sum()",
        "((losses * real).sum(dim=1) / real.sum(dim=1)).mean()",
    ),
    "padding counted": ("(losses * real).sum() / real.sum()", "losses.mean()"),
}


@pytest.mark.parametrize("change", WRONG_LOSSES.values(), ids=WRONG_LOSSES)
def test_wrong_loss_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_loss(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_mean_over_all_steps_depends_on_the_padding(assert_close):
    """笔记的例子：多补三格填充，按总步数平均的损失就变小，按真实词元平均的不变。"""
    logits, target, lengths = torch.randn(1, 5, V), torch.randint(V, (1, 5)), torch.tensor([2])
    short = masked_cross_entropy(logits[:, :2], target[:, :2], lengths)
    assert_close(masked_cross_entropy(logits, target, lengths), short)
    real = (torch.arange(5) < 2).float()
    all_steps = functional.cross_entropy(logits[0], target[0], reduction="none") @ real / 5
    assert_close(all_steps, short * 2 / 5)


# --- 束搜索 ---


def table_of(seed, vocabulary=3):
    """前缀 -> 下一个词的对数概率：随机的一棵树，不必是循环网络。"""
    generator = torch.Generator().manual_seed(seed)
    rows = {}

    def score(prefix):
        if prefix not in rows:
            rows[prefix] = torch.randn(vocabulary, generator=generator).mul(2).log_softmax(dim=0).tolist()
        return rows[prefix]

    return score


def by_search(score, end, t_max, alpha, vocabulary=3):
    """穷举：以句尾结束的，或写满 t_max 个的。"""
    best = None
    for n in range(1, t_max + 1):
        for sentence in itertools.product(range(vocabulary), repeat=n):
            if end in sentence[:-1] or (sentence[-1] != end and n < t_max):
                continue
            total = sum(score(sentence[:i])[w] for i, w in enumerate(sentence)) / n**alpha
            if best is None or total > best[1]:
                best = (sentence, total)
    return best


def check_beam(snippet, alpha=0.0):
    for seed in range(20):
        score = table_of(seed)
        expected, total = by_search(score, 0, 4, alpha)
        found, value = snippet.beam_search(score, end=0, width=3**4, t_max=4, alpha=alpha)
        assert found == expected
        assert value == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
def test_a_beam_as_wide_as_everything_is_exhaustive_search(alpha):
    check_beam(module, alpha)


WRONG_BEAMS = {
    "finished sentences go on": ("if item[0][-1] != end]", "]"),
    "scores not added up": ("((*words, w), total + p)", "((*words, w), p)"),
    "length not divided out": ("(words, total / n**alpha)", "(words, total)"),
    "unfinished ones dropped": ("done += [(words, total / t_max**alpha) for words, total in alive]", "done += []"),
}


@pytest.mark.parametrize("change", WRONG_BEAMS.values(), ids=WRONG_BEAMS)
def test_wrong_beam_is_noticed(change, altered):
    wrong = altered(module, *change)
    with pytest.raises((AssertionError, ValueError)):
        check_beam(wrong, 0.7)


def test_width_one_is_greedy():
    for seed in range(20):
        score, words_ = table_of(seed), ()
        while len(words_) < 4 and (not words_ or words_[-1] != 0):
            p = score(words_)
            words_ = (*words_, max(range(3), key=lambda w, p=p: p[w]))
        assert beam_search(score, end=0, width=1, t_max=4)[0] == words_


NOTE_TREE = {
    (): [0.0, 0.6, 0.4],
    (1,): [0.4, 0.3, 0.3],
    (2,): [0.9, 0.05, 0.05],
}


def check_narrow(snippet):
    """笔记的例子：0 是句尾。贪心 0.6×0.4 = 0.24，束宽 2 得 0.4×0.9 = 0.36。"""

    def score(prefix):
        return [math.log(p) if p else -math.inf for p in NOTE_TREE.get(prefix, [1.0, 0.0, 0.0])]

    one, two = (snippet.beam_search(score, end=0, width=width, t_max=3) for width in (1, 2))
    assert (one[0], round(math.exp(one[1]), 4)) == ((1, 0), 0.24)
    assert (two[0], round(math.exp(two[1]), 4)) == ((2, 0), 0.36)


def test_greedy_misses_what_two_beams_find():
    check_narrow(module)


def test_keeping_the_worst_is_noticed(altered):
    wrong = altered(module, "key=lambda item: -item[1])", "key=lambda item: item[1])")
    with pytest.raises((AssertionError, ValueError)):
        check_narrow(wrong)


def test_without_length_normalisation_short_sentences_win():
    """每一项的对数概率都是负的，越长越小：alpha = 0 选短的，alpha = 1 选平均更好的。"""

    def score(prefix):
        return [math.log(0.5), math.log(0.5)] if not prefix else [math.log(0.2), math.log(0.8)]

    assert beam_search(score, end=0, width=8, t_max=3, alpha=0.0)[0] == (0,)
    assert beam_search(score, end=0, width=8, t_max=3, alpha=1.0)[0] == (1, 1, 1)


# --- BLEU ---


def check_bleu(snippet):
    """Papineni 等 2002 的例子与笔记的手算。"""
    the, reference = ["the"] * 7, ["the", "cat", "is", "on", "the", "mat"]
    assert snippet.bleu([(the, reference)], 1) == pytest.approx(2 / 7)  # 不截断就是 7/7
    ours = ["the", "cat", "sat", "on", "the", "mat"]
    precisions = (5 / 6, 3 / 5, 1 / 4)
    assert snippet.bleu([(ours, reference)], 3) == pytest.approx(math.prod(precisions) ** (1 / 3))
    short = ["the", "cat", "is"]
    assert snippet.bleu([(short, reference)], 2) == pytest.approx(math.exp(1 - 6 / 3))
    both = [(ours, reference), (short, reference)]
    assert snippet.bleu(both, 2) == pytest.approx(math.exp(1 - 12 / 9) * (8 / 9 * 5 / 7) ** 0.5)


def test_bleu_is_what_one_computes_by_hand():
    check_bleu(module)


WRONG_BLEU = {
    "not clipped": ("(grams & allowed).total()", "sum(n for g, n in grams.items() if g in allowed)"),
    "no brevity penalty": ("min(0.0, 1 - reference / ours)", "0.0"),
    "long sentences punished": ("min(0.0, 1 - reference / ours)", "(1 - reference / ours)"),
    "divided by the reference": ("total += grams.total()", "total += allowed.total()"),
    "weights of d2l": ("math.log(hits / total) / n_max", "math.log(hits / total) / 2**n"),
    "arithmetic mean": (
        "math.exp(min(0.0, 1 - reference / ours) + log_precision)",
        "math.exp(min(0.0, 1 - reference / ours)) * (1 + log_precision)",
    ),
}


@pytest.mark.parametrize("change", WRONG_BLEU.values(), ids=WRONG_BLEU)
def test_wrong_bleu_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_bleu(altered(module, *change))


def test_bleu_of_the_reference_itself_is_one_and_of_strangers_zero():
    sentence = list("倒着写数字")
    assert bleu([(sentence, sentence)]) == 1
    assert bleu([(list("甲乙丙丁戊"), sentence)]) == 0


# --- 训练 ---


@torch.no_grad()
def write(model, source, lengths, t_max):
    """贪心：把自己写的词当作下一步的输入，不给答案。"""
    memory, state = model.encode(source, lengths)
    mask = torch.arange(source.shape[1]) < lengths[:, None, None]
    token, written = torch.zeros(len(source), dtype=torch.long), []
    for _ in range(t_max):
        logit, state, _ = model.step(token, state, memory, mask)
        token = logit.argmax(dim=-1)
        written.append(token)
    return torch.stack(written, dim=1)


def exact(snippet, seed):
    torch.manual_seed(seed)
    model = snippet.Seq2Seq(12, 16, 32)
    snippet.train(model, 10, 5, steps=120, batch=64, lr=1e-2, generator=torch.Generator().manual_seed(seed))
    source, lengths = torch.randint(2, 12, (1000, 5)), torch.randint(2, 6, (1000,))
    answer = torch.cat([flip_within(source, lengths), torch.ones(1000, 1, dtype=torch.long)], dim=1)
    answer = answer.scatter(1, lengths[:, None], 1)
    real = torch.arange(6) <= lengths[:, None]
    return ((write(model, source, lengths, 6) == answer) | ~real).all(dim=1).double().mean().item(), model


def test_it_learns_to_write_digits_backwards_and_looks_where_it_should():
    right, model = exact(module, 0)
    assert right > 0.9
    source = torch.randint(2, 12, (200, 5))
    target = torch.cat([torch.zeros(200, 1, dtype=torch.long), source.flip(1)], dim=1)
    _, weights = model(source, torch.full((200,), 5), target)
    looked = weights[:, :5].mean(dim=0)  # (5, 5) 写第 t 个词时看源句的哪里
    assert looked.argmax(dim=-1).tolist() == [4, 3, 2, 1, 0]
    assert looked.max(dim=-1).values.min() > 0.6


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        ("answer = flip_within(source, lengths)", "answer = source"),
        ("answer[:, :-1]], dim=1)  # 右移一位", "answer[:, 1:]], dim=1)"),
    ],
    ids=["copies instead", "shown the answer two ahead"],
)
def test_wrong_training_is_noticed(change, altered):
    assert exact(altered(module, *change), 0)[0] < 0.5


# --- 设备 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    model = small(dtype=torch.float32)
    logits, weights = on_meta(model, words("cpu", S), LENGTHS, words("cpu", T))
    assert (logits.shape, weights.shape) == ((B, T, V), (B, T, S))
    assert on_meta(masked_cross_entropy, torch.randn(B, T, V), words("cpu", T), LENGTHS).shape == ()


def test_training_happens_where_the_model_is():
    model = Seq2Seq(5, 3, 4)
    before = [p.clone() for p in model.parameters()]
    train(model, 3, 3, steps=1, batch=2, lr=1e-2, generator=torch.Generator().manual_seed(0))
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
