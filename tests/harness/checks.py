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


def number_of(check_id: str) -> tuple[int, ...]:
    """Return a check's id as numbers to sort by: 5.10 comes after 5.9."""
    return tuple(map(int, check_id.split(".")))


def check(
    number: str,
    title: str,
    *,
    points: int,
    needs: Sequence[str] = (),
    hint: str,
    read: str,
) -> Callable[[Test], Test]:
    """Make a pytest test a check. ``needs`` are the numbers of other checks."""
    declared = Check(number, title, points, tuple(needs), hint, read)
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
