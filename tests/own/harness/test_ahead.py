"""Checks that run ahead: which, in which order, and what becomes of them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from tests.harness.ahead import Ahead, Turn
from tests.harness.patience import ANSWER, slices, wait_until


@dataclass(eq=False)
class Bench:
    """A lab of which the test sees whether it was cleaned up, and by which threads."""

    is_clean: threading.Event = field(default_factory=threading.Event)
    programs_ended: threading.Event = field(default_factory=threading.Event)
    cleaners: list[int] = field(default_factory=list)

    def run(self, check: Callable[["Bench"], object]) -> None:
        """Run a check."""
        check(self)

    def clean_up(self) -> None:
        """Note that it was."""
        self.cleaners.append(threading.get_ident())
        self.is_clean.set()

    def end_programs(self) -> None:
        """Note that none runs any more."""
        self.programs_ended.set()


@dataclass(eq=False)
class Item:
    """A check: what it needs, by name, and what it does."""

    name: str
    needs: str
    obj: Callable[[Bench], object]


def run_ahead(items: list[Item], told: str) -> tuple[Ahead, list[Any]]:
    """Run these ahead; ``told`` are the names of the first ones, which have passed."""

    def may_run(item: Any, passed: list[Any]) -> bool:
        return set(item.needs) <= {*told, *(other.name for other in passed)}

    runner = Ahead(may_run)
    checks = cast(list[Any], items)
    for item in checks[: len(told)]:
        assert runner.take(item) is None
    runner.go_on(checks, cast(Any, lambda item: Bench()))
    return runner, checks


def is_clean(turn: Turn | None) -> bool:
    """Return whether a check has run ahead and its lab was cleaned up."""
    return turn is not None and cast(Any, turn.lab).is_clean.is_set() is True


def note(ran: list[str], name: str, lab: Bench) -> None:
    """Be a check that passes."""
    ran.append(name)


def test_the_last_that_may_run_is_the_next() -> None:
    ran: list[str] = []
    rows = ("a", ""), ("b", "a"), ("c", "b"), ("d", "a"), ("e", "dz"), ("f", "d")
    items = [Item(*row, partial(note, ran, row[0])) for row in rows]
    runner, checks = run_ahead(items, "a")
    assert wait_until(lambda: len(ran) == 4, slices(ANSWER))
    turns = [runner.take(item) for item in checks[1:4]]
    assert ran == ["d", "f", "b", "c"]
    assert [is_clean(turn) for turn in turns] == [True] * 3
    assert runner.take(checks[4]) is None  # what it needs has never passed


def test_a_failure_waits_for_its_turn() -> None:
    began = threading.Event()

    def fails(lab: Bench) -> None:
        began.set()
        raise ValueError("as it must")

    items = [Item("a", "", fails), Item("b", "a", fails), Item("c", "b", fails)]
    runner, (_, b, c) = run_ahead(items, "a")
    assert began.wait()
    turn = runner.take(b)
    assert is_clean(turn)
    assert turn
    assert repr(turn.error) == "ValueError('as it must')"
    assert runner.take(c) is None


def test_stop_ends_the_check_that_runs() -> None:
    """And leaves it to that to clean up, once."""
    began = threading.Event()
    threads: list[int] = []

    def lasts(lab: Bench) -> None:
        threads.append(threading.get_ident())
        began.set()
        assert lab.programs_ended.wait()

    items = [Item("a", "", lasts), Item("b", "", lasts), Item("c", "a", lasts)]
    runner, (_, b, c) = run_ahead(items, "a")
    assert began.wait()
    runner.stop()
    assert runner.take(b) is None
    turn = runner.take(c)
    assert turn
    assert turn.error is None
    assert cast(Any, turn.lab).cleaners == threads
