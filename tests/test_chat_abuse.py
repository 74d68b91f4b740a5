"""A soak and abuse suite for exercise 5's solution: what it promises, it keeps.

Every test prints figures at the end of the run. ``pytest tests/test_chat_abuse.py`` is
the short form, ``--long`` the full one. Latencies are printed and never asserted: how
fast a machine is says nothing about a promise.
"""

import ctypes
import os
import random
import re
import selectors
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from exercise5_chat_channels.history import History, Message
from tests.grading import SOLUTIONS
from tests.harness import system
from tests.harness.lab import Lab, Server
from tests.harness.patience import SLICE, START, slices, wait_until
from tests.harness.submission import Submission

if sys.platform != "win32":
    import resource

SEED = 5
SILENCE = 60.0  # seconds in which nothing at all moves: the server is stuck
MIB = 1024 * 1024
MOST_MEMORY = 64 * MIB  # that the server may need more than before, whatever comes
Record = Callable[[str, object], None]

only_linux = pytest.mark.skipif(not system.LINUX, reason="/proc is special to Linux")
not_windows = pytest.mark.skipif(system.WINDOWS, reason="Windows has no such limits")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Hand a test a laboratory in which the solution runs."""
    submission = Submission(SOLUTIONS)
    laboratory = Lab(submission, "exercise5_chat_channels", tmp_path, SEED)
    yield laboratory
    laboratory.clean_up()
    submission.remove_folder()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Return where the server keeps its history."""
    return tmp_path / "chat.db"


def start(lab: Lab, history: Path, open_files: int | None = None) -> Server:
    """Start the server, and wait until it listens."""
    options = ("--history", str(history), "--max-clients", "2000")
    server = lab.start_server(*options, open_files=open_files)
    server.expect_printed("Listening on", START)
    return server


def stop(server: Server) -> float:
    """Press Ctrl+C; return the seconds until the server has ended as it should."""
    began = time.monotonic()
    server.interrupt()
    server.expect_exit(0)
    return time.monotonic() - began


# -- clients --------------------------------------------------------------------------


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
        self.end = ""  # how the stream ended: "end", "reset", or not yet ""

    def __enter__(self) -> "Chatter":
        """Return the client: ``with Chatter(server) as alice``."""
        return self

    def __exit__(self, *error: object) -> None:
        """Leave."""
        self.socket.close()

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
        self.lines += lines

    def wanted(self) -> int:
        """Return the events that a selector should tell of."""
        writing = selectors.EVENT_WRITE if self.outgoing else 0
        return selectors.EVENT_READ | writing

    def has(self, ending: str, since: int = 0) -> bool:
        """Tell whether a line that ends so has come, ``since`` how many lines."""
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


def greeted(chatters: Sequence[Chatter]) -> None:
    """Wait until the server has greeted everybody."""
    left = set(chatters)

    def enough() -> bool:
        left.difference_update([c for c in left if any(map(is_greeting, c.lines))])
        return not left

    drive(chatters, enough)


def is_greeting(line: bytes) -> bool:
    """Tell whether a client is told who it is."""
    return line.startswith(b"* you are ")


def connect(server: Server, count: int) -> list[Chatter]:
    """Connect clients, and wait until all are members."""
    chatters = []
    for _ in range(count):  # a few at a time: the backlog is short
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


# -- figures --------------------------------------------------------------------------


class Watch:
    """Looks at a server's memory, threads and open files: Linux tells, see proc(5)."""

    def __init__(self, server: Server) -> None:
        """Note how things are now."""
        self.pid = server.pid
        self.memory = system.memory(self.pid) or 0
        self.resources = system.resources(self.pid)

    def growth(self) -> int:
        """Return the bytes held in memory now, beyond those at the start."""
        return (system.memory(self.pid) or 0) - self.memory

    def peak(self) -> int:
        """Return the most bytes held at any moment, beyond those at the start."""
        return (system.peak_memory(self.pid) or 0) - self.memory

    def assert_as_before(self) -> None:
        """Wait until there are as many threads and open files as at the start."""
        same = wait_until(self._is_as_before, slices(SILENCE))
        assert same, (self.resources, system.resources(self.pid))

    def _is_as_before(self) -> bool:
        return system.resources(self.pid) == self.resources


