"""README.md as the students' tree has it, cut along the markers in it.

A marker has a line to itself, in one of two forms. What the first encloses shows in
the lab's own README.md, what the second encloses is hidden there:

    <!-- CONDITION -->          <!-- CONDITION
    …                           …
    <!-- end -->                -->

A handout has the text, in either form, if the condition is met:

    only: instructors           never
    only: students              always
    only: incomplete            if exercises follow that are not in this handout
    needs: EXERCISE             if it holds that exercise, such as exercise4_multiclient
    without: EXERCISE           if it does not

The first form may enclose others. Comments of other kinds stay. A row of a table
belongs to the exercise whose folder it links to, and needs no marker.
"""

from collections.abc import Collection
from dataclasses import dataclass

from tests.classroom.errors import ClassroomError
from tests.harness.exercises import EXERCISES

OPENS, CLOSES = "<!-- ", " -->"
END = "<!-- end -->"
KEPT = (
    "recording",
    "table",
)  # comments that look like markers, and have another purpose


@dataclass(frozen=True)
class Marker:
    """What opens a part of the page."""

    line: int  # counted from 1
    closed_by: str
    is_met: bool


def for_students(page: str, exercises: Collection[str]) -> str:
    """Return the page for a handout of these exercises.

    Raises ClassroomError for a marker that is unknown, or has no end.
    """
    missing = [exercise for exercise in EXERCISES if exercise not in exercises]
    opened: list[Marker] = []
    kept: list[str] = []
    for number, line in enumerate(page.splitlines(), 1):
        is_left_out = not all(marker.is_met for marker in opened)
        is_second_empty_line = not line and kept[-1:] == [""]  # around what is left out
        if opened and line == opened[-1].closed_by:
            opened.pop()
        elif marker := marker_in(line, number, exercises):
            opened.append(marker)
        elif not (is_left_out or is_second_empty_line or is_row_of(missing, line)):
            kept.append(line)
    if opened:
        raise ClassroomError(f"README.md:{opened[-1].line}: this marker has no end.")
    return "\n".join(kept) + "\n"


def marker_in(line: str, number: int, exercises: Collection[str]) -> Marker | None:
    """Return the marker that a line is, or None."""
    kind, _, value = line.removeprefix(OPENS).removesuffix(CLOSES).partition(": ")
    if line == END or line.startswith(OPENS) and value and kind not in KEPT:
        closed_by = END if line.endswith(CLOSES) else CLOSES.strip()
        try:
            return Marker(number, closed_by, is_met(kind, value, exercises))
        except KeyError:
            raise ClassroomError(
                f"README.md:{number}: {line} is unknown here."
            ) from None
    return None


def is_met(kind: str, value: str, exercises: Collection[str]) -> bool:
    """Return whether a handout of these exercises has a text; KeyError if unknown."""
    conditions = {
        ("only", "instructors"): False,
        ("only", "students"): True,
        ("only", "incomplete"): any(name not in exercises for name in EXERCISES),
    }
    for name in EXERCISES:
        conditions["needs", name] = name in exercises
        conditions["without", name] = name not in exercises
    return conditions[kind, value]


def is_row_of(exercises: list[str], line: str) -> bool:
    """Return whether a line is a row of a table, for one of these exercises."""
    return line.startswith("|") and any(f"]({name}/" in line for name in exercises)
