"""The check of exercise 5, part E: a flood throws out nobody who reads."""

import contextlib
import math
import select
import time

from tests.harness import system
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
from tests.harness.patience import ANSWER, LOOK, given
from tests.harness.words import _

TICK = 0.01  # seconds
PACE = 512 * 1024  # bytes that a reader reads in a second, and more
LEAST = (
    128 * 1024
)  # bytes that it reads in a second although the server was not given it
NOW_AND_THEN = 0.1  # seconds
ASLEEP = 0.35  # seconds for which a server may rest although somebody waits for it
A_SECOND = 1.1  # by then the second in which somebody said much is over
HELD_BACK_FOR = 0.05  # seconds
TOIL = 0.25  # seconds of a processor, in which nothing comes
HELD_BACK = _(
    "While a member still reads, but has much in its outbox, do not read what the"
    " flooding client sends: TCP then makes it wait. Is throttle() called, and does"
    " flush() note the time in last_sent?"
)
HELD_UP = _(
    "A flood waits for its readers without the lock: self.lock.wait(0.1) frees it,"
    " and time.sleep() does not. Nobody else has to wait meanwhile: only a client that"
    " floods()."
)
COUNTED_ANEW = _(
    "It once said much, more than a second ago. What a client has said counts for one"
    " second: floods() begins to count anew in the next."
)
BUSY = _(
    "Between two looks at who lags there is a wait: self.lock.wait(0.1). A loop that"
    " only looks keeps a processor busy."
)
WAKE_THE_FLOOD = _(
    "A flood was waiting for its readers. After self.lock.wait(0.1), look again whether"
    " a member of the channel lags: when all are disconnected, nobody does."
)


@check(
    "5.25",
    _("loses nobody who reads when one client floods"),
    points=1,
    needs=["5.22"],
    hint=HELD_BACK,
    read=_("Step 17: floods"),
)
def test_flood(lab: Lab) -> None:
    server = start(lab)
    flooder, carol, dave = connect_all(server, 3)
    began = len(lab.history.steps)
    carol.joins("sport")
    dave.says("/join sport", *["x" * 1000] * 9)
    said_much = time.monotonic()
    what = _("says nine lines in #sport: that is much, but only once")
    lab.history.sum_up(began, dave.nick, what)
    alice, bob = readers = connect_all(server, 2, receive_buffer=16384)
    lines = [f"{n} {lab.random_word()} {'x' * 1000}" for n in range(3000)]
    what = _("says 3000 lines of 1000 bytes, as fast as it can")
    lab.history.event(flooder.nick, what)
    began = len(lab.history.steps)
    Flood(flooder, lines, readers, carol, HELD_UP).run()
    read = ", ".join(map(lines_read, (flooder, *readers)))
    what = _("read this many lines: {read}").format(read=read)
    lab.history.sum_up(began, _("the members"), what)
    alice.says("the flood is over")
    wanted = [f"#general <{flooder.nick}> {line}" for line in lines]
    for reader in readers:
        reader.hint_at_end = HELD_BACK
        heard = reader.hears_until("the flood is over")[:-1]
        # A flooder may be thrown out: what it had said until then must be there.
        wanted = wanted[: len(heard)] if flooder.peer.end else wanted
        why = _("that is what {nick} said").format(nick=flooder.nick)
        reader.agrees(without_time(heard), wanted, why)
    all_see(readers, bob, "at last", "at last")
    server.exited.wait(max(0.0, said_much + A_SECOND - time.monotonic()))
    dave.says("/join general")
    again = Flood(flooder, lines[:2000], readers, dave, COUNTED_ANEW)
    end_in_mid_flood(lab, again)


def end_in_mid_flood(lab: Lab, flood: "Flood") -> None:
    """End a server while it does not read from somebody, who floods.

    Somebody else says a line in that channel before. On a busy machine the readers may
    be taken for asleep, and then the flood goes on: that proves nothing.
    """
    proofs = 0
    for _turn in range(6):
        began = len(lab.history.steps)
        flood.run(held_back_for=HELD_BACK_FOR)
        what = _("floods again, until it is held back")
        lab.history.sum_up(began, flood.flooder.nick, what)
        flood.speak()
        goes_on = False
        while not flood.is_answered():
            goes_on = flood.moves() or goes_on
            flood.expect_no_rest()
            flood.expect_no_toil()
            select.select([flood.other.peer.socket], [], [], TICK)
        proofs += not (flood.moves() or goes_on)
        if proofs == 3:
            break
    flood.server.interrupt()
    flood.server.expect_exit(hint=WAKE_THE_FLOOD)


def lines_read(member: Member) -> str:
    """Say how many lines a member has read, and whether it was disconnected."""
    read = f"{member.nick} {len(member.lines)}"
    return _("{read} (disconnected)").format(read=read) if member.peer.end else read


