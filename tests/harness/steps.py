"""The history of a check: every step with the bytes on the wire, in order.

A failure is explained by what happened before it, so peers and programs write down what
they do here, and the failure print and the reports read it.
"""

import time
from dataclasses import dataclass, field

LONGEST = 96  # bytes of data that a step shows
BEFORE = 30  # bytes shown before a difference; it must not be in what is left out


def show(data: bytes, longest: int = LONGEST) -> str:
    """Return bytes as Python shows them: 'text' if they are UTF-8, else b'\\xff'.

    What is left out is counted.
    """
    if len(data) > longest:
        half = longest // 2
        left_out = f"… {len(data) - 2 * half:,} bytes …"
        start, end = data[:half], data[len(data) - half :]
        return f"{_literal(start)} {left_out} {_literal(end)}"
    return _literal(data)


def column(data: bytes, index: int) -> int:
    """Return the place in ``show(data)`` where the byte number ``index`` stands."""
    shown = data[: LONGEST // 2] if len(data) > LONGEST else data
    before = shown[:index]
    if _literal(shown).startswith("b"):
        return len(repr(before)) - 1
    return len(repr(before.decode(errors="ignore"))) - 1


def harmless(text: str) -> str:
    """Return text with escapes for all that could hide text or drive a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def _literal(data: bytes) -> str:
    try:
        return repr(data.decode())
    except UnicodeDecodeError:
        return repr(data)


@dataclass
class Step:
    """One line of the history."""

    who: str  # who does it, or sends it
    to: str  # who gets it; empty when it is no message
    what: str  # the event in words; empty when it is a message
    data: bytes = b""
    note: str = ""  # an address, a delay
    seconds: float = 0.0  # since the check began
    pieces: int = 1
    times: int = 1
    wrong: bool = False  # the message is another than was expected

    def line(self) -> str:
        """Return the step as one line for the terminal."""
        if not self.to:
            event = f"{self.who} {self.what}"
            return f"{event:<44}  {self.note}".rstrip()
        message = f"{self.who} → {self.to:<8} {show(self.data)}"
        return f"{message:<44}  {self.notes()}".rstrip()

    def notes(self) -> str:
        """Return what there is to add: the note, how many pieces, how many times."""
        pieces = f"in {self.pieces} pieces" if self.pieces > 1 else ""
        times = f"{self.times} times" if self.times > 1 else ""
        return ", ".join(note for note in (self.note, pieces, times) if note)


@dataclass
class History:
    """The steps of one check."""

    steps: list[Step] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def event(self, who: str, what: str, note: str = "") -> None:
        """Write down something that is no message."""
        self._add(Step(who, "", what, note=note))

    def sent(self, who: str, to: str, data: bytes) -> None:
        """Write down one send; single bytes, and repetitions, are one step."""
        last = self.steps[-1] if self.steps else Step("", "", "")
        same_way = (last.who, last.to) == (who, to)
        if same_way and len(data) == 1 and len(last.data) == last.pieces:
            last.data += data
            last.pieces += 1
        elif same_way and last.data == data:
            last.times += 1
        else:
            self._add(Step(who, to, "", data))

    def received(self, who: str, to: str, data: bytes) -> None:
        """Write down what a recv brought; the pieces of one message are one step."""
        last = self.steps[-1] if self.steps else None
        if last and (last.who, last.to) == (who, to):
            last.data += data
            last.pieces += 1
        else:
            waited = time.monotonic() - self.began - (last.seconds if last else 0)
            self._add(Step(who, to, "", data, f"after {_duration(waited)}"))

    def sum_up(self, since: int, who: str, what: str) -> None:
        """Replace the steps from number ``since`` on by a short one: all went well.

        There are none when, for instance, a program has nothing to start.
        """
        replaced = self.steps[since:]
        began = replaced[0].seconds if replaced else time.monotonic() - self.began
        self.steps[since:] = [Step(who, "", what, seconds=began)]

    def blame_last_message(self, to: str) -> None:
        """Mark what somebody received last: it is not what was expected."""
        received = [step for step in self.steps if step.to == to]
        for step in received[-1:]:
            step.wrong = True

    def _add(self, step: Step) -> None:
        step.seconds = time.monotonic() - self.began
        self.steps.append(step)

    def lines(self, most: int = 30) -> list[str]:
        """Return the numbered steps, of a long history the first and the last ones."""
        numbered = [f"{n:>5}  {s.line()}" for n, s in enumerate(self.steps, 1)]
        if len(numbered) <= most + 1:
            return numbered
        left_out = len(numbered) - most
        middle = f"       … {left_out} steps left out, --report has them all …"
        return [*numbered[:8], middle, *numbered[8 - most :]]


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
