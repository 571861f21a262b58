"""What a proof says of itself, and how far it lets numbers differ."""

from __future__ import annotations

import pytest

from kbtools.building import describe_tolerance
from kbtools.site.binding import read_proof

USUAL = "float64 1e-10"


def test_the_usual_tolerance_is_told_as_proofs_use_it() -> None:
    assert describe_tolerance() == "float64 1e-10，float32 相对 1e-5、绝对 1e-6（CUDA 放宽 10 倍）"


@pytest.mark.parametrize(
    ("line", "oracle"),
    [
        ("LSTM 的证明：对照 torch.nn.LSTM。", "torch.nn.LSTM"),
        ("手写反向传播的证明：逐参数对照 autograd。", "逐参数对照 autograd"),
        ("对照 NumPy。", "对照 NumPy"),
    ],
)
def test_the_oracle_is_what_the_first_line_compares_with(line: str, oracle: str) -> None:
    assert read_proof(f'"""{line}\n\n更多。"""\n', USUAL)[0] == oracle


@pytest.mark.parametrize(
    ("code", "tolerance"),
    [
        ("assert_close(a, b)", USUAL),
        ("proof.assert_close(a, b)", USUAL),
        ("assert_close(a, b, factor=10)\nassert_close(c, d, factor=1e6)", f"{USUAL}；个别断言再放宽 1e6 倍"),
        ("assert_close(a, b, factor=0.5)", USUAL),
        ("assert_close(a, b, factor=n)", USUAL),
        ("assert a == b", ""),
        ("def broken(:", ""),
        ("", ""),
    ],
)
def test_the_tolerance_is_told_where_a_proof_compares_by_it(code: str, tolerance: str) -> None:
    assert read_proof(code, USUAL)[1] == tolerance


def test_nothing_is_said_of_a_tolerance_that_is_not_known() -> None:
    assert read_proof("assert_close(a, b, factor=10)", "")[1] == ""
