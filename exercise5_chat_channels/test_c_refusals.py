"""The checks of exercise 5, part C: which lines the server refuses."""

from tests.harness import system
from tests.harness.chat import MIB, all_see, connect_all, start
from tests.harness.checks import check
from tests.harness.lab import Lab
from tests.harness.words import _, ngettext


@check(
    "5.20",
    _("refuses a line over 1024 bytes, and keeps the connection"),
    points=2,
    needs=["5.2"],
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
    all_see(both, alice, "x" * 1022 + "\r", "x" * 1022)
    for line in ("x" * 1024, "é" * 512, "x" * 1500, "/nick " + "x" * 2000):
        alice.says(line)
        alice.sees_refusal(because_of_length(len(line.encode()) + 1))
    alice.peer.send_bulk("x" * 100_000, _("the start of a line"))
    alice.peer.wait_until_read()
    whole = f"a whole line: {lab.random_word()}"
    alice.says("and its end", whole)
    alice.sees_refusal(because_of_length(100_012))
    alice.sees(alice, whole, _("the long line must be refused once, whole"))
    bob.sees(alice, whole, _("of a refused line nothing is shown"))
    before = system.memory(server.pid) or 0
    alice.peer.send_bulk("x" * 16 * MIB, _("16 MiB more without an end"))
    alice.says("", "short again")
    alice.sees_refusal(_("'! …', because a line of 16 MiB must be refused"))
    if (system.memory(server.pid) or 0) > before + 8 * MIB:
        lab.fail(_("The server keeps a line that is too long already, and all of it."))
    for member in both:
        member.sees(alice, "short again")


def because_of_length(count: int) -> str:
    """Return what must come after a line of this many bytes, and why."""
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
    needs=["5.2"],
    hint=_(
        "Decode whole lines, strictly. Then look at each character's Unicode category:"
        " Cc, Zl and Zp could forge a line or drive somebody's terminal."
    ),
    read=_("Step 13: refusals"),
)
def test_text_only(lab: Lab) -> None:
    server = start(lab)
    both = alice, bob = connect_all(server, 2)
    for bad in (b"\xff\xfe", b"caf\xc3", b"caf\xe9", b"\xed\xa0\x80", b"/nick \xff"):
        alice.peer.send(bad + b"\n")
        wanted = _("'! …', because {line}, which is not UTF-8, must be refused")
        alice.sees_refusal(wanted.format(line=repr(bad)))
    for character in "\x00\x07\t\x0b\x0c\r\x1b\x1c\x1d\x1e\x7f\x85\x9b\u2028\u2029":
        for line in (f"red{character}[31m", f"{character}x"):
            alice.says(line)
            alice.is_refused(repr(line))
    text = f"l'été · 日本語 · 👩‍💻 {lab.random_word()}"
    all_see(both, alice, f"{text}\r", text)
    alice.peer.send(b"caf\xc3")
    alice.peer.wait_until_read()
    alice.peer.send(b"\xa9\n")
    for member in both:
        member.sees(alice, "café", _("the two bytes of é came in two segments"))
