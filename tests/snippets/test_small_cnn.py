"""小卷积网络与训练循环的证明：前向与几步训练对照手写的 F.conv2d 与 w - η g，参数量对照真实的层；训练只在 CPU 上断言。"""

from __future__ import annotations

import io

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from snippets.cnn import small_cnn
from snippets.cnn.small_cnn import (
    SmallCNN,
    conv_parameters,
    dense_parameters,
    evaluate,
    glyphs,
    train_epoch,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def functional(x, w):
    """同样的网络，只用函数与一张权重表写；池化写成分块取最大。"""

    def pool(x):
        n, c, h, v = x.shape
        return x.reshape(n, c, h // 2, 2, v // 2, 2).amax(dim=(3, 5))

    x = pool(F.conv2d(x, w["conv_1.weight"], w["conv_1.bias"], padding=1).clamp(min=0))
    x = pool(F.conv2d(x, w["conv_2.weight"], w["conv_2.bias"], padding=1).clamp(min=0))
    return F.linear(x.reshape(len(x), -1), w["out.weight"], w["out.bias"])


# --- 网络 ---


def check_forward(module, device, dtype, assert_close):
    model = module.SmallCNN(device=device, dtype=dtype)
    x = torch.randn(5, 1, 8, 8, device=device, dtype=dtype)
    z = model(x)
    assert z.shape == (5, 10)
    assert_close(z, functional(x, dict(model.named_parameters())), factor=10)


def test_network_is_what_it_says(device, dtype, assert_close):
    check_forward(small_cnn, device, dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("F.max_pool2d(F.relu(self.conv_1(x)), 2)", "F.avg_pool2d(F.relu(self.conv_1(x)), 2)"),
        ("F.max_pool2d(F.relu(self.conv_2(x)), 2)", "F.max_pool2d(self.conv_2(x), 2)"),
        ("return self.out(x.flatten(1))", "return self.out(x.flatten(1)).softmax(dim=1)"),
    ],
    ids=["mean instead of maximum", "no activation", "softmax inside the network"],
)
def test_wrong_network_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_forward(altered(small_cnn, old, new), torch.device("cpu"), torch.float64, assert_close)


def test_relu_and_maximum_may_be_exchanged(assert_close):
    """ReLU 不减，所以先池化后激活结果相同（还少算四分之三）；平均池化则不行。"""
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    assert_close(F.max_pool2d(F.relu(x), 2), F.relu(F.max_pool2d(x, 2)))
    assert not torch.allclose(F.avg_pool2d(F.relu(x), 2), F.relu(F.avg_pool2d(x, 2)), atol=0.1)


def test_network_passes_gradcheck(device):
    model = SmallCNN(device=device, dtype=torch.float64)
    weights = dict(model.named_parameters())
    x = torch.randn(2, 1, 8, 8, device=device, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, w: torch.func.functional_call(model, weights | {"out.weight": w}, x), (x, model.out.weight)
    )


# --- 参数量 ---


def test_parameters_are_counted_right():
    assert sum(p.numel() for p in SmallCNN().parameters()) == 6090
    assert conv_parameters(1, 16, 3) + conv_parameters(16, 32, 3) + dense_parameters(128, 10) == 160 + 4640 + 1290 == 6090
    for c_in, c_out, k in ((3, 8, 3), (5, 7, 1), (2, 4, 5)):
        assert conv_parameters(c_in, c_out, k) == sum(p.numel() for p in torch.nn.Conv2d(c_in, c_out, k).parameters())
    assert dense_parameters(30, 7) == sum(p.numel() for p in torch.nn.Linear(30, 7).parameters())


def keras_like():
    """来源的网络在 meta 设备上搭一遍：三次 [卷积 3×3、ReLU、池化]，摊平，128，10；输入 224×224×3。"""
    nn = torch.nn
    with torch.device("meta"):
        parts = []
        for c_in, c_out in ((3, 32), (32, 64), (64, 128)):
            parts += [nn.Conv2d(c_in, c_out, 3), nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*parts, nn.Flatten(), nn.Linear(26 * 26 * 128, 128), nn.ReLU(), nn.Linear(128, 10))


def check_keras(module):
    net = keras_like()
    assert net(torch.empty(1, 3, 224, 224, device="meta")).shape == (1, 10)
    layers = [sum(p.numel() for p in part.parameters()) for part in net]
    counts = module.stacked_parameters(224, [3, 32, 64, 128], 128, 10)
    assert counts == [n for n in layers if n]
    assert counts == [896, 18_496, 73_856, 11_075_712, 1_290]
    assert sum(counts) == 11_170_250


def test_the_network_of_the_source_has_eleven_million_parameters_in_one_layer():
    check_keras(small_cnn)
    assert f"{11_075_712 / 11_170_250:.1%}" == "99.2%"
    assert 26 * 26 * 128 == 86_528
    pooled = [896, 18_496, 73_856, dense_parameters(128, 128), 1_290]  # 换成全局平均池化
    assert pooled[3] == 16_512
    assert sum(pooled) == 111_050


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(c_in * k * k + 1) * c_out", "c_in * k * k * c_out"),
        ("(size - 2) // 2, c_out", "size // 2, c_out"),
        ("dense_parameters(c * size * size, hidden)", "dense_parameters(c * size, hidden)"),
    ],
    ids=["biases forgotten", "same padding", "one side of the image"],
)
def test_wrong_count_is_noticed(old, new, altered):
    wrong = altered(small_cnn, old, new)
    with pytest.raises(AssertionError):
        check_keras(wrong)


