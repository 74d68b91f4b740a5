"""The checks of exercise 5, part C: which lines the server refuses."""

from tests.harness import system
from tests.harness.chat import (
    MIB,
    Member,
    all_see,
    arrive,
    connect_all,
    hinting,
    people,
    refused_lines,
    start,
)
from tests.harness.checks import check
from tests.harness.lab import Lab, Server
from tests.harness.words import _, ngettext

BAD_COMMANDS = b"/nick \xff", b"/join sport\xe9", b"/who \xff", b"/\xff", b"//\xff"
ALLOWED = "\ufeffBOM", "a\u200bb", "\u202eabc", "\xa0", "\xad", "\ue000", "\U0010ffff"


@check(
    "5.20",
    _("refuses a line over 1024 bytes, and keeps the connection"),
    points=2,
    needs=["5.3"],
    hint=_(
        "Count bytes, the end included. Of a line that has become too long keep no"
        " more than shows that it is, read on to its end, and answer '! …' once."
    ),
    read=_("Step 13: refusals"),
)
def test_long_lines(lab: Lab) -> None:
    server = start(lab)
    both = alice, bob = connect_all(server, 2)
    for text in ("x" * 1023, "é" * 511):
        all_see(both, alice, text, text)
    drops_the_carriage_return(alice, bob)
    with refused_lines(alice, bob):
        for line in ("x" * 1024, "é" * 512, "x" * 1023 + "\r", "x" * 1024 + "\r"):
            alice.says(line)
            alice.sees_refusal(because_of_length(line))
        for line in ("/nick " + "x" * 2000, "/who " + "x" * 1019, "/" * 1024):
            alice.says(line)
            alice.sees_refusal(because_of_length(line))
    people(alice, "/who " + "x" * 1018)
    comes_in_pieces(lab, server, alice, bob)
    ends_without_a_newline(server, alice)


def drops_the_carriage_return(alice: Member, bob: Member) -> None:
    """Let alice type in telnet, where Enter is two bytes, and at times two segments."""
    both = alice, bob
    with hinting(TWO_BYTES, *both):
        all_see(both, alice, "from telnet\r", "from telnet")
        all_see(both, alice, "x" * 1022 + "\r", "x" * 1022)
        alice.says("\r")
        alice.says("/who\r")
        alice.sees_people()
        alice.says("/who is here\r", "/join sport\r", "/join #general\r")
        alice.sees_people()
        alice.sees_history("sport")
        alice.sees_history("general")
        alice.spells("é\r")
        for member in both:
            member.sees(alice, "é")


TWO_BYTES = _(
    "telnet ends a line with \\r\\n: take off one \\r before you look at the text. An"
    " empty line is one with \\r, too. It counts for the length: 1022 bytes and \\r\\n."
)


def comes_in_pieces(lab: Lab, server: Server, alice: Member, bob: Member) -> None:
    """Let long lines come in pieces: what is over the limit is not kept, nor shown."""
    both = alice, bob
    for piece, end in (("x" * 1023, "\n"), ("x" * 1022, "\r\n")):
        alice.peer.send(piece)
        alice.peer.wait_until_read()
        alice.peer.send(end)
        for member in both:
            member.sees(alice, piece, _("that line is just short enough"))
    alice.peer.send_bulk("x" * 100_000, _("the start of a line"))
    alice.peer.wait_until_read()
    whole = f"a whole line: {lab.random_word()}"
    alice.says("and its end", whole)
    alice.sees_refusal(because_of_length("x" * 100_011))
    alice.sees(alice, whole, _("the long line must be refused once, whole"))
    bob.sees(alice, whole, _("of a refused line nothing is shown"))
    sends_without_end(lab, server, alice)
    alice.says("", "short again")
    alice.sees_refusal(_("'! …', because a line of 16 MiB must be refused"))
    for member in both:
        member.sees(alice, "short again")


def sends_without_end(lab: Lab, server: Server, alice: Member) -> None:
    """Send 16 MiB of a line, and look after each MiB what the server has kept."""
    before = system.memory(server.pid) or 0
    began = len(lab.history.steps)
    for _n in range(16):
        alice.peer.send_bulk("x" * MIB, _("1 MiB more without an end"))
        alice.peer.wait_until_read()
        if (system.memory(server.pid) or 0) > before + 8 * MIB:
            lab.fail(
                _("The server keeps a line that is too long already, and all of it.")
            )
    lab.history.sum_up(began, alice.nick, _("sends 16 MiB without an end"))


def ends_without_a_newline(server: Server, alice: Member) -> None:
    """End two connections without a newline: the length counts as if it were there."""
    with hinting(LAST_LENGTH, alice):
        for length in (1024, 1023):
            carol = arrive(server)
            with hinting(LAST_LENGTH, carol):
                carol.sees_history("general")
                carol.says_last("x" * length)
                if length == 1024:
                    carol.sees_refusal(because_of_length("x" * length))
                else:
                    carol.sees(carol, "x" * length)
        alice.sees(carol, "x" * 1023)


