"""``grades.csv``: a row per student, for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.classroom.files import write
from tests.classroom.harmless import line
from tests.classroom.rows import Row, points_of
from tests.harness.exercises import EXERCISES

BOM = "\N{BYTE ORDER MARK}"  # without it, Excel takes UTF-8 for another encoding
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would compute
LONGEST_CELL = 32_000  # characters; Excel has room for 32767


def write_grades(file: Path, rows: Sequence[Row]) -> None:
    """Write the table of a class."""
    write(file, BOM + as_csv(rows))


def as_csv(rows: Sequence[Row]) -> str:
    """Return a row per student: id, points per exercise, their sum, state and notes.

    A cell without points is empty: nothing was handed in, or it could not be graded.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    exercises = graded_exercises(rows)
    table.writerow(["student", "id", "name", *exercises, "sum", "state", "note"])
    for row in rows:
        points = {r["exercise"]: points_of(r) for r in row.results}
        cells = [points.get(exercise) for exercise in exercises]
        words = map(as_cell, (row.key, row.id, row.name))
        note = as_cell("; ".join(row.all_notes))
        table.writerow([*words, *cells, row.points, row.state, note])
    return text.getvalue()


def graded_exercises(rows: Iterable[Row]) -> list[str]:
    """Return the exercises of which there is any result."""
    found = {result["exercise"] for row in rows for result in row.results}
    return [exercise for exercise in EXERCISES if exercise in found]


def as_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, or for two lines."""
    text = line(text, LONGEST_CELL)
    return f"'{text}" if text.startswith(FORMULA) else text
