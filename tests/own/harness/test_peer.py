"""Peers: what they say of what came, and what did not."""

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.exchange import Exchange
from tests.harness.failure import CheckFailedError
from tests.harness.peer import Peer
from tests.own.harness.running import connected_peer, waiting_program


@pytest.fixture
def bob(tmp_path: Path) -> Iterator[tuple[Peer, socket.socket]]:
    """Return a peer, and the program's end of its connection."""
    with waiting_program(tmp_path) as program, connected_peer(program) as both:
        yield both


LONG = "… 270 equal bytes, then '" + "-" * 30 + "{}' + '.' × 300"


@pytest.mark.parametrize(
    ("wanted", "sent", "lines"),
    [
        (
            "hello\n",
            b"help\n",
            [
                r"Expected bob to receive   'hello\n'",
                r"but the server sent       'help\n'",
                r"                              ^ this is the first difference",
            ],
        ),
        (
            "café\n",
            b"caf\xe9\n",
            [
                r"Expected bob to receive   'café\n'",
                r"but the server sent       b'caf\xe9\n'",
                r"                               ^ this is the first difference",
            ],
        ),
        (
            b"-" * 300 + b"one" + b"." * 300,
            b"-" * 300 + b"two" + b"." * 300,
            [
                f"Expected bob to receive   {LONG.format('one')}",
                f"but the server sent       {LONG.format('two')}",
                " " * 81 + "^ this is the first difference",
            ],
        ),
    ],
)
def test_points_at_the_first_difference(
    wanted: str | bytes,
    sent: bytes,
    lines: list[str],
    bob: tuple[Peer, socket.socket],
) -> None:
    peer, server = bob
    server.sendall(sent)
    with pytest.raises(CheckFailedError) as caught:
        peer.expect(wanted)
    assert caught.value.failure.lines() == lines
    assert peer.history.steps[-1].wrong


def test_marks_the_message_that_holds_the_wrong_thing(
    bob: tuple[Peer, socket.socket],
) -> None:
    """The end of the stream came after it, and is all right."""
    peer, server = bob
    server.sendall(b"Content-Length: 3\r\n\r\nhello")
    server.close()
    peer.read_to_end("a page")
    with pytest.raises(CheckFailedError):
        peer.fail(expected=("Expected the header", "Content-Length: 5"))
    assert [step.wrong for step in peer.history.steps] == [True, False]


def test_a_line_that_does_not_end(bob: tuple[Peer, socket.socket]) -> None:
    peer, server = bob
    server.sendall(b"hello")
    with pytest.raises(CheckFailedError) as caught:
        peer.read_line(r"'hello\n'", seconds=0.1)
    lines = caught.value.failure.lines()
    assert lines[1] == "but the server sent       'hello'"
    assert lines[2].startswith("its end is missing: nothing more came within")
    assert caught.value.failure.advice.startswith("The line has no end")


def test_a_send_that_fails_is_no_step(bob: tuple[Peer, socket.socket]) -> None:
    peer, server = bob
    system.reset_on_close(server)
    server.close()
    peer.wait_for_more()
    with pytest.raises(CheckFailedError, match="cannot send"):
        peer.send("hello")
    (step,) = peer.history.steps
    assert step.what == "resets bob's connection"


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGABRT")
def test_says_where_a_program_waits(bob: tuple[Peer, socket.socket]) -> None:
    with pytest.raises(CheckFailedError) as caught:
        bob[0].expect("hello\n", seconds=0.1)
    lines = caught.value.failure.lines()
    assert re.fullmatch(r"nothing came within \d+\.\d s", lines.pop(2))
    assert lines == [
        r"Expected bob to receive   'hello\n'",
        "but the server sent       nothing",
        "It waits in wait(), exercise4.py line 2:  int(input())",
    ]


def test_has_nothing_to_wait_for_after_a_reset(
    bob: tuple[Peer, socket.socket],
) -> None:
    peer, its = bob
    peer.send("unread")
    system.reset_on_close(its)
    its.close()
    peer.wait_until_read()
    assert peer.wait_for_more()
    assert peer.end == "reset"


def test_sends_to_a_program_that_has_half_closed(
    bob: tuple[Peer, socket.socket],
) -> None:
    peer, its = bob
    its.shutdown(socket.SHUT_WR)
    sending = Exchange({peer: b"x" * 10})
    assert sending.run(lambda: peer.end == "end")
    assert sending.run(lambda: not sending.left[peer])
    assert its.recv(100) == b"x" * 10


def test_gives_up_a_program_that_sends_without_end(
    bob: tuple[Peer, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.harness.peer.MOST_UNREAD", 1000)
    bob[1].sendall(b"x" * 1001)
    with pytest.raises(CheckFailedError, match="sends bob data without end"):
        bob[0].read_to_end("anything")