LAST_LENGTH = _(
    "What comes after the last newline is a line as if it had one, also for its length."
)


def because_of_length(line: str) -> str:
    """Return what must come after a line that is too long, and why."""
    count = len(line.encode()) + 1
    wanted = ngettext(
        "'! …', because a line of {count} byte must be refused",
        "'! …', because a line of {count} bytes must be refused",
        count,
    )
    return wanted.format(count=f"{count:,}")


@check(
    "5.21",
    _("refuses what is not UTF-8, control characters and line separators"),
    points=2,
    needs=["5.7"],
    hint=_(
        "Refuse these characters, and no others: those of Unicode's categories Cc, Zl"
        " and Zp. They could forge a line or drive somebody's terminal."
    ),
    read=_("Step 13: refusals"),
)
def test_text_only(lab: Lab) -> None:
    server = start(lab)
    both = alice, bob = connect_all(server, 2)
    with hinting(NOT_UTF8, *both), refused_lines(alice, bob):
        for bad in (b"\xff\xfe", b"caf\xc3", b"caf\xe9", b"\xed\xa0\x80", b"\xc0\xaf"):
            refuses_bytes(alice, bad)
        for bad in BAD_COMMANDS:
            refuses_bytes(alice, bad)
    for character in "\x00\x07\t\x0b\x0c\r\x1b\x1c\x1d\x1e\x7f\x85\x9b\u2028\u2029":
        lines = f"red{character}[31m", f"{character}x"
        commands = (
            f"/nick b{character}b",
            f"/create b{character}b",
            f"/who {character}b",
        )
        with refused_lines(alice, bob):
            for line in (*lines, *commands):
                alice.says(line)
                alice.is_refused(line)
    takes_one_carriage_return(alice, bob)
    with hinting(EACH_ITS_OWN, *both):
        says_all_bytes(alice, bob)
    text = f"l'été · 日本語 · 👩‍💻 {lab.random_word()}"
    all_see(both, alice, text, text)
    with hinting(AS_IT_WAS, *both):
        for text in ALLOWED:
            all_see(both, alice, text, text)
    with hinting(NOT_UTF8, *both):
        alice.peer.send(b"caf\xc3")
        alice.peer.wait_until_read()
        alice.peer.send(b"\xa9\n")
        for member in both:
            member.sees(alice, "café", _("the two bytes of é came in two segments"))
    server.interrupt()
    server.expect_exit(None)  # without a traceback


AS_IT_WAS = _(
    "No other characters are refused, and a text is shown exactly as it was said, with"
    " what cannot be seen in it."
)
NOT_UTF8 = _(
    "Decode whole lines, strictly: line.decode() raises UnicodeDecodeError where bytes"
    " are not UTF-8. errors='replace' would let them pass."
)


def takes_one_carriage_return(alice: Member, bob: Member) -> None:
    """See that a second one before the end of the line is a control character."""
    with hinting(ONE_CR, alice, bob), refused_lines(alice, bob, hint=ONE_CR):
        alice.says("two of them\r\r")
        alice.is_refused("two of them\r\r")


ONE_CR = _(
    "One \\r at the end belongs to the line's end: take off that one, removesuffix(),"
    " and no more, as rstrip() does. Another \\r is a control character."
)
EACH_ITS_OWN = _(
    "Each line has an answer of its own, in its place, also where sixteen lines come in"
    " one recv(): the message, or '! …' for a byte that a text must not hold."
)


def refuses_bytes(alice: Member, bad: bytes) -> None:
    """See that a line is refused that is not UTF-8."""
    alice.peer.send(bad + b"\n")
    wanted = _("'! …', because {line}, which is not UTF-8, must be refused")
    alice.sees_refusal(wanted.format(line=repr(bad)))


def says_all_bytes(alice: Member, bob: Member) -> None:
    """Send a line with each of the 256 bytes, sixteen lines in one piece.

    One that is refused has one answer, in its place among the others.
    """
    for row in range(0, 256, 16):
        numbers = [byte for byte in range(row, row + 16) if byte != ord("\n")]
        lines = [b"%02x %c!" % (byte, byte) for byte in numbers]
        alice.peer.send(b"".join(line + b"\n" for line in lines))
        for line in lines:
            if is_text(line):
                alice.sees(alice, line.decode())
            else:
                wanted = _("'! …', because {line} must be refused")
                alice.sees_refusal(wanted.format(line=repr(line)))
        for line in filter(is_text, lines):
            bob.sees(alice, line.decode())


def is_text(line: bytes) -> bool:
    """Return whether a line of ASCII or single bytes has nothing to be refused."""
    return line.isascii() and line.decode().isprintable()