def mib(size: int) -> str:
    """Return a size for a reader."""
    return f"{size / MIB:.1f} MiB"


def percentile(seconds: Sequence[float], part: float) -> str:
    """Return the time that this part of all took at most."""
    ordered = sorted(seconds)
    return f"{1000 * ordered[min(int(len(ordered) * part), len(ordered) - 1)]:.1f} ms"


def kept(history: Path, channel: str = "general") -> list[bytes]:
    """Return a channel's history as the lines that clients see, from a file in use."""
    sql = "SELECT sent_at, channel, nick, text FROM messages WHERE channel = ?"
    connection = sqlite3.connect(history)
    rows = connection.execute(sql + " ORDER BY id", (channel,)).fetchall()
    connection.close()
    return [f"{at} #{where} <{nick}> {text}".encode() for at, where, nick, text in rows]


# -- kill -9 --------------------------------------------------------------------------


def test_kill_at_any_moment(
    lab: Lab, history: Path, long: bool, record_property: Record
) -> None:
    """What anybody has received is in the history, in the same order, none twice."""
    chance = random.Random(SEED)
    received = 0
    for round in range(100 if long else 5):
        server = start(lab, history)  # the file opens every time
        before = kept(history)
        chatters = connect(server, 8)
        for chatter in chatters:
            assert chatter.messages() == before[-50:]
        talk_until_killed(server, chatters, f"round{round}", chance)
        received += assert_kept(history, chatters, before)
    record_property("kills", round + 1)
    record_property("messages received", received)
    record_property("messages in the history", len(kept(history)))


def talk_until_killed(
    server: Server, chatters: list[Chatter], word: str, chance: random.Random
) -> None:
    """Let all talk at full speed, and kill the server at a random moment."""
    for number, chatter in enumerate(chatters[: chance.randint(1, len(chatters))]):
        chatter.say(*(f"{word}.{number}.{count}" for count in range(3000)))
    moment = chance.randint(1, 2000)  # lines that the first one has received
    first = chatters[0]
    drive(chatters, lambda: len(first.lines) > moment)
    server.kill()
    drive(chatters, ended(chatters))


def assert_kept(history: Path, chatters: list[Chatter], before: list[bytes]) -> int:
    """All that was received is one unbroken piece of the history; return how much."""
    now = kept(history)
    assert now[: len(before)] == before
    assert len(set(now)) == len(now)
    old = before[-50:]
    for chatter in chatters:
        messages = chatter.messages()
        assert now[len(before) - len(old) :][: len(messages)] == messages
    leave(chatters)
    return sum(len(chatter.messages()) - len(old) for chatter in chatters)


# -- crowds ---------------------------------------------------------------------------


def test_ends_with_a_crowd(
    lab: Lab, history: Path, long: bool, record_property: Record
) -> None:
    """Everyone gets the last notice and the end; no thread keeps the server alive."""
    count = 1000 if long else 200
    need_open_files(count + 200)
    server = start(lab, history)
    chatters = connect(server, count)
    seconds = stop(server)
    drive(chatters, ended(chatters))
    assert {chatter.lines[-1] for chatter in chatters} == {b"* server closing"}
    assert {chatter.end for chatter in chatters} == {"end"}
    leave(chatters)
    record_property("clients", count)
    record_property("seconds from Ctrl+C to the end", f"{seconds:.2f}")


