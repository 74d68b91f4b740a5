"""The checks of exercise 5, part D: slow readers hold up nobody, and all has limits.

Neither while others talk, nor when the server ends.
"""

import re
import time

from tests.harness import system
from tests.harness.chat import (
    MIB,
    Member,
    all_see,
    arrive,
    connect_all,
    people,
    start,
    without_time,
)
from tests.harness.checks import check
from tests.harness.exchange import exchange
from tests.harness.lab import Lab, Server
from tests.harness.patience import SOON
from tests.harness.words import _, ngettext


@check(
    "5.22",
    _("lets nobody wait for a client that has stopped reading, and disconnects it"),
    points=2,
    needs=["5.2", "5.3"],
    hint=_(
        "Sockets that do not block: send what the socket takes, keep the rest in an"
        " outbox per client, and disconnect the client whose outbox is over 1 MiB."
        " On such a socket recv() does not wait either: wait for EVENT_READ first. And"
        " BlockingIOError only means that there is no room now."
    ),
    read=_("Step 14: outboxes"),
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
    "5.23",
    _("stays within --max-clients and 100 channels"),
    points=2,
    needs=["5.8"],
    hint=_(
        "Count the clients that are here when one connects: '! server full', close."
        " And count the channels before you make one."
    ),
    read=_("Step 15: limits"),
)
def test_limits(lab: Lab) -> None:
    server = start(lab, "--max-clients", "3")
    alice, bob, carol = connect_all(server, 3)
    for _attempt in range(2):
        dave = arrive(server)
        full = "! server full"
        answer = dave.awaits(repr(full), re.compile(r"!|\* you are ").match, "")
        if answer != full:
            dave.fail(repr(full), answer, _("three clients are here already"))
        dave.sees_end()
    bob.peer.close()
    knock(server)
    names = [f"channel{n}" for n in range(3, 101)]
    alice.says(*(f"/create {name}" for name in names))
    for name in names:
        alice.is_greeted(name)
    alice.says("/create channel101")
    alice.sees_refusal(_("'! …', because /create for channel 101 must be refused"))
    all_see([alice], alice, "still here", "still here")


def knock(server: Server) -> None:
    """Connect until there is room: a server may not notice at once who has left."""
    for wait in server.slices(SOON):
        visitor = arrive(server)
        if visitor.gets_into("general"):
            return
        time.sleep(wait)
    visitor.fail("'* you are guestN in #general'", "! server full", _("one has left"))


@check(
    "5.24",
    _("ends on Ctrl+C: * server closing, the end, status 0"),
    points=2,
    needs=["5.22"],
    hint=_(
        "Let SIGINT and SIGTERM end the main loop; then send"
        " '* server closing' to all, shutdown() their sockets, and join the threads."
    ),
    read=_("Step 16: a clean end"),
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

    Where it does not, 5.2 or 5.22 objects.
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
