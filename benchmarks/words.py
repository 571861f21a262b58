"""The words that generated vaults are made of, English and Chinese: names, headings, sentences."""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

SENTENCES: Final = 300  # a language


class Language(NamedTuple):
    """What a vault needs of one language. `space` parts words, `stop` ends a sentence."""

    areas: tuple[str, ...]
    qualities: tuple[str, ...]
    things: tuple[str, ...]
    plain_headings: tuple[str, ...]
    long_headings: tuple[str, ...]
    overview: str
    fillers: tuple[str, ...]
    space: str
    stop: str


ENGLISH: Final = Language(
    areas=("areas", "books", "concepts", "courses", "daily", "experiments", "models", "people", "projects", "recipes", "theory"),
    qualities=(
        *("Sparse", "Dense", "Causal", "Latent", "Hidden", "Linear", "Convex", "Robust", "Greedy", "Random", "Frozen", "Shared"),
        *("Gated", "Deep", "Wide", "Online", "Offline", "Noisy", "Smooth", "Stable", "Local", "Global", "Batch", "Cyclic"),
        *("Tied", "Masked", "Pruned", "Fused", "Ragged", "Lazy", "Eager", "Exact", "Rough", "Hybrid", "Nested", "Finite"),
        *("Open", "Closed", "Early", "Late", "Soft"),
    ),
    things=(
        *("gradient", "attention", "embedding", "encoder", "decoder", "kernel", "sampler", "tokeniser", "optimiser", "schedule"),
        *(
            "dropout",
            "residual",
            "memory",
            "policy",
            "reward",
            "critic",
            "prior",
            "posterior",
            "entropy",
            "loss",
            "margin",
            "cell",
        ),
        *("gate", "state", "filter", "pooling", "window", "stride", "norm", "batch", "epoch", "budget", "cache", "beam", "tree"),
        *("graph", "walk"),
    ),
    plain_headings=("Definition", "Intuition", "Proof", "Example", "Summary", "History"),
    long_headings=(
        "How `softmax` works",
        "1.2 Chain rule: derivation",
        "In practice",
        "What goes wrong?",
        "See also",
        "Open ends",
    ),
    overview="Overview",
    fillers=(
        *("the", "a", "model", "loss", "is", "learns", "weights", "of", "with", "data", "each", "step", "and", "small", "large"),
        *("because", "signal", "through", "layer", "after", "training", "value", "between", "sample", "rate", "under", "noise"),
        *("usually", "never", "mean", "variance", "it", "then", "again", "without", "change"),
    ),
    space=" ",
    stop=". ",
)
CHINESE: Final = Language(
    areas=("领域", "读书", "概念", "课程", "日记", "实验", "模型", "人物", "项目", "食谱", "理论"),
    qualities=(
        *("稀疏", "稠密", "因果", "潜在", "隐藏", "线性", "凸性", "稳健", "贪心", "随机", "冻结", "共享", "门控", "深层", "宽层"),
        *("在线", "离线", "含噪", "平滑", "稳定", "局部", "全局", "批量", "循环", "绑定", "掩码", "剪枝", "融合", "参差", "惰性"),
        *("急切", "精确", "粗略", "混合", "嵌套", "有限", "开放", "封闭", "早期", "晚期", "软性"),
    ),
    things=(
        *(
            "梯度",
            "注意力",
            "嵌入",
            "编码器",
            "解码器",
            "核函数",
            "采样器",
            "分词器",
            "优化器",
            "学习率",
            "丢弃法",
            "残差",
            "记忆",
        ),
        *(
            "策略",
            "奖励",
            "评论家",
            "先验",
            "后验",
            "信息熵",
            "损失",
            "间隔",
            "单元",
            "门",
            "状态",
            "滤波器",
            "池化",
            "窗口",
            "步长",
        ),
        *("归一化", "批次", "轮次", "预算", "缓存", "束搜索", "树", "图", "游走"),
    ),
    plain_headings=("定义", "直觉", "证明", "例子", "小结", "历史"),
    long_headings=("`softmax` 如何工作", "1.2 链式法则：推导", "实践中（一）", "哪里会出错？", "另见", "未解之处"),
    overview="总结",
    fillers=(
        *("模型", "的", "损失", "随", "训练", "下降", "参数", "在", "数据", "上", "学习", "而", "梯度", "经过", "每一层", "因此"),
        *("信号", "逐步", "变小", "，", "，", "噪声", "较大时", "不稳定", "我们", "取", "均值", "与", "方差", "必须"),
        *("样本", "之间", "仍然", "可以", "计算", "其", "概率", "分布"),
    ),
    space="",
    stop="。",
)


def make_sentences(language: Language) -> list[str]:
    """Sentences to draw from, the same on every machine; one in eight has some code in it, one in eight a stressed word."""
    rng = Random(len(language.overview))
    return [_make_sentence(language, rng, number) for number in range(SENTENCES)]


def _make_sentence(language: Language, rng: Random, number: int) -> str:
    fillers = language.fillers
    words = [fillers[int(rng.random() * len(fillers))] for _ in range(8 + int(rng.random() * 14))]
    if number % 8 == 0:
        words[len(words) // 2] = " `forward(x)` "
    if number % 8 == 4:
        words[len(words) // 2] = f"**{words[0]}**"
    return language.space.join(words) + language.stop
