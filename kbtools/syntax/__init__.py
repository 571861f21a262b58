"""Text -> Note. `parse_note` is total: every string gives a note."""

from kbtools.syntax.note import parse_note

__all__ = ["parse_note"]
