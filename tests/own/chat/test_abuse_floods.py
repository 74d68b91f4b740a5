"""Fifty clients talk at full speed, sense or nonsense."""

import random
import selectors
import time
from pathlib import Path

import pytest

from tests.harness.lab import Lab, Server
from tests.own.chat.abuse import (
    MOST_MEMORY,
    SEED,
    Record,
    Watch,
    history_file,
    kept,
    mib,
    start,
)
from tests.own.chat.clients import (
    MIB,
    Chatter,
    connect,
    count,
    drive,
    ended,
    have_all,
    leave,
)

EXERCISE = "exercise5_chat_channels"
pytestmark = pytest.mark.timeout(1800)

history = pytest.fixture(history_file)


@pytest.mark.long
def test_fifty_floods(lab: Lab, history: Path, record_property: Record) -> None:
    """Whoever reads at a normal pace stays, and loses nothing."""
    server = start(lab, history)
    watch = Watch(server)
    readers = connect(server, 5)
    flooders = connect(server, 50)
    lines = 20_000
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
    """Let fifty clients send that many random lines each, and wait for their last."""
    fuzzers = connect(server, 50)
    for fuzzer in fuzzers:
        fuzzer.remembers = False
        fuzzer.say(*(random_line(chance) for _ in range(lines)))
        fuzzer.say("/join sport", "the last word", "/join general", "the last word")
    drive(observers + fuzzers, have_all(observers, b"> the last word", 50))
    leave(fuzzers)
    drive(observers, have_all(observers[:2], b" left #general", 50))


@pytest.mark.long
def test_a_flood_in_small_pieces(
    lab: Lab, history: Path, record_property: Record
) -> None:
    """Half a megabyte a second is a normal pace, however the flood is cut."""
    server = start(lab, history)
    (flooder,) = connect(server, 1)
    slow = Chatter(server, receive_buffer=16384)
    drive([slow], count(slow, b"* you are ", 1))
    began, read, wanted = time.monotonic(), 0, 6 * MIB
    while read < wanted and not slow.end:
        if not flooder.outgoing:  # a piece at a time, each as soon as it can go
            flooder.say(*["x" * 900] * 5)
        drive([flooder], lambda: not flooder.outgoing or bool(flooder.end))
        if (time.monotonic() - began) * MIB / 2 > read:
            before = len(slow.rest) + sum(map(len, slow.lines))
            slow.move(selectors.EVENT_READ)
            read += len(slow.rest) + sum(map(len, slow.lines)) - before
    assert (slow.end, flooder.end) == ("", "")
    record_property("MiB read, and seconds", f"6, {time.monotonic() - began:.0f}")
    leave([slow, flooder])
