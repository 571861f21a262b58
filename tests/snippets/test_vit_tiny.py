"""视觉 Transformer 的证明：对照 Conv2d 切块、torch.nn.TransformerEncoderLayer 与逐项数出来的参数。"""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from snippets.cnn.small_cnn import SmallCNN
from snippets.repr import vit_tiny
from snippets.repr.vit_tiny import Block, ViT, patches, train

B, C, P, SIDE, D, HEADS, HIDDEN = 3, 2, 2, 6, 8, 2, 12


# --- 切块 ---


def check_patches(snippet, device, dtype, assert_close):
    """切块再乘矩阵，就是核与步幅都为 P 的卷积。"""
    x = torch.randn(B, C, SIDE, 2 * SIDE, device=device, dtype=dtype)  # 高与宽不同
    w = torch.randn(D, C * P * P, device=device, dtype=dtype)
    expected = functional.conv2d(x, w.view(D, C, P, P), stride=P)  # (B, D, 3, 6)
    assert_close(snippet.patches(x, P) @ w.T, expected.flatten(2).transpose(1, 2))


def test_patch_embedding_is_a_strided_convolution(device, dtype, assert_close):
    check_patches(vit_tiny, device, dtype, assert_close)


WRONG_PATCHES = {
    "channels last inside a patch": ("permute(0, 2, 4, 1, 3, 5)", "permute(0, 2, 4, 3, 5, 1)"),
    "patches column by column": ("permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)"),
    "rows and columns swapped inside": ("permute(0, 2, 4, 1, 3, 5)", "permute(0, 2, 4, 1, 5, 3)"),
    "interleaved": ("permute(0, 2, 4, 1, 3, 5)", "permute(0, 3, 5, 1, 2, 4)"),
    "not moved at all": ("x.permute(0, 2, 4, 1, 3, 5)", "x"),
}


@pytest.mark.parametrize("change", WRONG_PATCHES.values(), ids=WRONG_PATCHES)
def test_wrong_patches_are_noticed(change, assert_close, altered):
    with pytest.raises((AssertionError, RuntimeError)):
        check_patches(altered(vit_tiny, *change), torch.device("cpu"), torch.float64, assert_close)


def test_an_image_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="7×6"):
        patches(torch.zeros(1, 1, 7, 6), 2)


# --- 一层 ---


def library_layer(block, device, dtype):
    """把权重拷进 torch 的编码器层（pre-LN、GELU、无暂退）。"""
    layer = nn.TransformerEncoderLayer(
        D, HEADS, HIDDEN, dropout=0.0, activation="gelu", batch_first=True, norm_first=True, device=device, dtype=dtype
    )
    pairs = (
        (layer.norm1, block.norm_1),
        (layer.norm2, block.norm_2),
        (layer.self_attn.out_proj, block.out),
        (layer.linear1, block.up),
        (layer.linear2, block.down),
    )
    with torch.no_grad():
        layer.self_attn.in_proj_weight.copy_(block.qkv.weight)
        layer.self_attn.in_proj_bias.copy_(block.qkv.bias)
        for theirs, ours in pairs:
            theirs.load_state_dict(ours.state_dict())
    return layer


def check_block(snippet, device, dtype, assert_close):
    block = snippet.Block(D, HEADS, HIDDEN, device=device, dtype=dtype)
    with torch.no_grad():
        for w in block.parameters():
            w.copy_(0.5 * torch.randn_like(w))
    layer = library_layer(block, device, dtype)
    x = torch.randn(B, 5, D, device=device, dtype=dtype)
    weight = torch.randn_like(x)
    assert_close(block(x), layer(x), factor=10)
    (block(x) * weight).sum().backward()
    (layer(x) * weight).sum().backward()
    # 梯度是 B·N·D 项之和
    assert_close(block.qkv.weight.grad, layer.self_attn.in_proj_weight.grad, factor=30)
    assert_close(block.up.weight.grad, layer.linear1.weight.grad, factor=30)


def test_block_is_the_librarys_encoder_layer(device, dtype, assert_close):
    check_block(vit_tiny, device, dtype, assert_close)


