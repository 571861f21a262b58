"""键值缓存的证明：对照 GPT 的整段前向、带状掩码的整段前向与大小的公式。"""

from __future__ import annotations

import pytest
import torch

from snippets.attn.multi_head_attention import attend, merge_heads, split_heads
from snippets.llm import kv_cache as module
from snippets.llm.gpt_tiny import GPT, generate
from snippets.llm.kv_cache import cache_bytes, extend, generate_cached, seen_mask

B, T, V, D, H, L, T_MAX = 2, 12, 11, 12, 4, 2, 16


def small(device="cpu", dtype=torch.float64):
    """放大了权重：初值下各处近乎恒等，漏掉一段历史也看不出来。"""
    model = GPT(V, T_MAX, D, H, L, device=device, dtype=dtype)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn_like(p))
    return model


def read_in(snippet, model, tokens, cuts, window=None):
    """按 cuts 切成几段依次读入 -> 全部 logit 与末了的缓存。"""
    logits, cache = [], None
    for start, end in zip((0, *cuts), (*cuts, tokens.shape[1]), strict=True):
        out, cache = snippet.extend(model, tokens[:, start:end], cache, window)
        logits.append(out)
    return torch.cat(logits, dim=1), cache


# --- 与整段相同 ---


def check_extend(snippet, device, dtype, assert_close, cuts=(5, 6, 7, 10)):
    model = small(device, dtype)
    tokens = torch.randint(V, (B, T), device=device)
    logits, cache = read_in(snippet, model, tokens, cuts)
    # 矩阵的形状不同，求和的次序就不同：float32 的舍入经两块累积
    assert_close(logits, model(tokens), factor=10)
    assert cache.seen == T


@pytest.mark.parametrize("cuts", [(), (6,), tuple(range(1, T)), (5, 6, 7, 10)], ids=["whole", "half", "one by one", "mixed"])
def test_reading_in_parts_is_reading_at_once(cuts, device, dtype, assert_close):
    check_extend(module, device, dtype, assert_close, cuts)


