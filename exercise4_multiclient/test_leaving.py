"""The checks of exercise 4 in which clients leave, by choice or not.

That in which the server itself ends is in test_ending.py.
"""

import time
from functools import partial
from itertools import repeat, zip_longest

from tests.harness import system
from tests.harness.checks import check
from tests.harness.exchange import Exchange, exchange
from tests.harness.lab import Lab, Server
from tests.harness.patience import SLICE, SOON, wait_until
from tests.harness.peer import Peer
from tests.harness.relay import (
    LONG_LINE,
    SMALL_BUFFER,
    come_and_go,
    connect_all,
    connect_crowd,
    expect_line,
    expect_no_traceback,
    expect_rest,
    hinting,
    say_until_heard,
    send_until_stuck,
    settle,
)
from tests.harness.relay_hints import TIME_LIMIT
from tests.harness.shown import show
from tests.harness.words import _, ngettext

MAX_LINE = 64 * 1024  # bytes, without the newline
CROWD = 110  # more than the threads of any pool, beside 21 others
SILENCE = 1.1  # seconds: exercise 2 gives up a client after one

GIVE_BACK = _(
    "When a client is gone: out of the array, close() its socket, and let its thread"
    " return. A socket that is only shut down still is an open file."
)
ONES_BEFORE = _(
    "The lines before the one that is too long are relayed: check a line only when its"
    " turn has come."
)
NOTHING_OF_IT = _(
    "The length was noticed, and yet the line was relayed. What is left over is a last"
    " line only when recv() returns b'', not after an exception."
)
NOT_TOO_LONG = _(
    "A line may have 65,536 bytes, not counting its \\n. recv() may bring the end of"
    " one and the beginning of the next: check the length of each line, not of all that"
    " came."
)


@check(
    "4.8",
    _("goes on when clients leave or reset"),
    points=2,
    needs=["4.3"],
    hint=_(
        "A send to a client that is gone raises OSError: catch it where you send, for"
        " that one client, and go on with the next. Take clients out of the array when"
        " their recv() returns b'' or raises."
    ),
    read=_("Step 5: clients that leave"),
)
def test_goes_on_when_clients_leave(lab: Lab) -> None:
    server = lab.start_server()
    # Those who leave are before bob in the array, where a careless removal skips him.
    names = "alice", "carol", "dave", "frank", "bob"
    alice, carol, dave, frank, bob = connect_all(lab, server, *names)
    carol.close()
    dave.reset()
    settle(server)  # or a send to dave would be told of the reset, and no recv()
    for n in range(10):
        alice.send(f"still here {n}\n")
        remark = _("clients that have left say nothing")
        expect_line(bob, f"still here {n}\n", remark)
    many = "".join(f"still here {n}\n" for n in range(3000))
    alice.send_bulk(many, _("3,000 lines at the same time"))
    frank.reset()  # while they are relayed: so it is a send that is told
    bob.expect(many)
    erin = server.connect("erin")
    say_until_heard(lab, erin, alice)
    expect_no_traceback(server)


@check(
    "4.9",
    _("gives back threads and open files of clients that have gone"),
    points=2,
    needs=["4.2"],
    hint=GIVE_BACK,
    read=_("Step 5: clients that leave"),
)
def test_gives_back_threads_and_files(lab: Lab) -> None:
    server = lab.start_server(open_files=64)
    alice = server.connect("alice")
    come_and_go(lab, server, alice, 10)
    bob = server.connect("bob")  # in the array he comes after those who have gone
    say_until_heard(lab, alice, bob)
    before = system.resources(server.pid)
    with hinting(GIVE_BACK):  # the server may have no more than 64 files open
        come_and_go(lab, server, alice, 100)
    if before is not None:  # else the limit of 64 open files has to do
        expect_to_return(lab, server, before)
    expect_rest(server)
    expect_no_traceback(server)


