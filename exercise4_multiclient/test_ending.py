"""The check of exercise 4 in which the server starts, or cannot, and ends."""

import contextlib
import socket

from tests.harness import system
from tests.harness.checks import check
from tests.harness.exchange import Exchange
from tests.harness.lab import Lab, Server
from tests.harness.patience import SOON
from tests.harness.peer import Peer
from tests.harness.relay import (
    LONG_LINE,
    SMALL_BUFFER,
    connect_all,
    hinting,
    send_until_stuck,
)
from tests.harness.relay_hints import ADDED
from tests.harness.starting import announced_port, expect_good_starts
from tests.harness.words import _

LISTENING = _(
    "Print it as a line of its own, with the address that getsockname() returns, once"
    " the server listens. Without flush=True, Python keeps it."
)
AGAIN = _(
    "The port is still taken, by a connection of the last run: set SO_REUSEADDR in"
    " every run, before bind()."
)
BESIDE_A_SLEEPER = _(
    "Somebody does not read, and a thread waits in sendall() with the lock held. Do not"
    " take the lock at the end: shutdown() and close() wake that thread."
)
NO_SIGTERM = _(
    "SIGTERM must end the server just as Ctrl+C does: let signal.default_int_handler"
    " handle it."
)


@check(
    "4.12",
    _("ends everything on Ctrl+C: every client sees the end, status 0"),
    points=2,
    needs=["4.3"],
    hint=_(
        "A thread in recv() does not notice Ctrl+C: shutdown() its socket, then close()"
        " it, and recv() ends. Catch KeyboardInterrupt in main()."
    ),
    read=_("Step 7: a clean end"),
)
def test_ctrl_c(lab: Lab) -> None:
    port = last_port(lab.host)
    server = lab.start_server(port=port)
    with hinting(LISTENING):
        announced_port(server)
    peers = connect_all(lab, server, "alice", "bob", "carol", "dave")
    server.interrupt()
    for peer in peers:
        expect_bare_end(peer)
    server.expect_exit()
    server = lab.start_server(port=port)
    with hinting(AGAIN):
        announced_port(server)
    start_others(lab, port)
    end_beside_a_sleeper(lab, server)


def expect_bare_end(peer: Peer) -> None:
    """Expect the end, and nothing before it."""
    if added := peer.read_to_end(_("the end of the stream"), SOON):
        peer.fail_at(b"", added, _("nobody has said this"), ADDED)
    peer.expect_end()


def last_port(host: str) -> int:
    """Return the highest port; any free one where others might want it as well."""
    if host != "127.0.0.1":
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind((host, 65535))
            return 65535
    return system.free_port(host)


def start_others(lab: Lab, taken: int) -> None:
    """Start servers where the system chooses, by default, and where it cannot be."""
    began = len(lab.history.steps)
    chosen = lab.start_server(port=0)
    expect_good_starts(lab, taken)
    chosen.port = announced_port(chosen)
    chosen.connect("carol")
    what = _("start: on port 0, by default, and where they cannot listen")
    lab.history.sum_up(began, _("others"), what)


def end_beside_a_sleeper(lab: Lab, server: Server) -> None:
    """End the server while it waits for a client that does not read."""
    names = _("sleeper"), "carol", "alice", "bob"
    peers = connect_all(lab, server, *names, slow={names[0]: SMALL_BUFFER})
    sleeper, carol, alice, bob = peers
    began = len(lab.history.steps)
    sending = Exchange({alice: LONG_LINE * 50, bob: b""})
    send_until_stuck(server, sending, lambda: False)
    what = _("talks and talks, and {name} does not read").format(name=sleeper.name)
    lab.history.sum_up(began, "alice", what)
    # Her thread waits for the sleeper, too, and so her socket is still in the array.
    carol.send("carol speaks\n")
    carol.wait_until_read()
    carol.reset()
    if system.WINDOWS:  # which has no SIGTERM
        server.interrupt()
    else:
        server.terminate()
    with hinting(BESIDE_A_SLEEPER, wins=True):
        bob.read_to_end(_("the end of the stream"), SOON)
        ended_by_signal = server.wait_for_exit(SOON) and server.process.returncode < 0
        server.expect_exit(hint=NO_SIGTERM if ended_by_signal else "")
