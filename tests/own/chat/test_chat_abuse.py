"""A soak and abuse suite for exercise 5's solution: what it promises, it keeps.

Every test prints figures at the end of the run. ``pytest tests/test_chat_abuse.py`` is
the short form, ``--long`` the full one. Latencies are printed and never asserted: how
fast a machine is says nothing about a promise.
"""

import ctypes
import random
import re
import select
import selectors
import shlex
import shutil
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

from tests.answers.grading import solutions_lab
from tests.harness import system
from tests.harness.lab import Lab, Server
from tests.harness.patience import SLICE, START, slices, wait_until

if sys.platform != "win32":
    import resource

SEED = 5
SILENCE = 60.0  # seconds in which nothing at all moves: the server is stuck
MIB = 1024 * 1024
MOST_MEMORY = 32 * MIB  # that the server may need more than before, whatever comes
Record = Callable[[str, object], None]

pytestmark = pytest.mark.timeout(1800)
only_linux = pytest.mark.skipif(not system.LINUX, reason="/proc is special to Linux")
not_windows = pytest.mark.skipif(system.WINDOWS, reason="Windows has no such limits")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Hand a test a laboratory in which the solution runs."""
    with solutions_lab("exercise5_chat_channels", tmp_path) as laboratory:
        yield laboratory


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Return where the server keeps its history."""
    return tmp_path / "chat.db"


SHELL = ("/bin/sh", "-c")


def launch(
    lab: Lab, history: Path, prepare: str = "", shell: Sequence[str] = SHELL
) -> Server:
    """Start the server; a shell prepares something before."""
    port = system.free_port(lab.host)
    command = lab.submission.command(lab.exercise, "server", lab.host, port)
    command += ["--history", str(history), "--max-clients", "2000"]
    if prepare:
        command = [*shell, f"{prepare} && exec {shlex.join(command)}"]
    server = Server("server", command, lab.submission.folder, lab.history)
    server.host, server.port, server.peers = lab.host, port, lab.peers
    lab.programs.append(server)
    return server


def start(lab: Lab, history: Path, prepare: str = "") -> Server:
    """Start the server, and wait until it listens."""
    server = launch(lab, history, prepare)
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


def count(chatter: Chatter, words: bytes, wanted: int) -> Callable[[], bool]:
    """Return a question: have so many lines with these words come?"""
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
    """Return a question: have so many lines with these words come to each?"""
    questions = [count(chatter, words, wanted) for chatter in chatters]
    return lambda: all(question() for question in questions)


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


# -- figures --------------------------------------------------------------------------


class Watch:
    """Looks at a server's memory, threads and open files.

    Where the system does not tell (only Linux does), nothing ever seems to change.
    """

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
    number = 1000 if long else 200
    need_open_files(number + 200)
    server = start(lab, history)
    chatters = connect(server, number)
    seconds = stop(server)
    drive(chatters, ended(chatters))
    assert {chatter.lines[-1] for chatter in chatters} == {b"* server closing"}
    assert {chatter.end for chatter in chatters} == {"end"}
    leave(chatters)
    record_property("clients", number)
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


@only_linux
def test_too_few_threads(lab: Lab, history: Path, record_property: Record) -> None:
    """Who comes when no thread can be started is told; those inside notice nothing.

    A thread takes 1 GB for its stack (in KiB: ulimit -s) of the 20 that there are.
    """
    server = start(lab, history, "ulimit -s 1000000 && ulimit -v 20000000")
    inside = connect(server, 5)
    more = [Chatter(server) for _ in range(30)]
    ping(inside, "all are here")
    drive(more, lambda: all(chatter.lines for chatter in more))
    refused = [chatter for chatter in more if chatter.lines[0] == b"! server full"]
    drive(refused, ended(refused))
    assert refused
    leave(more)
    drive(inside, count(inside[0], b" left #general", len(more) - len(refused)))
    (late,) = connect(server, 1)
    ping([*inside, late], "there is room again")
    stop(server)
    leave([*inside, late])
    record_property("clients inside, refused", f"{35 - len(refused)}, {len(refused)}")


