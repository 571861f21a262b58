"""机器学习各篇的图：三种距离、梯度下降的路、决策边界、近邻数与误差、主成分、ROC、偏差与方差、双下降。"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from snippets import _drawing as drawing
from snippets.ml import knn, linear_regression, logistic_regression, metrics, naive_bayes, pca

X4, Y4 = np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 2, 5])


def linear_regression__distances() -> Figure:
    """同样四个点，三种距离三条直线：竖直残差的平方、竖直残差的绝对值、垂直距离的平方"""
    squares = linear_regression.normal_equations(linear_regression.with_intercept(X4), Y4)
    lines = (
        ("竖直残差平方和（最小二乘）", *squares),
        ("竖直残差绝对值之和", *linear_regression.least_absolute(X4, Y4)),
        ("垂直距离平方和（主成分）", *linear_regression.total_least_squares(X4, Y4)),
    )
    figure, axes = drawing.canvas(1, 3, height=2.9, sharey=True)
    ends = np.array([-0.6, 3.6])
    for n, (ax, (title, a, b)) in enumerate(zip(axes, lines, strict=True)):
        for x, y in zip(X4, Y4, strict=True):
            foot = x if n < 2 else (x + a * (y - b)) / (1 + a * a)
            ax.plot([x, foot], [y, a * foot + b], color=drawing.RED, lw=1.3, ls="-" if n != 1 else "--")
        ax.plot(ends, a * ends + b, color=drawing.BLUE)
        ax.plot(X4, Y4, "o", color=drawing.INK)
        ax.set(title=f"{title}\n$y={a:.2f}x+{b:.2f}$", xlim=(-0.7, 3.8), ylim=(-0.2, 5.6), aspect="equal", xlabel="$x$")
    return figure


def linear_regression__descent() -> Figure:
    """均方误差的等高线与梯度下降的路：学习率合适、偏大（来回折）、超过界限（发散）"""
    design = linear_regression.with_intercept(X4)
    best = linear_regression.normal_equations(design, Y4)
    limit = len(Y4) / np.linalg.eigvalsh(design.T @ design)[-1]
    grid = np.stack(np.meshgrid(np.linspace(-1.5, 3.7, 40), np.linspace(-2, 4.2, 40)), axis=-1)  # (40, 40, 2)
    cost = ((grid @ design.T - Y4) ** 2).mean(axis=-1)
    figure, axes = drawing.canvas(1, 3, height=2.7, sharey=True)
    for ax, share, steps in zip(axes, (0.3, 0.93, 1.06), (40, 25, 9), strict=True):
        ax.contour(grid[..., 0], grid[..., 1], cost, levels=np.logspace(0, 2, 6), cmap="cividis", linewidths=0.8)
        path = np.stack(linear_regression.gradient_descent(design, Y4, np.zeros(2), share * limit, steps))
        ax.plot(*path.T, color=drawing.RED, marker=".", lw=1, ms=3)
        ax.plot(*best, "*", color=drawing.BLUE, ms=9)
        ax.set(title=f"学习率是界限的 {share:g} 倍，{steps} 步", xlim=(-1.5, 3.7), ylim=(-2, 4.2), xlabel="斜率")
    axes[0].set_ylabel("截距")
    return figure


def linear_regression__ridge() -> Figure:
    """九次多项式拟合十个点：没有惩罚时在点间乱摆，加一点岭就平了"""
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(-1, 1, 10))
    y = np.sin(np.pi * x) + 0.2 * rng.standard_normal(10)
    fine = np.linspace(-1, 1, 200)
    figure, ax = drawing.canvas(height=2.5)
    for lam, line in ((1e-9, "-"), (1e-3, "--"), (1.0, "-.")):
        penalty = np.append(np.full(9, lam), 0.0)
        w = linear_regression.ridge(np.vander(x, 10), y, penalty)
        ax.plot(fine, np.vander(fine, 10) @ w, line, label=f"$\\lambda={lam:g}$")
    ax.plot(fine, np.sin(np.pi * fine), ":", color=drawing.MUTED, label="真值 $\\sin\\pi x$")
    ax.plot(x, y, "o", color=drawing.INK)
    ax.set(ylim=(-2, 2), xlabel="$x$")
    ax.legend(ncols=2)
    return figure


def logistic_regression__boundary() -> Figure:
    """x + y > 0 的 200 个点（画出四分之一）：颜色深浅是概率，实线是概率 ½ 处的决策边界；步数越多边界处越陡，方向不变"""
    points = np.random.default_rng(0).standard_normal((200, 2))
    x, y = np.column_stack([points, np.ones(200)]), (points.sum(axis=1) > 0).astype(float)
    axis = np.linspace(-3, 3, 25)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    figure, axes = drawing.canvas(1, 3, height=2.6, sharey=True)
    for ax, steps in zip(axes, (10, 100, 1000), strict=True):
        w = logistic_regression.descend(lambda w: logistic_regression.gradient(w, x, y), np.array([0.0, 0, 1]), 1.0, steps)
        p = logistic_regression.sigmoid(grid @ w[:2] + w[2])
        ax.contourf(axis, axis, p, levels=np.linspace(0, 1, 7), cmap="PuOr_r", alpha=0.4)
        ax.contour(axis, axis, p, levels=[0.5], colors=drawing.INK, linewidths=1.2)
        for kind, marker, color in ((1, "o", drawing.RED), (0, "x", drawing.BLUE)):
            ax.plot(*points[y == kind][::4].T, marker, color=color, ms=2.5, lw=0)
        ax.set(title=f"{steps} 步，$\\|w\\|={np.linalg.norm(w):.1f}$", aspect="equal", xlim=(-3, 3), ylim=(-3, 3))
    return figure


def logistic_regression__loss() -> Figure:
    """左：σ 与它的导数；右：答案是 1 时的损失，对 logit 的斜率只在 −1 与 0 之间"""
    z = np.linspace(-6, 6, 200)
    p = logistic_regression.sigmoid(z)
    figure, (left, right) = drawing.canvas(1, 2, height=2.4)
    left.plot(z, p, label=r"$\sigma(z)$")
    left.plot(z, p * (1 - p), "--", label=r"$\sigma'(z)=\sigma(1-\sigma)$，最大 ¼")
    left.set(xlabel="$z$")
    left.legend()
    right.plot(z, logistic_regression.softplus(-z), label=r"损失 $-\ln\sigma(z)$")
    right.plot(z, p - 1, "--", label=r"斜率 $\sigma(z)-1$")
    right.set(xlabel="$z$（真类是 1）")
    right.legend()
    return figure


def knn__boundary() -> Figure:
    """两弯月牙，200 个点（画出一半）：k = 1 时每个点自成一国，k = 9 时边界平滑，k = 75 时两弯糊成一条"""
    x, y = knn.two_moons(np.random.default_rng(0), 200, 0.3)
    axes_x, axes_y = np.linspace(-1.8, 2.8, 46), np.linspace(-1.6, 2.1, 38)
    grid = np.stack(np.meshgrid(axes_x, axes_y), axis=-1).reshape(-1, 2)
    figure, axes = drawing.canvas(1, 3, height=2.3, sharey=True)
    for ax, k in zip(axes, (1, 9, 75), strict=True):
        region = knn.classify(x, y, grid, k, 2).reshape(38, 46)
        ax.contourf(axes_x, axes_y, region, levels=[-0.5, 0.5, 1.5], colors=["#cfe0ec", "#f3d9cb"])
        for kind, marker, color in ((0, "x", drawing.BLUE), (1, "o", drawing.RED)):
            ax.plot(*x[y == kind][::2].T, marker, color=color, ms=2.5, lw=0)
        ax.set(title=f"$k={k}$")
    return figure


def knn__curve() -> Figure:
    """近邻数与错误率：训练曲线从 0 起，测试曲线有谷；k 越小模型越灵活"""
    rng = np.random.default_rng(0)
    (x, y), (x_test, y_test) = knn.two_moons(rng, 200, 0.3), knn.two_moons(rng, 2000, 0.3)
    ks = [1, 2, 3, 5, 7, 9, 13, 19, 25, 35, 50, 75, 110, 150, 199]
    figure, ax = drawing.canvas(height=2.4)
    ax.semilogx(ks, [knn.error(x, y, x, y, k, 2) for k in ks], "o--", label="训练")
    ax.semilogx(ks, [knn.error(x, y, x_test, y_test, k, 2) for k in ks], "s-", label="测试")
    ax.set(xlabel="$k$", ylabel="错误率")
    ax.set_xticks([1, 3, 9, 25, 75, 199], ["1", "3", "9", "25", "75", "199"])
    ax.legend()
    return figure


def naive_bayes__posterior() -> Figure:
    """两类各一个正态（上），乘先验再归一化得后验（下）：先验一变，分界就移动"""
    x = np.linspace(-4, 7, 300)[:, None]
    means, variances = np.array([[0.0], [3.0]]), np.array([[1.0], [1.0]])
    figure, (top, bottom) = drawing.canvas(2, 1, height=3.4, sharex=True)
    for c, (color, line) in enumerate(((drawing.BLUE, "-"), (drawing.RED, "--"))):
        top.plot(x, np.exp(naive_bayes.log_normal(x, means[c], variances[c])), line, color=color, label=f"$p(x\\mid {c})$")
    top.legend()
    for prior, line in ((0.5, "-"), (0.1, "--"), (0.01, "-.")):
        posterior = naive_bayes.gaussian_posterior(x, np.log([1 - prior, prior]), means, variances)
        bottom.plot(x, np.exp(posterior[:, 1]), line, label=f"先验 $p(1)={prior:g}$")
    bottom.axhline(0.5, color=drawing.MUTED, lw=0.7, ls=":")
    bottom.set(xlabel="$x$", ylabel=r"$p(1\mid x)$")
    bottom.legend()
    return figure


def pca__directions() -> Figure:
    """左：四个点、两个主成分与第一主成分上的投影；右：方差与重构误差此消彼长，和不变"""
    x = np.column_stack([X4, Y4])
    mean, w, values = pca.by_svd(x)
    shadow = pca.restore(pca.project(x, mean, w[:, :1]), mean, w[:, :1])
    figure, (left, right) = drawing.canvas(1, 2, height=2.9)
    for point, foot in zip(x, shadow, strict=True):
        left.plot(*np.stack([point, foot]).T, color=drawing.RED, lw=1.2, ls="--")
    for k, color in ((0, drawing.BLUE), (1, drawing.GREEN)):
        end = mean + 1.5 * values[k] ** 0.5 * w[:, k]
        left.annotate("", end, mean, arrowprops={"arrowstyle": "->", "color": color, "lw": 1.8, "shrinkA": 0, "shrinkB": 0})
        left.annotate(f"$w_{k + 1}$", end, xytext=(6, -4), textcoords="offset points", color=color)
    left.plot(*x.T, "o", color=drawing.INK)
    left.set(aspect="equal", xlim=(-1, 4), ylim=(-0.2, 5.8), title="红虚线的平方和 1.06 是重构误差")
    angles = np.linspace(0, np.pi, 181)
    ways = np.stack([np.cos(angles), np.sin(angles)])  # (2, 181)
    kept = ((x - mean) @ ways).var(axis=0, ddof=1)
    right.plot(np.degrees(angles), kept, label="投影的方差")
    right.plot(np.degrees(angles), values.sum() - kept, "--", label="丢掉的方差")
    right.axvline(np.degrees(np.arctan2(*w[::-1, 0])), color=drawing.MUTED, lw=0.8, ls=":")
    right.set(xlabel="方向（度）", title="竖线是第一主成分的方向")
    right.legend()
    return figure


def metrics__roc() -> Figure:
    """八个样本的 ROC：阈值从高往低，遇正例向上走，遇负例向右走；线下面积是 0.75"""
    y, s = np.array([1, 1, 0, 1, 0, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.55, 0.4, 0.3, 0.2])
    x, height = metrics.roc(y, s)
    figure, (left, right) = drawing.canvas(1, 2, height=2.8)
    for kind, marker, color in ((1, "o", drawing.RED), (0, "x", drawing.BLUE)):
        left.plot(s[y == kind], np.zeros((y == kind).sum()), marker, color=color, ms=7, label="正例" if kind else "负例")
    left.axvline(0.5, color=drawing.MUTED, ls="--", lw=1)
    left.annotate("阈值 0.5", (0.51, 0.55), color=drawing.MUTED)
    left.set(xlabel="打分", yticks=[], ylim=(-0.5, 1), title="右边判为正：5 个里对 3 个")
    left.legend()
    right.fill_between(x, height, color=drawing.BLUE, alpha=0.15)
    right.plot(x, height, "o-")
    right.plot([0, 1], [0, 1], ":", color=drawing.MUTED, label="乱猜")
    right.set(xlabel="假正率", ylabel="真正率", aspect="equal", title=f"AUC = {metrics.auc(y, s):.2f}")
    right.legend()
    return figure


def metrics__bias_variance() -> Figure:
    """左：十次不同的噪声，1 次、3 次、15 次多项式的拟合；右：期望误差的三份"""
    x = np.linspace(-1, 1, 30)
    truth, rng = np.sin(np.pi * x), np.random.default_rng(0)
    figure, axes = drawing.canvas(1, 4, height=2.3, width_ratios=[1, 1, 1, 1.5])
    for ax, degree in zip(axes, (1, 3, 15), strict=False):
        q, _ = np.linalg.qr(np.vander(x, degree + 1))
        for _ in range(10):
            ax.plot(x, q @ (q.T @ (truth + 0.3 * rng.standard_normal(30))), color=drawing.BLUE, lw=0.7, alpha=0.6)
        ax.plot(x, truth, "--", color=drawing.RED)
        ax.set(title=f"{degree} 次", ylim=(-1.9, 1.9))
    degrees = range(16)
    parts = []
    for degree in degrees:
        q, _ = np.linalg.qr(np.vander(x, degree + 1))
        parts.append(metrics.bias_variance(q @ q.T, truth, 0.3))
    bias, variance, noise = np.array(parts).T
    axes[3].plot(degrees, bias, "-.", label="偏差²")
    axes[3].plot(degrees, variance, "--", label="方差")
    axes[3].plot(degrees, bias + variance + noise, label="合计（含噪声）")
    axes[3].set(ylim=(0, 0.35), xlabel="次数")
    axes[3].legend(fontsize=8)
    return figure


def metrics__double_descent() -> Figure:
    """随机 ReLU 特征、最小范数解：参数个数等于样本个数（40）处最差，再多又降下来"""
    sizes, m, errors = [5, 10, 15, 20, 25, 30, 35, 38, 40, 42, 46, 55, 70, 100, 150, 250, 400], 40, []
    for n in sizes:
        trials = []
        for seed in range(20):
            rng = np.random.default_rng(seed)
            x, fresh, w = rng.standard_normal((m, 5)), rng.standard_normal((500, 5)), rng.standard_normal((5, n))
            truth = rng.standard_normal(5)
            y = x @ truth + 0.5 * rng.standard_normal(m)
            fitted = np.linalg.lstsq(np.maximum(x @ w, 0), y, rcond=None)[0]
            trials.append(((np.maximum(fresh @ w, 0) @ fitted - fresh @ truth) ** 2).mean())
        errors.append(np.median(trials))
    figure, ax = drawing.canvas(height=2.4)
    ax.loglog(sizes, errors, "o-")
    ax.axvline(m, color=drawing.MUTED, ls="--", lw=1)
    ax.annotate("参数 = 样本", (42, min(errors)), color=drawing.MUTED)
    ax.set(xlabel="参数个数", ylabel="测试均方误差（20 个种子的中位数）")
    return figure
