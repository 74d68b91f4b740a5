"""Folding: what repeats itself is written once, and how often it came is counted."""

import re
from collections.abc import Iterator

LONGEST_PERIOD = 3  # blocks that may alternate: one traceback during another
TRACEBACK = "Traceback (most recent call last)"
THREAD = re.compile(r"(?<=^Exception in thread Thread-)\d+")  # its number makes no news


def fold(text: str) -> str:
    """Return a program's stderr with equal lines and equal tracebacks written once."""
    blocks = list(_blocks(text.splitlines(keepends=True)))
    alike = [THREAD.sub("", block) for block in blocks]
    folded, at = [], 0
    while at < len(blocks):
        period, times = _repetition(alike, at)
        folded += blocks[at : at + period]
        if times > 1:
            folded[-1] = f"{folded[-1].rstrip()} (× {times:,})\n"
        at += period * times
    return "".join(folded)


def _repetition(blocks: list[str], at: int) -> tuple[int, int]:
    """Return how many blocks are repeated from here on, and how often."""
    for period in range(1, LONGEST_PERIOD + 1):
        end = at + period
        while blocks[at : at + period] == blocks[end : end + period]:
            end += period
        if end > at + period and any(block.strip() for block in blocks[at:end]):
            return period, (end - at) // period
    return 1, 1


def _blocks(lines: list[str]) -> Iterator[str]:
    """Yield lines; a traceback, with the line that introduces it, is one block."""
    at = 0
    while at < len(lines):
        first = at
        if lines[at].startswith("Exception in thread"):
            at += 1
        if at < len(lines) and lines[at].startswith(TRACEBACK):
            at += 1
            while at < len(lines) and lines[at].startswith((" ", "\t")):
                at += 1
        at += 1  # the exception itself, or a line that is not in a traceback
        yield "".join(lines[first:at])
