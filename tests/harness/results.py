"""The result of a run: one entry for every declared check, whether it ran or not."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.checks import Check
from tests.harness.steps import Step, show


@dataclass
class Result:
    """What became of one check."""

    check: Check
    exercise: str
    outcome: str = "error"  # passed, failed, blocked, error
    message: str = "The check did not run."  # the failure as the terminal shows it
    explanation: str = ""  # the same without steps, hint and output
    hint: str = ""
    again: str = ""  # the command that runs the check again
    steps: list[Step] = field(default_factory=list)
    output: str = ""  # what the programs said on stderr
    selected: bool = True  # by -k
    seconds: float = 0.0

    @property
    def points(self) -> int:
        """The points that were earned."""
        return self.check.points if self.outcome == "passed" else 0


@dataclass
class Run:
    """A whole run, check by check in the order in which they run."""

    seed: int
    all: dict[str, Result] = field(default_factory=dict)  # by check id

    @property
    def points(self) -> int:
        """The points that were earned."""
        return sum(result.points for result in self.all.values())

    @property
    def max_points(self) -> int:
        """The points of all checks."""
        return sum(result.check.points for result in self.all.values())

    def with_outcome(self, *outcomes: str) -> list[Result]:
        """Return the results of these outcomes."""
        return [result for result in self.all.values() if result.outcome in outcomes]

    def counts(self) -> list[str]:
        """Return how many checks had which outcome, in words."""
        words = [r.outcome if r.selected else "not selected" for r in self.all.values()]
        possible = ("passed", "failed", "blocked", "error", "not selected")
        return [f"{words.count(word)} {word}" for word in possible if word in words]

    def blocks(self, check: Check) -> str:
        """Return the id of a needed check that ran and did not pass, or ''."""
        needed = [self.all[id] for id in check.needs if id in self.all]
        for result in needed:
            if result.selected and result.outcome != "passed":
                return result.check.id
        return ""


def write_json(results: Run, file: Path) -> None:
    """Write a run as JSON."""
    text = json.dumps(as_json(results), indent=1, ensure_ascii=False)
    file.write_text(text, encoding="utf-8")


def as_json(results: Run) -> dict[str, Any]:
    """Return a run as section 6 of the design says."""
    return {
        "points": results.points,
        "max_points": results.max_points,
        "seed": results.seed,
        "checks": [_check_as_json(result) for result in results.all.values()],
    }


def _check_as_json(result: Result) -> dict[str, Any]:
    return {
        "id": result.check.id,
        "exercise": result.exercise,
        "title": result.check.title,
        "points": result.points,
        "max_points": result.check.points,
        "outcome": result.outcome,
        "message": result.message,
        "hint": result.hint,
        "steps": [_step_as_json(step) for step in result.steps],
        "output": result.output,
        "seconds": round(result.seconds, 3),
    }


def _step_as_json(step: Step) -> dict[str, Any]:
    return {
        "from": step.who,
        "to": step.to,
        "event": step.what,
        "data": show(step.data, 4096) if step.to else "",
        "bytes": len(step.data),
        "note": step.notes(),
        "seconds": round(step.seconds, 6),
    }