def expect_to_return(lab: Lab, server: Server, before: tuple[int, int]) -> None:
    """Expect that there are soon no more threads and open files than before."""
    waits = server.slices(SOON)
    wait_until(lambda: not grew(before, system.resources(server.pid)), waits)
    after = system.resources(server.pid)
    what = _("has (threads, open files): {before}, then {after}")
    lab.history.event(server.name, what.format(before=before, after=after))
    if grew(before, after):
        lab.fail(
            expected=(_("Expected (threads, open files) to return to"), str(before)),
            got=(_("but after 100 clients there are"), str(after)),
        )


def grew(before: tuple[int, int], after: tuple[int, int] | None) -> bool:
    """Return whether there are more threads or files; a few may have other reasons."""
    if after is None:
        return False
    return after[0] > before[0] + 5 or after[1] > before[1] + 5


@check(
    "4.10",
    _("keeps each sender's order, and loses and doubles nothing"),
    points=2,
    needs=["4.5"],
    hint=_(
        "Relay a line to all the others before you read the sender's next one, and let"
        " nobody change the array meanwhile: remove clients under the lock. When a send"
        " to one of them raises OSError, go on with the next."
    ),
    read=_("Step 5: clients that leave"),
)
def test_everything_arrives_once_and_in_order(lab: Lab) -> None:
    server = lab.start_server()
    silent = server.connect(_("silent"))
    names = [_("client{n}").format(n=n) for n in range(1, 21)]
    peers = connect_all(lab, server, *names)
    began = time.monotonic()
    all_say_fifty_lines(lab, peers)
    crowd = connect_crowd(lab, server, peers[0], CROWD)
    leave_in_mid_line(lab)
    wait_until(lambda: time.monotonic() - began > SILENCE, repeat(SLICE))
    lab.history.event(silent.name, _("has said nothing for over a second"))
    for listener in (peers[0], crowd[-1]):
        with hinting(TIME_LIMIT):
            say_until_heard(lab, silent, listener)


def all_say_fifty_lines(lab: Lab, peers: list[Peer]) -> None:
    """Let all talk at the same time, and compare what each of them hears."""
    said = {p: [f"{p.name} says {n}\n".encode() for n in range(50)] for p in peers}
    began = len(lab.history.steps)
    outgoing = {peer: b"".join(lines) for peer, lines in said.items()}
    exchange(outgoing, lambda: all(p.unread.count(b"\n") >= 950 for p in peers))
    lab.history.sum_up(began, _("all 20"), _("say 50 lines each, at the same time"))
    for listener in peers:
        heard = listener.unread.splitlines(keepends=True)
        for speaker in peers:
            if speaker is not listener:
                compare(lab, listener, speaker, heard, said[speaker])


def leave_in_mid_line(lab: Lab) -> None:
    """Drop clients while the server goes through the array; bob must miss nothing.

    Nor must one who reads late.
    """
    server = lab.start_server()
    # Without carol all are one place further to the front: a loop that is in the middle
    # of the array, at sleeper, then goes on after bob.
    names = "carol", _("sleeper"), "bob", _("late"), "alice"
    # Late has more room: a server that waits in sendall() waits for sleeper.
    slow = {names[1]: SMALL_BUFFER, names[3]: 3 * SMALL_BUFFER}
    peers = connect_all(lab, server, *names, slow=slow)
    carol, sleeper, bob, late, alice = peers
    began = len(lab.history.steps)
    sending = Exchange({alice: b"", bob: b"", carol: b""})
    count = talk_until_stuck(server, sending, alice, bob)
    what = ngettext(
        "says {count} line of 60,001 bytes, while {sleeper} and {late} do not read",
        "says {count} lines of 60,001 bytes, while {sleeper} and {late} do not read",
        count,
    )
    what = what.format(count=count, sleeper=sleeper.name, late=late.name)
    lab.history.sum_up(began, "alice", what)
    carol.half_close()
    settle(server)
    sleeper.reset()
    sending.add(alice, LONG_LINE)
    sending.left[late] = memoryview(b"")
    sending.run(lambda: has_lines(bob, count + 1) and has_lines(late, count + 1))
    expect_long_lines(bob, count + 1)
    with hinting(SEND_THE_REST):
        expect_long_lines(late, count + 1)
    expect_no_traceback(server)


