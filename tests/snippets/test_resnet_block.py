"""残差块的证明：权重拷进只用 F.conv2d 与 F.batch_norm 写的参考实现，训练与预测两种模式；恒等、形状、梯度的捷径；写坏的变体。"""

from __future__ import annotations

import itertools
import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from snippets.cnn import resnet_block
from snippets.cnn.resnet_block import BasicBlock, Bottleneck, PreActBlock, deep, start_as_identity


def norm(x, state, name, training):
    """BN：训练时用批内统计量，并更新 state 里攒下的那两个。"""
    running = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    return F.batch_norm(x, *running, state[f"{name}.weight"], state[f"{name}.bias"], training=training)


def conv(x, state, name, stride=1):
    w = state[f"{name}.weight"]
    return F.conv2d(x, w, stride=stride, padding=(w.shape[2] - 1) // 2)


def skip(x, state, stride, training):
    if "shortcut.0.weight" not in state:
        return x
    return norm(conv(x, state, "shortcut.0", stride), state, "shortcut.1", training)


def basic(x, state, stride, training):
    y = norm(conv(x, state, "conv_1", stride), state, "bn_1", training).clamp(min=0)
    y = norm(conv(y, state, "conv_2"), state, "bn_2", training)
    return (skip(x, state, stride, training) + y).clamp(min=0)


def bottleneck(x, state, stride, training):
    y = norm(conv(x, state, "conv_1"), state, "bn_1", training).clamp(min=0)
    y = norm(conv(y, state, "conv_2", stride), state, "bn_2", training).clamp(min=0)
    y = norm(conv(y, state, "conv_3"), state, "bn_3", training)
    return (skip(x, state, stride, training) + y).clamp(min=0)


def pre_activation(x, state, stride, training):
    y = conv(norm(x, state, "bn_1", training).clamp(min=0), state, "conv_1")
    return x + conv(norm(y, state, "bn_2", training).clamp(min=0), state, "conv_2")


CASES = {
    "basic": ("BasicBlock", (8, 8, 1), basic),
    "basic, wider": ("BasicBlock", (8, 12, 1), basic),
    "basic, halved": ("BasicBlock", (8, 16, 2), basic),
    "basic, halved, same width": ("BasicBlock", (8, 8, 2), basic),
    "bottleneck": ("Bottleneck", (8, 2, 1), bottleneck),
    "bottleneck, halved": ("Bottleneck", (8, 4, 2), bottleneck),
    "pre-activation": ("PreActBlock", (8,), pre_activation),
}


def make(module, case, device, dtype):
    name, sizes, reference = CASES[case]
    block = getattr(module, name)(*sizes, device=device, dtype=dtype)
    with torch.no_grad():
        for key, value in block.state_dict().items():  # BN 的参数与统计量也取随机的
            if value.ndim == 1:
                value.copy_(torch.rand_like(value) + 0.5 if "weight" in key or "var" in key else torch.randn_like(value) / 2)
    stride = sizes[2] if len(sizes) > 2 else 1
    return block, reference, stride


def check(module, case, device, dtype, assert_close):
    """两种模式的输出、输入与每个参数的梯度、攒下的统计量；输入不许改动。"""
    for training in (True, False):
        block, reference, stride = make(module, case, device, dtype)
        block.train(training)
        x = torch.randn(4, 8, 6, 6, device=device, dtype=dtype, requires_grad=True)
        before = x.detach().clone()
        state = {key: value.clone() for key, value in block.state_dict().items()} | dict(block.named_parameters())
        expected = reference(x, state, stride, training)
        y = block(x)
        assert_close(y, expected, factor=20)
        assert torch.equal(x, before)
        for key, value in block.named_buffers():
            if value.ndim == 1:
                assert_close(value, state[key], factor=20)  # 攒下的均值与方差
            else:
                assert value.item() == training  # 每个 BN 恰好用了一次
        g = torch.randn_like(y)
        leaves = [x, *block.parameters()]
        ours, theirs = torch.autograd.grad(y, leaves, g), torch.autograd.grad(expected, leaves, g)
        assert_close(list(ours), list(theirs), factor=100)  # 权重的梯度是 144 个位置之和，float32 的舍入随之累积


@pytest.mark.parametrize("case", CASES)
def test_blocks_are_the_reference(case, device, dtype, assert_close):
    check(resnet_block, case, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("case", "old", "new"),
    [
        ("basic", "y = self.bn_2(self.conv_2(y))  #", "y = F.relu(self.bn_2(self.conv_2(y)))  #"),
        (
            "basic",
            "        y = self.bn_2(self.conv_2(y))  # F(x)，相加之前不过 ReLU\n        return F.relu(self.shortcut(x) + y)",
            "        y = self.bn_2(self.conv_2(y))\n        return F.relu(y)",
        ),
        (
            "basic",
            "        y = self.bn_2(self.conv_2(y))  # F(x)，相加之前不过 ReLU\n        return F.relu(self.shortcut(x) + y)",
            "        y = self.bn_2(self.conv_2(y))\n        return self.shortcut(x) + F.relu(y)",
        ),
        (
            "basic, halved",
            "conv(c_in, c_out, 1, stride, **made), nn.BatchNorm2d(c_out, **made)",
            "conv(c_in, c_out, 1, stride, **made)",
        ),
        ("bottleneck, halved", "y = F.relu(self.bn_2(self.conv_2(y)))", "y = self.bn_2(self.conv_2(y))"),
        (
            "bottleneck, halved",
            ", **made), nn.BatchNorm2d(c_mid, **made)\n        self.conv_2, self.bn_2 = conv(c_mid, c_mid, 3, stride, **made)",
            ", stride, **made), nn.BatchNorm2d(c_mid, **made)\n        self.conv_2, self.bn_2 = conv(c_mid, c_mid, 3, **made)",
        ),
        (
            "basic",
            "        y = self.bn_2(self.conv_2(y))  #",
            "        x = y\n        y = self.bn_2(self.conv_2(y))  #",
        ),
        (
            "basic",
            "        y = self.bn_2(self.conv_2(y))  #",
            "        self.bn_2(self.conv_2(y))\n        y = self.bn_2(self.conv_2(y))  #",
        ),
        (
            "pre-activation",
            "return x + self.conv_2(F.relu(self.bn_2(y)))",
            "return F.relu(x + self.conv_2(F.relu(self.bn_2(y))))",
        ),
        ("pre-activation", "y = self.conv_1(F.relu(self.bn_1(x)))", "y = self.conv_1(self.bn_1(F.relu(x)))"),
        (
            "pre-activation",
            "y = self.conv_1(F.relu(self.bn_1(x)))",
            "x = F.relu(self.bn_1(x))\n        y = self.conv_1(x)",
        ),
        (
            "pre-activation",
            "return x + self.conv_2(F.relu(self.bn_2(y)))",
            "y = x + self.conv_2(F.relu(self.bn_2(y)))\n        x.data.copy_(y.data)\n        return y",
        ),
    ],
    ids=[
        "relu before the sum",
        "no shortcut",
        "relu inside",
        "projection without normalization",
        "bottleneck without its middle relu",
        "stride in the first 1x1",
        "the shortcut carries an inner value",
        "normalized twice",
        "relu after the sum",
        "activation before normalization",
        "the shortcut carries the activation",
        "the sum overwrites the input",
    ],
)
def test_wrong_block_is_noticed(case, old, new, assert_close, altered):
    with pytest.raises((AssertionError, KeyError)):
        check(altered(resnet_block, old, new), case, torch.device("cpu"), torch.float64, assert_close)


# --- 形状与参数 ---


def test_shapes_and_parameters():
    x = torch.randn(2, 64, 8, 8)
    assert BasicBlock(64, 128, 2)(x).shape == (2, 128, 4, 4)
    assert Bottleneck(64, 64)(x).shape == (2, 256, 8, 8)
    assert PreActBlock(64)(x).shape == x.shape

    def count(block):
        return sum(p.numel() for p in block.parameters())

    assert count(BasicBlock(64, 64)) == 2 * 9 * 64 * 64 + 4 * 64 == 73_984
    assert count(Bottleneck(256, 64)) == 256 * 64 + 9 * 64 * 64 + 64 * 256 + 2 * (64 + 64 + 256) == 70_400
    assert count(BasicBlock(256, 256)) == 2 * 9 * 256 * 256 + 4 * 256 == 1_180_672  # 同样宽，不用瓶颈
    assert count(BasicBlock(64, 128, 2).shortcut) == 64 * 128 + 2 * 128
    assert count(BasicBlock(64, 64).shortcut) == 0


def parameters(module, depths, block):
    """整个 ResNet 的参数量：7×7 卷积与 BN、四段、1000 类的全连接。在 meta 设备上造，不占内存。"""
    total, c = 3 * 49 * 64 + 2 * 64, 64
    for i, depth in enumerate(depths):
        for j in range(depth):
            width, stride = 64 * 2**i, 2 if i and not j else 1
            made = getattr(module, block)(c, width, stride, device="meta")
            total += sum(p.numel() for p in made.parameters())
            c = width * (4 if block == "Bottleneck" else 1)
    return total + (c + 1) * 1000


def test_whole_networks_have_the_published_number_of_parameters(altered):
    """torchvision 的 resnet18、resnet34、resnet50（文档里的 num_params）。"""
    assert parameters(resnet_block, (2, 2, 2, 2), "BasicBlock") == 11_689_512
    assert parameters(resnet_block, (3, 4, 6, 3), "BasicBlock") == 21_797_672
    assert parameters(resnet_block, (3, 4, 6, 3), "Bottleneck") == 25_557_032
    everywhere = altered(resnet_block, "if c_in == c_out and stride == 1:", "if False:")
    assert parameters(everywhere, (2, 2, 2, 2), "BasicBlock") - 11_689_512 == 354_304  # 笔记的练习


def test_shortcut_is_the_identity_where_it_can_be():
    assert isinstance(BasicBlock(8, 8).shortcut, torch.nn.Identity)
    assert isinstance(Bottleneck(8, 2).shortcut, torch.nn.Identity)
    for block in (BasicBlock(8, 8, 2), BasicBlock(8, 4), Bottleneck(8, 8)):
        assert not isinstance(block.shortcut, torch.nn.Identity)


# --- 恒等 ---


@pytest.mark.parametrize("training", [True, False])
def test_a_zero_residual_is_the_identity(training, device, dtype, assert_close):
    """γ = 0、β = 0 时 F(x) = 0：块就是 ReLU(x)，对非负的输入（上一块的输出）恰是恒等。"""
    x = torch.randn(3, 8, 5, 5, device=device, dtype=dtype)
    for block in (BasicBlock(8, 8, device=device, dtype=dtype), Bottleneck(8, 2, device=device, dtype=dtype)):
        start_as_identity(block)
        assert_close(block.train(training)(x), x.relu())
        assert_close(block(x.relu()), x.relu())
    block = PreActBlock(8, device=device, dtype=dtype)
    torch.nn.init.zeros_(block.conv_2.weight)
    x = x - 1  # 预激活：负的也原样通过
    assert_close(block.train(training)(x), x)


@pytest.mark.parametrize(("name", "last"), [("BasicBlock", "bn_2"), ("Bottleneck", "bn_3")])
def test_only_the_last_gamma_is_zeroed(name, last):
    """别的都不动；γ 第一步就有梯度，它前面的层要等 γ 离开 0。"""
    block = getattr(resnet_block, name)(8, 4, 2)
    before = {key: value.clone() for key, value in block.state_dict().items()}
    start_as_identity(block)
    after = block.state_dict()
    assert [key for key in before if not torch.equal(before[key], after[key])] == [f"{last}.weight"]
    assert not after[f"{last}.weight"].any()
    block(torch.randn(4, 8, 6, 6)).square().sum().backward()
    assert getattr(block, last).weight.grad.all()
    assert not block.conv_1.weight.grad.any()


def test_zero_gamma_and_zero_convolution_never_learn():
    """两样都从 0 起：γ 的梯度要乘卷积的输出，卷积的梯度要乘 γ，都是 0。"""
    block = BasicBlock(8, 8)
    start_as_identity(block)
    torch.nn.init.zeros_(block.conv_2.weight)
    block(torch.randn(4, 8, 6, 6)).square().sum().backward()
    assert not any(p.grad.any() for p in (block.bn_2.weight, block.conv_2.weight, block.conv_1.weight))


def test_a_plain_block_cannot_be_the_identity_so_easily(altered):
    wrong = altered(
        resnet_block,
        "y = self.bn_2(self.conv_2(y))  # F(x)，相加之前不过 ReLU\n        return F.relu(self.shortcut(x) + y)",
        "return F.relu(self.bn_2(self.conv_2(y)))",
    )
    block = wrong.BasicBlock(8, 8)
    torch.nn.init.zeros_(block.bn_2.weight)
    assert not block(torch.rand(3, 8, 5, 5)).any()  # 全零：什么也没传过来


# --- 梯度 ---


def test_jacobian_is_the_identity_plus_that_of_the_residual(assert_close):
    """∂y/∂x = I + ∂F/∂x：预激活块，预测模式，逐元素比。"""
    block = PreActBlock(2, dtype=torch.float64).eval()
    x = torch.randn(1, 2, 3, 3, dtype=torch.float64)

    def residual(x):
        return block.conv_2(F.relu(block.bn_2(block.conv_1(F.relu(block.bn_1(x))))))

    whole = torch.autograd.functional.jacobian(block, x).view(18, 18)
    part = torch.autograd.functional.jacobian(residual, x).view(18, 18)
    assert_close(whole, torch.eye(18, dtype=torch.float64) + part)


def test_gradcheck(device):
    block = PreActBlock(2, device=device, dtype=torch.float64)
    x = torch.randn(2, 2, 3, 3, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, x)


def input_gradient(residual, depth, scale=0.05, seed=0, n=64):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(16, n, generator=generator, dtype=torch.float64, requires_grad=True)
    weights = [scale * torch.randn(n, n, generator=generator, dtype=torch.float64) for _ in range(depth)]
    (grad,) = torch.autograd.grad(deep(x, weights, residual=residual)[-1].mean(), x)
    return grad.norm().item()


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_crosses_fifty_layers_only_on_the_shortcut(seed):
    """权重偏小（0.05，He 要 0.18）：平铺的 50 层剩 2e-29 到 5e-29，有捷径的 65 到 90，比出口的 1/32 大两三千倍。"""
    assert 1e-29 < input_gradient(False, 50, seed=seed) < 1e-28
    assert 60 < input_gradient(True, 50, seed=seed) < 95
    assert math.isclose(input_gradient(True, 50, scale=0.0, seed=seed), 1 / 32)  # 只剩恒等：1/√(16·64)


def test_deep_is_the_recursion(device, dtype, assert_close):
    x = torch.randn(3, 5, device=device, dtype=dtype)
    weights = [torch.randn(5, 5, device=device, dtype=dtype) for _ in range(3)]
    plain, added = deep(x, weights, residual=False, f=torch.tanh), deep(x, weights, residual=True, f=torch.tanh)
    assert len(plain) == len(added) == 4
    for a, b, w in zip(added, added[1:], weights, strict=False):
        assert_close(b, a + torch.tanh(a @ w.T))
    for a, b, w in zip(plain, plain[1:], weights, strict=False):
        assert_close(b, torch.tanh(a @ w.T))
    assert_close(deep(x, weights[:1], residual=False)[-1], (x @ weights[0].T).clamp(min=0))  # 不说就是 ReLU


def test_variance_doubles_where_nothing_is_scaled():
    """F 与 x 方差相同、互不相关（没有归一化）时，每加一次方差翻一倍。"""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(512, 256, generator=generator, dtype=torch.float64)
    weights = [torch.randn(256, 256, generator=generator, dtype=torch.float64) / 16 for _ in range(10)]
    sizes = [a.var().item() for a in deep(x, weights, residual=True, f=lambda z: z)]
    ratios = [b / a for a, b in itertools.pairwise(sizes)]
    assert all(1.8 < r < 2.2 for r in ratios)


def test_variance_grows_only_linearly_where_the_residual_is_normalized(assert_close):
    """块里有 BN，F 与 x 的大小无关，每块加上的方差就差不多一样多。"""
    x = torch.randn(16, 16, 8, 8, dtype=torch.float64)
    with torch.no_grad():
        block = PreActBlock(16, dtype=torch.float64)
        assert_close(block(10 * x) - 10 * x, block(x) - x, factor=1e6)  # 差别只来自 ε
        sizes = [x.var().item()]
        for _ in range(20):
            y = block.bn_2(block.conv_2(F.relu(block.bn_1(block.conv_1(x)))))  # 原版的 F，方差是 1
            x = x + y
            sizes.append(x.var().item())
            block = PreActBlock(16, dtype=torch.float64)
    assert 17 < sizes[-1] < 25
    assert 0.7 < (sizes[20] - sizes[10]) / (sizes[10] - sizes[0]) < 1.5


def test_a_bias_before_normalization_does_nothing(assert_close):
    """紧跟 BN 的当场被减掉；预激活块的第二个卷积不紧跟，偏置留在主干上，到网络末尾的 BN 才被减掉。"""
    x = torch.randn(4, 8, 6, 6, dtype=torch.float64)
    blocks, end = [PreActBlock(8, dtype=torch.float64) for _ in range(3)], torch.nn.BatchNorm2d(8, dtype=torch.float64)
    stack = torch.nn.Sequential(*blocks)
    trunk, out = stack(x), end(stack(x))
    for block in blocks:
        block.conv_1.bias = torch.nn.Parameter(torch.randn(8, dtype=torch.float64))
    assert_close(stack(x), trunk)
    for block in blocks:
        block.conv_2.bias = torch.nn.Parameter(torch.rand(8, dtype=torch.float64) + 1)
    assert (stack(x) - trunk).mean() > 3
    assert_close(end(stack(x)), out)


def test_two_to_the_n_paths(assert_close):
    """线性的残差网络展开是 2^n 条路之和：三层，(I + W3)(I + W2)(I + W1)。"""
    x = torch.randn(2, 4, dtype=torch.float64)
    ws = [torch.randn(4, 4, dtype=torch.float64) for _ in range(3)]
    total = torch.zeros(2, 4, dtype=torch.float64)
    for code in range(8):
        path = x
        for i, w in enumerate(ws):
            path = path @ w.T if code >> i & 1 else path
        total = total + path
    assert_close(deep(x, ws, residual=True, f=lambda z: z)[-1], total)


def test_worked_example_of_the_note(assert_close):
    """一维、线性、三块，w = (0.1, -0.2, 0.3)，x = 2。"""
    x = torch.tensor([[2.0]], dtype=torch.float64, requires_grad=True)
    ws = [torch.tensor([[w]], dtype=torch.float64) for w in (0.1, -0.2, 0.3)]
    for residual, y, slope in ((True, 2.288, 1.144), (False, -0.012, -0.006)):
        out = deep(x, ws, residual=residual, f=lambda z: z)[-1]
        assert_close(out.item(), y)
        assert_close(torch.autograd.grad(out, x)[0].item(), slope)


def test_a_shortcut_over_one_linear_layer_is_a_linear_layer(assert_close):
    x, w = torch.randn(3, 4, dtype=torch.float64), torch.randn(4, 4, dtype=torch.float64)
    assert_close(deep(x, [w], residual=True, f=lambda z: z)[-1], x @ (torch.eye(4, dtype=torch.float64) + w).T)


def test_nothing_is_made_on_another_device(on_meta):
    x = torch.randn(2, 8, 6, 6)
    for block in (BasicBlock(8, 16, 2), Bottleneck(8, 4, 2), PreActBlock(8)):
        assert on_meta(block, x).shape[0] == 2
    assert on_meta(lambda x, w: deep(x, [w, w], residual=True)[-1], torch.randn(2, 4), torch.randn(4, 4)).shape == (2, 4)
    assert {p.device.type for p in BasicBlock(3, 4, device="meta").parameters()} == {"meta"}


# --- 退化：笔记里的表 ---


class Plain(torch.nn.Module):
    """预激活块去掉捷径，别的不变。"""

    def __init__(self, c):
        super().__init__()
        self.block = PreActBlock(c)

    def forward(self, x):
        return self.block(x) - x  # 只剩 F(x)


def network(blocks, residual, seed):
    """2·blocks + 2 层与 500 张点阵数字 -> (网络, x, y, generator)。"""
    from snippets.cnn.small_cnn import glyphs

    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x, y = glyphs(500, generator=generator)
    nn, c = torch.nn, 8
    body = [(PreActBlock if residual else Plain)(c) for _ in range(blocks)]
    head = [nn.BatchNorm2d(c), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * c, 10)]
    return nn.Sequential(nn.Conv2d(1, c, 3, padding=1), *body, *head), x, y, generator


