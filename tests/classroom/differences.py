"""``diff``: a submission beside the solution, and what it changed of the starter."""

import difflib
from collections.abc import Iterator
from html import escape
from pathlib import Path, PurePosixPath

from tests.classroom.errors import ClassroomError
from tests.classroom.hand_ins import HandIn
from tests.classroom.submissions import read_hand_in
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.page import page

COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
PLAIN = "\x1b[0m"
HARMFUL = {
    code: "�" for code in [*range(32), *range(127, 160)] if chr(code) not in "\t"
}

STYLE = """
:root { --added: #b9e3c3; --changed: #ffe9a8; --removed: #f4a9a3; }
@media (prefers-color-scheme: dark) { :root { --added: #16432a; --changed: #5a4510;
  --removed: #6b211d; } }
body { line-height: 1.4; } h1 { font-size: 2rem; margin-top: .3rem; }
h2 { font-size: 1.5rem; }
.beside { overflow-x: auto; margin-bottom: 2rem; }
table { border-collapse: collapse; font: .8rem/1.4 ui-monospace, monospace; }
td { padding: 0 .4rem; white-space: nowrap; } .diff_header { color: var(--quiet); }
th { text-align: left; } .diff_next { display: none; }
.diff_add { background: var(--added); } .diff_chg { background: var(--changed); }
.diff_sub { background: var(--removed); }
"""


def compare(source: Path, exercises: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield pairs of files: name and text of the lab's, name and text of the student's.

    First what the submission changed of the starter, then what separates it from the
    solution. Raises ClassroomError when there is nothing to compare.
    """
    hand_in = read_hand_in(source, exercises)
    if not hand_in.files:
        raise ClassroomError(f"{source}: {'; '.join(hand_in.notes)}.")
    for exercise in exercises:
        for name in EXERCISES[exercise].yours:
            yield from compare_file(hand_in, exercise, name)


def compare_file(
    hand_in: HandIn, exercise: str, name: str
) -> Iterator[tuple[str, str, str, str]]:
    """Yield the two pairs of one file, if it was handed in."""
    data = hand_in.files.get(PurePosixPath(exercise, name))
    if data is None:
        return
    mine = data.decode("utf-8", "replace")
    for kind, folder in ("starter", ROOT), ("solution", ROOT / "solutions"):
        file = folder / exercise / name
        if file.exists():
            label = f"{kind}/{exercise}/{name}"
            yield label, file.read_text("utf-8"), f"submission/{exercise}/{name}", mine


def as_text(pairs: Iterator[tuple[str, str, str, str]], in_colour: bool) -> str:
    """Return unified diffs. Nothing in them can steer the terminal."""
    lines: list[str] = []
    for name, text, its_name, mine in pairs:
        before, after = text.splitlines(), mine.splitlines()
        found = list(difflib.unified_diff(before, after, name, its_name, lineterm=""))
        lines += found or [f"    {its_name} is the same as {name}"]
    shown = [line.translate(HARMFUL) for line in lines]
    return "\n".join(map(coloured, shown) if in_colour else shown) + "\n"


def coloured(line: str) -> str:
    """Return a line of a unified diff in its colour."""
    colour = COLOURS.get(line[:1], "")
    return f"{colour}{line}{PLAIN}" if colour else line


def as_page(title: str, pairs: Iterator[tuple[str, str, str, str]]) -> str:
    """Return a page with the files side by side."""
    tables = []
    for name, text, its_name, mine in pairs:
        table = difflib.HtmlDiff(tabsize=4, wrapcolumn=90).make_table(
            text.splitlines(),
            mine.splitlines(),
            escape(name),
            escape(its_name),
            context=True,
            numlines=3,
        )
        tables.append(f"<h2>{escape(name)}</h2>\n<div class='beside'>{table}</div>")
    return page(title, "\n".join([f"<h1>{escape(title)}</h1>", *tables]), STYLE)
