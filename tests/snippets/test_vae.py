"""变分自编码器的证明：对照 torch.distributions 的 KL 与密度、线性情形的精确似然（概率主成分分析）与闭式梯度。"""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from snippets.gen import vae
from snippets.gen.ddpm_toy import two_peaks
from snippets.gen.vae import VAE, best_linear, gaussian_log_density, kl_to_standard, reparameterize, train

B, K, D = 5, 3, 4


# --- 三个部件 ---


def check_parts(snippet, device, dtype, assert_close):
    mean, log_var = torch.randn(2, B, K, device=device, dtype=dtype)
    q = Normal(mean, (0.5 * log_var).exp())
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    assert_close(snippet.kl_to_standard(mean, log_var), kl_divergence(q, prior).sum(dim=-1), factor=3)
    noise = torch.randn(B, K, device=device, dtype=dtype)
    assert_close(snippet.reparameterize(mean, log_var, noise), q.loc + q.scale * noise)
    x, centre = torch.randn(2, B, D, device=device, dtype=dtype)
    s2 = torch.tensor(-0.7, device=device, dtype=dtype)
    assert_close(snippet.gaussian_log_density(x, centre, s2), Normal(centre, (0.5 * s2).exp()).log_prob(x).sum(dim=-1), factor=3)


def test_parts_are_the_librarys(device, dtype, assert_close):
    check_parts(vae, device, dtype, assert_close)


WRONG_PARTS = {
    "sign of the logarithm": ("log_var.exp() - 1 - log_var)", "log_var.exp() - 1 + log_var)"),
    "no half": ("return 0.5 * (mean.square()", "return (mean.square()"),
    "log of the deviation": ("log_var.exp() - 1 - log_var)", "(2 * log_var).exp() - 1 - 2 * log_var)"),
    "mean over the dimensions": ("- 1 - log_var).sum(dim=-1)", "- 1 - log_var).mean(dim=-1)"),
    "variance for deviation": ("mean + (0.5 * log_var).exp() * noise", "mean + log_var.exp() * noise"),
    "constant left out": ("squares + log_var + math.log(2 * math.pi)", "squares + log_var"),
    "squares not divided": ("(x - mean).square() / log_var.exp()", "(x - mean).square()"),
}


@pytest.mark.parametrize("change", WRONG_PARTS.values(), ids=WRONG_PARTS)
def test_wrong_parts_are_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_parts(altered(vae, *change), torch.device("cpu"), torch.float64, assert_close)


def test_parts_pass_gradcheck(device):
    mean, log_var = (torch.randn(2, K, device=device, dtype=torch.float64, requires_grad=True) for _ in range(2))
    noise = torch.randn(2, K, device=device, dtype=torch.float64)
    assert torch.autograd.gradcheck(kl_to_standard, (mean, log_var))
    assert torch.autograd.gradcheck(lambda m, v: reparameterize(m, v, noise), (mean, log_var))
    x = torch.randn(2, K, device=device, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda m, v: gaussian_log_density(x, m, v), (mean, log_var[0, 0].detach().requires_grad_()))


def test_kl_is_zero_only_at_the_prior(device, dtype):
    zero = torch.zeros(1, K, device=device, dtype=dtype)
    assert kl_to_standard(zero, zero).item() == 0
    for mean, log_var in ((0.1, 0), (0, 0.1), (0, -0.1)):
        assert kl_to_standard(zero + mean, zero + log_var).item() > 0


# --- 重参数化 ---


def test_both_gradient_estimators_agree_with_the_closed_form_and_one_is_calmer():
    """E[z²] = μ² + σ²，对 μ 的导数 2μ。两种估计都无偏；笔记的数：μ = 1，σ = 0.5 时单个样本的方差 1 与 21.75。"""
    n, mu, sigma = 200_000, 1.0, 0.5
    noise = torch.randn(n, dtype=torch.float64)
    z = mu + sigma * noise
    path = 2 * z  # d z²/d μ，z 经过重参数化
    score = z**2 * noise / sigma  # z² · ∂ log q / ∂ μ
    for estimate, variance in ((path, 4 * sigma**2), (score, 21.75)):
        assert abs(estimate.mean().item() - 2 * mu) < 5 * math.sqrt(variance / n)
        assert estimate.var().item() == pytest.approx(variance, rel=0.1)


