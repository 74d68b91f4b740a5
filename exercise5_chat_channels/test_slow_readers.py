"""The checks of exercise 5's server, parts D and E: slow readers hold up nobody.

Neither while others talk, nor in a flood, nor when the server ends.
"""

import contextlib
import select

from tests.harness import system
from tests.harness.chat import (
    MIB,
    Member,
    all_see,
    as_lines,
    connect_all,
    people,
    start,
    without_time,
)
from tests.harness.checks import check
from tests.harness.exchange import exchange
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER
from tests.harness.words import _, ngettext

TICK = 0.01  # seconds


@check(
    "5.17",
    _("lets nobody wait for a client that has stopped reading, and disconnects it"),
    points=2,
    needs=["5.3", "5.4"],
    hint=_(
        "Sockets that do not block: send what the socket takes, keep the rest in an"
        " outbox per client, and disconnect the client whose outbox is over 1 MiB."
    ),
    read=_("Outboxes"),
)
def test_stopped_reader(lab: Lab) -> None:
    server = start(lab)
    alice, bob = connect_all(server, 2)
    (stopped,) = connect_all(server, 1, receive_buffer=4096)
    pauses(lab, stopped, alice, bob)
    lab.history.event(stopped.nick, _("reads no more"))
    before = most = system.memory(server.pid) or 0
    talked, began = 0, len(lab.history.steps)
    while stopped.nick in people(bob):
        if talked > 16 * MIB:
            still_here = _("After 16 MiB of talk {nick} is still a member.")
            lab.fail(still_here.format(nick=stopped.nick))
        talked += sum(map(len, talk(alice, bob)))
        most = max(most, system.memory(server.pid) or 0)
        what = ngettext("have said {count} byte", "have said {count} bytes", talked)
        what = what.format(count=f"{talked:,}")
        lab.history.sum_up(began, _("the others"), what)
    if most > before + 8 * MIB:
        grown = _(
            "While {nick} read nothing the server took {count} MiB more than before."
        )
        lab.fail(grown.format(nick=stopped.nick, count=(most - before) // MIB))
    stopped.hears_rest()


def pauses(lab: Lab, late: Member, alice: Member, bob: Member) -> None:
    """Let a member read late what the others have said: more than a socket holds."""
    lab.history.event(late.nick, _("does not read for a while"))
    began = len(lab.history.steps)
    said = [message for _ in range(40) for message in talk(alice, bob)]
    what = ngettext(
        "have said {count} message", "have said {count} messages", len(said)
    )
    lab.history.sum_up(began, _("the others"), what.format(count=len(said)))
    lab.history.event(late.nick, _("reads on"))
    late.hint = _(
        "send() returns how much the socket took. The rest must go as soon as it takes"
        " more, though nobody says anything: a selector tells you when (EVENT_WRITE)."
    )
    late.agrees(late.hears(len(said)), said, _("that is what the others saw"))
    late.hint = ""


def talk(alice: Member, bob: Member) -> list[str]:
    """Let two members talk; both must see everything. Return what they have seen."""
    text = "x" * 1000
    alice.says(*[text] * 12)
    bob.says("what a talker")
    for member in (alice, bob):
        talker = [f"#general <{alice.nick}> {text}"] * 12
        listener = [f"#general <{bob.nick}> what a talker"]
        wanted = sorted(talker + listener)
        heard = member.hears(13)
        member.agrees(sorted(without_time(heard)), wanted, _("that is what was said"))
    return heard


@check(
    "5.18",
    _("loses nobody who reads when one client floods"),
    points=1,
    needs=["5.10"],
    hint=_(
        "While a member still reads, but has much in its outbox, do not read what the"
        " flooding client sends: TCP then makes it wait."
    ),
    read=_("Floods"),
)
def test_flood(lab: Lab) -> None:
    server = start(lab)
    (flooder,) = connect_all(server, 1)
    alice, bob = readers = connect_all(server, 2, receive_buffer=16384)
    lines = [f"{n} {lab.random_word()} {'x' * 1000}" for n in range(3000)]
    what = _("says 3000 lines of 1000 bytes, as fast as it can")
    lab.history.event(flooder.nick, what)
    began = len(lab.history.steps)
    flood(flooder, lines, readers)
    read = ", ".join(map(lines_read, (flooder, *readers)))
    what = _("read this many lines: {read}").format(read=read)
    lab.history.sum_up(began, _("the members"), what)
    alice.says("the flood is over")
    wanted = [f"#general <{flooder.nick}> {line}" for line in lines]
    for reader in readers:
        heard = reader.hears_until("the flood is over")[:-1]
        # A flooder may be thrown out: what it had said until then must be there.
        wanted = wanted[: len(heard)] if flooder.peer.end else wanted
        why = _("that is what {nick} said").format(nick=flooder.nick)
        reader.agrees(without_time(heard), wanted, why)
    all_see(readers, bob, "at last", "at last")


def lines_read(member: Member) -> str:
    """Say how many lines a member has read, and whether it was disconnected."""
    read = f"{member.nick} {len(member.lines)}"
    return _("{read} (disconnected)").format(read=read) if member.peer.end else read


def flood(flooder: Member, lines: list[str], readers: list[Member]) -> None:
    """Let one member say much, and read what comes back, until it has heard all.

    The readers read a sixteenth of that. When the server makes the flooder wait for
    them, they read on.
    """
    socket, left = flooder.peer.socket, memoryview(as_lines(lines))
    idle = 0.0
    while not flooder.has_heard(lines[-1]) and idle < ANSWER:
        writable = select.select([socket], [socket][: len(left)], [], TICK)[1]
        if writable:
            with contextlib.suppress(OSError):  # reading shows that it has ended
                left = left[socket.send(left[:65536]) :]
        moved = flooder.receives_now() or bool(writable)
        idle = 0.0 if moved else idle + TICK
        for reader in readers:
            while idle > 0.1 or 16 * len(reader.lines) < len(flooder.lines):
                if not reader.receives_now():
                    break


@check(
    "5.20",
    _("ends on Ctrl+C: * server closing, the end, status 0"),
    points=2,
    needs=["5.1"],
    hint=_(
        "Let a handler of SIGINT and SIGTERM end the loop in main(); then send"
        " '* server closing' to all, shutdown() their sockets, and join the threads."
    ),
    read=_("A clean end"),
)
def test_clean_end(lab: Lab) -> None:
    silent = lab.start_server("--history", str(lab.folder / "silent.db"))
    (alice,) = connect_all(silent, 1)
    fills = fills_outbox(alice, *connect_all(silent, 1, receive_buffer=4096))
    port = system.free_port(lab.host)
    stops = {"interrupt": _("interrupt"), "terminate": _("terminate")}
    if system.WINDOWS:
        del stops["terminate"]  # there is no SIGTERM
    for stop, name in stops.items():
        server = start(lab, port=port)
        began = ends_with_a_crowd(server, stop)
        lab.history.sum_up(began, name, _("ends the server as it should"))
    # Another line takes what room there has come to be in the socket: it is full then.
    if fills and hears_itself(alice, 1, "my last line"):
        ends_beside_a_silent_client(silent, alice)


def ends_with_a_crowd(server: Server, stop: str) -> int:
    """Stop a server: all its clients must be told, and see the end.

    Return how many steps there were before.
    """
    members = connect_all(server, 10)
    members[-1].joins("sport")
    began = len(server.history.steps)
    getattr(server, stop)()
    for member in members:
        member.sees_notice("* server closing")
        member.sees_end()
    server.expect_exit()
    return began


def ends_beside_a_silent_client(server: Server, alice: Member) -> None:
    """Press Ctrl+C while a client reads no more: nobody waits for it."""
    server.interrupt()
    alice.sees_notice("* server closing")
    alice.sees_end()
    server.expect_exit(
        hint=_(
            "A socket that blocks lets sendall() wait for a client that reads nothing."
        )
    )


def fills_outbox(alice: Member, silent: Member) -> bool:
    """Say more than a client's socket holds that does not read; tell if that worked.

    Where it does not, 5.3 or 5.17 objects.
    """
    history = alice.peer.history
    history.event(silent.nick, _("reads no more"))
    began = len(history.steps)
    heard = all(hears_itself(alice, 12, f"{n} {'x' * 1000}") for n in range(40))
    history.sum_up(began, alice.nick, _("says 480 lines of 1000 bytes"))
    return heard


def hears_itself(member: Member, times: int, text: str) -> bool:
    """Let a member say a line some times; return whether it has heard them all."""
    member.says(*[text] * times)

    def has_heard_all() -> bool:
        member.split_lines()
        return sum(line.endswith(f"> {text}") for line in member.lines) == times

    heard = exchange({member.peer: b""}, has_heard_all)
    member.lines.clear()
    return heard
