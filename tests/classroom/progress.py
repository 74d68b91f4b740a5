"""What an instructor sees while a class is graded: a bar, or a line per student."""

import os
import shutil
import sys
import time
from collections.abc import Iterable
from typing import Any

from tests.classroom.rows import points_of
from tests.harness import system

WIDTH = 24


class Progress:
    """Counts what is done. It is used by one thread."""

    def __init__(self, total: int) -> None:
        """Take the number of suites to run."""
        self.total = total
        self.done = 0
        self.points = self.most = 0
        self.began = time.monotonic()
        self.is_bar = sys.stderr.isatty()
        if self.is_bar and system.WINDOWS:
            os.system("")  # from here on, its console obeys ESC sequences

    def graded(self, student: str, report: dict[str, Any], busy: Iterable[str]) -> None:
        """Count one suite's result; ``busy`` are those whose programs run now."""
        self.done += 1
        points = points_of(report)
        if points is not None:
            self.points += points
            self.most += report["max_points"]
        if self.is_bar:
            self._draw(", ".join(dict.fromkeys(busy)) or student)
        else:
            print(f"{self.line()}  {student}", file=sys.stderr, flush=True)

    def line(self) -> str:
        """Return how far it is, the time left, and the mean so far in percent."""
        filled = WIDTH * self.done // max(self.total, 1)
        bar = "█" * filled + "░" * (WIDTH - filled)
        mean = 100 * self.points / max(self.most, 1)
        count = f"{self.done:>{len(str(self.total))}}/{self.total}"
        return f"{bar} {count} suites  {self.time_left():>8} left  mean {mean:3.0f} %"

    def time_left(self) -> str:
        """Return the time that the rest will take if it goes on like this."""
        spent = time.monotonic() - self.began
        left = round(spent / max(self.done, 1) * (self.total - self.done))
        minutes, seconds = divmod(left, 60)
        return f"{minutes} min" if minutes > 4 else f"{minutes}:{seconds:02}"

    def _draw(self, busy: str) -> None:
        end = "\n" if self.done == self.total else ""
        text = f"{self.line()}  {busy}"[: shutil.get_terminal_size().columns - 1]
        print(f"\r\x1b[K{text}", end=end, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the bar as it is, and go on below it."""
        if self.is_bar and self.done < self.total:
            print(file=sys.stderr)