def learn(blocks, residual, seed=0):
    """动量 SGD 训练 6 轮 -> 最后一轮的训练损失。"""
    from snippets.cnn.small_cnn import train_epoch

    model, x, y, generator = network(blocks, residual, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return [train_epoch(model, optimizer, x, y, batch=50, generator=generator) for _ in range(6)][-1]


@pytest.mark.slow
def test_deeper_plain_networks_train_worse_and_residual_ones_do_not():
    """同样的初始化、归一化、优化器：平铺的训练损失随深度变大，所以不是过拟合。"""
    plain = [learn(n, False) for n in (2, 8, 24)]
    assert plain[0] < 0.1 < 0.5 < plain[1] < 2.0 < plain[2]
    assert learn(24, True) < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_normalized_plain_networks_start_with_gradients_that_explode(seed):
    """50 层，起步时，第一块入口的梯度比末块出口的大多少倍：平铺 1,400 到 6,400，有捷径 24 到 32。所以毛病不是消失。"""

    def growth(residual):
        model, x, y, _ = network(24, residual, seed)
        first = model[0](x[:50])
        last = model[1:25](first)
        near, far = torch.autograd.grad(F.cross_entropy(model[25:](last), y[:50]), (last, first))
        return (far.norm() / near.norm()).item()

    assert 1000 < growth(False) < 10_000
    assert 20 < growth(True) < 40