def test_score_functions_variance_in_closed_form():
    """E[z⁴ε²]/σ² - 4μ²，按二项式展开正态的矩：1, 0, 1, 0, 3, 0, 15。"""
    mu, sigma, moments = 1.0, 0.5, (1, 0, 1, 0, 3, 0, 15)
    fourth = sum(math.comb(4, k) * mu ** (4 - k) * sigma**k * moments[k + 2] for k in range(5))
    assert fourth / sigma**2 - 4 * mu**2 == 21.75


def test_gradient_goes_through_the_sample(device, dtype, assert_close):
    mean = torch.zeros(B, K, device=device, dtype=dtype, requires_grad=True)
    log_var = torch.zeros(B, K, device=device, dtype=dtype, requires_grad=True)
    noise = torch.randn(B, K, device=device, dtype=dtype)
    slopes = torch.autograd.grad(reparameterize(mean, log_var, noise).sum(), (mean, log_var))
    assert_close(slopes[0], torch.ones_like(mean))
    assert_close(slopes[1], 0.5 * noise)


# --- 下界 ---


def linear_model(w, s2, device, dtype):
    """解码器 z -> W z，编码器给出精确的后验：M = WᵀW + s²I 对角时，N(M⁻¹Wᵀx, s²M⁻¹)。"""
    d, k = w.shape
    model = VAE(d, k, device=device, dtype=dtype)
    m = (w * w).sum(dim=0) + s2  # (k,) M 的对角
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
        model.decoder.weight.copy_(w)
        model.encoder.weight[:k].copy_(w.T / m[:, None])
        model.encoder.bias[k:].copy_(torch.log(s2 / m))
        model.log_var.copy_(math.log(s2))
    return model


def average_elbo(snippet_elbo, model, x):
    """对 ε 取精确的平均：重构项是 ε 的二次函数，±√K e_k 这 2K 个点的平均就是期望。"""
    k = model.decoder.weight.shape[1]
    total = 0
    for i in range(k):
        for sign in (-1, 1):
            noise = torch.zeros(len(x), k, device=x.device, dtype=x.dtype)
            noise[:, i] = sign * math.sqrt(k)
            fit, kl = snippet_elbo(x, noise)
            total = total + fit
    return total / (2 * k) - kl


def orthogonal_columns(device, dtype):
    q, _ = torch.linalg.qr(torch.randn(D, 2, device=device, dtype=dtype))
    return q * torch.tensor([2.0, 0.8], device=device, dtype=dtype)


def exact_log_likelihood(w, s2, x):
    eye = torch.eye(D, device=x.device, dtype=x.dtype)
    return MultivariateNormal(x.new_zeros(D), w @ w.T + s2 * eye).log_prob(x)


def check_bound(snippet, device, dtype, assert_close):
    w, s2 = orthogonal_columns(device, dtype), 0.3
    model = linear_model(w, s2, device, dtype)
    broken = snippet.VAE(D, 2, device=device, dtype=dtype)
    broken.load_state_dict(model.state_dict())
    x = torch.randn(B, D, device=device, dtype=dtype)
    assert_close(average_elbo(broken.elbo, model, x), exact_log_likelihood(w, s2, x), factor=10)


def test_bound_touches_the_likelihood_where_the_posterior_is_exact(device, dtype, assert_close):
    check_bound(vae, device, dtype, assert_close)


WRONG_BOUNDS = {
    "sample is the mean": ("z = reparameterize(mean, log_var, noise)", "z = mean"),
    "mean and variance swapped": ("return mean, log_var\n\n    def elbo", "return log_var, mean\n\n    def elbo"),
    "KL the other way": ("kl_to_standard(mean, log_var)\n\n    def sample", "-kl_to_standard(mean, log_var)\n\n    def sample"),
    "observation noise forgotten": ("self.decoder(z), self.log_var)", "self.decoder(z), 0 * self.log_var)"),
}


