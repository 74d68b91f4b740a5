"""Checks: pytest tests with a number, a title, points, needs and a hint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

import pytest

from tests.harness.exercises import suites_of

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Check:
    """What a suite declares of a check."""

    id: str  # "4.5"
    title: str  # the requirement, in words that are true of a right answer
    points: int
    needs: tuple[str, ...]  # checks that must pass before this one makes sense
    hint: str  # what to do when it fails and no symptom says more
    read: str  # the handout's section


def number_of(id: str) -> tuple[int, ...]:
    """Return a check's id as numbers to sort by: 5.10 comes after 5.9."""
    return tuple(map(int, id.split(".")))


class CheckFailedError(Exception):
    """A wrong answer: what was expected, what came, and what to do.

    ``expected`` and ``got`` are pairs of a lead ("Expected bob to receive") and what
    follows it; ``at`` is the place of the first difference in got's text.
    """

    def __init__(
        self,
        message: str = "",
        *,
        expected: tuple[str, str] | None = None,
        got: tuple[str, str] | None = None,
        at: int | None = None,
        remark: str = "",
        hint: str = "",
    ) -> None:
        """Take the parts of the explanation; they are put together when printed."""
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.got = got
        self.at = at
        self.remark = remark
        self.hint = hint  # of the symptom; before the check's own
        self.symptoms: list[str] = []

    def add(self, symptom: str) -> None:
        """Add what the program's state tells: a traceback, an early end, a hang."""
        if symptom not in self.symptoms:
            self.symptoms.append(symptom)

    def lines(self) -> list[str]:
        """Return the explanation, without steps and hint, line by line."""
        lines = self.message.splitlines()
        pairs = [pair for pair in (self.expected, self.got) if pair]
        width = max((len(lead) for lead, _ in pairs), default=0)
        lines += [f"{lead:<{width}}   {text}" for lead, text in pairs]
        if self.at is not None:
            lines.append(" " * (width + 3 + self.at) + f"^ {self.remark}".rstrip())
        elif self.remark:
            lines.append(self.remark)
        return lines + [line for text in self.symptoms for line in text.splitlines()]


def check(
    id: str,
    title: str,
    *,
    points: int,
    needs: Sequence[str] = (),
    hint: str,
    read: str,
) -> Callable[[Test], Test]:
    """Make a pytest test a check. ``needs`` are the ids of other checks."""
    declared = Check(id, title, points, tuple(needs), hint, read)
    mark: Callable[[Test], Test] = pytest.mark.check.with_args(declared)
    return mark


@cache
def checks_of(exercise: str) -> dict[str, Check]:
    """Return the checks that an exercise's suites declare, by id, in their order."""
    modules = [
        import_module(f"{exercise}.{suite.stem}") for suite in suites_of(exercise)
    ]
    tests = [item for module in modules for item in vars(module).values()]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", [])]
    checks: list[Check] = [mark.args[0] for mark in marks if mark.name == "check"]
    return {check.id: check for check in sorted(checks, key=lambda c: number_of(c.id))}