@not_windows
def test_too_few_open_files(lab: Lab, history: Path, record_property: Record) -> None:
    """New clients wait; those inside notice nothing; when some leave, others enter."""
    need_open_files(600)
    server = start(lab, history, "ulimit -n 256")
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
    lines = 20_000 if long else 2_000
    for number, flooder in enumerate(flooders):
        flooder.say(*(f"{number}.{n}" for n in range(lines)))
    began = time.monotonic()
    everybody = readers + flooders
    drive(everybody, have_all(readers, b"> ", 50 * lines))
    seconds = time.monotonic() - began
    peak = watch.peak()
    first = readers[0].messages()
    assert all(reader.messages() == first for reader in readers)
    assert_order_of_senders(first)
    assert [chatter.end for chatter in everybody] == [""] * len(everybody)
    assert peak < MOST_MEMORY + 55 * MIB, mib(peak)  # 1 MiB for each outbox
    leave(everybody)
    watch.assert_as_before()
    record_property("lines a second", int(50 * lines / seconds))
    record_property("memory at most", f"{mib(peak)} more")


def assert_order_of_senders(messages: list[bytes]) -> None:
    """Each sender's lines are there in their order, each once."""
    said: dict[bytes, list[int]] = {}
    for message in messages:
        sender, _, number = message.rpartition(b"> ")[2].partition(b".")
        said.setdefault(sender, []).append(int(number))
    assert all(numbers == list(range(len(numbers))) for numbers in said.values())


def test_ends_in_a_flood(lab: Lab, history: Path, record_property: Record) -> None:
    """Ctrl+C while fifty talk at full speed: whoever only reads is told."""
    server = start(lab, history)
    readers = connect(server, 5)
    flooders = connect(server, 50)
    for flooder in flooders:
        flooder.say(*["on and on"] * 10_000)
    everybody = readers + flooders
    drive(everybody, count(readers[0], b"> on and on", 5000))
    began = time.monotonic()
    server.interrupt()
    drive(everybody, ended(everybody))
    server.expect_exit(0)
    seconds = time.monotonic() - began
    # Not of the fifty: what they send into a closed connection resets it.
    assert [reader.lines[-1] for reader in readers] == [b"* server closing"] * 5
    assert [reader.end for reader in readers] == ["end"] * 5
    leave(everybody)
    record_property("seconds from Ctrl+C to the end", f"{seconds:.2f}")


# -- fuzzing --------------------------------------------------------------------------


VALID = ["/join general", "/join #SPORT", "/nick zoe", "/create tea", "/who", "/help"]
VALID += ["/channels", "//said", "/", "", " ", "hello", "l'été 聊天 😀", "x" * 1023]


def random_line(chance: random.Random) -> bytes:
    """Return a line that is valid, valid by half, or no line of the protocol at all."""
    kind = chance.randrange(10)
    valid = chance.choice(VALID) if kind < 2 else f"hello {chance.random()}"
    if kind == 2:
        valid = f"{chance.choice(VALID)} {chance.randrange(200)}"
    line = bytearray(valid, "utf-8")
    if kind == 3:
        line[chance.randrange(len(line))] = chance.randrange(256)
    if kind == 4:
        line = bytearray(chance.randbytes(chance.randrange(1, 60)))
    return bytes(line.replace(b"\n", b""))


