"""``diff``: a submission beside the solution, and what it changed of the starter."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath

from tests.classroom.errors import ClassroomError
from tests.classroom.finding import is_text
from tests.classroom.hand_ins import HandIn
from tests.classroom.harmless import in_page, lines
from tests.classroom.submissions import read_hand_in
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.page import page
from tests.harness.shown import harmless

COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
PLAIN = "\x1b[0m"
LONGEST = 2000  # lines of a file, and characters of a line, that are compared

# difflib's table has six cells in a row: for each side a link, a number, and the text.
# Each row is laid out as two columns, or, on a phone, as one: what was, what is.
STYLE = """
:root { --added: #b9e3c3; --changed: #ffe9a8; --removed: #f4a9a3; }
@media (prefers-color-scheme: dark) { :root { --added: #16432a; --changed: #5a4510;
  --removed: #6b211d; } }
body { line-height: 1.4; max-width: 100rem; }
h1, h2 { line-height: 1.2; overflow-wrap: anywhere; } h2 { margin: 2rem 0 .5rem; }
.diff, .diff thead, .diff tbody, pre { display: block;
  font: .8rem/1.4 ui-monospace, monospace; }
.diff tbody { border-top: 1px solid var(--line); padding: .25rem 0; }
.diff colgroup, .diff_next { display: none; }
.diff tr { display: grid; grid-template-columns: 2.5rem 1fr 2.5rem 1fr; }
.diff th { grid-column: span 2; text-align: left; padding: .2rem .4rem; }
.diff td { padding: 0 .4rem; white-space: normal; overflow-wrap: anywhere;
  min-width: 0; }
.diff td.diff_header { color: var(--quiet); text-align: right; }
.diff_add { background: var(--added); } .diff_chg { background: var(--changed); }
.diff_sub { background: var(--removed); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 50rem) {
  body { padding: .5rem; } .diff, pre { font-size: .75rem; }
  .diff tr { grid-template-columns: 2.2rem 1fr; }
  .diff td { padding: 0 .2rem; }
  .diff td.diff_header:empty, .diff td.diff_header:empty + td,
  .diff tbody tr:not(:has(.diff_add, .diff_chg, .diff_sub)) td:nth-child(n + 4) {
    display: none; }
}
@media print { * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .diff { font-size: 6.5pt; } h2 { break-after: avoid; } }
"""


@dataclass(frozen=True)
class Pair:
    """A file of the lab and one of the student's: their names and lines."""

    name: str  # "" where the lab has nothing like it
    lines: list[str]
    its_name: str
    mine: list[str]


def compare(source: Path, exercises: list[str]) -> list[Pair]:
    """Return pairs of files: what the submission changed of the starter, and what
    separates it from the solution. What is in another language stands alone.

    Raises ClassroomError when there is nothing to compare.
    """
    hand_in = read_hand_in(source, exercises)
    pairs = [pair for name in exercises for pair in in_exercise(hand_in, name)]
    if hand_in.brings_commands:
        pairs += in_other_languages(hand_in, exercises)
    if not pairs:
        numbers = ", ".join(str(EXERCISES[name].number) for name in exercises)
        notes = [f"holds nothing of exercise {numbers}"]
        notes += lines([*hand_in.unread, *hand_in.notes])
        raise ClassroomError(f"{harmless(str(source))}: {'; '.join(notes)}.")
    return pairs


def in_exercise(hand_in: HandIn, exercise: str) -> Iterator[Pair]:
    """Yield two pairs for each file that was handed in for an exercise."""
    for name in EXERCISES[exercise].yours:
        data = hand_in.files.get(PurePosixPath(exercise, name))
        for kind, folder in ("starter", ROOT), ("solution", ROOT / "solutions"):
            file = folder / exercise / name
            if data is not None and file.exists():
                lines = file.read_text("utf-8").splitlines()
                label = f"{kind}/{exercise}/{name}"
                its_name = f"submission/{exercise}/{name}"
                yield Pair(label, lines, its_name, lines_of(data))


def in_other_languages(hand_in: HandIn, exercises: list[str]) -> Iterator[Pair]:
    """Yield what is no file of the lab's, whole: all text, but for other exercises."""
    others = set(EXERCISES) - set(exercises)
    for path, data in sorted(hand_in.files.items()):
        is_ours = path.name in EXERCISES[path.parts[0]].yours if in_lab(path) else False
        if not is_ours and path.parts[0] not in others and is_text(data):
            yield Pair("", [], f"submission/{path}", lines_of(data))


def in_lab(path: PurePosixPath) -> bool:
    """Return whether a file lies directly in an exercise's folder."""
    return len(path.parts) == 2 and path.parts[0] in EXERCISES


def lines_of(data: bytes) -> list[str]:
    """Return a student's lines, harmless, and no more than can be compared."""
    lines = harmless(data.decode("utf-8", "replace")).split("\n")
    lines = [line[:LONGEST] for line in lines[: LONGEST + 1]]
    if len(lines) > LONGEST:
        lines[LONGEST:] = ["… the rest is left out"]
    return lines if lines[-1] else lines[:-1]


def as_text(pairs: Iterable[Pair], in_colour: bool) -> str:
    """Return unified diffs. Nothing in them can steer the terminal."""
    lines: list[str] = []
    for pair in pairs:
        names = pair.name or "/dev/null", harmless(pair.its_name)
        found = difflib.unified_diff(pair.lines, pair.mine, *names, lineterm="")
        lines += list(found) or [f"    {names[1]} is the same as {names[0]}"]
    return "\n".join(map(coloured, lines) if in_colour else lines) + "\n"


def coloured(line: str) -> str:
    """Return a line of a unified diff in its colour."""
    colour = COLOURS.get(line[:1], "")
    return f"{colour}{line}{PLAIN}" if colour else line


def as_page(title: str, pairs: Iterable[Pair]) -> str:
    """Return a page with the files side by side."""
    parts = [f"<h1>{in_page(title)}</h1>", *map(_part, pairs)]
    return page(harmless(title), "\n".join(parts), STYLE)


def _part(pair: Pair) -> str:
    if not pair.name:
        text = escape("\n".join(pair.mine))
        return f"<h2>{in_page(pair.its_name)}</h2>\n<pre>{text}</pre>"
    heading = f"<h2>{escape(pair.name)}</h2>\n"
    if pair.lines == pair.mine:
        return f"{heading}<p>The submission is the same.</p>"
    return heading + difflib.HtmlDiff(tabsize=4).make_table(
        pair.lines,
        pair.mine,
        escape(pair.name),
        in_page(pair.its_name),
        context=True,
        numlines=3,
    )
