"""Peers: clients that talk to a program under test, and servers that it talks to.

Every step goes into the history. What is expected is compared byte by byte as it comes,
so that a wrong byte fails at once and only a missing one has to be waited for.
"""

import contextlib
import select
import socket
import time
from collections.abc import Callable
from typing import NoReturn

from tests.harness import system
from tests.harness.checks import CheckFailedError
from tests.harness.patience import ANSWER, SLICE, START, slices, wait_until
from tests.harness.program import Program, explain
from tests.harness.steps import BEFORE, LONGEST, History, column, show

MOST_UNREAD = 32 * 1024 * 1024  # bytes; more than any check lets a program send


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
        self.history.event(self.name, f"sends {what}", f"{len(data):,} bytes")
        self._send(data)

    def _send(self, data: bytes) -> None:
        self.gave_up = False
        view = memoryview(data)
        while view and self._wait_until_writable():
            try:
                view = view[self.socket.send(view) :]
            except OSError as error:
                self.missed = True
                self.fail(f"{self.name} cannot send: {error.strerror}.")
        if view:
            self.fail(f"{self.program.name} does not read what {self.name} sends.")

    def _wait_until_writable(self) -> bool:
        for wait in self.program.slices(ANSWER):
            if select.select([], [self.socket], [], wait)[1]:
                return True
            self.receive_now()  # or both sides might wait for the other to read
        return False

    def wait_until_read(self) -> None:
        """Wait until the program has read what was sent: a piece stays a piece.

        Where the system does not tell (only Linux does), give it a moment.
        """
        if self.unread_by_program() is None:
            select.select([], [], [self.socket], SLICE)
        else:
            waits = self.program.slices(ANSWER)
            wait_until(lambda: not self.unread_by_program(), waits)

    def unread_by_program(self) -> int | None:
        """Return how many bytes the program has not read; None where nobody tells."""
        try:
            addresses = self.socket.getpeername(), self.socket.getsockname()
        except OSError:  # reset in the meantime: there is nothing left to read
            return 0
        return system.unread_bytes(*addresses)

    def half_close(self) -> None:
        """Say that no more will be sent, and go on reading: shutdown(SHUT_WR)."""
        self.history.event(self.name, "half-closes")
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection, with nothing unread: that would make it a reset."""
        if self.socket.fileno() != -1:
            while self.receive_now():
                continue
            self.history.event(self.name, "closes")
            self.socket.close()

    def reset(self) -> None:
        """Leave with a RST, as a program does that crashes with unread input."""
        self.history.event(self.name, "resets the connection")
        system.reset_on_close(self.socket)
        self.socket.close()

    # -- receiving --------------------------------------------------------------------

    def receive_now(self, most: int = 1 << 20) -> bool:
        """Take what has arrived, without waiting; return whether anything changed.

        ``most`` is how many bytes to take at most.
        """
        if self.end:
            return False
        try:
            data = self.socket.recv(most)
        except BlockingIOError:
            return False
        except OSError as error:
            self.end = "reset"
            event = f"resets {self.name}'s connection"
            self.history.event(self.program.name, event, error.strerror or "")
            return True
        if data:
            self.unread += data
            self.has_received = True
            self.waited_in_vain, self.gave_up = 0.0, False
            self.history.received(self.program.name, self.name, data)
            if len(self.unread) > MOST_UNREAD:
                self.fail(f"{self.program.name} sends {self.name} data without end.")
            system.acknowledge_at_once(self.socket)
        else:
            self.end = "end"
            self.history.event(self.program.name, f"closes {self.name}'s connection")
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
        self.fail_at(wanted, self.unread, remark or "this is the first difference")

    def read_line(self, waiting_for: str, seconds: float = ANSWER) -> bytes:
        """Receive the next line, with its newline; ``waiting_for`` says which."""
        while b"\n" not in self.unread:
            if not self.wait_for_more(seconds):
                self.fail_waiting(waiting_for)
        line, newline, self.unread = self.unread.partition(b"\n")
        return line + newline

    def read_to_end(self, waiting_for: str, seconds: float = ANSWER) -> bytes:
        """Receive everything until the program closes the connection."""
        while not self.end:
            if not self.wait_for_more(seconds) and not self.end:
                self.fail(
                    expected=(f"Expected {self.name} to receive", waiting_for),
                    got=(
                        "but the connection",
                        f"is still open after {self.waited_in_vain:.1f} s",
                    ),
                )
        data, self.unread = self.unread, b""
        return data

    def expect_end(self, seconds: float = ANSWER, *, reset: bool = False) -> None:
        """Expect the end of the stream and nothing before it.

        ``reset``: a reset is as good, because the program was right not to read.
        """
        rest = self.read_to_end("the end of the stream", seconds)
        if rest:
            self.fail_at(b"", rest, "nothing more should have come")
        if self.end == "reset" and not reset:
            self.fail(
                expected=(f"Expected {self.name} to see", "the end of the stream"),
                got=("but the connection was", "reset"),
                hint=UNREAD_INPUT,
            )

    # -- failing ----------------------------------------------------------------------

    def what_ended_it(self) -> str:
        """Say why no more bytes came."""
        self.missed = bool(self.end)
        if self.end == "reset":
            return "here the connection was reset"
        if self.end:
            return "here the connection was closed"
        more = "more " if self.has_received else ""
        return f"nothing {more}came within {self.waited_in_vain:.1f} s"

    def fail(self, message: str = "", **parts: object) -> NoReturn:
        """Fail the check; the program's state is added to the explanation."""
        error = CheckFailedError(message, **parts)  # type: ignore[arg-type]
        explain(error, self.program, self.waited_in_vain > 0, self.missed)
        if self.end == "reset" and not self.program.exited.is_set():
            error.hint = error.hint or UNREAD_INPUT
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
        skipped = f"… {start:,} equal bytes, then " if start else ""
        came = skipped + show(got[start:]) if got else "nothing"
        if got:
            self.history.blame_last_message(self.name)
        self.fail(
            expected=(
                f"Expected {self.name} to receive",
                skipped + show(wanted[start:]) if wanted else "the end of the stream",
            ),
            got=(f"but the {self.program.name} sent", came),
            at=len(skipped) + column(got[start:], same - start) if got else None,
            remark=remark,
            hint=hint,
        )

    def fail_waiting(self, waiting_for: str) -> NoReturn:
        """Fail because something did not come."""
        self.fail(
            expected=(f"Expected {self.name} to receive", waiting_for),
            got=("but", self.what_ended_it()),
        )