@pytest.mark.parametrize("change", WRONG_BOUNDS.values(), ids=WRONG_BOUNDS)
def test_wrong_bound_is_noticed(change, assert_close, altered):
    with pytest.raises(AssertionError):
        check_bound(altered(vae, *change), torch.device("cpu"), torch.float64, assert_close)


def test_bound_stays_below_by_the_divergence_from_the_posterior(device, assert_close):
    """后验不对角（W 的列不正交）而 q 只会对角：差的正是 KL(q ‖ 真后验)。"""
    w, s2 = torch.randn(D, 2, device=device, dtype=torch.float64), 0.3
    model = linear_model(w, s2, device, torch.float64)
    x = torch.randn(B, D, device=device, dtype=torch.float64)
    precision = (w.T @ w + s2 * torch.eye(2, device=device, dtype=torch.float64)) / s2
    centre = torch.linalg.solve(precision, w.T @ x.T / s2).T
    mean, log_var = model.encode(x)
    q = MultivariateNormal(mean, torch.diag_embed(log_var.exp()))
    gap = kl_divergence(q, MultivariateNormal(centre, precision_matrix=precision.expand(B, 2, 2)))
    assert torch.all(gap > 0)
    assert_close(exact_log_likelihood(w, s2, x) - average_elbo(model.elbo, model, x), gap, factor=10)


# --- 线性的自编码器是概率主成分分析 ---


def check_best_linear(snippet):
    """闭式（Tipping & Bishop）：与直接优化协方差 WWᵀ + s²I 的似然相同。"""
    torch.manual_seed(0)
    data = torch.randn(300, D, dtype=torch.float64) @ torch.randn(D, D, dtype=torch.float64) + 1
    w = torch.randn(D, 2, dtype=torch.float64).requires_grad_()
    log_s2 = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w, log_s2], max_iter=500, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = -exact_log_likelihood(w, log_s2.exp(), data - data.mean(dim=0)).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    most, s2 = snippet.best_linear(data, 2)
    assert most.item() == pytest.approx(-closure().item(), abs=1e-8)
    assert s2.item() == pytest.approx(log_s2.exp().item(), rel=1e-4)


def test_best_linear_is_the_maximum_of_the_likelihood():
    check_best_linear(vae)


@pytest.mark.parametrize(
    ("old", "new"),
    [("centred / n)", "centred / (n - 1))"), (".flip(0)", ""), ("s2 = values[latent:].mean()", "s2 = values[latent:].sum()")],
    ids=["unbiased covariance", "smallest first", "sum of the rest"],
)
def test_wrong_best_linear_is_noticed(old, new, altered):
    with pytest.raises(AssertionError):
        check_best_linear(altered(vae, old, new))


def test_training_reaches_principal_components():
    """笔记的数：下界 -4.33 不高于最大对数似然 -4.32，s² 0.092 对 0.090。"""
    torch.manual_seed(0)
    w = torch.tensor([[1.5, 0.0], [0.5, 1.0], [0.0, 0.5], [1.0, -1.0]])
    data = torch.randn(4096, 2) @ w.T + 0.3 * torch.randn(4096, 4)
    model = VAE(4, 2)
    train(model, data, rounds=800)
    most, s2 = best_linear(data, 2)
    with torch.no_grad():
        bound = average_elbo(model.elbo, model, data).mean()
    assert bound < most
    assert most - bound < 0.05
    assert model.log_var.exp().item() == pytest.approx(s2.item(), rel=0.1)


def check_batches(snippet):
    """每轮另抽一批：五十轮之后，每个样本都用到过。"""
    torch.manual_seed(0)
    model, data, used = VAE(1, 1), torch.arange(20.0)[:, None], set()
    model.encoder.register_forward_hook(lambda _module, args, _out: used.update(args[0].flatten().tolist()))
    snippet.train(model, data, rounds=50, batch=8, lr=1e-3)
    assert used == set(range(20))


def test_every_sample_is_used():
    check_batches(vae)


