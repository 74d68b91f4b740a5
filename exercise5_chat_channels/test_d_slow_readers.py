"""The checks of exercise 5, part D, on slow readers: they hold up nobody.

Neither while others talk, nor when the server ends.
"""

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
from tests.harness.lab import Lab, Server
from tests.harness.program import Program
from tests.harness.words import _, ngettext

LINE = "x" * 1000
HISTORY = 50  # lines
THE_REST_WAITS = _(
    "send() returns how much the socket took. The rest must go as soon as it takes"
    " more, though nobody says anything: run() flushes all outboxes again and again."
)
WAITS_NO_MORE = _(
    "On a socket that does not block, recv() does not wait either: where nothing has"
    " come, it raises BlockingIOError. That is not the end of the connection. Wait"
    " before it, with self.selector.select()."
)
NO_ROOM_IS_NO_END = _(
    "No room in a socket is not its end. BlockingIOError is an OSError: flush() does"
    " nothing then, and the rest waits in the outbox."
)
GONE = _(
    "Any call on a socket may raise OSError because the client has gone: send() and"
    " shutdown(), too, and in another client's thread. Its own thread will notice."
)
FLUSH_FIRST = _(
    "Whoever reads is not disconnected, however much one turn brings: when over 1 MiB"
    " waits in the outbox, flush it first, and look again."
)


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
    late, stopped = connect_all(server, 2, receive_buffer=4096)
    alice.hint_at_end = WAITS_NO_MORE
    all_see([alice, bob, late, stopped], alice, "hello", "hello")
    fill_history(alice, bob, late, stopped)
    stops_reading(stopped, bob, times=17)  # 0.9 MB, and there is room for more
    reads_late(late, alice, bob)
    asks_for_much(bob)
    is_disconnected(lab, server, stopped, alice, bob)
    vanish_together(lab, server, alice, bob)


def fill_history(alice: Member, *others: Member) -> None:
    """Say 50 lines of 1000 bytes: from now on every /join brings more than 50 KiB."""
    history = alice.peer.history
    began = len(history.steps)
    alice.says(*[LINE] * HISTORY)
    for member in (alice, *others):
        member.hint, member.hint_at_end = THE_REST_WAITS, NO_ROOM_IS_NO_END
        member.hears(HISTORY)
        member.hint = member.hint_at_end = ""
    history.sum_up(began, alice.nick, _("says 50 lines of 1000 bytes, and all hear it"))


def stops_reading(member: Member, witness: Member, times: int) -> None:
    """Let a member ask for the history some times, and read nothing of it.

    The server has answered when the witness has seen the member join as many times.
    """
    history = member.peer.history
    history.event(member.nick, _("reads no more"))
    began = len(history.steps)
    member.says(*["/join general"] * times)
    for _n in range(times):
        witness.sees_notice(f"* {member.nick} joined #general")
    what = _("joins #general {count} times").format(count=times)
    history.sum_up(began, member.nick, what)


def reads_late(late: Member, alice: Member, bob: Member) -> None:
    """Let a member read late what was sent meanwhile: more than a socket holds."""
    stops_reading(late, bob, times=10)
    all_see([alice, bob], bob, "are you there?", "are you there?")
    late.peer.history.event(late.nick, _("reads on"))
    began = len(late.peer.history.steps)
    late.hint, late.hint_at_end = THE_REST_WAITS, NO_ROOM_IS_NO_END
    reads_history(late, times=10)
    late.sees(bob, "are you there?")
    late.hint = late.hint_at_end = ""
    late.peer.history.sum_up(began, late.nick, _("has read everything"))


def reads_history(member: Member, times: int) -> None:
    """Read what the server has answered to /join, some times: all of it each time."""
    first = member.sees_history("general")
    if len(first) != HISTORY:
        wanted = _("a history of {count} messages").format(count=HISTORY)
        member.fail(wanted, f"{len(first)}")
    for _n in range(1, times):
        again = member.sees_history("general")
        member.agrees(again, first, _("that is what came at the last /join"))


def asks_for_much(member: Member) -> None:
    """Ask in one piece for more than 1 MiB, and read it."""
    history = member.peer.history
    began = len(history.steps)
    member.says(*["/join general"] * 22)
    member.hint_at_end = FLUSH_FIRST
    reads_history(member, times=22)
    member.hint_at_end = ""
    what = _("joins #general 22 times, and has read everything")
    history.sum_up(began, member.nick, what)


