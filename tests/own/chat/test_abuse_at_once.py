"""Hundreds of clients do the same at the same moment."""

import socket
import sys
import time
from pathlib import Path

import pytest

from tests.harness.lab import Lab, Server
from tests.own.chat.abuse import (
    Record,
    Watch,
    history_file,
    mib,
    need_open_files,
    only_linux,
    percentile,
    start,
    stop,
)
from tests.own.chat.clients import (
    MIB,
    Chatter,
    connect,
    count,
    drive,
    ended,
    greeted,
    have_all,
    leave,
)

if sys.platform != "win32":
    import resource

EXERCISE = "exercise5_chat_channels"
pytestmark = [pytest.mark.timeout(600), only_linux]

history = pytest.fixture(history_file)


def test_a_thousand_connect(
    lab: Lab, history: Path, long: bool, record_property: Record
) -> None:
    """Nobody accepts them yet when they come: the kernel keeps them in a queue."""
    number = 1000 if long else 300
    need_open_files(number + 200)
    server = start(lab, history)
    began = time.monotonic()
    chatters = [Chatter(server) for _ in range(number)]
    greeted(chatters)
    record_property("clients", number)
    record_property("seconds until all are greeted", f"{time.monotonic() - began:.2f}")
    arrivals = [arrival(server) for _ in range(20)]
    record_property("an arrival among them is greeted in", percentile(arrivals, 0.5))
    nicks = {line.split()[3] for c in chatters for line in c.lines[:1]}
    assert len(nicks) == number
    stop(server)
    leave(chatters)


def arrival(server: Server) -> float:
    """Return the seconds that a new client waits until it is greeted."""
    began = time.monotonic()
    chatter = Chatter(server)
    greeted([chatter])
    leave([chatter])
    return time.monotonic() - began


def test_half_of_them_leave(
    lab: Lab, history: Path, long: bool, record_property: Record
) -> None:
    """The others are told of each, and the names are free again."""
    number = 1000 if long else 200
    need_open_files(number + 200)
    server = start(lab, history)
    staying, leaving = connect(server, number // 2), connect(server, number // 2)
    began = time.monotonic()
    leave(leaving)
    drive(staying, have_all(staying, b" left #general", len(leaving)))
    record_property("clients that leave", len(leaving))
    record_property("seconds until all know", f"{time.monotonic() - began:.2f}")
    staying[0].say("/who")
    drive(staying[:1], count(staying[0], b"* people in #general: ", 1))
    assert len(staying[0].lines[-1].split()) == 4 + len(staying)
    stop(server)
    leave(staying)


@pytest.mark.long
def test_all_say_much(lab: Lab, history: Path, record_property: Record) -> None:
    """300 people each paste fifteen lines: 4.5 MB for each, and none is lost."""
    need_open_files(600)
    server = start(lab, history)
    people = connect(server, 300)
    watch = Watch(server)
    for number, person in enumerate(people):
        person.remembers = number == 0
        person.say(*("x" * 1000 for _ in range(15)))
    drive(people, count(people[0], b"> xxxx", 300 * 15))
    peak = watch.peak()
    assert [person.end for person in people] == [""] * 300
    assert peak < 100 * MIB, mib(peak)
    record_property("memory at most", f"{mib(peak)} more")
    stop(server)
    leave(people)


def test_last_words_and_a_half_close(lab: Lab, history: Path) -> None:
    """Who has said all closes one direction, and still gets what it is owed."""
    server = start(lab, history)
    talkers = connect(server, 10)
    for talker in talkers:
        talker.say(*(f"on and on {n}" for n in range(300)))
    last = connect(server, 60)
    for number, one in enumerate(last):
        one.say(f"the last words of {number}")
    drive(talkers + last, lambda: not any(one.outgoing for one in last))
    for one in last:
        one.socket.shutdown(socket.SHUT_WR)
    drive(talkers + last, ended(last))
    for number, one in enumerate(last):
        assert one.has(f"> the last words of {number}")
        assert one.end == "end"
    stop(server)
    leave(talkers + last)


def test_no_descriptor_is_left(lab: Lab, history: Path) -> None:
    """That is a full server, too: newcomers are told, and it says little of it."""
    server = start(lab, history, "ulimit -n 64")
    inside = connect(server, 20)
    more = [Chatter(server) for _ in range(80)]
    drive(inside + more, lambda: all(one.lines or one.end for one in more))
    refused = [one for one in more if one.lines[:1] == [b"! server full"]]
    drive(refused, ended(refused))
    assert len(refused) >= 80 + 20 - 64
    assert {one.end for one in refused} == {"end"}
    leave(more)
    soft, _ = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    assert soft == 64
    assert server.errors().count("\n") <= 1
    stop(server)
    leave(inside)
