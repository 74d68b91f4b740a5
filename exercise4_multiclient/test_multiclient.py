"""The checks of exercise 4: many clients, one thread each.

Those in which clients leave, or the server ends, are in test_leaving.py.
"""

from itertools import groupby

from tests.harness.checks import check
from tests.harness.exchange import exchange
from tests.harness.lab import Lab, Server
from tests.harness.peer import Peer
from tests.harness.relay import (
    SMALL_BUFFER,
    connect_all,
    expect_line,
    hinting,
    next_foreign_line,
    say_until_heard,
    settle,
)
from tests.harness.shown import show
from tests.harness.words import _

ALL_BYTES = bytes(range(256)).replace(b"\n", b"")

ONE_REST_FOR_ALL = _(
    "What alice's recv() left over has become the beginning of carol's line. Do all"
    " clients share one variable for it? Each needs its own: a local one will do."
)
SPACES = _("Spaces are a line, too: only b'' is none, and strip() is not needed here.")
NO_UNREAD_INPUT = _(
    "The server has reset the connection, though there was nothing that it had not"
    " read. SO_LINGER with no time does that: leave it as it is."
)
DISCONNECTED = _(
    "A line may have 64 KiB, and recv() may bring the end of one and the beginning of"
    " the next. Check the length of each line, not of all that came."
)


@check(
    "4.1",
    _("serves the second client although the first is silent"),
    points=2,
    hint=_(
        "While the server waits in recv() for one client, it cannot look after the"
        " next one: give every client a thread of its own, and a place in the array."
    ),
    read=_("Step 1: a thread for each client"),
)
def test_second_client_is_served(lab: Lab) -> None:
    server = lab.start_server()
    alice = server.connect("alice")
    bob = server.connect("bob")
    say_until_heard(lab, bob, alice)


@check(
    "4.2",
    _("relays a line, unchanged, to every other client"),
    points=2,
    needs=["4.1"],
    hint=_(
        "Send the line to every socket in the array but the sender's: the same bytes,"
        " with the newline, and with the \\r where there was one."
    ),
    read=_("Step 1: a thread for each client"),
)
def test_relays_to_all_others(lab: Lab) -> None:
    server = lab.start_server()
    alice, bob, carol = alice_is_heard(lab, server, "bob", "carol")
    for line in (
        f"hello {lab.random_word()}\n".encode(),
        "  l'été à la mer ☀ \r\n".encode(),
        b"\n",
        b"x" * 5000 + b"\n",
        "one\rtwo\vthree\x85four\u2028five\n".encode(),
        b"caf\xe9 in Latin-1\n",
        ALL_BYTES + b"\n",
    ):
        alice.send(line)
        expect_line(bob, line)
        expect_line(carol, line)


def alice_is_heard(lab: Lab, server: Server, *names: str) -> list[Peer]:
    """Connect clients who hear alice; whether they are heard is another check's."""
    began = len(server.history.steps)
    alice, *others = peers = [server.connect(name) for name in ("alice", *names)]
    said = [say_until_heard(lab, alice, other) for other in others]
    said.append(f"alice says that all are ready to hear {lab.random_word()}\n".encode())
    alice.send(said[-1])
    for other in others:
        while (line := other.read_line(show(said[-1]))) in said[:-1]:
            continue
        other.unread = line + other.unread
        wanted = next((one for one in said if line.endswith(one)), said[-1])
        expect_line(other, wanted, _("alice did not say this"))
    who = ", ".join(peer.name for peer in peers)
    server.history.sum_up(began, who, _("connect, and hear alice"))
    return peers


@check(
    "4.3",
    _("serves whoever speaks first, in whatever order they came"),
    points=1,
    needs=["4.2"],
    hint=_(
        "Clients must not have to take turns: one thread per client, and no thread"
        " waits for another."
    ),
    read=_("Step 1: a thread for each client"),
)
def test_last_client_speaks_first(lab: Lab) -> None:
    server = lab.start_server()
    alice, bob, carol = connect_all(lab, server, "alice", "bob", "carol")
    for speaker in (carol, bob, alice):
        speaker.send(f"{speaker.name} speaks\n")
        for listener in (alice, bob, carol):
            if listener is not speaker:
                wanted = f"{speaker.name} speaks\n".encode()
                if (line := next_foreign_line(listener, show(wanted))) != wanted:
                    listener.fail_at(wanted, line, _("this is another line"))


@check(
    "4.4",
    _("does not send a line back to its sender"),
    points=1,
    needs=["4.2"],
    hint=_("Leave the sender's own socket out when you go through the array."),
    read=_("Step 2: not to the sender"),
)
def test_sender_gets_nothing_back(lab: Lab) -> None:
    server = lab.start_server()
    alice, bob = connect_all(lab, server, "alice", "bob")
    alice.send("for the others\n")
    alice.wait_until_read()
    alice.send("the server is done with the first line\n")
    bob.expect("for the others\nthe server is done with the first line\n")
    bob.send("for alice\n")
    alice.expect("for alice\n", remark=_("this is alice's own line"))