def is_disconnected(
    lab: Lab, server: Server, stopped: Member, alice: Member, bob: Member
) -> None:
    """Talk until the member that reads nothing is disconnected."""
    before = most = system.memory(server.pid) or 0
    talked, began = 0, len(lab.history.steps)
    while stopped.nick in people(bob):
        if talked > 6 * MIB:
            still_here = _("After 6 MiB of talk {nick} is still a member.")
            lab.fail(still_here.format(nick=stopped.nick))
        talked += sum(map(len, talk(alice, bob)))
        most = max(most, system.memory(server.pid) or 0)
        what = ngettext("have said {count} byte", "have said {count} bytes", talked)
        what = what.format(count=f"{talked:,}")
        lab.history.sum_up(began, _("the others"), what)
    if most > before + 4 * MIB:
        grown = _(
            "While {nick} read nothing the server took {count} MiB more than before."
        )
        lab.fail(grown.format(nick=stopped.nick, count=(most - before) // MIB))
    stopped.hears_rest()


def vanish_together(lab: Lab, server: Server, alice: Member, bob: Member) -> None:
    """Let clients reset their connections while much waits for them, and more comes."""
    began = len(lab.history.steps)
    visitors = [arrive(server, receive_buffer=4096) for _n in range(8)]
    for visitor in visitors:
        visitor.sees_history("general")
        stops_reading(visitor, bob, times=3)
    lab.history.sum_up(began, _("eight more"), _("connect, and stop reading"))
    began = len(lab.history.steps)
    alice.says(*[LINE] * 36)
    for visitor in visitors:
        visitor.says("/quit")
        visitor.peer.reset()
    for member in (alice, bob):
        member.hears(36)
    what = _("reset their connections while {nick} talks").format(nick=alice.nick)
    lab.history.sum_up(began, _("the eight"), what)
    if server.traceback():
        lab.fail(_("Clients have left, and the server did not expect it."), hint=GONE)


def talk(alice: Member, bob: Member) -> list[str]:
    """Let two members talk; both must see everything. Return what they have seen."""
    alice.says(*[LINE] * 12)
    bob.says("what a talker")
    for member in (alice, bob):
        talker = [f"#general <{alice.nick}> {LINE}"] * 12
        listener = [f"#general <{bob.nick}> what a talker"]
        wanted = sorted(talker + listener)
        heard = member.hears(13)
        member.agrees(sorted(without_time(heard)), wanted, _("that is what was said"))
    return heard


HISTORY_OPEN = _(
    "The history is closed last, by its with block: sys.exit() and the end of main()"
    " lead there, os._exit() does not."
)
BUSY = _(
    "Something never waits. On a listening socket that does not block, accept() does"
    " not wait: it has a time limit, as in the starter. A selector that looks for room"
    " to send hardly ever waits: nearly every socket has some."
)


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
    silent = lab.start_server("--history", str(lab.shared / "silent.db"))
    (alice,) = connect_all(silent, 1)
    (sleeper,) = connect_all(silent, 1, receive_buffer=4096)
    fill_history(alice, sleeper)
    stops_reading(sleeper, alice, times=10)
    idle = Idle(silent)
    port = system.free_port(lab.host)
    stops = {"interrupt": _("interrupt"), "terminate": _("terminate")}
    if system.WINDOWS:
        del stops["terminate"]  # there is no SIGTERM
    for stop, name in stops.items():
        server = start(lab, port=port)
        began = ends_with_a_crowd(server, stop)
        lab.history.sum_up(began, name, _("ends the server as it should"))
    idle.has_rested(lab)
    ends_beside_a_silent_client(silent, alice)
    left = lab.files("*.db-*")
    if left:
        lab.fail(
            expected=(_("Expected beside the history"), _("no other files")),
            got=(_("but there are"), ", ".join(left)),
            hint=HISTORY_OPEN,
        )


class Idle:
    """A program that has nothing to do for a while: it should use no processor."""

    def __init__(self, program: Program) -> None:
        """Begin to look."""
        self.program = program
        self.before = system.activity(program.pid)
        self.began = time.monotonic()

    def has_rested(self, lab: Lab) -> None:
        """Fail if it has worked all the same."""
        now, passed = system.activity(self.program.pid), time.monotonic() - self.began
        if not self.before or not now:
            return
        worked = now.worked - self.before.worked
        if worked > 0.05 + 0.01 * passed:
            text = _(
                "While nobody said anything for {passed} s, {name} worked for {worked}"
                " s."
            )
            text = text.format(
                passed=f"{passed:.1f}", worked=f"{worked:.1f}", name=self.program.name
            )
            lab.fail(text, hint=BUSY)


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
