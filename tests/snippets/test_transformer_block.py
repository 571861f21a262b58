"""Transformer 块的证明：对照 torch.nn.TransformerEncoderLayer、TransformerDecoderLayer、torch.nn.Transformer 与闭式参数量。"""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from snippets.attn import transformer_block as module
from snippets.attn.positional_encoding import sinusoidal
from snippets.attn.transformer_block import DecoderBlock, EncoderBlock, FeedForward, Residual, Transformer, noam_rate

B, T, S, D, H, F, V = 2, 5, 7, 12, 4, 24, 11


def copy_attention(ours, theirs):
    """库的输入投影是三块叠在一起；库的偏置初值是 0，先换成随机数，才看得出对错。"""
    theirs.in_proj_bias.normal_()
    theirs.out_proj.bias.normal_()
    parts = zip(theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3), strict=True)
    for linear, (weight, bias) in zip((ours.w_q, ours.w_k, ours.w_v), parts, strict=True):
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)
    ours.w_o.load_state_dict(theirs.out_proj.state_dict())


@torch.no_grad()
def copy_block(ours, theirs):
    copy_attention(ours.attention, theirs.self_attn)
    if hasattr(theirs, "multihead_attn"):
        copy_attention(ours.cross, theirs.multihead_attn)
        ours.add_3.norm.load_state_dict(random_norm(theirs.norm3))
    ours.feed_forward.w_1.load_state_dict(theirs.linear1.state_dict())
    ours.feed_forward.w_2.load_state_dict(theirs.linear2.state_dict())
    ours.add_1.norm.load_state_dict(random_norm(theirs.norm1))
    ours.add_2.norm.load_state_dict(random_norm(theirs.norm2))


def random_norm(norm):
    norm.weight.normal_()
    norm.bias.normal_()
    return norm.state_dict()


def encoder_pair(snippet, device, dtype, pre_norm):
    theirs = torch.nn.TransformerEncoderLayer(
        D, H, F, dropout=0.0, norm_first=pre_norm, batch_first=True, device=device, dtype=dtype
    )
    ours = snippet.EncoderBlock(D, H, F, pre_norm=pre_norm, device=device, dtype=dtype)
    copy_block(ours, theirs)
    return ours, theirs


def decoder_pair(snippet, device, dtype, pre_norm):
    theirs = torch.nn.TransformerDecoderLayer(
        D, H, F, dropout=0.0, norm_first=pre_norm, batch_first=True, device=device, dtype=dtype
    )
    ours = snippet.DecoderBlock(D, H, F, pre_norm=pre_norm, device=device, dtype=dtype)
    copy_block(ours, theirs)
    return ours, theirs


def keep(device, s=T):
    """每个查询至少看得到一个键的随机掩码。"""
    mask = torch.rand(B, s, device=device) < 0.6
    mask[:, 0] = True
    return mask


# --- 编码块 ---


def check_encoder(snippet, device, dtype, assert_close, pre_norm):
    ours, theirs = encoder_pair(snippet, device, dtype, pre_norm)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    mask = keep(device)
    expected = theirs(x, src_key_padding_mask=~mask)  # 库的 True 是屏蔽
    # 两次归一化与约 40 项的乘加：float32 的舍入比单次运算多约一位
    assert_close(ours(x, mask[:, None, None, :]), expected, factor=10)


@pytest.mark.parametrize("pre_norm", [False, True], ids=["post", "pre"])
def test_encoder_block_is_the_librarys(pre_norm, device, dtype, assert_close):
    check_encoder(module, device, dtype, assert_close, pre_norm)


PRE = "return x + self.dropout(sublayer(self.norm(x)))"
POST = "return self.norm(x + self.dropout(sublayer(x)))"
WRONG_ENCODERS = {
    "residual left out": (POST, "return self.norm(self.dropout(sublayer(x)))", False),
    "norm before the residual is added": (POST, "return x + self.norm(self.dropout(sublayer(x)))", False),
    "pre-norm in place of post-norm": (POST, "return x + self.dropout(sublayer(self.norm(x)))", False),
    "post-norm in place of pre-norm": (PRE, "return self.norm(x + self.dropout(sublayer(x)))", True),
    "residual carries the normalised": (PRE, "return self.norm(x) + self.dropout(sublayer(self.norm(x)))", True),
    "gelu for relu": ("f: Callable[[Tensor], Tensor] = torch.relu,\n", "f=nn.functional.gelu,\n", False),
    "mask dropped": ("self.attention(y, mask=mask)[0])\n        return", "self.attention(y)[0])\n        return", False),
    "one norm for both": ("return self.add_2(x, self.feed_forward)", "return self.add_1(x, self.feed_forward)", False),
}