# --- 训练循环 ---


def check_epochs(module, device, dtype, assert_close):
    """两轮、每轮三批：每个参数都同手写的 w ← w - η g（不经过 Optimizer 与 Module）。"""
    torch.manual_seed(0)
    model = SmallCNN(device=device, dtype=dtype)
    x, y = glyphs(20, generator=seeded())
    x, y = x.to(device, dtype), y.to(device)
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    order = seeded(1)
    losses = [module.train_epoch(model, optimizer, x, y, batch=8, generator=order) for _ in range(2)]
    order, expected = seeded(1), []
    for _ in range(2):
        total = 0.0
        for i in torch.randperm(20, generator=order).split(8):
            leaves = {name: w.requires_grad_() for name, w in weights.items()}
            log_p = functional(x[i], leaves).log_softmax(dim=1)
            loss = -log_p[torch.arange(len(i)), y[i]].mean()
            grads = torch.autograd.grad(loss, list(leaves.values()))
            weights = {name: (w - 0.1 * g).detach() for (name, w), g in zip(leaves.items(), grads, strict=True)}
            total += loss.item() * len(i)
        expected.append(total / 20)
    for name, p in model.named_parameters():
        assert_close(p.detach(), weights[name], factor=20)
    assert losses == pytest.approx(expected, rel=1e-4)


def test_training_is_gradient_descent_in_shuffled_batches(dtype, assert_close):
    check_epochs(small_cnn, torch.device("cpu"), dtype, assert_close)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("optimizer.zero_grad()  #", "pass  #"),
        ("optimizer.step()  #", "pass  #"),
        ("torch.randperm(len(x), generator=generator)", "torch.arange(len(x))"),
        ("F.cross_entropy(model(x[i]), y[i])", "F.cross_entropy(model(x[i]).softmax(dim=1), y[i])"),
        ("total += loss.item() * len(i)", "total += loss.item()"),
    ],
    ids=["gradients not cleared", "no update", "not shuffled", "softmax twice", "short batch counted in full"],
)
def test_wrong_training_is_noticed(old, new, assert_close, altered):
    with pytest.raises(AssertionError):
        check_epochs(altered(small_cnn, old, new), torch.device("cpu"), torch.float64, assert_close)


class Probe(torch.nn.Module):
    """记下被调用时是不是训练模式、建不建计算图。"""

    def __init__(self):
        super().__init__()
        self.w, self.seen = torch.nn.Parameter(torch.zeros(64, 10)), []

    def forward(self, x):
        self.seen.append((self.training, torch.is_grad_enabled()))
        return x.flatten(1) @ self.w


