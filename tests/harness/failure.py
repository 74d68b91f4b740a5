"""What was wrong, as facts: what was expected, what came, where, and what was seen.

Terminal, page and JSON are renderings of a ``Failure``: see text_report, html_report
and json_report.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from tests.harness.hints import SETTING_UP

Part = tuple[str, str]  # a lead, "Expected bob to receive", and what follows it


class Seen(Enum):
    """What was seen of the program or its connection: a hint follows from it."""

    DIFFERENCE = "difference"  # other bytes came than were expected
    SILENCE = "silence"  # nothing (more) came
    CLOSED = "closed"  # the connection ended first
    RESET = "reset"  # the connection was reset
    OPEN = "open"  # the connection should have ended
    REFUSED = "refused"  # nobody listened
    TRACEBACK = "traceback"  # the program printed one
    UNREADABLE = "unreadable"  # Python cannot read its text
    ENDED = "ended"  # the program had ended
    WAITS = "waits"  # all its threads wait, and we know where
    BUSY = "busy"  # it runs on and on
    PRINTED = "printed"  # it printed something else
    UNPRINTED = "unprinted"  # it printed nothing
    TIMED_OUT = "timed out"  # a time limit of its own was over


@dataclass(frozen=True)
class Place:
    """A line of the student's program."""

    file: str  # "server.py"
    line: int


@dataclass(frozen=True)
class Symptom:
    """Something that was seen, and where in the student's program."""

    seen: Seen
    text: str = ""  # for the reader; empty where the other parts of a failure say it
    where: Place | None = None
    hint: str = ""
    wins: bool = False  # its hint, over the one that the suite gives the failure


@dataclass
class Failure:
    """A wrong answer: what was expected, what came, and what to do."""

    message: str = ""  # a sentence, where two parts are not enough
    expected: Part | None = None
    got: Part | None = None
    at: int | None = None  # the column of the first difference in got's text
    remark: str = ""  # on that difference
    hint: str = ""  # of what was seen; the check's own is for when there is none
    setting_up: str = ""  # the hint for a failure before the check's own subject
    symptoms: list[Symptom] = field(default_factory=list)

    def add(self, symptom: Symptom) -> None:
        """Add what the program's state says: a traceback, an early end, a hang."""
        if symptom not in self.symptoms:
            self.symptoms.append(symptom)

    @property
    def advice(self) -> str:
        """The hint that follows from what was seen, or ''."""
        hints = [symptom.hint for symptom in self.symptoms if symptom.wins]
        hints += [self.hint, *(symptom.hint for symptom in self.symptoms)]
        return next(filter(None, [*hints, self.setting_up]), "")

    @property
    def where(self) -> Place | None:
        """The line of the student's program that has to do with it, where known."""
        return next((symptom.where for symptom in self.symptoms if symptom.where), None)

    @property
    def seen(self) -> list[str]:
        """The names of what was seen, without repetitions."""
        found = [symptom.seen.value for symptom in self.symptoms]
        if self.at is not None:
            found.insert(0, Seen.DIFFERENCE.value)
        return list(dict.fromkeys(found))

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
        said = (symptom.text for symptom in self.symptoms)
        return lines + [line for text in said for line in text.splitlines()]


class CheckFailedError(Exception):
    """Raised where a check fails; it carries the failure."""

    def __init__(self, message: str = "", **parts: object) -> None:
        """Take the parts of a Failure."""
        super().__init__(message)
        self.failure = Failure(message, **parts)  # type: ignore[arg-type]


@contextmanager
def setting_up(hint: str = SETTING_UP) -> Iterator[None]:
    """Mark what only prepares a check: a failure in it gets this hint.

    The check's own hint would speak of something that has not been tried yet. For a
    block, ``with setting_up():``, or for a whole function, ``@setting_up()``. The
    ``hint`` says what is tried here, and which check tries it alone. Where a symptom
    says more, its hint stands.
    """
    try:
        yield
    except CheckFailedError as error:
        error.failure.setting_up = error.failure.setting_up or hint
        raise
