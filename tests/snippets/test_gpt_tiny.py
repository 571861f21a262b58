"""字符级 GPT 的证明：对照由 torch.nn.TransformerEncoderLayer 重建的前向、穷举的 top-p 与闭式参数量。"""

from __future__ import annotations

import itertools
import math
from functools import partial

import pytest
import torch
from torch.nn import functional

from snippets.llm import gpt_tiny as module
from snippets.llm.gpt_tiny import GPT, POEM, generate, next_distribution, next_token_loss, train

B, T, V, D, H, L, T_MAX = 2, 7, 11, 12, 4, 2, 9


def small(snippet=module, device="cpu", dtype=torch.float64, layers=L):
    """放大了权重的小模型：初值太小时各处都近乎恒等，看不出对错。"""
    model = snippet.GPT(V, T_MAX, D, H, layers, device=device, dtype=dtype)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn_like(p))
    return model


def tokens(device, t=T):
    return torch.randint(V, (B, t), device=device)


# --- 前向 ---


@torch.no_grad()
def library_blocks(model, device, dtype):
    """装着同样权重的库的编码层：先归一化、tanh 近似的 GELU。"""
    gelu = partial(functional.gelu, approximate="tanh")
    blocks = []
    for ours in model.blocks:
        theirs = torch.nn.TransformerEncoderLayer(
            D, H, 4 * D, dropout=0.0, activation=gelu, norm_first=True, batch_first=True, device=device, dtype=dtype
        )
        qkv = (ours.attention.w_q, ours.attention.w_k, ours.attention.w_v)
        theirs.self_attn.in_proj_weight.copy_(torch.cat([w.weight for w in qkv]))
        theirs.self_attn.in_proj_bias.copy_(torch.cat([w.bias for w in qkv]))
        theirs.self_attn.out_proj.load_state_dict(ours.attention.w_o.state_dict())
        theirs.linear1.load_state_dict(ours.feed_forward.w_1.state_dict())
        theirs.linear2.load_state_dict(ours.feed_forward.w_2.state_dict())
        theirs.norm1.load_state_dict(ours.add_1.norm.state_dict())
        theirs.norm2.load_state_dict(ours.add_2.norm.state_dict())
        blocks.append(theirs)
    return blocks


def library_forward(model, words, device, dtype):
    x = model.embedding.weight[words] + model.positions.table[: words.shape[1]]
    future = torch.ones(words.shape[1], words.shape[1], dtype=torch.bool, device=device).triu(1)
    for block in library_blocks(model, device, dtype):
        x = block(x, src_mask=future)
    x = functional.layer_norm(x, (D,), model.norm.weight, model.norm.bias)
    return functional.linear(x, model.embedding.weight)


def check_forward(snippet, device, dtype, assert_close):
    model, words = small(snippet, device, dtype), tokens(device)
    # 两块、最后再与词表相乘：float32 的舍入逐块累积
    assert_close(model(words), library_forward(model, words, device, dtype), factor=10)


def test_forward_is_the_librarys_layers_put_together(device, dtype, assert_close):
    check_forward(module, device, dtype, assert_close)


WRONG_FORWARDS = {
    "no causal mask": ("x = block(x, mask)", "x = block(x)"),
    "post-norm blocks": ("pre_norm=True, f=gelu", "pre_norm=False, f=gelu"),
    "relu": ("pre_norm=True, f=gelu", "pre_norm=True"),
    "exact gelu": ('approximate="tanh"', 'approximate="none"'),
    "no final norm": ("return self.norm(x) @ self.embedding", "return x @ self.embedding"),
    "positions left out": ("self.positions(self.embedding(tokens))", "self.embedding(tokens)"),
}


