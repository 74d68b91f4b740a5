"""The table of symptoms that are no traceback: where a program waits, what it is like.

As in ``hints``, a hint replaces the check's own, and each row has a test that provokes
it, in ``tests/own/harness/test_states.py``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.harness.failure import Seen
from tests.harness.stacks import Stack, last_word
from tests.harness.words import _


@dataclass(frozen=True)
class StackRow:
    """A thread's state, by regular expressions, and what to do about it."""

    hint: str
    line: str = ""  # for any line of the student's own in the stack
    innermost: str = ""  # for the innermost of them
    function: str = ""  # for the whole function that it is in
    library: str = ""  # for a file and a function of Python's own, of any frame
    is_busy: bool = False
    main_only: bool = False
    wins: bool = True

    def fits(self, stack: Stack) -> bool:
        """Return whether a thread is in this state."""
        if stack.is_busy != self.is_busy or (self.main_only and not stack.is_main):
            return False
        innermost = stack.own[0]
        return (
            any(re.search(self.line, frame.code) for frame in stack.own)
            and re.search(self.innermost, innermost.code) is not None
            and re.search(self.function, innermost.function_code) is not None
            and any(re.search(self.library, str(frame)) for frame in stack.frames)
        )


STREAM_ENDED = _(
    "recv() returns b'' again and again: the other side has closed. When it returns"
    " b'', leave the loop."
)

STACKS = (
    StackRow(
        _(
            "The main thread itself waits there: target= is given a call, so the"
            " function runs here and now. Pass the function, without brackets, and its"
            " arguments apart: Thread(target=work, args=[client])."
        ),
        line=r"\btarget=[\w.]+\(",
        main_only=True,
    ),
    StackRow(
        _(
            "The main thread itself waits there: run() calls the function in the thread"
            " that you have. start() begins a new thread, which calls it."
        ),
        line=r"\.run\(\)",
        library=r"threading\.py run$",
        main_only=True,
    ),
    StackRow(
        _(
            "join() waits until that thread has ended. Right after start(), it makes"
            " clients take turns. At the end of the program, first shut down the"
            " client's socket: then its recv() returns b'', and the thread can end."
        ),
        innermost=r"\.join\(\)",
        wins=False,
    ),
    StackRow(STREAM_ENDED, function=r"\.recv\(", is_busy=True),
)

HELD_ITSELF = _(
    "A thread waits for {lock}, and holds it already: line {line} is inside a 'with'"
    " that has taken it. What is called there must not take it again."
)
HELD_BY_ANOTHER = _(
    "A thread waits for {lock}, which another thread holds while it waits itself, in"
    " line {line}. Hold a lock only for what is quick, and never while you wait for a"
    " client."
)
HELD_FOR_A_READER = _(
    "A thread waits for {lock}, which another thread holds, in line {line}: sendall()"
    " waits there for a client that reads nothing. Nobody may wait for a client while"
    " others need the lock."
)
HELD_BY_SOMEBODY = _(
    "A thread waits for {lock}. Who holds it, and where is it freed? Use 'with' for it,"
    " and hold it only for what is quick."
)


def hint_on_lock(stack: Stack, others: Sequence[Stack]) -> str:
    """Return who holds the lock that a thread waits for; '' if it waits for none."""
    lock = stack.awaited_lock()
    if not lock:
        return ""
    if frame := stack.frame_holding(lock):
        return HELD_ITSELF.format(lock=lock, line=frame.line)
    if any(other.is_busy for other in others):
        return ""  # it may be free in a moment
    for other in others:
        if other.frame_holding(last_word(lock)):
            inner = other.own[0]
            sends = ".send" in inner.code
            text = HELD_FOR_A_READER if sends else HELD_BY_ANOTHER
            return text.format(lock=lock, line=inner.line)
    return HELD_BY_SOMEBODY.format(lock=lock)


def hint_on_stack(stack: Stack, others: Sequence[Stack]) -> tuple[str, bool]:
    """Return the hint on a thread's state, or '', and whether it wins."""
    if hint := hint_on_lock(stack, others):
        return hint, True
    for row in STACKS:
        if row.fits(stack):
            return row.hint, row.wins
    return "", False


@dataclass(frozen=True)
class SourceRow:
    """What was seen, what the program's text holds, and what that means together."""

    seen: Seen
    source: str  # a regular expression
    hint: str
    wins: bool = True


SOURCES = (
    SourceRow(
        Seen.RESET,
        "SO_LINGER",
        _(
            "The connection was reset. SO_LINGER with a time of 0 makes close() do so,"
            " and what is still on its way may be lost: leave the option alone."
        ),
    ),
    SourceRow(
        Seen.RESET,
        r"""(?m)^( *)(\w+) = b(?:""|'')\n\1while \2:""",
        _(
            "The connection was reset, as it is when a program closes a socket with"
            " input that it has not read. The loop that reads is never entered: its"
            " condition is an empty bytes object at first."
        ),
    ),
    SourceRow(
        Seen.OPEN,
        r"\bfork\(|\b(Process|Popen)\(",
        _(
            "The connection ends when every process has closed its socket: after fork()"
            " parent and child have one each. The parent closes the client's at once."
        ),
    ),
    SourceRow(
        Seen.OPEN,
        r"(?m)^(?!.*\bwith\b).*\.makefile\(",
        _(
            "A file from makefile() keeps the connection open, even after close() of"
            " the socket: close the file too, best by 'with'."
        ),
    ),
    SourceRow(
        Seen.UNPRINTED,
        r"(?s)\A(?!.*flush).*\bprint\(",
        _(
            "Into a pipe, Python writes what is printed only when much has gathered, or"
            " the program ends: print(…, flush=True)."
        ),
        wins=False,
    ),
)


def source_row(seen: Seen, source: str) -> SourceRow | None:
    """Return the first row that fits what was seen and the program's text."""
    for row in SOURCES:
        if row.seen is seen and re.search(row.source, source):
            return row
    return None


TIMED_OUT = _(
    "stderr says 'timed out': a socket has a time limit, settimeout(), and a client"
    " that said nothing for that long was given up. Is the limit meant for this socket?"
    " And what did the program still wait for?"
)