def check_modes(module):
    model, (x, y) = Probe(), glyphs(6, generator=seeded())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    module.train_epoch(model, optimizer, x, y, batch=6, generator=seeded())
    module.evaluate(model, x, y)
    module.train_epoch(model, optimizer, x, y, batch=6, generator=seeded())
    assert model.seen == [(True, True), (False, False), (True, True)]


def test_training_and_evaluation_switch_the_mode():
    check_modes(small_cnn)


@pytest.mark.parametrize(
    ("old", "new"),
    [("model.train()  #", "pass  #"), ("model.eval()  #", "pass  #"), ("@torch.no_grad()  #", "#")],
    ids=["train forgotten", "eval forgotten", "graph kept"],
)
def test_a_forgotten_mode_is_noticed(old, new, altered):
    with pytest.raises(AssertionError):
        check_modes(altered(small_cnn, old, new))


def test_evaluation_counts(assert_close):
    model, (x, y) = SmallCNN(dtype=torch.float64), glyphs(50, generator=seeded())
    loss, right = evaluate(model, x.double(), y)
    z = model(x.double()).detach()
    assert right == sum(int(row.argmax()) == int(k) for row, k in zip(z, y, strict=True)) / 50
    assert_close(loss, -(z.log_softmax(dim=1)[range(50), y]).mean().item())


def test_saving_and_loading_goes_on_as_if_nothing_happened(assert_close):
    """只存模型不存优化器，Adam 的动量就丢了，接着训练的结果不同。"""
    x, y = glyphs(64, generator=seeded())

    def fresh():
        torch.manual_seed(0)
        model = SmallCNN()
        return model, torch.optim.Adam(model.parameters(), lr=3e-3)

    def two_more(model, optimizer):
        for seed in (5, 6):
            train_epoch(model, optimizer, x, y, batch=16, generator=seeded(seed))
        return model.out.weight.detach()

    model, optimizer = fresh()
    train_epoch(model, optimizer, x, y, batch=16, generator=seeded(4))
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    straight = two_more(model, optimizer)
    file.seek(0)
    stored = torch.load(file, weights_only=True)
    model, optimizer = fresh()
    model.load_state_dict(stored["model"])
    optimizer.load_state_dict(stored["optimizer"])
    assert torch.equal(two_more(model, optimizer), straight)
    model, optimizer = fresh()
    model.load_state_dict(stored["model"])
    assert not torch.allclose(two_more(model, optimizer), straight, atol=1e-4)


def test_the_same_seeds_give_the_same_weights():
    def train(seed):
        torch.manual_seed(seed)
        model, (x, y) = SmallCNN(), glyphs(64, generator=seeded(seed))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        train_epoch(model, optimizer, x, y, batch=16, generator=seeded(seed))
        return model.out.weight.detach()

    assert torch.equal(train(3), train(3))
    assert not torch.equal(train(3), train(4))