WRONG_BLOCKS = {
    "normalised after": ("x = x + self.attend(self.norm_1(x))", "x = self.norm_1(x + self.attend(x))"),
    "shortcut left out": ("x = x + self.attend", "x = self.attend"),
    "second norm left out": ("self.up(self.norm_2(x))", "self.up(x)"),
    "ReLU": ("gelu(self.up", "torch.relu(self.up"),
    "order k, q, v": ("q, k, v = self.qkv", "k, q, v = self.qkv"),
    "heads inside": ("(3, self.heads, -1)).permute(2, 0, 3, 1, 4)", "(3, -1, self.heads)).permute(2, 0, 4, 1, 3)"),
    "causal": ("scaled_dot_product_attention(q, k, v)", "scaled_dot_product_attention(q, k, v, is_causal=True)"),
}


@pytest.mark.parametrize("change", WRONG_BLOCKS.values(), ids=WRONG_BLOCKS)
def test_wrong_block_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_block(altered(vit_tiny, *change), torch.device("cpu"), torch.float64, assert_close)


def test_block_passes_gradcheck(device):
    block = Block(4, 2, 3, device=device, dtype=torch.float64)
    x = torch.randn(1, 3, 4, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, (x,))


# --- 整个网络 ---


def build(snippet, device, dtype):
    return snippet.ViT(SIDE, P, 5, channels=C, d=D, heads=HEADS, hidden=HIDDEN, device=device, dtype=dtype)


def check_network(snippet, device, dtype, assert_close):
    """用库的零件重搭一遍：Conv2d 切块、编码器层、LayerNorm、线性分类。"""
    model = build(snippet, device, dtype)
    with torch.no_grad():
        model.token.copy_(torch.randn_like(model.token))
        model.position.copy_(torch.randn_like(model.position))
    images = torch.randn(B, C, SIDE, SIDE, device=device, dtype=dtype)
    x = functional.conv2d(images, model.embed.weight.view(D, C, P, P), model.embed.bias, stride=P).flatten(2).transpose(1, 2)
    tokens = torch.stack([torch.cat([model.token[0], image]) + model.position[0] for image in x])
    for block in model.blocks:
        tokens = library_layer(block, device, dtype)(tokens)
    expected = functional.linear(model.norm(tokens)[:, 0], model.head.weight, model.head.bias)
    assert_close(model(images), expected, factor=10)


def test_network_is_built_of_the_librarys_parts(device, dtype, assert_close):
    check_network(vit_tiny, device, dtype, assert_close)


WRONG_NETWORKS = {
    "token at the end": (
        "torch.cat([self.token.expand(len(x), -1, -1), x], dim=1)",
        "torch.cat([x, self.token.expand(len(x), -1, -1)], dim=1)",
    ),
    "no position": (" + self.position  # (B, N+1, D)", ""),
    "reads the first patch": ("self.blocks(x)[:, 0]", "self.blocks(x)[:, 1]"),
    "no last norm": ("self.head(self.norm(self.blocks(x)[:, 0]))", "self.head(self.blocks(x)[:, 0])"),
    "mean of all": ("self.blocks(x)[:, 0]", "self.blocks(x).mean(dim=1)"),
}


@pytest.mark.parametrize("change", WRONG_NETWORKS.values(), ids=WRONG_NETWORKS)
def test_wrong_network_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_network(altered(vit_tiny, *change), torch.device("cpu"), torch.float64, assert_close)


