"""Where a Python program is: its threads' stacks, as faulthandler prints them."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.harness.exercises import is_given
from tests.harness.sources import Sources, line_of

FRAME = re.compile(r'File "([^"\n]*)", line (\d{1,9})\S* in (\S+)')
TAKES_LOCK = re.compile(r"with (.+?)(?: as .*)?:|(?:.*\W)?([\w.]+)\.acquire\(")
TAKING = {"__enter__", "acquire"}  # the library's functions that take a lock


@dataclass(frozen=True)
class Frame:
    """A line that is being executed."""

    file: Path
    line: int
    function: str
    sources: Sources = field(compare=False, repr=False)

    def __str__(self) -> str:
        """Return its place: the file and the function."""
        return f"{self.file} {self.function}"

    @property
    def code(self) -> str:
        """The line's text."""
        return line_of(self.sources, self.file, self.line).strip()

    @cached_property
    def tree(self) -> ast.Module:
        """The file's syntax tree; an empty one, should it not be a program at all."""
        try:
            return ast.parse(self.sources.get(self.file, ""))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module([], [])

    @property
    def function_code(self) -> str:
        """The text of the function around the line, and of those that it calls."""
        functions = [n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef)]
        around = [function for function in functions if _holds(function, self.line)]
        text = ast.unparse(max(around, key=lambda f: f.lineno) if around else self.tree)
        called = [f for f in functions if re.search(rf"\b{f.name}\(", text)]
        return "\n".join([text, *map(ast.unparse, called)])

    def locks_held(self) -> list[str]:
        """Return the names in the ``with`` blocks around the line."""
        return [
            ast.unparse(item.context_expr)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.With) and _holds(node.body[0], self.line, node)
            for item in node.items
        ]


def _holds(first: ast.stmt, line: int, whole: ast.stmt | None = None) -> bool:
    return first.lineno <= line <= ((whole or first).end_lineno or 0)


@dataclass(frozen=True)
class Stack:
    """What one thread is doing, the innermost frame first."""

    frames: Sequence[Frame]
    own: Sequence[Frame]  # those in the student's files
    is_main: bool
    is_busy: bool

    def awaited_lock(self) -> str:
        """Return the lock that the thread waits for, or ''."""
        frames = [frame for frame in self.frames if frame.function not in TAKING]
        innermost = frames[0] if frames else None
        if self.is_busy or not innermost or innermost not in self.own:
            return ""
        found = TAKES_LOCK.match(innermost.code)
        return (found[1] or found[2]) if found else ""

    def frame_holding(self, lock: str) -> Frame | None:
        """Return the frame that has taken a lock, as far as its text shows.

        Of a thread's own locks, ``self.lock`` and ``client.lock`` are two; another
        thread may have another name for the same.
        """
        for frame in self.own:
            held = frame.locks_held()
            if lock in held or lock in map(last_word, held):
                return frame
        return None


def last_word(name: str) -> str:
    """Return ``lock`` for ``self.lock``: elsewhere it may be ``chat.lock``."""
    return name.rpartition(".")[2]


def stacks_in(dump: str, sources: Sources, busy: Sequence[bool]) -> list[Stack]:
    """Return the stacks in what faulthandler has printed, the newest thread first.

    A program may print such lines itself: only files among ``sources`` are looked at.
    ``busy`` says the same of each thread, in the same order, where that is known.
    """
    parts = [part for part in re.split(r"hread 0x", dump) if FRAME.search(part)]
    known = busy if len(busy) == len(parts) else [any(busy)] * len(parts)
    pairs = zip(parts, known, strict=True)
    found = [_stack(part, sources, is_busy) for part, is_busy in pairs]
    return [stack for stack in found if stack.own] or [
        Stack(stack.frames, ours, stack.is_main, stack.is_busy)
        for stack in found
        if (ours := [frame for frame in stack.frames if frame.file in sources])
    ]


def _stack(text: str, sources: Sources, is_busy: bool) -> Stack:
    found = FRAME.findall(text)
    frames = [Frame(Path(f), int(line), name, sources) for f, line, name in found]
    own = list(_own(frames))
    is_main = all(frame.function != "_bootstrap" for frame in frames)
    return Stack(frames, own, is_main, is_busy)


def _own(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Yield the frames in the student's own files: what is given is not theirs."""
    for frame in frames:
        if frame.file in frame.sources and not is_given(frame.file):
            yield frame