def test_fuzzing(lab: Lab, history: Path, long: bool, record_property: Record) -> None:
    """The server lives, all see one order, threads and memory come back."""
    chance = random.Random(SEED)
    lines = 1_000_000 if long else 20_000
    server = start(lab, history)
    observers = connect(server, 4)
    observers[2].say("/join sport")
    observers[3].say("/join sport")
    drive(observers, have_all(observers[2:], b"* you are ", 2))
    watch = Watch(server)
    began = time.monotonic()
    fuzz(server, observers, chance, lines // 50)
    seconds = time.monotonic() - began
    for pair, channel in ((observers[:2], "general"), (observers[2:], "sport")):
        assert pair[0].messages(channel) == pair[1].messages(channel)
        assert pair[0].messages(channel) == kept(history, channel)
        assert pair[0].messages(channel)
    assert [observer.end for observer in observers] == [""] * 4
    watch.assert_as_before()
    assert watch.peak() < 2 * MOST_MEMORY, mib(watch.peak())
    leave(observers)
    record_property("seed", SEED)
    record_property("lines, and lines a second", f"{lines}, {int(lines / seconds)}")
    record_property("memory at most", f"{mib(watch.peak())} more")
    record_property("memory at the end", f"{mib(watch.growth())} more")


def fuzz(
    server: Server, observers: list[Chatter], chance: random.Random, lines: int
) -> None:
    """Let fifty clients send so many random lines each, and wait for their last."""
    fuzzers = connect(server, 50)
    for fuzzer in fuzzers:
        fuzzer.remembers = False
        fuzzer.say(*(random_line(chance) for _ in range(lines)))
        fuzzer.say("/join sport", "the last word", "/join general", "the last word")
    drive(observers + fuzzers, have_all(observers, b"> the last word", 50))
    leave(fuzzers)
    drive(observers, have_all(observers[:2], b" left #general", 50))


# -- names and texts that try to deceive ----------------------------------------------


REFUSED_NAMES = [
    *("", "a b", "x" * 21, "<alice>", "a>b", "*", "!", "#a", "a.b", "\\", "a\u0301"),
    *("a\u202eb", "a\u2066b", "a\u200bb", "a\u200db", "\ufeffa"),  # not to be seen
    *("a\x1b[2J", "a\x07", "a\x9b", "a\u2028b", "a\u2029b", "a\x85b", "a\tb"),
]
SAME_NAMES = ["KASSE", "\u212aasse", "ka\u017f\u017fe", "ka\xdfe"]  # as "kasse"
REFUSED_TEXTS = [
    *("\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "a\0b", "a\bb", "a\x7fb", "a\tb"),
    *("a\rb", "a\r\r", "a\vb", "a\fb", "a\x85b", "a\u2028b", "a\u2029b"),
]
NO_TEXTS = [b"\xff", b"\xc3", b"\xc0\x8a", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]
NO_TEXTS += ["😀".encode()[:size] for size in (1, 2, 3)]
HARMLESS = [
    *("2026-11-21T10:00:00Z #general <guest2> forged", "* guest2 left #general"),
    *("* server closing", "! server full", "> ", "\\x1b[2J", "a\u202eb", "😀"),
]


def answers(chatter: Chatter, line: str | bytes) -> list[bytes]:
    """Return what comes back for one line, until the line after it comes back."""
    since = len(chatter.lines)
    chatter.say(line, "and now")
    drive([chatter], lambda: chatter.has("> and now", since))
    return chatter.lines[since:-1]


def test_deceiving_names(lab: Lab, history: Path) -> None:
    """Refused, with one line; nobody else sees anything of it."""
    alice, bob = connect(start(lab, history), 2)
    assert answers(bob, "/nick kasse") == [b"* you are kasse in #general"]
    drive([alice], lambda: alice.has("<kasse> and now"))
    for command in ("/nick", "/create", "/join"):
        for name in REFUSED_NAMES:
            if (command, name) != ("/create", "#a"):  # "#" may be written there
                refused = answers(alice, f"{command} {name}")
                assert [line[:2] for line in refused] == [b"! "], (command, name)
    assert answers(alice, "/nick ok") == [b"* you are ok in #general"]
    for name in SAME_NAMES:
        assert answers(alice, f"/nick {name}")[0].startswith(b"! "), name
    drive([bob], lambda: bob.has("<ok> and now"))
    seen = [line for line in bob.lines if b"> and now" not in line]
    assert seen[-2:] == [b"* you are kasse in #general", b"* guest1 is now ok"]
    leave([alice, bob])


def test_deceiving_texts(lab: Lab, history: Path) -> None:
    """Refused, or shown behind the name of who said it."""
    alice, bob = connect(start(lab, history), 2)
    drive([alice], lambda: alice.has("* guest2 joined #general"))
    for data in [text.encode() for text in REFUSED_TEXTS] + NO_TEXTS:
        assert [line[:2] for line in answers(alice, data)] == [b"! "], data
    for text in HARMLESS:
        (line,) = answers(alice, text)
        assert re.sub(r"^\S+Z #general <guest1> ", "", line.decode()) == text
    assert bob.messages() == []
    drive([alice, bob], lambda: len(bob.messages()) == len(alice.messages()))
    assert bob.messages() == alice.messages()
    leave([alice, bob])


@pytest.mark.parametrize("ending", ["", "\r"])
@pytest.mark.parametrize("character", ["x", "é", "😀"])
def test_longest_line(lab: Lab, history: Path, character: str, ending: str) -> None:
    """1024 bytes with the end of the line, and not one more."""
    (alice,) = connect(start(lab, history), 1)
    size = len(character.encode())
    room = 1024 - len(ending) - 1
    text = "a" * (room % size) + character * (room // size)
    (line,) = answers(alice, text + ending)
    assert line.decode().endswith(f"> {text}")
    (line,) = answers(alice, f"a{text}{ending}")
    assert line.startswith(b"! ")
    leave([alice])


def test_characters_cut_everywhere(lab: Lab, history: Path) -> None:
    """Whatever the pieces, a character comes whole."""
    alice = start(lab, history).connect("alice")
    alice.read_line("a greeting")
    data = "a😀é聊😀".encode()
    for cut in range(1, len(data) + 1):
        alice.send(data[:cut])
        alice.wait_until_read()
        alice.send(data[cut:] + b"\n")
        assert alice.read_line("the message").endswith(b"> " + data + b"\n")


# -- a history that cannot be written -------------------------------------------------


def assert_refused_and_recovered(
    members: list[Chatter], history: Path, mend: Callable[[], object]
) -> int:
    """Some is refused, and nobody sees it; once mended, the chat goes on.

    Returns how many lines were refused. The first member speaks.
    """
    first = members[0]
    drive(members, lambda: first.has(f"* guest{len(members)} joined #general"))
    since = len(first.lines)
    first.say(*(f"{number} {'x' * 900}" for number in range(400)))
    drive(members, count(first, b" ", since + 400))
    refused = [line for line in first.lines[since:] if line.startswith(b"! ")]
    assert refused
    assert {line.partition(b": ")[0] for line in refused} == {
        f"! cannot use the history file {str(history)!r}".encode()
    }
    mend()
    ping(members, "there is room again")
    for member in members:
        assert member.messages() == first.messages()
        assert not member.end
    return len(refused)


@only_linux
def test_disk_full(lab: Lab, history: Path, record_property: Record) -> None:
    """As far as the file may grow: RLIMIT_FSIZE, setrlimit(2), set from outside."""
    server = start(lab, history)
    members = connect(server, 3)
    size = Path(f"{history}-wal").stat().st_size
    limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size + 100_000, limits[1]))
    refused = assert_refused_and_recovered(
        members,
        history,
        lambda: resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits),
    )
    assert members[0].messages() == kept(history)
    stop(server)
    leave(members)
    record_property("refused of 400", refused)