def test_without_position_the_order_of_the_patches_is_invisible(device, dtype, assert_close):
    model = build(vit_tiny, device, dtype)
    images = torch.randn(B, C, SIDE, SIDE, device=device, dtype=dtype)
    rows = images.unflatten(2, (SIDE // P, P))  # 整行的块换次序
    moved = rows[:, :, [2, 0, 1]].flatten(2, 3)
    assert (model(moved) - model(images)).abs().max() > 1e-4
    with torch.no_grad():
        model.position[:, 1:] = 0  # 分类词元的那一个留着无妨
    assert_close(model(moved), model(images), factor=10)


def test_moving_patches_with_their_positions_changes_nothing(device, dtype, assert_close):
    model = build(vit_tiny, device, dtype)
    images = torch.randn(B, C, SIDE, SIDE, device=device, dtype=dtype)
    before = model(images)
    moved = images.unflatten(2, (SIDE // P, P))[:, :, [2, 0, 1]].flatten(2, 3)
    order = torch.arange(9, device=device).view(3, 3)[[2, 0, 1]].flatten() + 1
    with torch.no_grad():
        model.position[:, 1:] = model.position[:, order]
    assert_close(model(moved), before, factor=10)


def test_size_is_the_formula_of_the_note():
    """8×8 的图、块 2、D = 32、两层：18,218 个；ViT-B/16 用同样的式子是 86,567,656 个。"""

    def size(side, p, c, d, depth, hidden, classes):
        block = (3 * d * d + 3 * d) + (d * d + d) + (d * hidden + hidden) + (hidden * d + d) + 4 * d
        return (c * p * p * d + d) + d + ((side // p) ** 2 + 1) * d + depth * block + 2 * d + (d * classes + classes)

    model = ViT(8, 2, 10)
    assert sum(w.numel() for w in model.parameters()) == size(8, 2, 1, 32, 2, 64, 10) == 18_218
    base = ViT(224, 16, 1000, channels=3, d=768, depth=12, heads=12, hidden=3072, device="meta")
    assert sum(w.numel() for w in base.parameters()) == size(224, 16, 3, 768, 12, 3072, 1000) == 86_567_656
    assert base.position.shape == (1, 197, 768)


# --- 训练 ---


def test_learns_thirty_two_images_by_heart():
    torch.manual_seed(0)
    images, labels = torch.randn(32, 1, 8, 8), torch.arange(32) % 10
    model = ViT(8, 2, 10)
    assert train(model, images, labels, epochs=60, batch=32) < 0.1
    assert torch.equal(model(images).argmax(dim=1), labels)


class Reader(nn.Module):
    """线性分类，记下读到的图。"""

    def __init__(self):
        super().__init__()
        self.head, self.read = nn.Linear(1, 2), []

    def forward(self, images):
        self.read.append(images.flatten())
        return self.head(images.flatten(1))


def check_epochs(snippet):
    """每一轮把每张图恰好读一遍，次序轮轮不同。"""
    torch.manual_seed(0)
    reader, images = Reader(), torch.arange(10.0).view(10, 1, 1, 1)
    snippet.train(reader, images, torch.arange(10) % 2, epochs=3, batch=4)
    assert [len(batch) for batch in reader.read] == 3 * [4, 4, 2]
    orders = [torch.cat(reader.read[i : i + 3]).tolist() for i in (0, 3, 6)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_every_epoch_reads_every_image_once_in_a_new_order():
    check_epochs(vit_tiny)


WRONG_EPOCHS = {
    "never shuffled": ("torch.randperm(len(images), device=images.device)", "torch.arange(len(images), device=images.device)"),
    "with repetition": (
        "torch.randperm(len(images), device=images.device)",
        "torch.randint(len(images), (len(images),), device=images.device)",
    ),
}


@pytest.mark.parametrize("change", WRONG_EPOCHS.values(), ids=WRONG_EPOCHS)
def test_wrong_epochs_are_noticed(change, altered):
    with pytest.raises(AssertionError):
        check_epochs(altered(vit_tiny, *change))


@pytest.mark.slow
def test_little_data_favours_the_convolution():
    """笔记的表（种子 0）：1347 张手写数字、8 轮，卷积网络明显领先：它不必从数据里学邻近与平移。"""
    datasets = pytest.importorskip("sklearn.datasets")
    digits = datasets.load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
    labels = torch.tensor(digits.target)
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
    fit, rest = order[:1347], order[1347:]
    right = {}
    for build_one in (lambda: ViT(8, 2, 10), SmallCNN):
        torch.manual_seed(0)
        model = build_one()
        train(model, images[fit], labels[fit], epochs=8)
        with torch.no_grad():
            right[type(model).__name__] = (model(images[rest]).argmax(dim=1) == labels[rest]).double().mean().item()
    assert right["SmallCNN"] > 0.93
    assert 0.75 < right["ViT"] < right["SmallCNN"] - 0.04


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    images = torch.randn(4, 1, 8, 8)
    assert on_meta(ViT(8, 2, 10), images).shape == (4, 10)
    assert all(w.device.type == "meta" for w in ViT(8, 2, 10, device="meta").parameters())


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    """4×4 的图，像素 0 到 15，P = 2：四块，各四个数。"""
    image = torch.arange(16.0).view(1, 1, 4, 4)
    assert patches(image, 2)[0].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
