"""The result of a run: one entry for every declared check, whether it ran or not."""

from dataclasses import dataclass, field

from tests.harness.checks import Check
from tests.harness.failure import Failure
from tests.harness.steps import Step
from tests.harness.words import _, ngettext

PASSED, FAILED, BLOCKED = "passed", "failed", "blocked"
NOT_RUN = "not run"  # not selected, or the run ended before
ERROR = "error"  # the lab itself failed


@dataclass
class Result:
    """What became of one check."""

    check: Check
    exercise: str
    outcome: str = NOT_RUN
    reason: str = ""  # why it was not run, where that is known
    blocked_by: str = ""  # the check that must pass first
    failure: Failure | None = None
    hint: str = ""  # of the failure, of the check, and what to read
    again: str = ""  # the command that runs the check again
    steps: list[Step] = field(default_factory=list)
    output: str = ""  # what the programs said on stderr
    traceback: str = ""  # the last one of a program, though the check passed
    seconds: float = 0.0

    @property
    def points(self) -> int:
        """The points that were earned."""
        return self.check.points if self.outcome == PASSED else 0

    @property
    def ran(self) -> bool:
        """Whether there is a verdict, or that of a check that this one needs."""
        return self.outcome in (PASSED, FAILED, BLOCKED)

    def why_not_run(self) -> str:
        """Return why there is no verdict of its own, or ''."""
        if self.outcome == BLOCKED:
            return _("Blocked: {id} must pass first.").format(id=self.blocked_by)
        if self.outcome == NOT_RUN:
            return self.reason or _("The check did not run.")
        return ""

    def warning(self) -> str:
        """Return what is odd although the check passed, or ''."""
        if self.outcome != PASSED or not self.traceback:
            return ""
        text = _("but a program printed a traceback: {reason}")
        return text.format(reason=self.traceback)


@dataclass
class Run:
    """A whole run, check by check in the order in which they run."""

    seed: int
    results: dict[str, Result] = field(default_factory=dict)  # by check id

    @property
    def points(self) -> int:
        """The points that were earned."""
        return sum(result.points for result in self.results.values())

    @property
    def max_points(self) -> int:
        """The points of all checks."""
        return sum(result.check.points for result in self.results.values())

    @property
    def exercises(self) -> list[str]:
        """The exercises whose checks are in it."""
        return list(dict.fromkeys(result.exercise for result in self.results.values()))

    def with_outcome(self, *outcomes: str) -> list[Result]:
        """Return the results of these outcomes."""
        return [r for r in self.results.values() if r.outcome in outcomes]

    def counts(self) -> list[str]:
        """Return how many checks had which outcome, in words."""
        outcomes = [result.outcome for result in self.results.values()]
        counted = {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(ORDER)}
        return [_counted(outcome, count) for outcome, count in counted.items() if count]

    def blocks(self, check: Check) -> str:
        """Return the id of a needed check that ran and did not pass, or ''."""
        needed = [self.results[name] for name in check.needs if name in self.results]
        for result in needed:
            if result.outcome not in (PASSED, NOT_RUN):
                return result.check.id
        return ""


ORDER = (PASSED, FAILED, BLOCKED, ERROR, NOT_RUN)


def name_of(outcome: str) -> str:
    """Return an outcome in the reader's language."""
    names = {
        PASSED: _("passed"),
        FAILED: _("failed"),
        BLOCKED: _("blocked"),
        NOT_RUN: _("not run"),
        ERROR: _("error"),
    }
    return names.get(outcome, outcome)


def _counted(outcome: str, count: int) -> str:
    texts = {
        PASSED: ngettext("{count} passed", "{count} passed", count),
        FAILED: ngettext("{count} failed", "{count} failed", count),
        BLOCKED: ngettext("{count} blocked", "{count} blocked", count),
        NOT_RUN: ngettext("{count} not run", "{count} not run", count),
        ERROR: ngettext("{count} error", "{count} errors", count),
    }
    return texts[outcome].format(count=count)