@pytest.mark.parametrize("change", WRONG_FORWARDS.values(), ids=WRONG_FORWARDS)
def test_wrong_forward_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_forward(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def check_causal(snippet, device, dtype):
    """改动第 t 个词元，前 t 行的 logit 一位不变。"""
    model, words = small(snippet, device, dtype), tokens(device)
    before = model(words)
    for t in range(1, T):
        changed = words.clone()
        changed[:, t] = (changed[:, t] + 1) % V
        after = model(changed)
        assert torch.equal(after[:, :t], before[:, :t])
        assert not torch.equal(after[:, t], before[:, t])


def test_the_past_never_sees_the_future(device, dtype):
    check_causal(module, device, dtype)


def test_a_leak_is_noticed(altered):
    with pytest.raises(AssertionError):
        check_causal(altered(module, "x = block(x, mask)", "x = block(x)"), torch.device("cpu"), torch.float64)


def test_without_positions_one_layer_is_blind_to_order_and_two_are_not(altered):
    """没有位置编码，打乱前缀（留住最后一个）：一层的最后一行不变；两层变，因为因果掩码让每个位置看见的个数不同。"""
    wrong = altered(module, "self.positions(self.embedding(tokens))", "self.embedding(tokens)")
    words, shuffled = torch.tensor([[1, 2, 3, 4, 5]]), torch.tensor([[3, 1, 4, 2, 5]])
    for layers, blind in ((1, True), (2, False)):
        model = small(wrong, layers=layers)
        gap = (model(words)[:, -1] - model(shuffled)[:, -1]).abs().max()
        assert (gap < 1e-12) == blind
    with_positions = small(layers=1)
    assert (with_positions(words)[:, -1] - with_positions(shuffled)[:, -1]).abs().max() > 1e-3


# --- 损失 ---


def check_loss(snippet, device, dtype, assert_close):
    model, words = small(snippet, device, dtype), tokens(device, T + 1)
    log_p = model(words[:, :-1]).log_softmax(dim=-1)
    terms = [-log_p[b, t, words[b, t + 1]] for b in range(B) for t in range(T)]
    assert_close(snippet.next_token_loss(model, words), torch.stack(terms).mean())


def test_loss_is_the_mean_negative_log_likelihood(device, dtype, assert_close):
    check_loss(module, device, dtype, assert_close)


@pytest.mark.parametrize(
    "change",
    [
        ("tokens[:, 1:].flatten()", "tokens[:, :-1].flatten()"),
        ("tokens[:, 1:].flatten()", 'tokens[:, 1:].flatten(), reduction="sum"'),
    ],
    ids=["predicts itself", "sum"],
)
def test_wrong_loss_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_loss(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_the_tied_table_gets_both_gradients(assert_close):
    """共用的表有两份梯度：查表的一份与输出的一份，相加。"""
    model, words = small(), tokens("cpu", T + 1)
    next_token_loss(model, words).backward()
    apart = small()
    apart.load_state_dict(model.state_dict())
    output = model.embedding.weight.detach().clone().requires_grad_()
    x = apart.positions(apart.embedding(words[:, :-1]))
    mask = torch.ones(T, T, dtype=torch.bool).tril()
    for block in apart.blocks:
        x = block(x, mask)
    functional.cross_entropy((apart.norm(x) @ output.T).flatten(0, 1), words[:, 1:].flatten()).backward()
    assert_close(model.embedding.weight.grad, apart.embedding.weight.grad + output.grad)


@pytest.mark.parametrize("seed", range(3))
def test_the_first_loss_is_about_ln_v(seed):
    """初值下的分布近乎均匀：损失约等于 ln V。"""
    torch.manual_seed(seed)
    loss = next_token_loss(GPT(42, 24, 48, 4, 2), torch.randint(42, (8, 25))).item()
    assert abs(loss - math.log(42)) < 0.05


# --- 大小 ---


def size(vocabulary, t_max, d, n_layers):
    """(V + T_max) D 加每层 12D² + 13D，再加最后的 2D。"""
    return (vocabulary + t_max) * d + n_layers * (12 * d * d + 13 * d) + 2 * d


@pytest.mark.parametrize(
    ("vocabulary", "t_max", "d", "heads", "layers", "parameters"),
    [(42, 24, 48, 4, 2, 59_808), (50_257, 1024, 768, 12, 12, 124_439_808), (50_257, 1024, 1600, 25, 48, 1_557_611_200)],
)
def test_sizes_are_those_of_the_note(vocabulary, t_max, d, heads, layers, parameters):
    model = GPT(vocabulary, t_max, d, heads, layers, device="meta")
    assert sum(p.numel() for p in model.parameters()) == parameters == size(vocabulary, t_max, d, layers)


def test_the_sizes_of_gpt_1_and_gpt_3():
    """GPT-1 是后归一化，没有最后的归一化（少 2D）：词表 40,478，上下文 512。"""
    assert size(40_478, 512, 768, 12) - 2 * 768 == 116_534_784
    assert size(50_257, 2048, 12_288, 96) == 174_604_259_328


def check_init(snippet):
    model = snippet.GPT(500, 100, 64, 4, 8)
    for name, p in model.named_parameters():
        if p.ndim == 2 and name.endswith(("w_o.weight", "w_2.weight")):
            assert abs(p.std().item() - 0.02 / 4) < 5e-4
        elif p.ndim == 2:
            assert abs(p.std().item() - 0.02) < 2e-3
        elif name.endswith("bias"):
            assert torch.all(p == 0)
        else:
            assert torch.all(p == 1)  # 归一化的增益


def test_init_is_gpt_2s():
    check_init(module)


@pytest.mark.parametrize(
    "change",
    [
        ("(2 * n_layers) ** 0.5", "n_layers"),
        ("if into_residual else 0.02", "if into_residual else 0.1"),
        ("nn.init.zeros_(p)", "pass"),
    ],
    ids=["divided by L", "five times too wide", "biases left random"],
)
def test_wrong_init_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_init(altered(module, *change))


# --- 采样 ---


def by_search(p, top_p):
    """穷举全部子集：概率之和达到 top_p 的子集里，词最少的；同样少时取和最大的。"""
    best = None
    for n in range(1, len(p) + 1):
        for chosen in itertools.combinations(range(len(p)), n):
            total = sum(p[i] for i in chosen)
            if total >= top_p and (best is None or total > best[0]):
                best = (total, chosen)
        if best is not None:
            return [p[i] / best[0] if i in best[1] else 0.0 for i in range(len(p))]
    return p


def check_top_p(snippet, device, dtype, assert_close):
    for top_p in (0.05, 0.3, 0.5, 0.8, 0.95):
        logits = 2 * torch.randn(6, device=device, dtype=torch.float64)
        expected = torch.tensor(by_search(logits.softmax(-1).tolist(), top_p), dtype=torch.float64)
        actual = snippet.next_distribution(logits.to(dtype), top_p=top_p)
        assert_close(actual, expected.to(device, dtype))


def test_top_p_is_the_smallest_set_that_reaches_p(device, dtype, assert_close):
    check_top_p(module, device, dtype, assert_close)


WRONG_TOP_P = {
    "one token too few": ("before = ranked.cumsum(dim=-1) - ranked", "before = ranked.cumsum(dim=-1)"),
    "the tail instead of the head": ("(before < top_p)", "(before >= top_p)"),
    "not put back in order": ("torch.zeros_like(ranked).scatter(-1, order, ranked)", "ranked"),
    "not normalised again": (
        "ranked = ranked * (before < top_p)\n        ranked = ranked / ranked.sum(dim=-1, keepdim=True)",
        "ranked = ranked * (before < top_p)",
    ),
}


@pytest.mark.parametrize("change", WRONG_TOP_P.values(), ids=WRONG_TOP_P)
def test_wrong_top_p_is_noticed(change, assert_close, altered):
    wrong = altered(module, *change)
    with pytest.raises(AssertionError):
        check_top_p(wrong, torch.device("cpu"), torch.float64, assert_close)


def test_top_k_keeps_the_k_best(device, dtype, assert_close):
    logits = torch.randn(5, V, device=device, dtype=dtype)
    kept = next_distribution(logits, top_k=3)
    assert torch.all((kept > 0).sum(dim=-1) == 3)
    values, places = logits.topk(3)
    assert_close(kept.gather(-1, places), values.softmax(dim=-1))
    assert_close(next_distribution(logits, top_k=V), logits.softmax(dim=-1))


def test_temperature_sharpens_and_flattens(device, dtype, assert_close):
    logits = torch.randn(5, V, device=device, dtype=dtype)
    assert_close(next_distribution(logits), logits.softmax(dim=-1))
    assert_close(next_distribution(logits, temperature=2.0), (logits / 2).softmax(dim=-1))
    greedy = next_distribution(logits, temperature=0)
    assert torch.equal(greedy.argmax(dim=-1), logits.argmax(dim=-1))
    assert torch.all(greedy.sum(dim=-1) == 1)
    assert_close(next_distribution(logits, temperature=1e-4), greedy)
    assert_close(next_distribution(logits, top_p=1e-6), greedy)
    assert_close(next_distribution(logits, top_k=1), greedy)


def test_draws_follow_the_distribution():
    """两万次抽样的频率与 next_distribution 相差不超过五个标准误。"""
    generator = torch.Generator().manual_seed(0)
    words = tokens("cpu", 3)[:1]
    model = small()
    expected = next_distribution(model(words)[0, -1], temperature=0.7, top_p=0.9)
    drawn = generate(model, words.expand(20_000, -1), 1, generator=generator, temperature=0.7, top_p=0.9)[:, -1]
    seen = torch.bincount(drawn, minlength=V).double() / len(drawn)
    assert torch.all(seen[expected == 0] == 0)
    assert torch.all((seen - expected).abs() <= 5 * (expected * (1 - expected) / len(drawn)).sqrt())


def test_generation_goes_on_past_the_context():
    model = small()
    words = tokens("cpu", 4)
    longer = generate(model, words, 12, temperature=0)
    assert longer.shape == (B, 16)
    assert torch.equal(longer[:, :4], words)
    for t in range(4, 16):  # 每个词元都是只看最后 T_MAX 个得到的
        seen = longer[:, max(0, t - T_MAX) : t]
        assert torch.equal(model(seen)[:, -1].argmax(dim=-1), longer[:, t])


# --- 训练 ---


def check_memory(snippet):
    torch.manual_seed(0)
    characters = sorted(set(POEM))
    text = torch.tensor([characters.index(c) for c in POEM])
    assert (len(POEM), len(characters)) == (48, 42)
    model = snippet.GPT(len(characters), 24, 48, 4, 2)
    losses = snippet.train(model, text, 24, steps=100, batch=8, lr=3e-3, generator=torch.Generator().manual_seed(0))
    assert abs(losses[0] - math.log(42)) < 0.05
    assert losses[-1] < 0.1
    written = generate(model, text[None, :2], 46, temperature=0)[0]
    assert "".join(characters[n] for n in written[:24]) == POEM[:24]


def test_a_hundred_steps_learn_a_poem_by_heart():
    check_memory(module)


@pytest.mark.parametrize(
    "change",
    [("tokens[:, 1:].flatten()", "tokens[:, :-1].flatten()"), ("loss.backward()", "pass"), ("optimizer.zero_grad()", "pass")],
    ids=["predicts itself", "no gradient", "gradients pile up"],
)
@pytest.mark.slow
def test_wrong_training_is_noticed(change, altered):
    wrong = altered(module, *change)
    with pytest.raises(AssertionError):
        check_memory(wrong)


def test_training_sees_every_window():
    """起点从 0 到 len - T - 1：文本的最后一个词元也被预测到。"""
    starts = torch.randint(48 - 24, (4000, 1), generator=torch.Generator().manual_seed(0))
    assert (starts.min(), starts.max() + 24) == (0, 47)
    model = GPT(42, 24, 8, 2, 1)
    losses = train(model, torch.arange(26) % 42, 24, steps=3, batch=4, lr=1e-3, generator=torch.Generator().manual_seed(0))
    assert len(losses) == 3
    assert all(math.isfinite(loss) for loss in losses)


# --- 设备 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    model = small(dtype=torch.float32)
    assert on_meta(model, tokens("cpu")).shape == (B, T, V)
    assert {p.device.type for p in GPT(V, T_MAX, D, H, L, device="meta").parameters()} == {"meta"}
    assert on_meta(next_distribution, torch.randn(B, V), temperature=0.5, top_k=3, top_p=0.9).shape == (B, V)


# --- 笔记里的例子 ---


def test_the_sampling_example_of_the_note():
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0], dtype=torch.float64)

    def rounded(**how):
        return [round(x, 4) for x in next_distribution(logits, **how).tolist()]

    assert rounded() == [0.6439, 0.2369, 0.0871, 0.0321]
    assert rounded(temperature=0.5) == [0.8650, 0.1171, 0.0158, 0.0021]
    assert rounded(temperature=2.0) == [0.4551, 0.2760, 0.1674, 0.1015]
    assert rounded(top_k=2) == [0.7311, 0.2689, 0, 0]
    assert rounded(top_p=0.9) == [0.6652, 0.2447, 0.0900, 0]
