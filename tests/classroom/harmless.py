"""Words from outside, made harmless: names, notes, and what programs printed.

One function for each place that shows them. A terminal is served by
``tests.harness.shown.harmless``, a spreadsheet by ``grades_csv.as_cell``, JSON by
``files.write_json``, whose text is ASCII.
"""

import re
from collections.abc import Sequence
from html import escape

from tests.harness.shown import harmless

LONGEST = 200  # characters of a name or a note
MOST_NOTES = 8  # of one submission
# CommonMark, 2.4: a backslash makes any punctuation of ASCII an ordinary character.
PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def line(text: str, longest: int = LONGEST) -> str:
    """Return a text as one line that is not too long, and cannot hide anything."""
    start = harmless(" ".join(text[: longest + 1].split()))
    is_whole = len(text) <= longest and len(start) <= longest
    return start if is_whole else f"{start[: longest - 1]}…"


def few(notes: Sequence[str]) -> list[str]:
    """Return the first notes, and how many there are beyond them."""
    lines = [line(note) for note in notes[:MOST_NOTES]]
    left = len(notes) - MOST_NOTES
    return [*lines, f"and {left} more"] if left > 0 else lines


def in_page(text: str) -> str:
    """Return a name or a note as HTML."""
    return escape(line(text))


def all_in_page(text: str) -> str:
    """Return what a program has printed as HTML, all of its lines."""
    return escape(harmless(text))


def in_markdown(text: str) -> str:
    """Return a name or a note as Markdown, also within a table."""
    return PUNCTUATION.sub(r"\\\g<0>", line(text))