def test_the_loop_of_the_numpy_style_is_the_same(assert_close):
    """同一任务两版：手写反传的 MLP（nn/mlp_backprop）与这里的循环，同样的批次，同样的权重。"""
    from snippets.nn import mlp_backprop as by_hand

    torch.manual_seed(0)
    x, y = glyphs(24, generator=seeded())
    x, one_hot = x.double(), torch.eye(10, dtype=torch.float64)[:, y]
    layers = by_hand.initialize((64, 16, 10), dtype=torch.float64)
    linears = [torch.nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64) for w, _ in layers]
    with torch.no_grad():
        for linear, (w, b) in zip(linears, layers, strict=True):
            linear.weight.copy_(w)
            linear.bias.copy_(b[:, 0])
    model = torch.nn.Sequential(torch.nn.Flatten(), linears[0], torch.nn.ReLU(), linears[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(3):  # 一批就是全部样本，次序无关
        train_epoch(model, optimizer, x, y, batch=24, generator=seeded())
    layers = by_hand.train(layers, x.flatten(1).T, one_hot, by_hand.softmax_ce_delta, epochs=3, batch=24, lr=0.2)
    for linear, (w, b) in zip(linears, layers, strict=True):
        assert_close(linear.weight.detach(), w)
        assert_close(linear.bias.detach(), b[:, 0])


# --- 学得会 ---


def test_one_batch_can_be_learnt_by_heart():
    """调试的第一步：十六个样本，训到全对、损失接近 0；标签打乱也背得下来。"""
    for shuffle in (False, True):
        torch.manual_seed(0)
        x, y = glyphs(16, generator=seeded())
        y = y[torch.randperm(16, generator=seeded(1))] if shuffle else y
        model = SmallCNN()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        first = evaluate(model, x, y)[0]
        for _ in range(60):
            train_epoch(model, optimizer, x, y, batch=16, generator=seeded())
        loss, right = evaluate(model, x, y)
        assert 2.1 < first < 2.6  # ln 10 = 2.303
        assert right == 1
        assert loss < 0.05


def test_glyphs_are_learnt():
    """没有 scikit-learn 也有的训练断言：八轮，没见过的一千张高于 0.93（五个种子实测 0.944 到 0.980）。"""
    torch.manual_seed(0)
    generator = seeded()
    (x, y), held = glyphs(1000, generator=generator), glyphs(1000, generator=generator)
    model = SmallCNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(8):
        train_epoch(model, optimizer, x, y, batch=32, generator=generator)
    assert evaluate(model, *held)[1] > 0.93


def test_a_dense_network_of_the_same_size_is_worse_where_the_place_is_random():
    """64-80-10，6010 个参数：五个种子 0.852 到 0.881，卷积网络最差也有 0.944。"""
    torch.manual_seed(0)
    generator, nn = seeded(), torch.nn
    (x, y), held = glyphs(1000, generator=generator), glyphs(1000, generator=generator)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 80), nn.ReLU(), nn.Linear(80, 10))
    assert sum(p.numel() for p in model.parameters()) == 6010
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(8):
        train_epoch(model, optimizer, x, y, batch=32, generator=generator)
    assert 0.8 < evaluate(model, *held)[1] < 0.91


def digits():
    data = pytest.importorskip("sklearn.datasets").load_digits()
    x = torch.tensor(data.images / 16, dtype=torch.float32)[:, None]  # (1797, 1, 8, 8)
    order = torch.randperm(1797, generator=seeded())
    return (x[order], torch.tensor(data.target)[order])


def test_handwritten_digits():
    """12 轮 Adam：高于 0.96（实测见笔记）。"""
    torch.manual_seed(0)
    x, y = digits()
    model = SmallCNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    generator = seeded()
    for _ in range(12):
        train_epoch(model, optimizer, x[:1347], y[:1347], batch=32, generator=generator)
    assert evaluate(model, x[1347:], y[1347:])[1] > 0.96


# --- 数据 ---


def test_glyphs_are_digits_somewhere_in_the_image():
    """没有噪声时：像素只有 0 与 1，剪掉空边后恰是那个数字的点阵。"""
    x, y = glyphs(300, noise=0.0, generator=seeded())
    assert x.shape == (300, 1, 8, 8)
    assert set(y.tolist()) == set(range(10))
    places = set()
    for image, k in zip(x[:, 0], y.tolist(), strict=True):
        rows, columns = (image.any(dim=d).nonzero()[:, 0] for d in (1, 0))
        shape = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        text = ["".join("#" if v else "." for v in row) for row in shape.tolist()]
        assert len(text) == 7
        if k == 1:
            assert text == [".#.", "##.", ".#.", ".#.", ".#.", ".#.", "###"]
        if k == 7:
            assert text == ["#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#..."]
        places.add((rows[0].item(), columns[0].item()))
    assert len(places) >= 8
    noisy, _ = glyphs(300, generator=seeded())
    assert abs((noisy - x).std().item() - 0.3) < 0.01


def test_nothing_is_made_on_another_device(on_meta):
    assert on_meta(SmallCNN(), torch.randn(3, 1, 8, 8)).shape == (3, 10)
    assert {p.device.type for p in SmallCNN(device="meta").parameters()} == {"meta"}