WRONG = {
    "positions start anew": ("model.positions.table[cache.seen : end]", "model.positions.table[: tokens.shape[1]]"),
    "old keys forgotten": (
        "k, v = torch.cat([old[0], k], dim=2), torch.cat([old[1], v], dim=2)",
        "k, v = k, torch.cat([v], dim=2)",
    ),
    "new keys put in front": ("torch.cat([old[0], k], dim=2)", "torch.cat([k, old[0]], dim=2)"),
    "old values put last": ("torch.cat([old[1], v], dim=2)", "torch.cat([v, old[1]], dim=2)"),
    "mask aligned at the upper left": ("torch.arange(s - t, s, device=device)", "torch.arange(t, device=device)"),
    "no mask inside the new part": ("mask = key <= query", "mask = key >= 0 * query"),
    "keys of the residual, not of the norm": ("layer.w_k(y)", "layer.w_k(x)"),
    "every layer reads the first layer's cache": ("cache.layers[n] if", "cache.layers[0] if"),
    "tokens counted from the last part": ("end = cache.seen + tokens.shape[1]", "end = tokens.shape[1]"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_wrong_cache_is_noticed(change, assert_close, altered):
    wrong = altered(module, *change)
    with pytest.raises((AssertionError, RuntimeError)):
        check_extend(wrong, torch.device("cpu"), torch.float64, assert_close)


def test_gradients_through_the_cache_are_the_same(assert_close):
    model, tokens = small(), torch.randint(V, (B, T))
    mix = torch.randn(B, T, V, dtype=torch.float64)
    whole = torch.autograd.grad((model(tokens) * mix).sum(), list(model.parameters()))
    parts = torch.autograd.grad((read_in(module, model, tokens, (5, 8))[0] * mix).sum(), list(model.parameters()))
    for a, b in zip(parts, whole, strict=True):
        assert_close(a, b, factor=10)


def test_a_cache_can_be_continued_twice():
    """缓存不改自己：同一个前缀可以接不同的下文。"""
    model, tokens = small(), torch.randint(V, (1, T))
    _, cache = extend(model, tokens[:, :6])
    before = [k.clone() for k, _ in cache.layers]
    extend(model, tokens[:, 6:9], cache)
    again, _ = extend(model, tokens[:, 6:], cache)
    assert all(torch.equal(k, old) for (k, _), old in zip(cache.layers, before, strict=True))
    assert torch.allclose(again, model(tokens)[:, 6:], atol=1e-10)


# --- 滑窗 ---


def windowed(model, tokens, window):
    """整段前向，掩码换成宽 window 的带。"""
    t = tokens.shape[1]
    gap = torch.arange(t)[:, None] - torch.arange(t)
    mask = ((gap >= 0) & (gap < window)).to(tokens.device)
    x = model.positions(model.embedding(tokens))
    for block in model.blocks:
        y, layer = block.add_1.norm(x), block.attention
        q, k, v = (split_heads(w(y), H) for w in (layer.w_q, layer.w_k, layer.w_v))
        x = x + layer.w_o(merge_heads(attend(q, k, v, mask)[0]))
        x = x + block.feed_forward(block.add_2.norm(x))
    return model.norm(x) @ model.embedding.weight.T


def check_window(snippet, device, dtype, assert_close, window=3):
    model = small(device, dtype)
    tokens = torch.randint(V, (B, T), device=device)
    logits, cache = read_in(snippet, model, tokens, (1, 5, 6, 7, 8), window)
    assert_close(logits, windowed(model, tokens, window), factor=10)
    assert {k.shape[2] for k, _ in cache.layers} == {min(window, T)}


@pytest.mark.parametrize("window", [1, 3, 12, 50])
def test_a_sliding_window_is_a_band_mask(window, device, dtype, assert_close):
    check_window(module, device, dtype, assert_close, window)


WRONG_WINDOWS = {
    "one key too many": ("(key > query - window)", "(key >= query - window)"),
    "one key too few": ("(key > query - window)", "(key > query - window + 1)"),
    "too much thrown away": (
        "k, v = k[:, :, -window:], v[:, :, -window:]",
        "k, v = k[:, :, 1 - window :], v[:, :, 1 - window :]",
    ),
    "nothing thrown away": ("    k, v = k[:, :, -window:], v[:, :, -window:]", "    pass"),
}


@pytest.mark.parametrize("change", WRONG_WINDOWS.values(), ids=WRONG_WINDOWS)
def test_a_wrong_window_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_window(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_a_wide_window_is_no_window():
    assert torch.equal(seen_mask(3, 8, 8, torch.device("cpu")), seen_mask(3, 8, None, torch.device("cpu")))
    assert seen_mask(2, 5, 2, torch.device("cpu")).int().tolist() == [[0, 0, 1, 1, 0], [0, 0, 0, 1, 1]]


# --- 生成 ---


@pytest.mark.parametrize(
    "how", [{"temperature": 0}, {"temperature": 0.8, "top_p": 0.9}, {"top_k": 3}], ids=["greedy", "top-p", "top-k"]
)
def test_generated_tokens_are_those_of_the_whole_forward(how):
    """同样的随机数，同样的词元，一个不差。"""
    model, prompt = small(), torch.randint(V, (B, 4))
    slow = generate(model, prompt, 12, generator=torch.Generator().manual_seed(3), **how)
    fast = generate_cached(model, prompt, 12, generator=torch.Generator().manual_seed(3), **how)
    assert torch.equal(fast, slow)


def test_generation_with_a_wrong_cache_is_noticed(altered):
    model, prompt = small(), torch.randint(V, (B, 4))
    wrong = altered(module, "model.positions.table[cache.seen : end]", "model.positions.table[: tokens.shape[1]]")
    assert not torch.equal(wrong.generate_cached(model, prompt, 12, temperature=0), generate(model, prompt, 12, temperature=0))


def test_only_the_new_token_is_computed():
    """预填充之后，每步送进每一块的只有一个位置。"""
    model, widths = small(), []
    for block in model.blocks:
        block.attention.w_q.register_forward_hook(lambda _, inputs, __: widths.append(inputs[0].shape[1]))
    generate_cached(model, torch.randint(V, (1, 4)), 5, temperature=0)
    assert widths == [4] * L + [1] * (L * 4)


def test_more_positions_than_learned_are_refused():
    model = small()
    _, cache = extend(model, torch.randint(V, (1, T_MAX)))
    with pytest.raises(ValueError, match="17 positions, but only 16"):
        extend(model, torch.randint(V, (1, 1)), cache)


# --- 大小 ---


@pytest.mark.parametrize("window", [None, 5])
def test_the_cache_is_as_large_as_the_formula_says(window, device, dtype):
    model = small(device, dtype)
    _, cache = extend(model, torch.randint(V, (B, T), device=device), None, window)
    kept = T if window is None else window
    assert cache.nbytes() == cache_bytes(L, H, D // H, kept, B, torch.finfo(dtype).bits // 8)


def test_sizes_are_those_of_the_note():
    """GPT-2 小号，1024 个词元；GPT-3，2048 个词元；32 层、8 个键值头、头宽 128，8192 个词元；都是两个字节。"""
    assert cache_bytes(12, 12, 64, 1024, 1, 2) == 37_748_736
    assert cache_bytes(96, 96, 128, 2048, 1, 2) == 9_663_676_416
    assert cache_bytes(32, 8, 128, 8192, 1, 2) == 2**30


@pytest.mark.parametrize(
    "change", [("return 2 * n_layers", "return n_layers"), ("* t * batch", "* batch")], ids=["keys only", "one token"]
)
def test_a_wrong_formula_is_noticed(change, altered):
    assert altered(module, *change).cache_bytes(12, 12, 64, 1024, 1, 2) != 37_748_736


# --- 设备 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    model = small(dtype=torch.float32)

    class Twice(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, tokens):
            _, cache = extend(self.model, tokens[:, :5], None, 3)
            return extend(self.model, tokens[:, 5:], cache, 3)[0]

    assert on_meta(Twice(), torch.randint(V, (B, T))).shape == (B, T - 5, V)
