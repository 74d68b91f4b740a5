"""Peers: clients that talk to a program under test, and servers that it talks to.

Every step goes into the history. What is expected is compared byte by byte as it comes,
so that a wrong byte fails at once and only a missing one has to be waited for.
"""

import contextlib
import select
import socket
import time
from typing import NoReturn

from tests.harness import system
from tests.harness.failure import CheckFailedError, Seen, Symptom
from tests.harness.patience import ANSWER, SLICE, wait_until
from tests.harness.program import Program, skipped_bytes
from tests.harness.shown import BEFORE, LONGEST, column, show
from tests.harness.steps import History
from tests.harness.symptoms import explain
from tests.harness.words import _

MOST_UNREAD = 32 * 1024 * 1024  # bytes; more than any check lets a program send


UNREAD_INPUT = _(
    "The connection was reset. TCP does that when a program closes a socket with input"
    " that it has not read: read the whole request first, and where more may follow,"
    " half-close, then read on until recv() returns b''. It does so, too, when the"
    " program dies."
)
NOTHING_CAME = _(
    "The connection was reset before anything came. TCP does that when a program closes"
    " a socket with input that it has not read, and when it closes the listening socket"
    " while a client waits to be accepted: bind() and listen() once, before the loop."
)


def as_bytes(text: str | bytes) -> bytes:
    """Return text as UTF-8; bytes as they are."""
    return text.encode() if isinstance(text, str) else text