def start_on_disk(lab: Lab, folder: Path, size: str) -> Server:
    """Start the server with a small disk for its history: a tmpfs of its own.

    A user namespace lets anybody mount one, user_namespaces(7).
    """
    unshare = ["unshare", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"]).returncode:
        pytest.skip("this system makes no user namespaces with unshare")
    mount = f"mount -t tmpfs -o {size} none {folder}"
    return launch(lab, folder / "chat.db", mount, [*unshare, *SHELL])


@only_linux
def test_disk_really_full(lab: Lab, tmp_path: Path, record_property: Record) -> None:
    """ENOSPC, until somebody deletes a file."""
    server = start_on_disk(lab, tmp_path, "size=1m")
    server.expect_printed("Listening on", START)
    members = connect(server, 3)
    big_file = Path(f"/proc/{server.pid}/root{tmp_path}/big")
    big_file.write_bytes(b"x" * 700_000)
    history = tmp_path / "chat.db"
    refused = assert_refused_and_recovered(members, history, big_file.unlink)
    stop(server)
    leave(members)
    record_property("refused of 400", refused)


@only_linux
def test_read_only_disk(lab: Lab, tmp_path: Path) -> None:
    """One line tells the user, and the server does not start."""
    server = start_on_disk(lab, tmp_path, "ro")
    server.expect_exit(1)
    assert server.errors().startswith("error: cannot use the history file")
    assert server.errors().count("\n") == 1


def test_locked_history(lab: Lab, history: Path, record_property: Record) -> None:
    """While another program writes: refused. Reading and joining go on."""
    server = start(lab, history)
    members = connect(server, 3)
    ping(members, "before")
    other = sqlite3.connect(history, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    members += connect(server, 1)
    assert members[-1].messages() == members[0].messages()
    began = time.monotonic()
    refused = assert_refused_and_recovered(
        members, history, lambda: other.execute("ROLLBACK")
    )
    other.close()
    record_property("refused of 400", refused)
    record_property("seconds until refused", f"{time.monotonic() - began:.1f}")
    assert members[0].messages() == kept(history)
    stop(server)
    leave(members)


def test_ends_while_locked(lab: Lab, history: Path, record_property: Record) -> None:
    """Many lines that are refused one by one do not keep Ctrl+C waiting."""
    server = start(lab, history)
    other = sqlite3.connect(history, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    (alice,) = connect(server, 1)
    alice.say(*["hello", "/who"] * 1000)
    drive([alice], count(alice, b"! cannot use", 1))
    record_property("seconds from Ctrl+C to the end", f"{stop(server):.2f}")
    other.close()
    drive([alice], ended([alice]))
    leave([alice])


# -- a long time ----------------------------------------------------------------------


def test_hours_of_talk(
    lab: Lab, history: Path, long: bool, record_property: Record
) -> None:
    """Hours of twenty people, 7,200 lines and 120 visits each: nothing piles up."""
    shifts = 24 * 50 if long else 12  # of ten minutes
    server = start(lab, history)
    watch = Watch(server)
    talk_for_ten_minutes(server)  # until everything is as big as it needs to be
    watch.assert_as_before()
    watch = Watch(server)
    for _ in range(shifts):
        talk_for_ten_minutes(server)
    watch.assert_as_before()
    assert watch.growth() < MOST_MEMORY, mib(watch.growth())
    assert len(kept(history)) == (shifts + 1) * 1200
    record_property("hours of talk", shifts // 6)
    record_property("threads and open files, before and after", watch.resources)
    record_property("memory at the end", f"{mib(watch.growth())} more")
    stop(server)


def talk_for_ten_minutes(server: Server) -> None:
    """Let twenty people come, look around, say sixty lines each, and leave."""
    people = connect(server, 20)
    for number, person in enumerate(people):
        person.say(f"/nick person{number}", "/join sport", "/who", "/join general")
        person.say(*(f"line {line}" for line in range(60)), "/quit")
    drive(people, ended(people))
    assert {person.lines[-1] for person in people} == {b"* bye"}
    leave(people)
