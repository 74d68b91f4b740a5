"""What is known of the class, kept on disk as it grows."""

import contextlib
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.classroom.class_page import write_class
from tests.classroom.feedback import write_feedback
from tests.classroom.jobs import Graded
from tests.classroom.rows import Row

REFRESH = 5.0  # seconds between two writings of the class's files


class Gradebook:
    """The rows of a class: those of this run, and those of earlier ones."""

    def __init__(self, out: Path, earlier: Iterable[Row], rows: Iterable[Row]) -> None:
        """Begin with what earlier runs have left in ``out``, and with new ``rows``."""
        self.out = out
        self.rows = {row.key: row for row in earlier}
        for row in rows:
            if row.source:
                self.rows[row.key] = write_feedback(row, out / row.key)
            else:  # handed in nothing
                self.rows.setdefault(row.key, row)
        self.written = time.monotonic()

    def enter(self, key: str, graded: Sequence[Graded]) -> None:
        """Write a student's new results; the class's files, now and then."""
        for one in graded:
            one.write_to(self.out / key)
        self.rows[key] = write_feedback(self.rows[key], self.out / key)
        if time.monotonic() - self.written > REFRESH:
            self.write()

    def write(self) -> None:
        """Write the class's table and page."""
        write_class(self.out, self.in_order())
        self.written = time.monotonic()

    def in_order(self) -> list[Row]:
        """Return the rows in the order of the names."""
        return [self.rows[key] for key in sorted(self.rows, key=str.casefold)]


def earlier_rows(out: Path) -> Iterable[Row]:
    """Yield the rows of the students who have reports already."""
    for folder in sorted(out.iterdir()):
        if (folder / "feedback.json").is_file():
            yield write_feedback(stored_row(folder), folder)


def stored_row(folder: Path) -> Row:
    """Return a student's row, without results, as the last run has left it."""
    # What is damaged is written anew.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads((folder / "feedback.json").read_text("utf-8"))
        return Row(
            folder.name,
            notes=[*map(str, told["notes"])],
            needs=[*map(str, told["needs"])],
            id=str(told["id"]),
            name=str(told["name"]),
            source=[*map(str, told["source"])],
        )
    return Row(folder.name)