class Peer:
    """One end of a TCP connection; the program under test has the other."""

    def __init__(
        self, name: str, connection: socket.socket, program: Program, history: History
    ) -> None:
        """Take over a connected socket."""
        self.name = name
        self.socket = connection
        self.program = program
        self.history = history
        self.unread = b""  # received, but not yet expected by anybody
        self.end = ""  # how the stream ended: "end", "reset", or not yet ""
        self.spoke = time.monotonic()  # when it last sent something, or connected
        self.silent_for = 0.0  # seconds, until the stream ended
        self.has_received = False
        self.waited = 0.0  # seconds in all, for something to arrive
        self.waited_in_vain = 0.0  # seconds, since something arrived
        self.gave_up = False  # an exchange has: so nobody need wait once more
        self.missed = False  # something, because the connection had ended
        connection.setblocking(False)

    # -- sending ----------------------------------------------------------------------

    def send(self, *pieces: str | bytes) -> None:
        """Send each piece in a segment of its own (TCP_NODELAY is set)."""
        for piece in map(as_bytes, pieces):
            self.history.sent(self.name, self.program.name, piece)
            self._send(piece)

    def send_bulk(self, data: str | bytes, what: str) -> None:
        """Send much at once; the history says ``what`` it is, and how much."""
        data = as_bytes(data)
        size = _("{count} bytes").format(count=f"{len(data):,}")
        self.history.event(self.name, _("sends {what}").format(what=what), size)
        self._send(data)

    def _send(self, data: bytes) -> None:
        self.gave_up = False
        self.silent_for = time.monotonic() - self.spoke
        view = memoryview(data)
        while view and self._wait_until_writable():
            try:
                view = view[self.socket.send(view) :]
            except OSError as error:
                self.missed = True
                if len(view) == len(data):
                    self.history.take_back(self.name, self.program.name)
                text = _("{name} cannot send: {reason}.")
                self.fail(text.format(name=self.name, reason=error.strerror))
        if view:
            text = _("{program} does not read what {name} sends.")
            self.fail(text.format(program=self.program.name, name=self.name))
        self.spoke = time.monotonic()

    def _wait_until_writable(self) -> bool:
        for wait in self.program.slices(ANSWER):
            if select.select([], [self.socket], [], wait)[1]:
                return True
            self.receive_now()  # or both sides might wait for the other to read
        return False

    def wait_until_read(self) -> None:
        """Wait until the program has read what was sent: a piece stays a piece.

        Where the system cannot say, give it a moment.
        """
        if self.unread_by_program() is None:
            select.select([], [], [self.socket], SLICE)
        else:
            waits = self.program.slices(ANSWER)
            wait_until(lambda: not self.unread_by_program(), waits)

    def unread_by_program(self) -> int | None:
        """Return how many bytes the program has not read; None where we cannot look."""
        try:
            addresses = self.socket.getpeername(), self.socket.getsockname()
        except OSError:  # reset in the meantime: there is nothing left to read
            return 0
        return system.unread_bytes(*addresses)

    def half_close(self) -> None:
        """Say that no more will be sent, and go on reading: shutdown(SHUT_WR)."""
        self.history.event(self.name, _("half-closes"))
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection, with nothing unread: that would make it a reset."""
        if self.socket.fileno() != -1:
            while self.receive_now():
                continue
            self.history.event(self.name, _("closes"))
            self.socket.close()

    def reset(self) -> None:
        """Leave with a RST, as a program does that crashes with unread input."""
        self.history.event(self.name, _("resets the connection"))
        system.reset_on_close(self.socket)
        self.socket.close()

    # -- receiving --------------------------------------------------------------------

    def receive_now(self, most: int = 1 << 20) -> bool:
        """Take what has arrived, without waiting; return whether anything changed.

        ``most`` is how many bytes to take at most.
        """
        if self.end:
            return False
        self.silent_for = time.monotonic() - self.spoke
        try:
            data = self.socket.recv(most)
        except BlockingIOError:
            return False
        except OSError as error:
            self.end = "reset"
            event = _("resets {name}'s connection").format(name=self.name)
            self.history.event(self.program.name, event, error.strerror or "")
            return True
        if data:
            self.unread += data
            self.has_received = True
            self.waited_in_vain, self.gave_up = 0.0, False
            self.history.received(self.program.name, self.name, data)
            if len(self.unread) > MOST_UNREAD:
                text = _("{program} sends {name} data without end.")
                self.fail(text.format(program=self.program.name, name=self.name))
            system.acknowledge_at_once(self.socket)
        else:
            self.end = "end"
            event = _("closes {name}'s connection").format(name=self.name)
            self.history.event(self.program.name, event)
        return True

    def wait_for_more(self, seconds: float = ANSWER) -> bool:
        """Wait until something arrives, or the stream ends; return whether it did."""
        began = time.monotonic()
        for wait in self.program.slices(0 if self.gave_up else seconds):
            if self.receive_now():
                return True
            if self.end:
                return False
            before = time.monotonic()
            select.select([self.socket], [], [], wait)
            self.waited += min(wait, time.monotonic() - before)
        if self.receive_now():
            return True
        self.waited_in_vain += time.monotonic() - began
        return False

    def expect(
        self, data: str | bytes, *, remark: str = "", seconds: float = ANSWER
    ) -> None:
        """Receive exactly these bytes next; ``remark`` explains a difference."""
        wanted = as_bytes(data)
        while wanted.startswith(self.unread[: len(wanted)]):
            if len(self.unread) >= len(wanted):
                self.unread = self.unread[len(wanted) :]
                return
            if not self.wait_for_more(seconds):
                self.fail_at(wanted, self.unread, self.what_ended_it())
        self.fail_at(wanted, self.unread, remark or _("this is the first difference"))

    def read_line(self, waiting_for: str, seconds: float = ANSWER) -> bytes:
        """Receive the next line, with its newline; ``waiting_for`` says which."""
        while b"\n" not in self.unread:
            if not self.wait_for_more(seconds):
                self._fail_without_line(waiting_for)
        line, newline, self.unread = self.unread.partition(b"\n")
        return line + newline

    def read_to_end(self, waiting_for: str, seconds: float = ANSWER) -> bytes:
        """Receive everything until the program closes the connection."""
        while not self.end:
            if not self.wait_for_more(seconds) and not self.end:
                still = _("is still open after {seconds} s")
                still = still.format(seconds=f"{self.waited_in_vain:.1f}")
                self.fail(
                    expected=(self.to_receive(), waiting_for),
                    got=(_("but the connection"), still),
                    symptoms=[Symptom(Seen.OPEN)],
                )
        data, self.unread = self.unread, b""
        return data

    def expect_end(self, seconds: float = ANSWER, *, reset: bool = False) -> None:
        """Expect the end of the stream and nothing before it.

        ``reset``: a reset is as good, because the program was right not to read.
        """
        rest = self.read_to_end(_("the end of the stream"), seconds)
        if rest:
            self.fail_at(b"", rest, _("nothing more should have come"))
        if self.end == "reset" and not reset:
            to_see = _("Expected {name} to see").format(name=self.name)
            self.fail(
                expected=(to_see, _("the end of the stream")),
                got=(_("but the connection was"), _("reset")),
            )

    # -- failing ----------------------------------------------------------------------

    def to_receive(self) -> str:
        """Return the lead of what the peer should have received."""
        return _("Expected {name} to receive").format(name=self.name)

    def but_it_sent(self) -> str:
        """Return the lead of what came instead."""
        return _("but the {name} sent").format(name=self.program.name)

    def what_ended_it(self) -> str:
        """Say why no more bytes came."""
        self.missed = bool(self.end)
        if self.end == "reset":
            return _("here the connection was reset")
        if self.end:
            return _("here the connection was closed")
        nothing = _("nothing came within {seconds} s")
        if self.has_received:
            nothing = _("nothing more came within {seconds} s")
        return nothing.format(seconds=f"{self.waited_in_vain:.1f}")

    def seen(self) -> list[Symptom]:
        """Return what the connection's state says about a failure."""
        if self.end == "reset":
            return [Symptom(Seen.RESET)]
        if self.end:  # which may be just what was expected
            return [Symptom(Seen.CLOSED)] if self.missed else []
        return [Symptom(Seen.SILENCE)] if self.waited_in_vain > 0 else []

    def fail(self, message: str = "", **parts: object) -> NoReturn:
        """Fail the check; the program's state is added to the explanation."""
        if not (self.waited_in_vain or self.missed or self.end == "reset"):
            self.history.blame_last_message(self.name)
        error = CheckFailedError(message, **parts)
        for symptom in self.seen():
            error.failure.add(symptom)
        hangs = self.waited_in_vain > 0
        silent_for = self.silent_for if self.missed else 0.0
        explain(error, self.program, hangs=hangs, missed=self.missed, silent=silent_for)
        if self.end == "reset" and not self.program.exited.is_set():
            usual = UNREAD_INPUT if self.has_received else NOTHING_CAME
            error.failure.hint = error.failure.advice or usual
        raise error

    def fail_at(
        self, wanted: bytes, got: bytes, remark: str, hint: str = ""
    ) -> NoReturn:
        """Fail with both texts, and a caret at the first difference."""
        same = next(
            (n for n in range(min(len(wanted), len(got))) if wanted[n] != got[n]),
            min(len(wanted), len(got)),
        )
        # Of long texts only the neighbourhood of the difference tells anything.
        start = max(same - BEFORE, 0) if max(len(wanted), len(got)) > LONGEST else 0
        skipped = skipped_bytes(start)
        came = skipped + show(got[start:]) if got else _("nothing")
        if got:
            self.history.blame_last_message(self.name)
        self.fail(
            expected=(
                self.to_receive(),
                skipped + show(wanted[start:])
                if wanted
                else _("the end of the stream"),
            ),
            got=(self.but_it_sent(), came),
            at=len(skipped) + column(got[start:], same - start) if got else None,
            remark=remark,
            hint=hint,
        )

    def _fail_without_line(self, waiting_for: str) -> NoReturn:
        """Fail because no line came, or one that does not end."""
        if not self.unread:
            self.fail_waiting(waiting_for)
        is_short = len(self.unread) < LONGEST
        hint = _("The line has no end: send line and end together, in one sendall().")
        self.history.blame_last_message(self.name)
        self.fail(
            expected=(self.to_receive(), waiting_for),
            got=(self.but_it_sent(), show(self.unread)),
            remark=_("its end is missing: {why}").format(why=self.what_ended_it()),
            hint=hint if is_short else "",
        )

    def fail_waiting(self, waiting_for: str) -> NoReturn:
        """Fail because something did not come."""
        self.fail(
            expected=(self.to_receive(), waiting_for),
            got=(_("but"), self.what_ended_it()),
        )
