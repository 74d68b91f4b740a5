"""Clients of a chat server by the hundred, which one thread drives.

A test notes what each of them says, and then drives them all until enough has come.
"""

import selectors
import socket
import time
from collections.abc import Callable, Sequence

from tests.harness import system
from tests.harness.lab import Server
from tests.harness.patience import SLICE

SILENCE = 60.0  # seconds in which nothing at all moves: the server is stuck
MIB = 1024 * 1024


class Chatter:
    """A client: what it has still to send, and every line that it has received."""

    def __init__(self, server: Server, receive_buffer: int = 0) -> None:
        """Connect, and wait for nothing."""
        self.socket = socket.socket()
        if receive_buffer:
            system.shrink_buffers(self.socket, receive_buffer)
        self.socket.settimeout(SILENCE)
        self.socket.connect((server.host, server.port))
        self.socket.setblocking(False)
        system.send_at_once(self.socket)
        self.outgoing = bytearray()
        self.rest = b""
        self.lines: list[bytes] = []
        self.remembers = True
        self.end = ""  # how the stream ended: "end", "reset", or not yet ""

    def say(self, *lines: str | bytes) -> None:
        """Note lines, which are sent when the client is driven."""
        for line in lines:
            self.outgoing += (line.encode() if isinstance(line, str) else line) + b"\n"

    def move(self, events: int) -> None:
        """Send and receive what goes without waiting."""
        try:
            if events & selectors.EVENT_READ:
                self._receive()
            if events & selectors.EVENT_WRITE:
                del self.outgoing[: self.socket.send(self.outgoing[:65536])]
        except BlockingIOError:
            return
        except OSError:
            self.end = self.end or "reset"

    def _receive(self) -> None:
        data = self.socket.recv(MIB)
        if not data:
            self.end = "end"
        *lines, self.rest = (self.rest + data).split(b"\n")
        if self.remembers:
            self.lines += lines

    def wanted(self) -> int:
        """Return the events that a selector should report."""
        writing = selectors.EVENT_WRITE if self.outgoing else 0
        return selectors.EVENT_READ | writing

    def has(self, ending: str, since: int = 0) -> bool:
        """Return whether a line that ends so has come, ``since`` how many lines."""
        wanted = ending.encode()
        return any(line.endswith(wanted) for line in reversed(self.lines[since:]))

    def messages(self, channel: str = "general") -> list[bytes]:
        """Return the messages among the lines: they begin with a digit."""
        place = f" #{channel} ".encode()
        return [li for li in self.lines if li[:1].isdigit() and place in li[:45]]


def drive(chatters: Sequence[Chatter], enough: Callable[[], bool]) -> None:
    """Let clients send and receive at once until there is enough.

    Fails when nothing moves any more: then the rest will never come.
    """
    with selectors.DefaultSelector() as selector:
        for chatter in chatters:
            if not chatter.end:
                selector.register(chatter.socket, chatter.wanted(), chatter)
        silent = 0.0  # seconds
        while not enough():
            silent = 0.0 if _turn(selector) else silent + SLICE
            assert silent < SILENCE, [c.lines[-3:] for c in chatters[:5]]


def _turn(selector: selectors.BaseSelector) -> bool:
    ready = selector.select(SLICE)
    for key, events in ready:
        key.data.move(events)
        if key.data.end:
            selector.unregister(key.fileobj)
        elif key.data.wanted() != key.events:
            selector.modify(key.fileobj, key.data.wanted(), key.data)
    return bool(ready)


def count(chatter: Chatter, words: bytes, wanted: int) -> Callable[[], bool]:
    """Return a question: have that many lines with these words come?"""
    looked = found = 0

    def enough() -> bool:
        nonlocal looked, found
        found += sum(words in line for line in chatter.lines[looked:])
        looked = len(chatter.lines)
        return found >= wanted

    return enough


def have_all(
    chatters: Sequence[Chatter], words: bytes, wanted: int
) -> Callable[[], bool]:
    """Return a question: has each got that many lines with these words?"""
    questions = [count(chatter, words, wanted) for chatter in chatters]
    return lambda: all(question() for question in questions)


def have_met(chatters: Sequence[Chatter]) -> Callable[[], bool]:
    """Return a question: of each two, has the first been told that the other came?"""
    pairs = len(chatters) * (len(chatters) - 1) // 2
    joined = b" joined #general"
    return lambda: (
        sum(line.endswith(joined) for c in chatters for line in c.lines) == pairs
    )


def greeted(chatters: Sequence[Chatter]) -> None:
    """Wait until the server has greeted everybody."""
    left = set(chatters)

    def enough() -> bool:
        left.difference_update([c for c in left if any(map(is_greeting, c.lines))])
        return not left

    drive(chatters, enough)


def is_greeting(line: bytes) -> bool:
    """Return whether a client is told who it is."""
    return line.startswith(b"* you are ")


def connect(server: Server, number: int) -> list[Chatter]:
    """Connect clients, and wait until all are members."""
    chatters = []
    for _ in range(number):  # a few at a time: the backlog is short
        chatters.append(Chatter(server))
        if len(chatters) % 50 == 0:
            greeted(chatters[-50:])
    greeted(chatters)
    return chatters


def ended(chatters: Sequence[Chatter]) -> Callable[[], bool]:
    """Return a question: have all streams ended?"""
    return lambda: all(chatter.end for chatter in chatters)


def leave(chatters: Sequence[Chatter]) -> None:
    """Close all connections."""
    for chatter in chatters:
        chatter.socket.close()


def ping(members: Sequence[Chatter], *texts: str) -> float:
    """Let the first one speak; return the seconds until all have the last line."""
    began = time.monotonic()
    seen = [len(member.lines) for member in members]
    members[0].say(*texts)
    ending = f"> {texts[-1]}"

    def enough() -> bool:
        return all(m.has(ending, n) for m, n in zip(members, seen, strict=True))

    drive(members, enough)
    return time.monotonic() - began
