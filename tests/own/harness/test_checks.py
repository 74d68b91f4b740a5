"""Checks: what a suite may declare."""

import pytest

from tests.harness.checks import checks_of, number_of
from tests.harness.exercises import EXERCISES


@pytest.mark.parametrize("exercise", EXERCISES)
def test_needs_come_before_what_needs_them(exercise: str) -> None:
    """So no check runs before one that may block it."""
    checks = checks_of(exercise)
    assert list(checks) == sorted(checks, key=number_of)
    for check in checks.values():
        assert all(number_of(name) < number_of(check.id) for name in check.needs)
        assert set(check.needs) <= set(checks)
