"""More clients than the chat's server has threads or open files for."""

from pathlib import Path

import pytest

from tests.harness.lab import Lab
from tests.own.chat.abuse import (
    Record,
    history_file,
    need_open_files,
    only_linux,
    start,
    stop,
)
from tests.own.chat.clients import (
    Chatter,
    connect,
    count,
    drive,
    ended,
    leave,
    ping,
)

EXERCISE = "exercise5_chat_channels"
pytestmark = pytest.mark.timeout(1800)

history = pytest.fixture(history_file)


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


@only_linux
def test_too_few_threads(lab: Lab, history: Path, record_property: Record) -> None:
    """A client without a thread is told so; those inside notice nothing.

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
