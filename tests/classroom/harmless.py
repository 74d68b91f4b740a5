"""Words from outside, made harmless: names, notes, and what programs printed.

One function for each place that shows them. A terminal is served by
``tests.harness.shown.harmless``, a spreadsheet by ``grades_csv.as_cell``, JSON by
``files.write_json``, whose text is ASCII.
"""

import re
from collections.abc import Sequence
from html import escape

from tests.classroom.entries import few
from tests.harness.shown import harmless

LONGEST = 200  # characters of a name or a note
# CommonMark, 2.4: after a backslash, what would begin a link, code, HTML or emphasis is
# an ordinary character; GitHub has ~ and | as well, and @ for people.
MARKDOWN = re.compile(r"[\\`*_\[\]<>#&!|~@]")

# It has to come first: it holds for what follows it in the page.
NO_SCRIPTS = """<!DOCTYPE html>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none';
 form-action 'none'; style-src 'unsafe-inline'">
"""


def line(text: str, longest: int = LONGEST) -> str:
    """Return a text as one line that is not too long, and cannot hide anything."""
    start = harmless(" ".join(text[: longest + 1].split()))
    is_whole = len(text) <= longest and len(start) <= longest
    return start if is_whole else f"{start[: longest - 1]}…"


def lines(notes: Sequence[str]) -> list[str]:
    """Return the first notes as lines, and how many there are beyond them."""
    return [line(note) for note in few(list(notes))]


def in_page(text: str) -> str:
    """Return a name or a note as HTML."""
    return escape(line(text))


def all_in_page(text: str) -> str:
    """Return what a program has printed as HTML, all of its lines."""
    return escape(harmless(text))


def in_markdown(text: str) -> str:
    """Return a name or a note as Markdown, also within a table."""
    return MARKDOWN.sub(r"\\\g<0>", line(text))


def without_scripts(page: str) -> str:
    """Return a page that a suite has written, so that no script in it can run.

    Where there is no sandbox, a student's program may have written it instead.
    """
    return NO_SCRIPTS + page if page else ""
