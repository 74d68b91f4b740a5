"""Bytes and text as a reader sees them: as Python writes them, and never too much."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import groupby
from typing import Any

from tests.harness.words import ngettext

LONGEST = 96  # bytes of data that a step shows
FEWEST = 32  # bytes that it is worth to leave out
BEFORE = 30  # bytes shown before a difference; it must not be in what is left out
RUN = re.compile(rb"(.)\1{47,}", re.S)  # longer than BEFORE, so that a difference shows
LINE = re.compile(rb"[^\n]*\n|[^\n]+")
EQUAL_LINES = 4  # from this many on, they are shown once
WORDS_OF_RUN = 8  # bytes that a run counts as when something must be left out


@dataclass(frozen=True)
class Part:
    """A part of the data: a piece of it, or a piece that comes several times."""

    start: int  # of its first byte, in all the data
    data: bytes
    times: int = 1
    lead: str = ""  # what is written between the part before and this one

    @property
    def stop(self) -> int:
        """The place after its last byte, in all the data."""
        return self.start + len(self.data) * self.times

    @property
    def cost(self) -> int:
        """How many bytes of a reader's time it takes."""
        if self.times == 1:
            return len(self.data)
        return max(min(len(self.data), LONGEST), WORDS_OF_RUN)

    @property
    def text(self) -> str:
        """The part as it is shown."""
        if self.times == 1:
            return f"{self.lead}{_literal(self.data)}"
        return f"{self.lead}{self._unit} × {self.times:,}"

    @property
    def _unit(self) -> str:
        """What comes several times, in brackets if it is shown in parts itself."""
        parts = [part.text for part in _parts(self.data, LONGEST)]
        return "".join(parts if len(parts) == 1 else ["(", *parts, ")"])

    def column(self, index: int) -> int:
        """Return the place in the text where a byte of the data is."""
        at = index - self.start
        if self.times > 1:
            start = len(self.lead) + self._unit.startswith("(")
            return start + column(self.data, at % len(self.data))
        before = self.data[: max(at, 0)]
        if _literal(self.data).startswith("b"):
            return len(self.lead) + len(repr(before)) - 1
        return len(self.lead) + len(repr(before.decode(errors="ignore"))) - 1


def show(data: bytes, longest: int = LONGEST) -> str:
    r"""Return bytes as Python shows them: 'text' if they are UTF-8, else b'\xff'.

    Of long data, equal bytes and equal lines are counted, and so is what is left out.
    """
    return "".join(part.text for part in _parts(data, longest))


def column(data: bytes, index: int) -> int:
    """Return the place in ``show(data)`` of the byte with this number."""
    before = 0
    parts = _parts(data, LONGEST)
    for part in parts:
        if index < part.stop or part is parts[-1]:
            return before + part.column(index)
        before += len(part.text)
    return 0


def harmless(text: str) -> str:
    """Return text with escapes for all that could hide text or drive a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def made_harmless(facts: Any) -> Any:
    """Return facts, such as a Failure, in which every text is harmless.

    What a program says may be in any of them: a header, a nick, a function's name.
    """
    if isinstance(facts, str):
        return harmless(facts)
    if isinstance(facts, (list, tuple)):
        return type(facts)(map(made_harmless, facts))
    if not is_dataclass(facts) or isinstance(facts, type):
        return facts
    parts = {part.name: getattr(facts, part.name) for part in fields(facts)}
    return replace(facts, **{k: made_harmless(v) for k, v in parts.items()})


def _literal(data: bytes) -> str:
    try:
        return repr(data.decode())
    except UnicodeDecodeError:
        return repr(data)


def _parts(data: bytes, longest: int) -> list[Part]:
    """Return the parts that are shown; what is left out is in the next one's lead."""
    parts = [Part(0, data)]
    if len(data) >= LONGEST + FEWEST:
        parts = [run for part in _equal_lines(data) for run in _runs(part)]
    if sum(part.cost for part in parts) - longest >= FEWEST:
        first = list(_first(parts, longest // 2))
        last = list(_last(parts, longest // 2))
        if (count := last[0].start - first[-1].stop) > 0:
            gap = ngettext("{count} byte", "{count} bytes", count)
            gap = gap.format(count=f"{count:,}")
            parts = [*first, replace(last[0], lead=f" … {gap} … "), *last[1:]]
    return [
        part if not n or part.lead else replace(part, lead=" + ")
        for n, part in enumerate(parts)
    ]


def _equal_lines(data: bytes) -> Iterator[Part]:
    """Yield the data in parts: many equal lines are one of them."""
    at = done = 0
    for line, group in groupby(LINE.findall(data)):
        times = len(list(group))
        if times >= EQUAL_LINES:
            if at > done:
                yield Part(done, data[done:at])
            yield Part(at, line, times)
            done = at + len(line) * times
        at += len(line) * times
    if at > done:
        yield Part(done, data[done:])


def _runs(part: Part) -> Iterator[Part]:
    """Yield a part in parts: many equal bytes are one of them."""
    done = 0
    for run in RUN.finditer(part.data) if part.times == 1 else ():
        if run.start() > done:
            yield Part(part.start + done, part.data[done : run.start()])
        yield Part(part.start + run.start(), run[1], len(run[0]))
        done = run.end()
    if not done:
        yield part
    elif done < len(part.data):
        yield Part(part.start + done, part.data[done:])


def _first(parts: Iterable[Part], most: int) -> Iterator[Part]:
    """Yield the first parts, of the last of them perhaps only its beginning."""
    for part in parts:
        if part.cost > most and part.times == 1:
            part = replace(part, data=part.data[:most])
        if most <= 0:
            return
        yield part
        most -= part.cost


def _last(parts: list[Part], most: int) -> Iterable[Part]:
    """Return the last parts, of the first of them perhaps only its end."""
    found: list[Part] = []
    for part in reversed(parts):
        if part.cost > most and part.times == 1:
            cut = max(len(part.data) - most, 0)
            part = replace(part, start=part.start + cut, data=part.data[cut:])
        if most <= 0:
            break
        found.insert(0, part)
        most -= part.cost
    return found
