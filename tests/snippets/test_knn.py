"""k 近邻的证明：对照双重循环的穷举与 sklearn 的 KNeighborsClassifier、KNeighborsRegressor。"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from snippets.ml import knn
from snippets.ml.knn import classify, error, neighbours, regress, two_moons, votes

M, T, D, K = 40, 11, 3, 3
CPU = torch.device("cpu")


def data(device, dtype):
    x = torch.randn(M, D, device=device, dtype=dtype)
    y = torch.randint(K, (M,), device=device)
    return x, y, torch.randn(T, D, device=device, dtype=dtype)


def nearest_by_loops(x, query, k):
    """一个待测点：逐个算距离，排序。"""
    squares = [sum((query[j] - point[j]) ** 2 for j in range(len(point))) for point in x]
    return sorted(range(len(x)), key=lambda i: squares[i])[:k]


def check_neighbours(snippet, device, dtype, assert_close):
    x, y, queries = data(device, dtype)
    plain, labels = x.tolist(), y.tolist()
    for k in (1, 4, M):
        expected = [nearest_by_loops(plain, query, k) for query in queries.tolist()]
        assert snippet.neighbours(x, queries, k).tolist() == expected
        share = [[sum(labels[i] == c for i in row) / k for c in range(K)] for row in expected]
        assert_close(snippet.votes(x, y, queries, k, K).double().cpu(), torch.tensor(share, dtype=torch.float64), factor=1e4)
        winners = [max(range(K), key=lambda c, row=row: (row[c], -c)) for row in share]
        assert snippet.classify(x, y, queries, k, K).tolist() == winners
        means = [sum(plain[i][0] for i in row) / k for row in expected]
        assert_close(snippet.regress(x, x[:, 0], queries, k), torch.tensor(means, device=device, dtype=dtype))
        wrong = sum(w != a for w, a in zip(winners, labels[:T], strict=True)) / T
        assert snippet.error(x, y, queries, y[:T], k, K) == wrong


def test_neighbours_are_those_of_two_loops(device, dtype, assert_close):
    check_neighbours(knn, device, dtype, assert_close)


def test_sklearn_agrees(assert_close):
    library = pytest.importorskip("sklearn.neighbors")
    x, y, queries = (p.numpy() for p in data(CPU, torch.float64))
    for k in (1, 5):
        model = library.KNeighborsClassifier(k).fit(x, y)
        assert_close(votes(x, y, queries, k, K), model.predict_proba(queries))
        assert classify(x, y, queries, k, K).tolist() == model.predict(queries).tolist()
        assert_close(regress(x, x[:, 0], queries, k), library.KNeighborsRegressor(k).fit(x, x[:, 0]).predict(queries))


def test_numpy_gives_what_torch_gives():
    x, y, queries = data(CPU, torch.float64)
    for k in (1, 4):
        assert neighbours(x.numpy(), queries.numpy(), k).tolist() == neighbours(x, queries, k).tolist()
        ours = classify(x.numpy(), y.numpy(), queries.numpy(), k, K)
        assert ours.tolist() == classify(x, y, queries, k, K).tolist()


def test_one_neighbour_never_errs_on_what_it_has_seen(device, dtype):
    """每个训练点最近的是它自己，标签再乱也全对：训练误差 0 说明不了什么。"""
    x, y, queries = data(device, dtype)
    assert error(x, y, x, y, 1, K) == 0
    assert error(x, y, queries, torch.randint(K, (T,), device=device), 1, K) > 0.3


def test_all_neighbours_are_the_majority(device, dtype):
    x, y, queries = data(device, dtype)
    most = torch.bincount(y, minlength=K).argmax().item()
    assert set(classify(x, y, queries, M, K).tolist()) == {most}


def test_the_order_of_the_samples_does_not_matter(device, dtype):
    x, y, queries = data(device, dtype)
    mixed = torch.randperm(M, device=device)
    assert torch.equal(classify(x[mixed], y[mixed], queries, 5, K), classify(x, y, queries, 5, K))


def test_units_matter(device, dtype):
    """一个特征从米改成毫米，邻居就只看它了；旋转与平移则不改邻居。"""
    x, _, queries = data(device, dtype)
    scale = torch.tensor([1000.0, 1, 1], device=device, dtype=dtype)
    before, after = neighbours(x, queries, 3), neighbours(x * scale, queries * scale, 3)
    assert not torch.equal(before, after)
    assert torch.equal(after[:, 0], (queries[:, :1] - x[:, 0]).abs().argmin(dim=1))
    q, _ = torch.linalg.qr(torch.randn(D, D, device=device, dtype=dtype))
    assert torch.equal(neighbours(x @ q + 1, queries @ q + 1, 3), before)


def test_the_curve_of_the_note():
    """月牙数据，种子 0：训练错误率在 k = 1 处为 0，测试错误率先降后升。"""
    rng = np.random.default_rng(0)
    (x, y), (x_test, y_test) = two_moons(rng, 200, 0.3), two_moons(rng, 2000, 0.3)
    train = [round(error(x, y, x, y, k, 2), 3) for k in (1, 3, 9, 25, 75, 199)]
    test = [round(error(x, y, x_test, y_test, k, 2), 3) for k in (1, 3, 9, 25, 75, 199)]
    assert train == [0.0, 0.08, 0.105, 0.095, 0.165, 0.25]
    assert test == [0.162, 0.118, 0.103, 0.108, 0.185, 0.305]


def test_far_and_near_are_alike_in_many_dimensions():
    """均匀分布在单位立方体里的 500 个点：维数越高，最近与最远的距离之比越接近 1。"""
    rng, ratios = np.random.default_rng(0), []
    for d in (2, 10, 100, 1000):
        x, query = rng.random((500, d)), rng.random(d)
        distance = np.sqrt(((x - query) ** 2).sum(axis=1))
        ratios.append(round(float(distance.min() / distance.max()), 2))
    assert ratios == sorted(ratios)
    assert ratios[0] < 0.1
    assert ratios[-1] > 0.8


def test_the_worked_example_of_the_note():
    """训练点 0, 1, 2, 6, 7，标签 0, 0, 1, 1, 1；问 1.4。"""
    x, y, query = np.array([[0.0], [1], [2], [6], [7]]), np.array([0, 0, 1, 1, 1]), np.array([[1.4]])
    assert neighbours(x, query, 3).tolist() == [[1, 2, 0]]
    assert [classify(x, y, query, k, 2).item() for k in (1, 3, 5)] == [0, 0, 1]
    assert np.allclose(votes(x, y, query, 3, 2), [[2 / 3, 1 / 3]])


def test_two_moons_are_two_half_circles():
    x, y = two_moons(np.random.default_rng(0), 50, 0.0)
    assert np.bincount(y).tolist() == [25, 25]
    assert np.allclose(np.hypot(*x[y == 0].T), 1)
    assert np.allclose(np.hypot(*(x[y == 1] - [1, 0.5]).T), 1)
    assert (x[y == 0][:, 1] >= 0).all()
    assert (x[y == 1][:, 1] <= 0.5).all()


WRONG = {
    "farthest": ("distance2.argsort(-1)[:, :k]", "(-distance2).argsort(-1)[:, :k]"),
    "one too many": ("[:, :k]", "[:, : k + 1]"),
    "itself left out": ("[:, :k]", "[:, 1 : k + 1]"),
    "not squared": ("(queries[:, None, :] - x[None, :, :]) ** 2", "(queries[:, None, :] - x[None, :, :]) ** 3"),
    "first feature only": ("x[None, :, :]) ** 2).sum(-1)", "x[None, :, :]) ** 2)[..., 0]"),
    "fewest votes": (".argmax(-1)", ".argmin(-1)"),
    "votes of the wrong class": ("(near == c)", "(near != c)"),
    "right for wrong": ("!= answers", "== answers"),
    "median for mean": (".mean(-1)", ".median(-1).values"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_neighbours_are_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_neighbours(altered(knn, *change), CPU, torch.float64, assert_close)


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    x, y, queries = torch.zeros(M, D), torch.zeros(M, dtype=torch.long), torch.zeros(T, D)
    assert on_meta(votes, x, y, queries, 3, K).shape == (T, K)
    assert on_meta(classify, x, y, queries, 3, K).shape == (T,)
    assert on_meta(regress, x, torch.zeros(M), queries, 3).shape == (T,)
