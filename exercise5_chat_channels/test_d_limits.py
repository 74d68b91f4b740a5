"""The check of exercise 5, part D, on limits: of clients, channels and open files."""

import re
import time

from tests.harness import system
from tests.harness.chat import (
    COMES_OR_GOES,
    Member,
    all_see,
    arrive,
    connect_all,
    hinting,
    people,
    start,
)
from tests.harness.checks import check
from tests.harness.lab import Lab, Server
from tests.harness.patience import SOON
from tests.harness.words import _

FILES = 40  # that a server may have open, its own and one for each client


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
    people(alice)
    alice.skipped.clear()
    for _attempt in range(2):
        is_turned_away(arrive(server))
    bob.peer.close()
    hears_only_of([bob, knock(server)], alice)
    alice.says("/create general", "/create a b")  # of which none is made
    for name in ("general", "a b"):
        alice.is_refused(f"/create {name}")
    names = [f"channel{n}" for n in range(3, 101)]
    alice.says(*(f"/create {name}" for name in names))
    for name in names:
        alice.is_greeted(name)
    alice.says("/create channel101")
    alice.sees_refusal(_("'! …', because /create for channel 101 must be refused"))
    all_see([alice], alice, "still here", "still here")
    is_not_remembered(lab, server, "channel101")
    if not system.WINDOWS:  # which has no such limit
        is_full_without_files(lab)


def is_turned_away(dave: Member) -> None:
    """See that a client is told that the server is full, and nothing else."""
    full = "! server full"
    answer = dave.awaits(repr(full), re.compile(r"!|\* you are ").match, "")
    if answer != full:
        dave.fail(repr(full), answer, _("three clients are here already"))
    dave.sees_end()
    with hinting(TURNED_AWAY, dave):
        if dave.lines:
            dave.fail(_("the end of the stream"), dave.lines[0])


def hears_only_of(members: list[Member], alice: Member) -> None:
    """See that alice has heard nothing of those who were turned away."""
    people(alice)
    nicks = {member.nick for member in members}
    for notice in filter(COMES_OR_GOES.fullmatch, alice.skipped):
        if notice.split(" ")[1] not in nicks:
            with hinting(TURNED_AWAY, alice):
                alice.fail(_("nothing of a client that finds no room"), notice)


TURNED_AWAY = _(
    "When the server is full, a client that connects gets '! server full' and the end:"
    " it does not become a member, and the others do not hear of it."
)


def is_not_remembered(lab: Lab, server: Server, name: str) -> None:
    """See that a channel that was refused does not come with the next start either."""
    server.kill()
    (alice,) = connect_all(start(lab, port=server.port), 1)
    alice.says("/channels")
    wanted = "'* channels: …'"
    listed = alice.awaits(wanted, lambda line: line.startswith("* channels:"), "")
    if f"#{name}" in listed.split(" "):
        alice.hint = REMEMBERED
        wanted = _("channels without #{name}").format(name=name)
        alice.fail(wanted, listed, _("its /create was refused"))


REMEMBERED = _(
    "A refused line changes nothing, nor does it in the history: first see all that may"
    " be wrong, then call history.add_channel()."
)


def is_full_without_files(lab: Lab) -> None:
    """Connect more clients than the system lets a server have files."""
    history = str(lab.shared / "few.db")
    server = lab.start_server("--history", history, open_files=FILES)
    (alice,) = connect_all(server, 1)
    began = len(lab.history.steps)
    visitors = (arrive(server) for _n in range(FILES))
    if all(visitor.gets_into("general") for visitor in visitors):
        lab.fail(
            expected=(_("Expected the last to receive"), "'! server full'"),
            got=(_("but the server let in"), str(FILES + 1)),
        )
    what = _("connect, until no file is left for one more")
    lab.history.sum_up(began, _("clients"), what)
    all_see([alice], alice, "still here", "still here")


def knock(server: Server) -> Member:
    """Connect until there is room: a server may not notice at once who has left."""
    for wait in server.slices(SOON):
        visitor = arrive(server)
        if visitor.gets_into("general"):
            break
        time.sleep(wait)
    else:
        full = "! server full"
        visitor.fail("'* you are guestN in #general'", full, _("one has left"))
    return visitor
