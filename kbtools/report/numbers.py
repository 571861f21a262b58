"""Numbers of things, in words: the same in every report and command."""


def counted(number: int, noun: str) -> str:
    """`1 link`, `1,234 links`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
