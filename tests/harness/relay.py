"""The words that exercise 4's suite is written in: clients, and lines relayed to them.

A connection is up before the server has accepted it, and nothing shows a client when it
has a place in the array. So the first lines may rightly be lost, and a check begins
with clients that are known to hear each other.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.harness import system
from tests.harness.exchange import Exchange
from tests.harness.failure import CheckFailedError, Seen, Symptom, setting_up
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SLICE, SOON, wait_until
from tests.harness.peer import Peer, as_bytes
from tests.harness.relay_hints import BUSY, fail_unheard, why_different
from tests.harness.words import _, ngettext

LONG_LINE = b"a" * 60_000 + b"\n"  # a few of them fill all buffers
SMALL_BUFFER = 32768  # bytes
NOBODY: Mapping[str, int] = {}

NOT_YET_HEARD = _(
    "This check begins with clients who hear each other. See that each is heard by all"
    " the others, as in 4.1 to 4.3."
)


def say_until_heard(lab: Lab, speaker: Peer, listener: Peer) -> bytes:
    """Say a line until the other client has heard it; return the line."""
    line = f"{speaker.name} is here: {lab.random_word()}\n".encode()
    before = len(listener.unread)
    for n, wait in enumerate(listener.program.slices(ANSWER)):
        if n % 6 == 0:
            speaker.send(line)
        while line not in listener.unread and listener.wait_for_more(wait):
            continue
        if line in listener.unread:
            return line
        speaker.receive_now()
        if speaker.end or listener.end:
            break
    came = listener.unread[before:]
    return fail_unheard(lab, speaker, listener, line, came)


def next_foreign_line(listener: Peer, waiting_for: str) -> bytes:
    """Receive the next line of somebody else; echoes are covered by check 4.4."""
    own = f"{listener.name} ".encode()
    while (line := listener.read_line(waiting_for)).startswith(own):
        continue
    return line


@setting_up(NOT_YET_HEARD)
def connect_all(
    lab: Lab, server: Server, *names: str, slow: Mapping[str, int] = NOBODY
) -> list[Peer]:
    """Connect clients; return them when the server relays between all of them.

    What a server puts before a line is covered by check 4.2. The ``slow`` have receive
    buffers of so many bytes: little can be on its way to them.
    """
    began = len(server.history.steps)
    first, *others = peers = [server.connect(n, slow.get(n, 0)) for n in names]
    for other in others:
        say_until_heard(lab, other, first)
    _hear_each_other(peers)
    all_ready = f"{first.name} says that all are ready\n"
    first.send(all_ready)
    for other in others:
        while not other.read_line(repr(all_ready)).endswith(all_ready.encode()):
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
            line = peer.read_line(repr(min(waiting_for).decode()))
            waiting_for = {ready for ready in waiting_for if not line.endswith(ready)}


def connect_crowd(lab: Lab, server: Server, listener: Peer, count: int) -> list[Peer]:
    """Connect many clients, who all stay; ``listener`` hears each of them."""
    began = len(server.history.steps)
    crowd: list[Peer] = []
    for n in range(1, count + 1):
        guest = server.connect(f"guest{n}")
        say_until_heard(lab, guest, listener)
        listener.unread = b""
        crowd.append(guest)
        what = ngettext("{n} guest", "{n} guests", n).format(n=n)
        server.history.sum_up(began, what, _("connect, are heard, and stay"))
    return crowd


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
        who = ngettext("{n} client", "{n} clients", n + 1).format(n=n + 1)
        server.history.sum_up(began, who, _("come, speak and go"))


def send_until_stuck(
    server: Server, sending: Exchange, enough: Callable[[], bool]
) -> None:
    """Send until there is enough, or the server stands still, as in a sendall()."""
    for _turn in range(40):
        if sending.run(enough, 2 * SLICE) or system.sleeps(server.pid) is not False:
            break
    for peer in sending.left:  # that nothing came says nothing of what comes next
        peer.gave_up, peer.waited_in_vain = False, 0.0


def settle(server: Server) -> None:
    """Let the server do what it has to do now; a moment, should it never rest."""
    if system.sleeps(server.pid) is None:
        server.exited.wait(SLICE)
    else:
        wait_until(lambda: system.sleeps(server.pid), server.slices(10 * SLICE))


def expect_line(listener: Peer, line: str | bytes, remark: str = "") -> None:
    """Receive exactly this line; of what comes in its place, say what is wrong."""
    try:
        listener.expect(line, remark=remark)
    except CheckFailedError as error:
        hint = why_different(as_bytes(line), listener)
        error.failure.hint = error.failure.hint or hint
        raise


@contextmanager
def hinting(hint: str, *, wins: bool = False) -> Iterator[None]:
    """Give a failure in this block a hint, where nothing that was seen says more.

    One that ``wins`` says more than a thread that waits in sendall(), if one does.
    """
    try:
        yield
    except CheckFailedError as error:
        sends = any(".send" in symptom.text for symptom in error.failure.symptoms)
        if wins and sends and not error.failure.hint:
            error.failure.symptoms.insert(
                0, Symptom(Seen.SILENCE, hint=hint, wins=True)
            )
        error.failure.hint = error.failure.hint or hint
        raise


# -- what the server leaves undone ----------------------------------------------------


def expect_rest(server: Server) -> None:
    """Expect that the server waits while nobody says anything.

    A second is its own time: a busy machine does not shorten it.
    """
    if system.sleeps(server.pid) is None:
        return  # the system cannot say
    if not wait_until(lambda: system.sleeps(server.pid), server.slices(1)):
        server.fail(_("The server works on and on, though nobody speaks."), hint=BUSY)


def expect_no_traceback(server: Server) -> None:
    """Expect that no thread has died of what clients did; this ends the server."""
    settle(server)
    server.stop()
    server.wait_for_exit(SOON)
    if server.traceback():
        server.fail(_("Everybody was served, but one thread has died."))
