"""The history of a check: every step with the bytes on the wire, in order.

A failure is explained by what happened before it, so peers and programs write down what
they do here, and the failure print and the reports read it.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from tests.harness.shown import show
from tests.harness.words import _, ngettext

FEWEST_ALIKE = 3  # steps that are worth one line
MOST_ARRIVALS = 4  # that a step which sums others up may introduce


class Kind(Enum):
    """What a step is, whatever its words are."""

    STARTS = "starts"  # a program does
    CONNECTS = "connects"  # a peer or the program under test does
    MESSAGE = "message"  # bytes went from one to another
    EVENT = "event"  # anything else, in words


@dataclass
class Step:
    """One line of the history."""

    who: str  # who does it, or sends it
    to: str  # who gets it; empty when it is not a message
    what: str  # the event in words; empty when it is a message
    data: bytes = b""
    note: str = ""  # an address, a delay
    seconds: float = 0.0  # since the check began
    pieces: int = 1
    times: int = 1
    wrong: bool = False  # the message is another than was expected
    kind: Kind = Kind.EVENT
    arrivals: tuple[str, ...] = ()  # who is there from this step on

    def event(self) -> str:
        """Return what happened as a sentence."""
        return _("{who} {what}").format(who=self.who, what=self.what)

    def line(self) -> str:
        """Return the step as one line for the terminal."""
        if self.kind is not Kind.MESSAGE:
            return f"{self.event():<44}  {self.notes()}".rstrip()
        message = f"{self.who} → {self.to:<8} {show(self.data)}"
        return f"{message:<44}  {self.notes()}".rstrip()

    def notes(self) -> str:
        """Return what there is to add: the note, how many pieces, how many times."""
        pieces = ngettext("in {count} piece", "in {count} pieces", self.pieces)
        times = ngettext("{count} time", "{count} times", self.times)
        notes = [self.note]
        notes += [pieces.format(count=self.pieces)] * (self.pieces > 1)
        notes += [times.format(count=self.times)] * (self.times > 1)
        return ", ".join(note for note in notes if note)


@dataclass
class History:
    """The steps of one check."""

    steps: list[Step] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    programs: set[str] = field(default_factory=set)  # the names of those that started

    def event(self, who: str, what: str, note: str = "") -> None:
        """Write down something that is not a message."""
        self._add(Step(who, "", what, note=note))

    def arrives(self, kind: Kind, who: str, what: str, note: str = "") -> None:
        """Write down that a program starts, or that somebody connects."""
        if kind is Kind.STARTS:
            self.programs.add(who)
        self._add(Step(who, "", what, note=note, kind=kind, arrivals=(who,)))

    def sent(self, who: str, to: str, data: bytes) -> None:
        """Write down one send; single bytes, and repetitions, are one step."""
        last = self._last_of(who, to)
        if last and len(data) == 1 and len(last.data) == last.pieces:
            last.data += data
            last.pieces += 1
        elif last and last.data == data:
            last.times += 1
        else:
            self._add(Step(who, to, "", data, kind=Kind.MESSAGE))

    def take_back(self, who: str, to: str) -> None:
        """Forget the last send, of which nothing has gone."""
        last = self._last_of(who, to)
        if not last:
            return
        if last.times > 1:
            last.times -= 1
        elif last.pieces > 1:
            last.data = last.data[:-1]
            last.pieces -= 1
        else:
            self.steps.pop()

    def received(self, who: str, to: str, data: bytes) -> None:
        """Write down what a recv brought; the pieces of one message are one step."""
        if last := self._last_of(who, to):
            last.data += data
            last.pieces += 1
        else:
            before = self.steps[-1].seconds if self.steps else 0
            waited = _after(time.perf_counter() - self.began - before)
            self._add(Step(who, to, "", data, waited, kind=Kind.MESSAGE))

    def _last_of(self, who: str, to: str) -> Step | None:
        """Return the last step if it is a message on this way."""
        last = self.steps[-1] if self.steps else None
        return last if last and (last.who, last.to) == (who, to) else None

    def sum_up(self, since: int, who: str, what: str) -> None:
        """Replace the steps from number ``since`` on by a short one: all went well.

        There are none when, for instance, a program has nothing to start.
        """
        replaced = self.steps[since:]
        began = replaced[0].seconds if replaced else time.perf_counter() - self.began
        arrivals = tuple(name for step in replaced for name in step.arrivals)
        arrivals = arrivals if len(arrivals) <= MOST_ARRIVALS else ()
        self.steps[since:] = [Step(who, "", what, seconds=began, arrivals=arrivals)]

    def blame_last_message(self, to: str) -> None:
        """Mark what somebody received last: it is not what was expected."""
        received = [step for step in self.steps if step.to == to]
        for step in received[-1:]:
            step.wrong = True

    def _add(self, step: Step) -> None:
        step.seconds = time.perf_counter() - self.began
        self.steps.append(step)


def numbered(steps: Iterable[Step], again: str, most: int = 30) -> list[str]:
    """Return the numbered steps, of a long history the first and the last ones.

    ``again`` is the command that repeats the check: with a report it shows them all.
    What several do, one after another, is one line.
    """
    lines, number = [], 1
    for group in _alike(steps):
        last = number + len(group) - 1
        numbers = f"{number}–{last}" if last > number else f"{number}"
        lines.append(f"{numbers:>5}  {_as_one(group).line()}")
        number = last + 1
    if len(lines) <= most + 1:
        return lines
    text = _("… {count} steps left out; all of them: {command} …")
    command = f"{again} --report steps.html"
    left_out = lines[8 : len(lines) - most + 8]
    middle = text.format(count=len(left_out), command=command)
    return [*lines[:8], f"       {middle}", *lines[8 - most :]]


def _alike(steps: Iterable[Step]) -> list[list[Step]]:
    """Return the steps in groups: those in which several do, or get, the same."""
    groups: list[list[Step]] = []
    for step in steps:
        if groups and all(_same(step, other) for other in groups[-1]):
            groups[-1].append(step)
        else:
            groups.append([step])
    few = [len(group) < FEWEST_ALIKE for group in groups]
    return [
        part
        for group, apart in zip(groups, few, strict=True)
        for part in ([[step] for step in group] if apart else [group])
    ]


def _same(one: Step, other: Step) -> bool:
    """Return whether two steps differ in who does it, or else in who gets it."""
    same = (one.kind, one.what, one.data) == (other.kind, other.what, other.data)
    return same and (one.who == other.who) != (one.to == other.to)


def _as_one(group: list[Step]) -> Step:
    first, last = group[0], group[-1]
    if first is last:
        return first
    both = "{first} … {last}"
    who, to = first.who, first.to
    if who != last.who:
        who = both.format(first=who, last=last.who)
    else:
        to = both.format(first=to, last=last.to)
    return replace(first, who=who, to=to, note="", times=len(group), pieces=1)


def _after(seconds: float) -> str:
    """Return a delay in words; what is below the clock's noise is none."""
    if seconds < 0.0001:
        return _("at once")
    if seconds < 1:
        return _("after {count} ms").format(count=f"{seconds * 1000:.1f}")
    return _("after {count} s").format(count=f"{seconds:.1f}")
