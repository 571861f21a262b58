"""The formulas of a site -> a style sheet with a font for them: STIX Two Math from the wheel `ziamath`, cut to what is used.

Brackets, roots and sums grow only in a font that has a table for it, and many machines have none. The font stands in the style
sheet itself: it is there before the first paint, so nothing moves, and pages that are read from files have it in every browser.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from kbtools.site.formula import without_tags

PLACE: Final = "assets/kb/math.css"
FORMULA: Final = re.compile(r"<math\b[^>]*+>(?P<inner>(?:[^<]++|<(?!/math>))*+)</math>")
REFERENCE: Final = re.compile(r"&#(?:x(?P<hex>[0-9a-fA-F]{1,6})|(?P<decimal>\d{1,7}));")
ALWAYS: Final = (
    *range(0x20, 0x7F),
    *map(ord, "·×−±∓∑∏∫∂∇∈∉⊂∞√≈≠≤≥≪≫→←⇒↦∀∃ℎℝℤℕ𝔼′…⋯‖⟨⟩⌊⌋⌈⌉"),
    *range(0x391, 0x3CA),
    *range(0x1D434, 0x1D468),
    *range(0x1D6E2, 0x1D71C),
)
"""A variable is shown in italics, which are characters of their own; the others seldom leave a formula, so that a page that is
written anew seldom changes the font."""
FEATURES: Final = ("dtls", "flac")
"""What a browser asks of a font for formulas: dotless and flat letters under accents. Other shapes of small letters (`ssty`)
would double its weight; only primes, which always stand above the line, look wrong without them."""
PRIMES: Final = (0x2032, 0x2033, 0x2034, 0x2057)


def find_characters(html: str) -> frozenset[str]:
    """What stands in the formulas of a page."""
    text = "".join(without_tags(found["inner"]) for found in FORMULA.finditer(html))
    named = (int(found["hex"], 16) if found["hex"] else int(found["decimal"]) for found in REFERENCE.finditer(text))
    return frozenset(text) | {chr(code) for code in named if code < 0x110000}


def build_math_style(characters: Iterable[str]) -> bytes:
    """The style sheet for formulas with these characters; one without a font where there are no formulas, or no font is found."""
    used = "".join(sorted(set(characters)))
    font = _cut(used) if used else b""
    if not font:
        return b""
    return (
        b'@font-face { font-family: "KB Math"; font-display: block; src: url("data:font/woff;base64,'
        + base64.b64encode(font)
        + b'") format("woff"); }\n'
    )


@lru_cache(maxsize=4)
def _cut(characters: str) -> bytes:
    """The font with these characters, in all their sizes."""
    from fontTools import subset  # type: ignore[import-untyped]  # it has no types

    wheel = find_spec("ziamath")
    file = Path(wheel.origin).parent / "fonts/STIXTwoMath-Regular.ttf" if wheel and wheel.origin else None
    if file is None or not file.is_file():
        return b""
    options = subset.Options(layout_features=list(FEATURES), hinting=False, name_IDs=[0, 1, 2, 5, 13], recalc_timestamp=False)
    font = subset.load_font(str(file), options)
    _take_small_primes(font)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[*ALWAYS, *map(ord, characters)])
    cutter.subset(font)
    font.flavor = "woff"
    cut = io.BytesIO()
    font.save(cut)
    return cut.getvalue()


def _take_small_primes(font: Any) -> None:
    """Primes get the font's shape for small letters: the plain one is raised already, and would stand twice as high."""
    rules = font["GSUB"].table
    lookups = {
        index
        for record in rules.FeatureList.FeatureRecord
        if record.FeatureTag == "ssty"
        for index in record.Feature.LookupListIndex
    }
    small: dict[str, str] = {}
    for index in sorted(lookups):
        for table in rules.LookupList.Lookup[index].SubTable:
            found = getattr(table, "ExtSubTable", table)
            small |= {name: shapes[0] for name, shapes in getattr(found, "alternates", {}).items()}
            small |= getattr(found, "mapping", {})
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {code: small.get(table.cmap[code], table.cmap[code]) for code in PRIMES if code in table.cmap}
