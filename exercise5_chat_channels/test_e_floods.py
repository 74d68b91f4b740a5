"""The check of exercise 5, part E: a flood throws out nobody who reads."""

import contextlib
import select

from tests.harness.chat import (
    Member,
    all_see,
    as_lines,
    connect_all,
    start,
    without_time,
)
from tests.harness.checks import check
from tests.harness.lab import Lab
from tests.harness.patience import ANSWER
from tests.harness.words import _

TICK = 0.01  # seconds


@check(
    "5.25",
    _("loses nobody who reads when one client floods"),
    points=1,
    needs=["5.22"],
    hint=_(
        "While a member still reads, but has much in its outbox, do not read what the"
        " flooding client sends: TCP then makes it wait."
    ),
    read=_("Step 17: floods"),
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
