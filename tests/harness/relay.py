"""The words that exercise 4's suite is written in: clients, and lines relayed to them.

A connection is up before the server has accepted it, and nothing shows a client when it
has a place in the array. So the first lines may rightly be lost, and a check begins
with clients that are known to hear each other.
"""

from collections.abc import Callable

from tests.harness import system
from tests.harness.exchange import Exchange
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SLICE
from tests.harness.peer import Peer
from tests.harness.steps import show
from tests.harness.words import _, ngettext


def say_until_heard(lab: Lab, speaker: Peer, listener: Peer) -> bytes:
    """Say a line until the other client has heard it; return the line."""
    line = f"{speaker.name} is here: {lab.random_word()}\n".encode()
    for n, wait in enumerate(listener.program.slices(ANSWER)):
        if n % 6 == 0:
            speaker.send(line)
        while line not in listener.unread and listener.wait_for_more(wait):
            continue
        if line in listener.unread:
            return line
    return listener.fail_waiting(show(line))


def next_foreign_line(listener: Peer, waiting_for: str) -> bytes:
    """Receive the next line of somebody else; echoes are covered by check 4.4."""
    own = f"{listener.name} ".encode()
    while (line := listener.read_line(waiting_for)).startswith(own):
        continue
    return line


def connect_all(
    lab: Lab, server: Server, *names: str, receive_buffer: int = 0
) -> list[Peer]:
    """Connect clients; return them when the server relays between all of them."""
    began = len(server.history.steps)
    first, *others = peers = [server.connect(name, receive_buffer) for name in names]
    for other in others:
        say_until_heard(lab, other, first)
    _hear_each_other(peers)
    all_ready = f"{first.name} says that all are ready\n"
    first.send(all_ready)
    for other in others:
        while other.read_line(repr(all_ready)) != all_ready.encode():
            continue
    who = f"{names[0]} … {names[-1]}" if len(names) > 3 else ", ".join(names)
    server.history.sum_up(began, who, _("connect, and hear each other"))
    return peers


def _hear_each_other(peers: list[Peer]) -> None:
    """Let each client say that it is ready, and hear that of all the others."""
    for peer in peers:
        peer.send(f"{peer.name} is ready\n")
    for peer in peers:
        others = (other for other in peers if other is not peer)
        waiting_for = {f"{other.name} is ready\n".encode() for other in others}
        while waiting_for:
            waiting_for.discard(peer.read_line(repr(min(waiting_for).decode())))


def come_and_go(lab: Lab, server: Server, alice: Peer, count: int) -> None:
    """Let clients connect, speak and leave, one after another."""
    began = len(server.history.steps)
    for n in range(count):
        guest = server.connect(f"guest{n}")
        say_until_heard(lab, guest, alice)
        if n % 3:
            guest.close()
        else:
            guest.reset()
        alice.unread = b""
    who = ngettext("{count} client", "{count} clients", count).format(count=count)
    server.history.sum_up(began, who, _("come, speak and go"))


def send_until_stuck(
    server: Server, sending: Exchange, enough: Callable[[], bool]
) -> None:
    """Send until there is enough, or the server stands still, as in a sendall()."""
    for _turn in range(20):
        if sending.run(enough, 4 * SLICE) or system.sleeps(server.pid) is not False:
            return