@pytest.mark.parametrize("change", WRONG_ENCODERS.values(), ids=WRONG_ENCODERS)
def test_wrong_encoder_is_noticed(change, assert_close, altered):
    old, new, pre_norm = change
    with pytest.raises(AssertionError):
        check_encoder(altered(module, old, new), torch.device("cpu"), torch.float64, assert_close, pre_norm)


def gradients_agree(ours, theirs, call, assert_close):
    """按参数的总数比：逐个核对前馈与归一化，注意力的三块并起来比。"""
    call(ours).square().sum().backward()
    call(theirs).square().sum().backward()
    for a, b in ((ours.feed_forward.w_1, theirs.linear1), (ours.add_1.norm, theirs.norm1), (ours.add_2.norm, theirs.norm2)):
        assert_close(a.weight.grad, b.weight.grad, factor=10)
    stacked = torch.cat([w.weight.grad for w in (ours.attention.w_q, ours.attention.w_k, ours.attention.w_v)])
    assert_close(stacked, theirs.self_attn.in_proj_weight.grad, factor=10)


@pytest.mark.parametrize("pre_norm", [False, True], ids=["post", "pre"])
def test_encoder_gradients_are_the_librarys(pre_norm, device, assert_close):
    ours, theirs = encoder_pair(module, device, torch.float64, pre_norm)
    x = torch.randn(B, T, D, device=device, dtype=torch.float64)
    gradients_agree(ours, theirs, lambda layer: layer(x), assert_close)


# --- 解码块 ---


def check_decoder(snippet, device, dtype, assert_close, pre_norm):
    ours, theirs = decoder_pair(snippet, device, dtype, pre_norm)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    memory = torch.randn(B, S, D, device=device, dtype=dtype)
    mask = keep(device, S)
    future = torch.ones(T, T, dtype=torch.bool, device=device).triu(1)
    expected = theirs(x, memory, tgt_mask=future, memory_key_padding_mask=~mask)
    assert_close(ours(x, memory, mask[:, None, None, :]), expected, factor=10)


@pytest.mark.parametrize("pre_norm", [False, True], ids=["post", "pre"])
def test_decoder_block_is_the_librarys(pre_norm, device, dtype, assert_close):
    check_decoder(module, device, dtype, assert_close, pre_norm)


SELF = "self.attention(y, mask=mask)[0])\n        x = self.add_2"
WRONG_DECODERS = {
    "no causal mask": (SELF, "self.attention(y)[0])\n        x = self.add_2"),
    "source mask dropped": ("self.cross(y, memory, memory_mask)[0]", "self.cross(y, memory)[0]"),
    "cross attention looks at itself": ("self.cross(y, memory, memory_mask)[0]", "self.cross(y)[0]"),
    "self attention and cross attention swapped": (
        "self.cross(y, memory, memory_mask)",
        "self.attention(y, memory, memory_mask)",
    ),
}


@pytest.mark.parametrize("change", WRONG_DECODERS.values(), ids=WRONG_DECODERS)
def test_wrong_decoder_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_decoder(altered(module, *change), torch.device("cpu"), torch.float64, assert_close, False)


@pytest.mark.parametrize("pre_norm", [False, True], ids=["post", "pre"])
def test_nothing_leaks_from_the_future(pre_norm, device, dtype):
    block = DecoderBlock(D, H, F, pre_norm=pre_norm, device=device, dtype=dtype)
    x = torch.randn(1, T, D, device=device, dtype=dtype, requires_grad=True)
    output = block(x, torch.randn(1, S, D, device=device, dtype=dtype))
    mix = torch.randn(D, device=device, dtype=dtype)  # 后归一化的输出之和是常数，换一组随机的系数
    for t in range(T):
        (slope,) = torch.autograd.grad(output[0, t] @ mix, x, retain_graph=True)
        assert torch.all(slope[0, t + 1 :] == 0)
        assert torch.all(slope[0, : t + 1].abs().sum(dim=-1) > 0)


# --- 性质 ---