class Flood:
    """One member says much, and reads what comes back, until it has heard all.

    The readers read a sixteenth of that, but at a normal pace if that is more: so a
    flood that the server slows to this pace loses nobody. When the server makes the
    flooder wait for the readers, they read on. The pace is one of the time that the
    server was given, since on a busy machine the flood is slow, too; but nobody seems
    to have stopped. In another channel, somebody says a line now and then, and should
    never wait.
    """

    def __init__(
        self,
        flooder: Member,
        lines: list[str],
        readers: list[Member],
        other: Member,
        held_up: str,
    ) -> None:
        """Begin before anything is said; ``held_up`` is the hint if the other waits."""
        self.flooder, self.readers, self.other = flooder, readers, other
        self.held_up = held_up
        self.server = flooder.peer.program
        flooder.lines.clear()  # of an earlier flood
        self.last_line = lines[-1]
        self.size = len(lines[0])
        self.left = memoryview(as_lines(lines))
        self.given = 0.0  # seconds
        self.due = 0  # lines
        self.calm = 0.0  # seconds since something moved
        self.idle = 0.0  # seconds of these in which the server waited
        self.began = self.looked = self.spoke = self.rests_since = time.monotonic()
        self.seen = self.activity = system.activity(self.server.pid)
        self.at_last_move: system.Activity | None = None

    def run(self, held_back_for: float = math.inf) -> None:
        """Let everybody talk and read until the flooder has heard its last line.

        Or until nothing has moved for a while.
        """
        self.speak()
        self.calm = self.idle = 0.0
        while not self.flooder.has_heard(self.last_line) and self.idle < ANSWER:
            sent = self.send()
            if not self.moves(sent) and self.calm > held_back_for:
                return
            self.let_time_pass()
            for reader in self.readers:
                while self.may_read(reader) and reader.receives_now():
                    continue
            self.listen_to_the_other()

    def moves(self, sent: bool = False) -> bool:
        """Return whether the flood goes on; if not, see what the server does."""
        if self.flooder.receives_now() or sent:
            self.calm = self.idle = 0.0
            self.rests_since = time.monotonic()
            self.at_last_move = None
            return True
        before, self.activity = self.activity, system.activity(self.server.pid)
        rests = self.activity == before and bool(before and before.waits)
        if not rests and not self.server.exited.is_set():
            self.rests_since = time.monotonic()
        self.calm += TICK
        if rests or not self.activity:  # where nobody knows
            self.idle += TICK
        self.at_last_move = self.at_last_move or self.activity
        return False

    def send(self) -> bool:
        """Send from the flood what goes now, or wait until something comes."""
        socket = self.flooder.peer.socket
        writers = [socket] if self.left else []
        if not select.select([socket], writers, [], TICK)[1]:
            return False
        with contextlib.suppress(OSError):  # reading shows that it has ended
            self.left = self.left[socket.send(self.left[:65536]) :]
        return True

    def speak(self) -> None:
        """Let the other one say a line."""
        self.other.lines.clear()
        self.other.says("hello")
        self.spoke = self.rests_since = time.monotonic()
        self.at_last_move = None

    def may_read(self, reader: Member) -> bool:
        """Return whether it is time for a reader to read more."""
        read = len(reader.lines)
        return self.idle > 0.1 or read < max(len(self.flooder.lines) / 16, self.due)

    def let_time_pass(self) -> None:
        """Count the time that the server was given; readers read twice a second."""
        now = time.monotonic()
        if now > self.looked + LOOK:
            before, self.seen = self.seen, system.activity(self.server.pid)
            self.given += given(before, self.seen, now - self.looked)
            self.looked = now
            halves = int(2 * self.given) * PACE + int(2 * (now - self.began)) * LEAST
            self.due = halves // 2 // self.size

    def listen_to_the_other(self) -> None:
        """Let the other one speak again when it is answered, and fail if it is not."""
        if not self.is_answered():
            self.expect_no_rest()
        elif time.monotonic() > self.spoke + NOW_AND_THEN:
            self.speak()

    def is_answered(self) -> bool:
        """Return whether the other one has heard itself."""
        while self.other.receives_now():
            continue
        wanted = f"<{self.other.nick}> hello"
        return any(wanted in line for line in self.other.lines)

    def expect_no_rest(self) -> None:
        """Expect a server that lets somebody wait to have something to do."""
        if time.monotonic() > self.rests_since + ASLEEP:
            self.other.peer.waited_in_vain = ASLEEP
            text = _("{nick}, who says a line now and then, waits in #{channel}.")
            text = text.format(nick=self.other.nick, channel=self.other.channel)
            self.other.peer.fail(text, hint=self.held_up)

    def expect_no_toil(self) -> None:
        """Expect a server that works to have something to show for it."""
        before, now = self.at_last_move, self.activity
        if before and now and now.worked > before.worked + TOIL:
            text = _("The server keeps a processor busy while a flood waits.")
            self.server.fail(text, hint=BUSY)