def need_open_files(count: int) -> None:
    """Raise this process's own limit, or skip the test."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip(f"only {hard} files may be open here")
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


@not_windows
def test_too_few_open_files(lab: Lab, history: Path, record_property: Record) -> None:
    """New clients wait; those inside notice nothing; when some leave, others enter."""
    need_open_files(600)
    server = start(lab, history, open_files=256)
    inside = connect(server, 240)
    quiet = [ping(inside[:5], f"quiet {n}") for n in range(100)]
    waiting = [Chatter(server) for _ in range(60)]
    assert server.stderr.wait_for(lambda text: b"Cannot accept" in text, slices(START))
    busy = [ping(inside[:5], f"full {n}") for n in range(100)]
    drive(inside, lambda: all(member.has("> full 99") for member in inside))
    assert not any(member.end for member in inside)
    leave(inside[100:])
    greeted(waiting)
    stop(server)
    drive(inside[:100] + waiting, ended(inside[:100] + waiting))
    assert all(member.end == "end" for member in inside[:100] + waiting)
    leave(inside[:100] + waiting)
    record_property("p99 of those inside, before", percentile(quiet, 0.99))
    record_property("p99, while others wait", percentile(busy, 0.99))


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


# -- bad readers, bad writers ---------------------------------------------------------


class Abuse:
    """What a bad client does, in a thread of its own, until it is over."""

    def __init__(self, server: Server) -> None:
        """Take the server that is to suffer."""
        self.server = server
        self.begun = threading.Event()
        self.over = threading.Event()

    def connect(self, receive_buffer: int = 0) -> socket.socket:
        """Return a connected socket that never waits for more than a moment."""
        connection = Chatter(self.server, receive_buffer).socket
        connection.settimeout(SLICE)
        return connection

    def each_second(self, act: Callable[[], object]) -> None:
        """Do something once a second, until it is over or the server has enough."""
        self.begun.set()
        while not self.over.wait(1.0):
            try:
                act()
            except TimeoutError:
                continue
            except OSError:
                return

    def send(self, connection: socket.socket, data: bytes, read: bool = False) -> None:
        """Send, as long as the server takes it; read what comes if wanted."""
        view = memoryview(data)
        while view and not self.over.is_set():
            try:
                view = view[connection.send(view[:65536]) :]
                while read and connection.recv(MIB, socket.MSG_DONTWAIT):
                    continue
            except (TimeoutError, BlockingIOError):
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
        connection.recv(100)
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
        while not abuse.over.is_set():
            abuse.send(connection, b"flood\n" * 50_000, read=True)


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


READERS = [stops_reading, reads_one_byte_a_second]
if system.LINUX:
    READERS.append(vanishes)
WRITERS = [writes_one_byte_a_second, never_ends_its_line, resets_in_mid_line]
FLOODS = [floods, floods_and_reads_nothing, asks_without_end]


@pytest.mark.parametrize("bad", READERS + WRITERS + FLOODS)
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
    count = 300 if long else 60
    quiet = [burst(members, f"quiet {n}") for n in range(count)]
    with abused(server, bad):
        busy = [burst(members, f"busy {n}") for n in range(count)]
        if bad in READERS:
            talk_until_it_has_left(members)
    peak = watch.peak()
    assert_one_order(members)
    leave(members)
    if system.LINUX:
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
    """Who does not read is disconnected in the end, and the others are told."""
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


# -- many floods at once --------------------------------------------------------------


def test_fifty_floods(
    lab: Lab, history: Path, long: bool, record_property: Record
) -> None:
    """Whoever reads at a normal pace stays, and loses nothing."""
    server = start(lab, history)
    watch = Watch(server)
    readers = connect(server, 5)
    flooders = connect(server, 50)
    count = 20_000 if long else 2_000
    for number, flooder in enumerate(flooders):
        flooder.say(*(f"{number}.{n}" for n in range(count)))
    began = time.monotonic()
    everybody = readers + flooders
    drive(everybody, lambda: all_came(readers, 50 * count))
    seconds = time.monotonic() - began
    peak = watch.peak()
    first = readers[0].messages()
    assert all(reader.messages() == first for reader in readers)
    assert_order_of_senders(first)
    assert [chatter.end for chatter in everybody] == [""] * len(everybody)
    if system.LINUX:
        assert peak < MOST_MEMORY + 55 * MIB, mib(peak)  # 1 MiB for each outbox
    leave(everybody)
    watch.assert_as_before()
    record_property("lines a second", int(50 * count / seconds))
    record_property("memory at most", f"{mib(peak)} more")


def all_came(readers: Sequence[Chatter], count: int) -> bool:
    """Tell whether the readers have so many messages (and some notices)."""
    enough = all(len(reader.lines) >= count for reader in readers)
    return enough and all(len(reader.messages()) >= count for reader in readers)


def assert_order_of_senders(messages: list[bytes]) -> None:
    """Each sender's lines are there in their order, each once."""
    said: dict[bytes, list[int]] = {}
    for message in messages:
        sender, _, number = message.rpartition(b"> ")[2].partition(b".")
        said.setdefault(sender, []).append(int(number))
    assert all(numbers == list(range(len(numbers))) for numbers in said.values())