@check(
    "4.5",
    _("cuts lines at \\n, whatever the pieces"),
    points=2,
    needs=["4.3"],
    hint=_(
        "recv() returns what has arrived so far, not what was sent. Keep what is left"
        " over per client, and relay only up to the last \\n."
    ),
    read=_("Step 3: whole lines"),
)
def test_cuts_lines(lab: Lab) -> None:
    server = lab.start_server()
    alice, bob, carol = connect_all(lab, server, "alice", "bob", "carol")
    for start, end in (
        (b"hel", b"lo\n"),
        (b"caf\xc3", b"\xa9\n"),  # the two bytes of é
        (b"one\ntw", b"o\nthree\nfour\n"),
    ):
        alice.send(start)
        alice.wait_until_read()
        whole, newline, rest = start.rpartition(b"\n")
        bob.expect(whole + newline)
        settle(server)
        carol_speaks(carol, bob, rest)
        alice.send(end)
        bob.expect(rest + end, remark=_("a part of alice's line is missing"))


def carol_speaks(carol: Peer, bob: Peer, rest: bytes) -> None:
    """Let bob hear carol while the rest of a line of alice's is missing."""
    line = b"carol in between\n"
    bob.receive_now()
    early = bool(bob.unread)  # so it is in the steps before carol's
    carol.send(line)
    if not early:
        bob.wait_for_more()
        if bob.unread.startswith(rest):
            remark = _("this is the beginning of alice's line")
            bob.fail_at(line, bob.unread, remark, ONE_REST_FOR_ALL)
    bob.expect(line, remark=_("alice's line was relayed before it was complete"))


@check(
    "4.6",
    _("relays a last line without \\n when its sender closes, with \\n added"),
    points=1,
    needs=["4.5"],
    hint=_(
        "When recv() returns b'', look at what is left over before you leave the loop:"
        " if there is something, it is a line that lacks its \\n."
    ),
    read=_("Step 3: whole lines"),
)
def test_last_line_without_newline(lab: Lab) -> None:
    server = lab.start_server()
    names = "alice", "bob", "carol", "dave", "erin"
    alice, bob, carol, dave, erin = connect_all(lab, server, *names)
    # Those who leave are the last in the array: a server that still keeps them there
    # reaches the others before it fails.
    erin.half_close()
    erin.read_to_end(_("the end of the stream"))  # so what she left has been relayed
    if erin.end == "reset":
        erin.fail(_("erin's connection was reset."), hint=NO_UNREAD_INPUT)
    dave.send("my last words")
    dave.close()
    # Carol, too: what she had not read when she closes would make that a reset.
    for listener in (alice, bob, carol):
        remark = _("erin said nothing, so nothing of hers is to be relayed")
        expect_line(listener, "my last words\n", remark)
    carol.send("  ")
    carol.close()
    for listener in (alice, bob):
        with hinting(SPACES):
            listener.expect("  \n")
    alice.send(b"caf\xe9 in Latin-1")
    alice.half_close()
    expect_line(bob, b"caf\xe9 in Latin-1\n")


@check(
    "4.7",
    _("never mixes the lines of two senders"),
    points=2,
    needs=["4.5"],
    hint=_(
        "sendall() sends in several parts when the receiver is slow, and another"
        " thread can send to the same socket in between. Send under a lock, the same"
        " one in all threads."
    ),
    read=_("Step 4: one lock"),
)
def test_lines_do_not_mix(lab: Lab) -> None:
    server = lab.start_server()
    peers = connect_all(lab, server, *"abcd", slow=dict.fromkeys("abcd", SMALL_BUFFER))
    lines = {peer: peer.name.encode() * 60_000 + b"\n" for peer in peers}
    began = len(lab.history.steps)
    # That is more than all buffers hold: threads have to wait in the middle of a line.
    outgoing = {peer: line * 5 for peer, line in lines.items()}
    exchange(outgoing, lambda: all(p.unread.count(b"\n") >= 15 for p in peers))
    what = _("send 5 lines of 60,001 bytes each, at the same time")
    lab.history.sum_up(began, _("all four"), what)
    for peer in peers:
        if peer.end:
            text = _("{name} was disconnected.").format(name=peer.name)
            peer.fail(text, hint=DISCONNECTED)
    for listener in peers:
        for n in range(1, 16):
            wanted = _("15 lines, each of one sender alone")
            line = next_foreign_line(listener, wanted)
            if line not in lines.values():
                received = _("but line {n} that {name} received is")
                lab.fail(
                    expected=(_("Expected a line of"), _("60,000 equal letters")),
                    got=(received.format(n=n, name=listener.name), runs_in(line)),
                )


def runs_in(line: bytes) -> str:
    """Describe a long line by its runs of equal bytes, the first six of them."""
    runs = [(letter, len(list(run))) for letter, run in groupby(line.rstrip(b"\n"))]
    described = [f"{show(bytes([letter]))} × {count:,}" for letter, count in runs[:6]]
    return _(", then ").join(described + ["…"] * (len(runs) > 6))