@pytest.mark.parametrize("pre_norm", [False, True], ids=["post", "pre"])
def test_without_positions_order_does_not_matter(pre_norm, device, dtype, assert_close):
    block = EncoderBlock(D, H, F, pre_norm=pre_norm, device=device, dtype=dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    order = torch.randperm(T, device=device)
    assert_close(block(x[:, order]), block(x)[:, order], factor=10)


def test_feed_forward_treats_every_position_alone(device, dtype, assert_close):
    layer = FeedForward(D, F, device=device, dtype=dtype)
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    expected = torch.relu(x @ layer.w_1.weight.T + layer.w_1.bias) @ layer.w_2.weight.T + layer.w_2.bias
    assert_close(layer(x), expected)
    assert_close(layer(x)[:, 2], layer(x[:, 2]))


def test_pre_norm_keeps_a_clear_path(device, dtype):
    """子层恒为 0 时，先归一化是恒等；后归一化仍把每个位置归一化。"""
    x = torch.randn(B, T, D, device=device, dtype=dtype)
    pre = Residual(D, pre_norm=True, device=device, dtype=dtype)
    post = Residual(D, pre_norm=False, device=device, dtype=dtype)
    assert torch.equal(pre(x, torch.zeros_like), x)
    assert torch.allclose(post(x, torch.zeros_like), functional.layer_norm(x, (D,)), atol=1e-6)


def test_dropout_falls_on_the_sublayer_not_on_the_residual(device, dtype, assert_close):
    layer = Residual(D, pre_norm=True, dropout=0.5, device=device, dtype=dtype)
    x = torch.zeros(B, T, D, device=device, dtype=dtype)
    ones = layer(x, torch.ones_like)
    assert set(ones.unique().tolist()) == {0.0, 2.0}  # 留下的放大到 2
    layer.eval()
    assert_close(layer(x, torch.ones_like), torch.ones_like(x))


def last_slope(pre_norm, n_layers, seed):
    """Xavier 初值下，损失对最靠近输出的一块前馈权重的梯度范数（Xiong 等 2020 考察的那个量）。"""
    torch.manual_seed(seed)
    blocks = [EncoderBlock(64, 4, 256, pre_norm=pre_norm) for _ in range(n_layers)]
    for name, p in (item for block in blocks for item in block.named_parameters()):
        if p.ndim == 2:
            torch.nn.init.xavier_uniform_(p)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(p)
    x, y = torch.randn(8, 16, 64), torch.randint(64, (8, 16))
    for block in blocks:
        x = block(x)
    if pre_norm:
        x = functional.layer_norm(x, (64,))
    logits = x @ torch.randn(64, 64) / 8
    functional.cross_entropy(logits.flatten(0, 1), y.flatten()).backward()
    return blocks[-1].feed_forward.w_2.weight.grad.norm().item()


@pytest.mark.parametrize("seed", range(3))
def test_only_pre_norm_calms_the_last_block_as_the_stack_grows(seed):
    """从 2 块加到 24 块：先归一化的梯度约按 1/√L 变小，后归一化的不变小，所以要预热。"""
    assert last_slope(True, 24, seed) < 0.5 * last_slope(True, 2, seed)
    assert last_slope(False, 24, seed) > 0.8 * last_slope(False, 2, seed)


# --- 整个模型 ---


@torch.no_grad()
def model_pair(device, dtype):
    """装着同样权重的 torch.nn.Transformer（它在两端各多一次层归一化，取走）。"""
    ours = Transformer(V, D, H, F, 2, device=device, dtype=dtype)
    theirs = torch.nn.Transformer(D, H, 2, 2, F, dropout=0.0, batch_first=True, device=device, dtype=dtype)
    theirs.encoder.norm = theirs.decoder.norm = None
    for a, b in zip([*ours.encoder, *ours.decoder], [*theirs.encoder.layers, *theirs.decoder.layers], strict=True):
        copy_block(a, b)
    return ours, theirs


def check_model(snippet, device, dtype, assert_close):
    ours, theirs = model_pair(device, dtype)
    ours.__class__.embed, saved = snippet.Transformer.embed, ours.__class__.embed
    try:
        source, target = (torch.randint(V, (B, n), device=device) for n in (S, T))
        mask = keep(device, S)
        logits = ours(source, target, mask[:, None, None, :])
    finally:
        ours.__class__.embed = saved
    table = ours.embedding.weight
    x, y = (
        table[words] * math.sqrt(D) + sinusoidal(torch.arange(words.shape[1], device=device, dtype=dtype), D)
        for words in (source, target)
    )
    future = torch.ones(T, T, dtype=torch.bool, device=device).triu(1)
    hidden = theirs(x, y, tgt_mask=future, src_key_padding_mask=~mask, memory_key_padding_mask=~mask)
    assert_close(logits, hidden @ table.T, factor=10)  # 四个块接连：float32 的舍入逐块累积


def test_model_is_the_librarys(device, dtype, assert_close):
    check_model(module, device, dtype, assert_close)


@pytest.mark.parametrize(
    "change",
    [("* math.sqrt(d) + ", "+ "), (" + sinusoidal(positions, d)", "")],
    ids=["embedding not scaled", "positions left out"],
)
def test_wrong_model_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_model(altered(module, *change), torch.device("cpu"), torch.float64, assert_close)


def test_padding_of_the_source_is_never_read(device, dtype, assert_close):
    model = Transformer(V, D, H, F, 2, device=device, dtype=dtype)
    source, target = torch.randint(V, (1, 4), device=device), torch.randint(V, (1, T), device=device)
    padded = torch.cat([source, torch.randint(V, (1, 3), device=device)], dim=1)
    mask = (torch.arange(7, device=device) < 4)[None, None, None]
    assert_close(model(padded, target, mask), model(source, target), factor=10)


def block_size(d, f, attentions, norms):
    return attentions * 4 * (d * d + d) + (2 * d * f + f + d) + norms * 2 * d


def test_the_size_of_the_papers_base_model():
    """笔记的数：编码块、解码块、词表 37,000 的整个模型。"""

    def size(layer):
        return sum(p.numel() for p in layer.parameters())

    encoder, decoder = (kind(512, 8, 2048, device="meta") for kind in (EncoderBlock, DecoderBlock))
    assert size(encoder) == block_size(512, 2048, 1, 2) == 3_152_384
    assert size(decoder) == block_size(512, 2048, 2, 3) == 4_204_032
    model = Transformer(37_000, 512, 8, 2048, 6, device="meta")
    assert size(model) == 6 * (3_152_384 + 4_204_032) + 37_000 * 512 == 63_082_496


def check_rate(snippet):
    rates = [snippet.noam_rate(step, 512) for step in range(1, 12_001)]
    assert max(rates) == rates[3999] == pytest.approx((512 * 4000) ** -0.5)
    assert rates[1999] == pytest.approx(rates[3999] / 2)  # 升的一段是直线
    assert rates[11_999] == pytest.approx(rates[3999] / 3**0.5)  # 降的一段按平方根
    assert round(rates[3999] * 1e4, 2) == 6.99


def test_rate_rises_then_falls():
    check_rate(module)


@pytest.mark.parametrize(
    "change",
    [("min(step**-0.5", "max(step**-0.5"), ("warmup**-1.5", "warmup**-0.5"), ("return d**-0.5", "return d**0.5")],
    ids=["the larger of the two", "wrong power of the warm-up", "wrong power of the width"],
)
def test_wrong_rate_is_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_rate(altered(module, *change))


# --- 训练：十一步走完，倒写数字 ---


def learn_to_reverse(steps, *, length=5, digits=10):
    """词 0 是句首，1 起是数字；按论文的次序：数据、编码、嵌入、位置、块、预测、更新。"""
    torch.manual_seed(0)
    model = Transformer(1 + digits, 32, 4, 64, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, betas=(0.9, 0.98), eps=1e-9)
    for _ in range(steps):
        source = torch.randint(1, 1 + digits, (64, length))
        answer = source.flip(1)
        given = torch.cat([torch.zeros(64, 1, dtype=torch.long), answer[:, :-1]], dim=1)
        loss = functional.cross_entropy(model(source, given).flatten(0, 1), answer.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def write(model, source):
    """贪心地逐个写：每写一个，把它接到目标后面再算一遍。"""
    target = torch.zeros(len(source), 1, dtype=torch.long)
    for _ in range(source.shape[1]):
        best = model(source, target)[:, -1].argmax(dim=-1, keepdim=True)
        target = torch.cat([target, best], dim=1)
    return target[:, 1:]


@torch.no_grad()
def accuracy(model, n=500, length=5, digits=10):
    source = torch.randint(1, 1 + digits, (n, length))
    return (write(model, source) == source.flip(1)).all(dim=1).double().mean().item()


def test_a_small_transformer_learns_to_reverse_digits():
    model = learn_to_reverse(150)
    assert accuracy(model) > 0.9


# --- 设备 ---


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    model = Transformer(V, D, H, F, 1)
    source, target = torch.randint(V, (B, S)), torch.randint(V, (B, T))
    assert on_meta(model, source, target).shape == (B, T, V)
    assert {p.device.type for p in Transformer(V, D, H, F, 1, device="meta").parameters()} == {"meta"}


def test_the_learning_rate_of_the_note():
    assert noam_rate(1, 512) == pytest.approx(1.75e-7, rel=0.01)


def test_the_worked_example_of_the_note():
    """x = (1, 2, 3, 4)，子层给出 (1, 0, -1, 2)：后归一化；先归一化送进子层的是什么。"""
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0]], dtype=torch.float64)
    out = torch.tensor([[1.0, 0.0, -1.0, 2.0]], dtype=torch.float64)
    post = Residual(4, pre_norm=False, dtype=torch.float64)(x, lambda _: out)
    assert [round(v, 4) for v in post[0].tolist()] == [-0.5773, -0.5773, -0.5773, 1.732]
    seen = []
    pre = Residual(4, pre_norm=True, dtype=torch.float64)(x, lambda y: seen.append(y) or out)
    assert [round(v, 4) for v in seen[0][0].tolist()] == [-1.3416, -0.4472, 0.4472, 1.3416]
    assert pre.tolist() == [[2, 2, 2, 6]]
