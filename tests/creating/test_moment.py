"""Formats of moment.js, against what its documentation and moment itself give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kbtools.creating.moment import format_moment

MOMENT = datetime(2026, 3, 1, 15, 4, 9, 87_000, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("YYYY-MM-DD", "2026-03-01"),
        ("HH:mm", "15:04"),
        ("YYYYMMDDHHmmss", "20260301150409"),
        ("YY Y Q", "26 2026 1"),
        ("M MM MMM MMMM Mo", "3 03 Mar March 3rd"),
        ("D DD Do DDD DDDD DDDo", "1 01 1st 60 060 60th"),
        ("d dd ddd dddd do E e", "0 Su Sun Sunday 0th 7 0"),
        ("GGGG-[W]WW-E", "2026-W09-7"),
        ("gggg ww w", "2026 10 10"),
        ("h hh H k kk A a", "3 03 15 15 15 PM pm"),
        ("m s ss S SS SSS", "4 9 09 0 08 087"),
        ("Z ZZ", "+08:00 +0800"),
        ("X", "1772348649"),
        ("x", "1772348649087"),
        ("L LT LTS", "03/01/2026 3:04 PM 3:04:09 PM"),
        ("LLLL", "Sunday, March 1, 2026 3:04 PM"),
        ("llll", "Sun, Mar 1, 2026 3:04 PM"),
        ("YYYY年M月D日", "2026年3月1日"),
        ("[Week] w [of] YYYY", "Week 10 of 2026"),
        ("\\YYY", "Y26"),
        ("", ""),
    ],
)
def test_format(pattern: str, text: str) -> None:
    assert format_moment(MOMENT, pattern) == text


@pytest.mark.parametrize(
    ("day", "iso", "local"),
    [
        ((2025, 12, 31), "2026 01", "2026 01"),
        ((2026, 1, 1), "2026 01", "2026 01"),
        ((2027, 1, 1), "2026 53", "2027 01"),
        ((2023, 1, 1), "2022 52", "2023 01"),
        ((2022, 12, 31), "2022 52", "2022 53"),
    ],
)
def test_weeks_at_the_turn_of_the_year(day: tuple[int, int, int], iso: str, local: str) -> None:
    moment = datetime(*day, 12, tzinfo=UTC)
    assert format_moment(moment, "GGGG WW") == iso
    assert format_moment(moment, "gggg ww") == local


@pytest.mark.parametrize(
    ("day", "text"), [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (22, "22nd")]
)
def test_ordinals(day: int, text: str) -> None:
    assert format_moment(MOMENT.replace(day=day), "Do") == text


def test_midnight_and_noon_on_three_clocks() -> None:
    assert format_moment(MOMENT.replace(hour=0), "H h k A") == "0 12 24 AM"
    assert format_moment(MOMENT.replace(hour=12), "H h k A") == "12 12 12 PM"
