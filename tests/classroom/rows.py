"""What is known of one student: a row of the class's table, and of its page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.harness.exercises import EXERCISES
from tests.harness.results import ERROR

# The states of a grade: of a result (an exercise), and of a row (all of them).
GRADED = "graded"
UNCHANGED = "unchanged starter"  # graded, too
NOT_HANDED_IN = "not handed in"
NOT_GRADED = "could not be graded"  # which is not 0: somebody has to look
TO_COME = "to come"  # of a row that has no result yet

STATES = (GRADED, UNCHANGED, NOT_HANDED_IN, NOT_GRADED, TO_COME)  # as they are told
HAVE_POINTS = (GRADED, UNCHANGED)


@dataclass(frozen=True)
class Row:
    """One of the class."""

    key: str  # names the folder with the reports, and so nobody else
    results: list[dict[str, Any]] = field(default_factory=list)  # in brief
    notes: list[str] = field(
        default_factory=list
    )  # what was odd about the submission, and harmless
    needs: list[str] = field(default_factory=list)  # why somebody has to look at it
    id: str = ""  # as the learning system has it, never cut; or ""
    name: str = ""  # for a reader; or ""
    source: list[str] = field(default_factory=list)  # its names in what was delivered

    @property
    def shown_name(self) -> str:
        """What a reader calls this student."""
        return self.name or self.key

    @property
    def state(self) -> str:
        """The state of all results together."""
        states = {state_of(result) for result in self.results}
        if NOT_GRADED in states:
            return NOT_GRADED
        if not states:
            return TO_COME if self.source else NOT_HANDED_IN  # a roster has the name
        had = [state for state in HAVE_POINTS if state in states]
        return had[0] if had else NOT_HANDED_IN

    @property
    def points(self) -> int | None:
        """The sum of the points, or None where nothing could be graded."""
        had = [points_of(result) for result in self.results]
        known = [points for points in had if points is not None]
        return sum(known) if known else None

    @property
    def all_needs(self) -> list[str]:
        """Why somebody has to look, also for what shows only in the results."""
        said = "; ".join(self.needs)
        new = [r for r in self.results if not r["note"] or r["note"] not in said]
        return list(dict.fromkeys(filter(None, [*self.needs, *map(_need, new)])))

    @property
    def all_notes(self) -> list[str]:
        """All that is to be said: what needs somebody first."""
        told = [*self.all_needs, *self.notes]
        for state in NOT_HANDED_IN, UNCHANGED:
            if numbers := self._with_state(state):
                told.append(f"{state}: {', '.join(numbers)}")
        return list(dict.fromkeys(told))

    def _with_state(self, state: str) -> list[str]:
        found = [r["exercise"] for r in self.results if state_of(r) == state]
        return [str(EXERCISES[exercise].number) for exercise in found]


def counts_of(rows: Sequence[Row]) -> str:
    """Return how many have which state, and need somebody: "52 graded, 6 need you"."""
    counted = Counter(row.state for row in rows)
    parts = [f"{counted[state]} {state}" for state in STATES if counted[state]]
    count = sum(bool(row.all_needs) for row in rows)
    who = f"{count} need{'s' * (count == 1)} you" if count else "nobody needs you"
    return ", ".join([*parts, who])


def state_of(result: dict[str, Any]) -> str:
    """Return the state of a result."""
    return str(result.get("state", GRADED))


def points_of(result: dict[str, Any]) -> int | None:
    """Return a result's points; None where it is no grade."""
    return int(result["points"]) if state_of(result) in HAVE_POINTS else None


def _need(result: dict[str, Any]) -> str:
    """Return why somebody has to look at a result, or ''."""
    number = EXERCISES[result["exercise"]].number
    if state_of(result) == NOT_GRADED:
        reason = result["note"].removeprefix(f"{NOT_GRADED}: ")
        return f"exercise {number} {NOT_GRADED}: {reason}"
    failed = [c["id"] for c in result["checks"] if c["outcome"] == ERROR]
    return f"the lab itself failed in {', '.join(failed)}" if failed else ""