SEND_THE_REST = _(
    "What a client does not take yet is to be sent as soon as it reads on, though"
    " nobody speaks: sendall() waits for that. With a selector, ask for EVENT_WRITE"
    " while something is left, and then send it."
)


def expect_long_lines(listener: Peer, count: int) -> None:
    """Expect alice's long lines to have reached a client, each as she sent it."""
    for n in range(count):
        waiting_for = ngettext(
            "{count} lines, but only {n} has come",
            "{count} lines, but only {n} have come",
            n,
        )
        line = listener.read_line(waiting_for.format(count=count, n=n))
        listener.unread = line + listener.unread
        remark = _("this is one of alice's lines, but not as she sent it")
        expect_line(listener, LONG_LINE, remark)


def talk_until_stuck(server: Server, sending: Exchange, alice: Peer, bob: Peer) -> int:
    """Let alice say long lines until one does not reach bob; return how many.

    One after another: a slow server is not to have many still before it.
    """
    for count in range(1, 51):
        sending.add(alice, LONG_LINE)
        send_until_stuck(server, sending, partial(has_lines, bob, count))
        if not has_lines(bob, count):
            break
    return count


def has_lines(peer: Peer, count: int) -> bool:
    """Return whether this many lines have come, and not been expected yet."""
    return peer.unread.count(b"\n") >= count


def compare(
    lab: Lab, listener: Peer, speaker: Peer, heard: list[bytes], said: list[bytes]
) -> None:
    """Compare what one client heard of another with what that one said."""
    start = f"{speaker.name} ".encode()
    its_lines = [line for line in heard if line.startswith(start)]
    for number, (wanted, got) in enumerate(zip_longest(said, its_lines), start=1):
        if wanted != got:
            lead = _("Expected {listener} to receive, as line {n} of {speaker}")
            names = {"listener": listener.name, "speaker": speaker.name, "n": number}
            lab.fail(
                expected=(
                    lead.format(**names),
                    show(wanted) if wanted else _("nothing"),
                ),
                got=(_("but received"), show(got) if got else _("nothing")),
            )


@check(
    "4.11",
    _("disconnects the sender of a line over 64 KiB, and nobody else"),
    points=1,
    needs=["4.5", "4.8"],
    hint=_(
        "After each recv(), check the length of what is left over, too: without a limit"
        " one client fills the server's memory."
    ),
    read=_("Step 6: a line without an end"),
)
def test_line_too_long(lab: Lab) -> None:
    server = lab.start_server()
    alice, bob, carol = peers = connect_all(lab, server, "alice", "bob", "carol")
    lines_that_are_not_too_long(server, *peers)
    longest = b"a" * MAX_LINE
    lab.history.event("alice", _("sends a line of 65,537 bytes"))
    before = b"a line before the long one\n"
    exchange({alice: before + longest + b"a\n"}, lambda: bool(alice.end))
    alice.read_to_end(_("the end of the stream, or a reset"))
    with hinting(ONES_BEFORE):
        bob.expect(before)
    dave = server.connect("dave")
    lab.history.event("dave", _("sends 65,537 bytes without an end of line"))
    exchange({dave: b"d" * (MAX_LINE + 1)}, lambda: bool(dave.end))
    dave.read_to_end(_("the end of the stream, or a reset"))
    carol.send("business as usual\n")
    bob.wait_for_more()
    with hinting(NOTHING_OF_IT if bob.unread[:1] in (b"a", b"d") else ""):
        remark = _("no part of the long line may come")
        bob.expect("business as usual\n", remark=remark)
    expect_no_traceback(server)


def lines_that_are_not_too_long(
    server: Server, alice: Peer, bob: Peer, carol: Peer
) -> None:
    """Let alice send lines of 65,536 bytes, and shorter ones that are longer in all."""
    longest, three = b"a" * MAX_LINE, LONG_LINE * 3
    alice.send_bulk(longest, _("a line without its end, and then the end"))
    alice.wait_until_read()
    settle(server)
    alice.send("\n")
    with hinting(NOT_TOO_LONG):
        bob.expect(longest + b"\n")
        carol.expect(longest + b"\n")
        alice.send_bulk(three, _("three lines at the same time"))
        bob.expect(three)
        carol.expect(three)
