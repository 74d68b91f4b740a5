"""One bad reader, writer or flood beside five good clients of the chat."""

import ctypes
import re
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.lab import Lab, Server
from tests.harness.patience import SLICE
from tests.own.chat.abuse import (
    MOST_MEMORY,
    Record,
    Watch,
    history_file,
    mib,
    only_linux,
    percentile,
    start,
    stop,
)
from tests.own.chat.clients import MIB, SILENCE, Chatter, connect, drive, leave, ping

EXERCISE = "exercise5_chat_channels"
pytestmark = pytest.mark.timeout(1800)

history = pytest.fixture(history_file)


class Abuse:
    """What a bad client does, in a thread of its own, until it is over."""

    def __init__(self, server: Server) -> None:
        """Take the server that is to suffer."""
        self.server = server
        self.begun = threading.Event()
        self.over = threading.Event()

    def connect(self, receive_buffer: int = 0) -> socket.socket:
        """Return a connected socket that never waits."""
        return Chatter(self.server, receive_buffer).socket

    def each_second(self, act: Callable[[], object]) -> None:
        """Do something once a second, until it is over or the server has enough."""
        self.begun.set()
        while not self.over.wait(1.0):
            try:
                act()
            except BlockingIOError:
                continue
            except OSError:
                return

    def send(self, connection: socket.socket, data: bytes, read: bool = False) -> None:
        """Send, as long as the server takes it; read what comes if wanted."""
        view = memoryview(data)
        readers = [connection] if read else []
        while view and not self.over.is_set():
            readable, writable, _ = select.select(readers, [connection], [], SLICE)
            try:
                if readable and not connection.recv(MIB):
                    return
                if writable:
                    view = view[connection.send(view[:65536]) :]
            except BlockingIOError:
                continue
            except OSError:
                return


def stops_reading(abuse: Abuse) -> None:
    """Ctrl+Z."""
    with abuse.connect(receive_buffer=4096):
        abuse.begun.set()
        abuse.over.wait()


def reads_one_byte_a_second(abuse: Abuse) -> None:
    """A line so slow that it never catches up."""
    with abuse.connect(receive_buffer=4096) as connection:
        abuse.each_second(lambda: connection.recv(1))


def vanishes(abuse: Abuse) -> None:
    """The cable is cut: no FIN, no RST, and no packet is acknowledged any more."""
    with abuse.connect() as connection:
        select.select([connection], [], [], SILENCE)  # it has been greeted
        drop_packets(connection)
        abuse.begun.set()
        abuse.over.wait()


def drop_packets(connection: socket.socket) -> None:
    """Let the kernel drop what comes for this socket: a filter of socket(7), bpf.

    One instruction, "return 0 bytes of the packet". Nobody needs to be root for it.
    """
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(instruction))
    attach_filter = 26  # SO_ATTACH_FILTER
    connection.setsockopt(socket.SOL_SOCKET, attach_filter, program)


def writes_one_byte_a_second(abuse: Abuse) -> None:
    """Never done with its line."""
    with abuse.connect() as connection:
        abuse.each_second(lambda: connection.send(b"x"))


def never_ends_its_line(abuse: Abuse) -> None:
    """A line that would have been refused long ago."""
    with abuse.connect() as connection:
        abuse.begun.set()
        abuse.send(connection, b"x" * 10 * MIB)
        abuse.over.wait()


def resets_in_mid_line(abuse: Abuse) -> None:
    """Again and again."""
    while not abuse.over.is_set():
        with abuse.connect() as connection:
            connection.send(b"half a li")
            system.reset_on_close(connection)
        abuse.begun.set()


def floods(abuse: Abuse) -> None:
    """Short lines at full speed, and reads what comes back."""
    with abuse.connect() as connection:
        abuse.begun.set()
        abuse.send(connection, b"flood\n" * 5_000_000, read=True)


def floods_and_reads_nothing(abuse: Abuse) -> None:
    """A program that only writes."""
    with abuse.connect() as connection:
        abuse.begun.set()
        abuse.send(connection, b"flood\n" * 10**6)
        abuse.over.wait()


def asks_without_end(abuse: Abuse) -> None:
    """Fifty lines of history for each short command, and reads none of them."""
    with abuse.connect() as connection:
        abuse.begun.set()
        abuse.send(connection, b"/join general\n" * 100_000)
        abuse.over.wait()


READERS = [stops_reading, reads_one_byte_a_second, vanishes]
ONLY_LONG = [reads_one_byte_a_second, resets_in_mid_line]
ONLY_LONG += [floods, floods_and_reads_nothing]
BAD = [
    stops_reading,
    writes_one_byte_a_second,
    never_ends_its_line,
    asks_without_end,
    pytest.param(vanishes, marks=[only_linux, pytest.mark.long]),
    *(pytest.param(bad, marks=pytest.mark.long) for bad in ONLY_LONG),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_client(
    lab: Lab,
    history: Path,
    long: bool,
    record_property: Record,
    bad: Callable[[Abuse], None],
) -> None:
    """The others lose nothing, see one order, and stay; memory is bounded."""
    server = start(lab, history)
    watch = Watch(server)
    members = connect(server, 5)
    times = 300 if long else 40
    quiet = [burst(members, f"quiet {n}") for n in range(times)]
    with abused(server, bad):
        busy = [burst(members, f"busy {n}") for n in range(times)]
        if bad in READERS:
            talk_until_it_has_left(members)
    peak = watch.peak()
    assert_one_order(members)
    leave(members)
    watch.assert_as_before()
    assert peak < MOST_MEMORY, mib(peak)
    stop(server)
    record_property("p99 without", percentile(quiet, 0.99))
    record_property("p99 with", percentile(busy, 0.99))
    record_property("memory at most", f"{mib(peak)} more")


def burst(members: Sequence[Chatter], word: str) -> float:
    """Let one say twenty long lines; return the seconds until all have the last."""
    return ping(members, *(f"{word}.{n} {'x' * 900} end of {n}" for n in range(20)))


@contextmanager
def abused(server: Server, bad: Callable[[Abuse], None]) -> Iterator[None]:
    """Let a bad client do its work beside the block."""
    abuse = Abuse(server)
    with ThreadPoolExecutor() as pool:
        done = pool.submit(bad, abuse)
        try:
            assert abuse.begun.wait(SILENCE)
            yield
        finally:
            abuse.over.set()
        done.result()


def talk_until_it_has_left(members: Sequence[Chatter]) -> None:
    """A client that does not read is disconnected in the end; the others are told."""
    left = f"* guest{len(members) + 1} left #general"
    for number in range(1000):
        burst(members, f"more {number}")
        if members[0].has(left):
            return
    pytest.fail("the one who does not read is still there")


def assert_one_order(members: Sequence[Chatter]) -> None:
    """Nobody was disconnected, all saw the same, and all that the first one said."""
    assert [member.end for member in members] == [""] * len(members)
    first = members[0].messages()
    drive(members, lambda: all(len(m.messages()) >= len(first) for m in members))
    for member in members:
        assert member.messages()[: len(first)] == first
    own = [line for line in first if b" <guest1> " in line]
    bursts = [re.findall(rb"> (\w+) (\d+)\.(\d+) ", line)[0] for line in own]
    numbers = [(word, int(n), int(m)) for word, n, m in bursts]
    assert len(set(numbers)) == len(numbers)
    for word in {word for word, _, _ in numbers}:
        said = [(n, m) for each, n, m in numbers if each == word]
        assert said == [(n, m) for n in range(len(said) // 20) for m in range(20)]
