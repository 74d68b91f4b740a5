"""The roster, written back with the marks, as the system that made it imports it.

Moodle: the column ``Grade``; ``Identifier`` and ``Last modified (grade)`` stay as they
are, since its importer needs them. Canvas: the assignment's column; all else stays.
Everybody who could not be graded, or handed nothing in, keeps the cell that was there.
"""

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.classroom.errors import ClassroomError
from tests.classroom.grades_csv import BOM, as_cell
from tests.classroom.roster import CANVAS, MOODLE, Listed, Roster, folded
from tests.classroom.rows import NOT_GRADED, Row, points_of, state_of
from tests.harness.exercises import EXERCISES

MARKS = "marks"  # the folder in that of the reports
FEEDBACK = "feedback.zip"
NO_ASSIGNMENT = re.compile(r"(current|final|override|unposted)\b", re.I)
OF_MOODLE = re.compile(r"[^/]*_\d+_assignsubmission_file")


def column_of(roster: Roster, wanted: str, exercises: list[str]) -> str:
    """Return the column that the marks go into, or '' for columns of our own.

    Raises ClassroomError where it is not clear which one that is.
    """
    if roster.kind == MOODLE:
        if "scale" in roster.columns:
            raise ClassroomError(f"{roster.file} has a scale, which takes no points.")
        return roster.header[roster.columns.index("grade")]
    choices = assignments_in(roster) if roster.kind == CANVAS else roster.header
    if wanted:
        found = [name for name in choices if folded(wanted) in folded(name)]
    elif roster.kind == CANVAS:
        found = [name for name in choices if is_for(name, exercises)]
        found = found if len(choices) > 1 else choices
    else:
        return ""
    if len(found) != 1:
        text = ", ".join(found or choices) or "none"
        raise ClassroomError(
            f"{roster.file}: say which column with --column; there are: {text}."
        )
    return found[0]


def assignments_in(roster: Roster) -> list[str]:
    """Return the columns of Canvas' assignments, which are behind ``Section``."""
    section = roster.columns.index("section")
    later = [name for name in roster.header[section + 1 :] if name]
    return [name for name in later if not NO_ASSIGNMENT.match(name)]


def is_for(column: str, exercises: list[str]) -> bool:
    """Return whether an assignment's title names the one exercise that is graded."""
    number = EXERCISES[exercises[0]].number
    named = re.search(rf"\bex(ercise)?[ _-]*0*{number}(?!\d)", column, re.I)
    return len(exercises) == 1 and named is not None


def mark_of(row: Row, exercises: list[str]) -> int | None:
    """Return the points for some exercises; None where there is no grade to give."""
    results = [r for r in row.results if r["exercise"] in exercises]
    if any(state_of(result) == NOT_GRADED for result in results):
        return None
    points = [p for result in results if (p := points_of(result)) is not None]
    return sum(points) if points else None


def most_of(roster: Roster, column: str, row: list[str]) -> float | None:
    """Return the most that a system gives for an assignment, if its table says so."""
    cell = ""
    if roster.kind == MOODLE and "maximum grade" in roster.columns:
        cell = row[roster.columns.index("maximum grade")]
    elif roster.kind == CANVAS:
        heads = [row for row in roster.rows if "points possible" in folded(row[0])]
        cell = heads[0][roster.header.index(column)] if heads else ""
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None


def scaled(points: int, most: int, systems_most: float | None) -> str:
    """Return a mark as the system counts: 5 of 10 points are 50.00 of 100."""
    if systems_most is None or systems_most == most:
        return str(points)
    return f"{points * systems_most / most:.2f}"


def write_marks(
    roster: Roster,
    rows: Mapping[Listed, Row],
    exercises: list[str],
    column: str,
    out: Path,
) -> Path:
    """Write the roster with the marks into the reports; return the new file."""
    place = out / MARKS
    place.mkdir(exist_ok=True)
    known = {listed.line: row for listed, row in rows.items()}
    if column:
        header, table = roster.header, in_column(roster, known, exercises, column)
    else:
        header, table = with_columns(roster, known, exercises)
    text = io.StringIO()
    how: dict[str, Any] = {"delimiter": roster.delimiter}
    csv.writer(text, lineterminator=roster.line_end, **how).writerows([header, *table])
    file = place / roster.file.name
    start = BOM if roster.has_bom else ""
    file.write_text(start + text.getvalue(), encoding="utf-8", newline="")
    if roster.kind == MOODLE:
        write_feedback_zip(place / FEEDBACK, rows, out)
    return file


def in_column(
    roster: Roster, known: Mapping[int, Row], exercises: list[str], column: str
) -> list[list[str]]:
    """Return the rows with the marks in a column that is there."""
    index = roster.header.index(column)
    table = []
    for line, row in enumerate(roster.rows):
        cells = row + [""] * (len(roster.header) - len(row))
        mark = mark_of(known[line], exercises) if line in known else None
        if mark is not None:
            most = max_points(known[line], exercises)
            cells[index] = scaled(mark, most, most_of(roster, column, cells))
        table.append(cells if line in known else row)
    return table


def max_points(row: Row, exercises: list[str]) -> int:
    """Return the most that can be had for some exercises."""
    return sum(r["max_points"] for r in row.results if r["exercise"] in exercises)


def with_columns(
    roster: Roster, known: Mapping[int, Row], exercises: list[str]
) -> tuple[list[str], list[list[str]]]:
    """Return a plain list with a column per exercise, the sum and the state."""
    new = [*exercises, "sum", "state"]
    header = [name for name in roster.header if name not in new]
    table = []
    for line, row in enumerate(roster.rows):
        old = [
            cell
            for name, cell in zip(roster.header, row, strict=False)
            if name not in new
        ]
        old += [""] * (len(header) - len(old))
        marks = marks_in(known.get(line), exercises)
        table.append(old + [as_cell(str(mark)) for mark in marks])
    return header + new, table


def marks_in(row: Row | None, exercises: list[str]) -> list[Any]:
    """Return the cells of one person."""
    if row is None:
        return [""] * (len(exercises) + 2)
    each = [mark_of(row, [exercise]) for exercise in exercises]
    marks = [*each, mark_of(row, exercises)]
    return [*("" if mark is None else mark for mark in marks), row.state]


def write_feedback_zip(file: Path, rows: Mapping[Listed, Row], out: Path) -> None:
    """Write Moodle's feedback files: in folders that are named as it named them.

    Its importer, mod/assign/feedback/file, reads ``NAME_NUMBER_assignsubmission_file``.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for listed, row in rows.items():
            name = re.sub(r"[/\\_:*?\"<>|]", " ", listed.name) or "Participant"
            folder = f"{name}_{listed.number}_assignsubmission_file_"
            for source in row.source:
                if found := OF_MOODLE.match(source.rpartition("/")[2]):
                    folder = f"{found[0]}_"
            for page in sorted((out / row.key).glob("*.html")):
                if page.stat().st_size:
                    archive.write(page, f"{folder}/{page.name}")