def test_the_same_batch_again_and_again_is_noticed(altered):
    wrong = altered(vae, "torch.randint(len(data), (batch,), device=data.device)", "torch.arange(batch, device=data.device)")
    with pytest.raises(AssertionError):
        check_batches(wrong)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_a_direction_weaker_than_the_noise_collapses(scale):
    """后验坍塌的精确条件：s² 定死时，第 k 个方向的最好权重是 √max(λ_k - s², 0)。"""
    variances = torch.tensor([3.0, 1.0, 0.25, 0.25], dtype=torch.float64)
    s2 = scale * 0.8  # 0.4、0.8、1.6：第二个方向（λ = 1）留下、留下、坍塌
    data = (
        variances.sqrt().diag()
        * 2
        @ torch.tensor([[1.0], [-1.0]], dtype=torch.float64).kron(torch.eye(4).double()).T.reshape(4, 8)
    )
    data = data.T  # 八个点，协方差恰是 diag(variances)
    assert torch.allclose(data.T @ data / 8, variances.diag())
    w = (0.1 * torch.randn(4, 2, dtype=torch.float64)).requires_grad_()
    optimizer = torch.optim.LBFGS([w], max_iter=500, tolerance_grad=1e-12, tolerance_change=0, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = -exact_log_likelihood(w, s2, data).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    kept = torch.linalg.svdvals(w.detach())
    expected = (variances[:2] - s2).clamp(min=0).sqrt()
    assert torch.allclose(kept, expected, atol=1e-3)


# --- 采样 ---


def test_samples_have_the_models_spread(assert_close):
    """解码的均值之外还有 s² 的散布：只取均值，方差就少了 s²。"""
    w, s2 = orthogonal_columns("cpu", torch.float64), 0.3
    model = linear_model(w, s2, "cpu", torch.float64)
    z, noise = torch.randn(100_000, 2, dtype=torch.float64), torch.randn(100_000, D, dtype=torch.float64)
    with torch.no_grad():
        full, means = model.sample(z, noise), model.decoder(z)
    assert torch.allclose(torch.cov(full.T), w @ w.T + s2 * torch.eye(D), atol=0.1)
    assert torch.linalg.matrix_rank(torch.cov(means.T), rtol=1e-8) == 2


def test_both_peaks_are_always_there_but_not_sharp():
    """笔记的数：数据两座峰，生成的右峰占一半，两峰之间却有 8% 到 10%，数据里只有 0.3%。"""
    torch.manual_seed(0)
    data = two_peaks(4096)
    model = VAE(1, 1, 32)
    train(model, data, rounds=600)
    with torch.no_grad():
        x = model.sample(torch.randn(4096, 1), torch.randn(4096, 1))
    assert abs((x > 0).float().mean().item() - 0.5) < 0.06
    assert 0.03 < (x.abs() < 0.3).float().mean().item() < 0.15
    assert (data.abs() < 0.3).float().mean().item() < 0.006


def test_every_tensor_is_made_on_the_inputs_device(on_meta):
    on_meta(lambda x, model: train(model, x, rounds=1, batch=4), torch.randn(8, 4), VAE(4, 2, 3))
    assert on_meta(lambda x: best_linear(x, 2)[0], torch.randn(8, 4)).shape == ()
    assert all(w.device.type == "meta" for w in VAE(4, 2, device="meta").parameters())


# --- 笔记里的例子 ---


def test_the_worked_example_of_the_note():
    """μ = 1，σ² = 0.25：KL = ½(1 + 0.25 - 1 + ln 4)；x = 1.2，解码 0.8，s² = 0.1。"""
    kl = kl_to_standard(torch.tensor([[1.0]]).double(), torch.tensor([[0.25]]).double().log())
    assert round(kl.item(), 4) == 0.8181
    z = reparameterize(torch.tensor(1.0), torch.tensor(0.25).log(), torch.tensor(-0.4))
    assert round(z.item(), 4) == 0.8
    fit = gaussian_log_density(torch.tensor([[1.2]]).double(), torch.tensor([[0.8]]).double(), torch.tensor(0.1).double().log())
    assert round(fit.item(), 4) == -0.5676
    assert round((fit - kl).item(), 4) == -1.3858
