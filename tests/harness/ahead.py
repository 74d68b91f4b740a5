"""Checks that run ahead of their turn: most of a check is waiting.

While pytest runs one check after another from the first on, a thread does so from the
last on, as soon as what a check needs has passed. They meet in the middle. What became
of a check is told in its turn.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from tests.harness.lab import Lab
from tests.harness.patience import SLICE

NewLab: TypeAlias = Callable[[pytest.Item], Lab]


class Turn:
    """A check that has begun ahead: its lab, and what becomes of it."""

    def __init__(self, item: pytest.Item) -> None:
        """Begin nothing yet: that is for the thread to do."""
        self.item = item
        self.lab: Lab | None = None
        self.error: BaseException | None = None
        self.seconds = 0.0
        self.is_over = threading.Event()

    def run(self, new_lab: NewLab) -> None:
        """Run the check, and clean up after it."""
        began = time.monotonic()
        try:
            self.lab = new_lab(self.item)
            try:
                self.lab.run(self.item.obj)  # type: ignore[attr-defined]
            finally:
                self.lab.clean_up()
        except BaseException as error:  # noqa: BLE001  raised again in its turn
            self.error = error
        self.seconds = time.monotonic() - began
        self.is_over.set()

    def wait(self) -> None:
        """Wait for its end; by looking, or Ctrl+C would have to wait on Windows."""
        while not self.is_over.wait(SLICE):
            continue


class Ahead:
    """The thread that runs checks ahead, as long as there are some that may run."""

    def __init__(
        self,
        may_run: Callable[[pytest.Item, list[pytest.Item]], bool],
    ) -> None:
        """``may_run`` says whether a check may run, once these others have passed."""
        self._may_run = may_run
        self._turns: dict[pytest.Item, Turn | None] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopped = False
        self._passed: list[pytest.Item] = []

    def take(self, item: pytest.Item) -> Turn | None:
        """Return what has become of a check; None, if it is for the caller to run."""
        with self._lock:
            turn = self._turns.setdefault(item, None)
        if turn:
            turn.wait()
        return turn

    def go_on(self, items: Sequence[pytest.Item], new_lab: NewLab) -> None:
        """Run those of these checks that may run by now, unless the thread does so."""
        with self._lock:
            if self._thread or self._stopped:
                return
            work = threading.Thread(
                target=self._work, args=[items, new_lab], daemon=True
            )
            self._thread = work
        work.start()

    def _work(self, items: Sequence[pytest.Item], new_lab: NewLab) -> None:
        while turn := self._next(items):
            turn.run(new_lab)
            if not turn.error:
                self._passed.append(turn.item)

    def _next(self, items: Sequence[pytest.Item]) -> Turn | None:
        """Take the next check for the thread: the last that may run, or None."""
        with self._lock:
            for item in [] if self._stopped else reversed(items):
                if item not in self._turns and self._may_run(item, self._passed):
                    turn = self._turns[item] = Turn(item)
                    return turn
            self._thread = None
            return None

    def stop(self) -> None:
        """Begin no more checks, and end the programs of the one that runs.

        So it comes to its end, and cleans up itself: two threads would close each
        other's files.
        """
        with self._lock:
            self._stopped = True
            thread, turns = self._thread, list(self._turns.values())
        while thread and thread.is_alive():
            for turn in turns:
                if turn and turn.lab:
                    turn.lab.end_programs()
            thread.join(SLICE)
