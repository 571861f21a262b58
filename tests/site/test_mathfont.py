"""The font for formulas: what is cut out of it, and that nothing is asked for elsewhere."""

from __future__ import annotations

import base64
import io

from fontTools.ttLib import TTFont

from kbtools.site.mathfont import build_math_style, find_characters


def font_of(style: bytes) -> TTFont:
    return TTFont(io.BytesIO(base64.b64decode(style.partition(b"base64,")[2].partition(b'"')[0])))


def test_the_characters_of_formulas_are_found_and_no_others() -> None:
    html = "<p>文</p><math><mi>x</mi><mo>&#x2A00;</mo><mtext>其余</mtext></math><p>后</p><math display='block'><mo>⊕</mo></math>"
    assert find_characters(html) == {"x", "&", "#", "2", "A", "0", ";", "⨀", "其", "余", "⊕"}


def test_the_font_holds_what_is_used_and_grows_brackets() -> None:
    font = font_of(build_math_style("⊕"))
    assert {ord("⊕"), ord("x"), 0x1D465} <= font.getBestCmap().keys()
    assert ord("⨀") not in font.getBestCmap()
    variants = font["MATH"].table.MathVariants
    assert font.getBestCmap()[ord("(")] in variants.VertGlyphCoverage.glyphs


def test_a_site_without_formulas_has_no_font() -> None:
    assert build_math_style(()) == b""


def test_the_style_is_the_same_each_time_small_and_asks_nobody() -> None:
    style = build_math_style("⊕∑")
    assert style == build_math_style(["∑", "⊕"])
    assert len(style) < 80_000
    assert b"http" not in style.partition(b"base64,")[0]
    assert style.count(b"url(") == style.count(b'url("data:font/woff;base64,') == 1