UNREAD_INPUT = (
    "The connection was reset. TCP does that when a program closes a socket with input"
    " that it has not read, or when it dies."
)


class Exchange:
    """Many peers that send and receive at once, so that nobody waits for another."""

    def __init__(self, outgoing: dict[Peer, bytes]) -> None:
        """Take what each peer is to send; who sends nothing, but reads, gives b""."""
        self.left = {peer: memoryview(data) for peer, data in outgoing.items()}

    def run(self, enough: Callable[[], bool], seconds: float = ANSWER) -> bool:
        """Go on until there is ``enough``; False when nothing moves for ``seconds``."""
        program = next(iter(self.left)).program
        while not enough():
            began = time.monotonic()
            waits = program.slices(seconds)
            if not any(self._turn(wait) or enough() for wait in waits):
                self._give_up(time.monotonic() - began)
                return False
        return True

    def _give_up(self, waited: float) -> None:
        for peer in self.left:
            peer.gave_up = True
            peer.waited_in_vain += waited

    def _turn(self, wait: float) -> bool:
        """Send and receive once wherever it is possible; return whether it was."""
        readers = [peer.socket for peer in self.left if not peer.end]
        senders = [peer.socket for peer, data in self.left.items() if data]
        if not readers and not senders:
            return False
        readable, writable, _ = select.select(readers, senders, [], wait)
        for peer in self.left:
            if peer.socket in writable:
                self._send(peer)
            if peer.socket in readable:
                peer.receive_now()
        return bool(readable or writable)

    def _send(self, peer: Peer) -> None:
        """Send what goes now, also to a program that has half-closed."""
        try:
            sent = peer.socket.send(self.left[peer])
        except BlockingIOError:
            return
        except OSError:  # reading tells how it ended
            sent = len(self.left[peer])
        self.left[peer] = self.left[peer][sent:]


def exchange(outgoing: dict[Peer, bytes], enough: Callable[[], bool]) -> bool:
    """Let peers send and receive at once until there is enough; see Exchange."""
    return Exchange(outgoing).run(enough)


def connect(
    name: str,
    host: str,
    port: int,
    program: Program,
    history: History,
    receive_buffer: int = 0,
) -> Peer:
    """Connect to a program, which may still be starting: the first client tries again.

    Nothing else tells that a server is up without using up one of its accepts.
    """
    connection = _connect(host, port, program, receive_buffer)
    system.send_at_once(connection)
    own = connection.getsockname()
    history.event(name, "connects", f"{own[0]}:{own[1]}")
    return Peer(name, connection, program, history)


def _connect(
    host: str, port: int, program: Program, receive_buffer: int
) -> socket.socket:
    for wait in slices(START):
        connection = socket.socket()
        if receive_buffer:
            system.shrink_buffers(connection, receive_buffer)
        connection.settimeout(START)
        try:
            connection.connect((host, port))
        except OSError as error:
            connection.close()
            refused = isinstance(error, ConnectionRefusedError)
            if not refused or program.was_reached or program.exited.wait(wait):
                _fail_to_connect(host, port, program, error.strerror or str(error))
        else:
            program.was_reached = True
            return connection
    return _fail_to_connect(host, port, program, f"nobody listened for {START:g} s")


def _fail_to_connect(host: str, port: int, program: Program, reason: str) -> NoReturn:
    still = "go on to " if program.was_reached else ""
    error = CheckFailedError(
        expected=(f"Expected the {program.name} to {still}listen on", f"{host}:{port}"),
        got=("but", reason),
    )
    error = explain(error, program, hangs=True)
    if program.stdout.data:
        error.add(f"{program.name} printed {show(bytes(program.stdout.data))}")
    if not program.was_reached and "error: " not in program.errors():
        error.hint = error.hint or NOT_LISTENING
    raise error


NOT_LISTENING = (
    "Nobody listens there. See that bind() gets HOST and PORT, and that the server then"
    " waits in accept()."
)


class Listener:
    """A server's listening socket in the hands of the suite, for clients to meet."""

    def __init__(self, host: str) -> None:
        """Listen on a port that is free."""
        self.socket = socket.create_server((host, 0))
        self.host, self.port = self.socket.getsockname()[:2]

    def accept(self, name: str, program: Program, history: History) -> Peer:
        """Wait for the program under test to connect."""
        for wait in slices(START):
            if select.select([self.socket], [], [], wait)[0]:
                connection, address = self.socket.accept()
                system.send_at_once(connection)
                event = f"connects to {name}"
                history.event(program.name, event, f"{address[0]}:{address[1]}")
                return Peer(name, connection, program, history)
            if program.exited.is_set():
                break
        error = CheckFailedError(
            expected=("Expected the client to connect to", f"{self.host}:{self.port}"),
            got=("but it", "did not"),
        )
        raise explain(error, program, hangs=True)

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
