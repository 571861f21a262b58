"""A moment and a format of moment.js -> text, as in Obsidian's templates: `YYYY-MM-DD`, `HH:mm`, `dddd [第]w[周]`.

Source: https://momentjs.com/docs/#/displaying/format/ . Names of months and days are English, as in moment itself before a
language is chosen. What is no token stays; what stands in brackets is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

TOKEN: Final = re.compile(
    r"\[(?P<text>[^\[\]]*+)\]|\\(?P<escaped>.)|(?P<token>YYYY|YY|Y|Q|Do|DDDD|DDDo|DDD|DD|D|MMMM|MMM|Mo|MM|M|dddd|ddd|dd|do|d"
    r"|GGGG|GG|gggg|gg|WW|W|ww|w|e|E|HH|H|hh|h|kk|k|mm|m|ss|s|SSS|SS|S|A|a|ZZ|Z|X|x|LTS|LT|LLLL|LLL|LL|L|llll|lll|ll|l)",
    re.DOTALL,
)
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
LONG: Final = {
    "LT": "h:mm A",
    "LTS": "h:mm:ss A",
    "L": "MM/DD/YYYY",
    "LL": "MMMM D, YYYY",
    "LLL": "MMMM D, YYYY h:mm A",
    "LLLL": "dddd, MMMM D, YYYY h:mm A",
    "l": "M/D/YYYY",
    "ll": "MMM D, YYYY",
    "lll": "MMM D, YYYY h:mm A",
    "llll": "ddd, MMM D, YYYY h:mm A",
}


def format_moment(moment: datetime, pattern: str) -> str:
    """The moment (with its time zone) as the pattern wants it."""

    def write(found: re.Match[str]) -> str:
        if found["token"] is None:
            return found["text"] if found["text"] is not None else found["escaped"]
        token = found["token"]
        return format_moment(moment, LONG[token]) if token in LONG else TOKENS[token](moment)

    return TOKEN.sub(write, pattern)


def _ordinal(number: int) -> str:
    last = number % 10 if number % 100 // 10 != 1 else 0
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _sunday(moment: datetime) -> int:
    """The day of the week, Sunday 0."""
    return moment.isoweekday() % 7


def _week(moment: datetime) -> tuple[int, int]:
    """(year, week) where weeks begin on Sunday and the first one holds January 1."""
    saturday = moment + timedelta(days=6 - _sunday(moment))
    return saturday.year, (saturday.timetuple().tm_yday - 1) // 7 + 1


def _zone(moment: datetime, colon: str) -> str:
    offset = moment.utcoffset() or timedelta()
    minutes = abs(int(offset.total_seconds())) // 60
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}{colon}{minutes % 60:02}"


TOKENS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "YYYY": lambda now: f"{now.year:04}",
    "YY": lambda now: f"{now.year % 100:02}",
    "Y": lambda now: str(now.year),
    "Q": lambda now: str((now.month + 2) // 3),
    "MMMM": lambda now: MONTHS[now.month - 1],
    "MMM": lambda now: MONTHS[now.month - 1][:3],
    "Mo": lambda now: _ordinal(now.month),
    "MM": lambda now: f"{now.month:02}",
    "M": lambda now: str(now.month),
    "Do": lambda now: _ordinal(now.day),
    "DDDD": lambda now: f"{now.timetuple().tm_yday:03}",
    "DDDo": lambda now: _ordinal(now.timetuple().tm_yday),
    "DDD": lambda now: str(now.timetuple().tm_yday),
    "DD": lambda now: f"{now.day:02}",
    "D": lambda now: str(now.day),
    "dddd": lambda now: DAYS[_sunday(now)],
    "ddd": lambda now: DAYS[_sunday(now)][:3],
    "dd": lambda now: DAYS[_sunday(now)][:2],
    "do": lambda now: _ordinal(_sunday(now)),
    "d": lambda now: str(_sunday(now)),
    "e": lambda now: str(_sunday(now)),
    "E": lambda now: str(now.isoweekday()),
    "GGGG": lambda now: f"{now.isocalendar().year:04}",
    "GG": lambda now: f"{now.isocalendar().year % 100:02}",
    "WW": lambda now: f"{now.isocalendar().week:02}",
    "W": lambda now: str(now.isocalendar().week),
    "gggg": lambda now: f"{_week(now)[0]:04}",
    "gg": lambda now: f"{_week(now)[0] % 100:02}",
    "ww": lambda now: f"{_week(now)[1]:02}",
    "w": lambda now: str(_week(now)[1]),
    "HH": lambda now: f"{now.hour:02}",
    "H": lambda now: str(now.hour),
    "hh": lambda now: f"{(now.hour + 11) % 12 + 1:02}",
    "h": lambda now: str((now.hour + 11) % 12 + 1),
    "kk": lambda now: f"{(now.hour + 23) % 24 + 1:02}",
    "k": lambda now: str((now.hour + 23) % 24 + 1),
    "mm": lambda now: f"{now.minute:02}",
    "m": lambda now: str(now.minute),
    "ss": lambda now: f"{now.second:02}",
    "s": lambda now: str(now.second),
    "SSS": lambda now: f"{now.microsecond // 1000:03}",
    "SS": lambda now: f"{now.microsecond // 10_000:02}",
    "S": lambda now: str(now.microsecond // 100_000),
    "A": lambda now: "AM" if now.hour < 12 else "PM",
    "a": lambda now: "am" if now.hour < 12 else "pm",
    "ZZ": lambda now: _zone(now, ""),
    "Z": lambda now: _zone(now, ":"),
    "X": lambda now: str(int(now.timestamp())),
    "x": lambda now: str(int(now.timestamp() * 1000)),
}
