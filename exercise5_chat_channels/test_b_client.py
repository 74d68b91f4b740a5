"""Exercise 5, part B: the client hears keyboard and server, and shows it harmlessly.

The suite plays the server, and types on the client's keyboard.
"""

from tests.harness import system
from tests.harness.chat_client import (
    expect_shown,
    printed_by,
    said,
    start_chat,
)
from tests.harness.checks import check
from tests.harness.failure import CheckFailedError
from tests.harness.lab import Lab
from tests.harness.peer import Peer
from tests.harness.program import Program
from tests.harness.screen import Screen
from tests.harness.shown import show
from tests.harness.words import _

# Unicode's categories Cc, Zl and Zp, and the marks that turn the order of text around.
HARMFUL = [
    *map(chr, (*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0))),
    *"\u2028\u2029\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e",
    *"\u2066\u2067\u2068\u2069",
]
# Marks and a joiner belong to the words and the picture that they are in.
HARMLESS = "l'été ☀ नमस्ते 👩\u200d🚀"
DRAFT = "half a "
NOT_UTF8 = _(
    "This line is not UTF-8, and another server may send anything:"
    " decode(errors='replace') shows the rest of it."
)
AS_TYPED = _(
    "Send what is typed as it is, all of it, with its spaces: the text and '\\n', in"
    " UTF-8. harmless() is for what is shown."
)
NO_END = _("Every line ends with \\n: send it after the text.")
IN_A_PIPE = _(
    "A pipe echoes nothing, so nothing has to be erased there. Let terminal.py decide:"
    " terminal.typed_lines(comes_back), terminal.show(line)."
)
INTO_THE_DRAFT = _(
    "Somebody has typed half a line, and this was printed into it. terminal.show(line)"
    " shows a line above what is being typed."
)
ONE_ROW = _(
    "Only \\n ends a line. str.splitlines() cuts at \\r, U+2028 and others, too: take"
    " split(b'\\n')."
)
AS_IT_IS = _("Replace only what HARMFUL finds: all other text stays as it is.")
TO_BE_SEEN = _("Show an escape in its place: people should see that it came.")
WITHOUT_QUOTES = _("ascii() returns the escape in quotes: [1:-1] takes just these off.")
THE_RECEIPT = _(
    "What is typed comes back from the server, with its time, channel and nick. Show"
    " that line, as it comes, and not what was typed: then all see the same order."
)
WITHOUT_NICK = _("--nick NAME asks for a nick: the first line that you send is /nick.")


@check(
    "5.10",
    _("shows what the server says while it waits for the keyboard"),
    points=1,
    hint=_(
        "The keyboard and the server can both be silent for hours, so each needs a"
        " thread that waits for it; and each line must be printed at once (flush=True)."
    ),
    read=_("Step 6: listen"),
)
def test_shows_what_comes(lab: Lab) -> None:
    client, server = start_chat(lab)
    line = said(f"hello, été ☀ {lab.random_word()}")
    data = f"{line}\n".encode()
    cut_in_a_character = data.index("é".encode()) + 1
    for piece in (data[:5], data[5:cut_in_a_character], data[cut_in_a_character:]):
        server.send(piece)
        if not client.traceback():
            server.wait_until_read()
    expect_shown(client, server, line)
    long = f"* people in #general: {'somebody ' * 300}"
    several = (
        *("! somebody has the nick bob", "* a notice of another day", long),
        *(said("* bye"), said("* server closing")),  # only somebody who says so
    )
    server.send("".join(f"{line}\n" for line in several))
    for line in several:
        expect_shown(client, server, line)
    server.send(b"* a caf\xe9 in Latin-1\n")
    expect_shown(client, server, "* a caf\ufffd in Latin-1", undecodable=NOT_UTF8)
    lab.expect_no_traceback()
    if not system.WINDOWS:  # which has no pseudo-terminal that could be looked at
        expect_whole_draft(lab)


def expect_whole_draft(lab: Lab) -> None:
    """Say something while somebody types: it must not be shown in their line."""
    client, server = start_chat(lab, in_terminal=True)
    client.type(DRAFT)
    client.expect_printed(DRAFT)
    server.send(said("something in between") + "\n")
    client.expect_printed("something in between")
    screen = screen_of(client)
    row = next((r for r in screen.everything() if "something in" in r), "")
    if DRAFT in row and not screen.unknown:
        lab.fail(
            expected=(_("Expected the terminal to show"), _("it in a row of its own")),
            got=(_("but it shows"), repr(row)),
            hint=INTO_THE_DRAFT,
        )


def screen_of(client: Program) -> Screen:
    """Return the screen of a terminal with all that a client has written there."""
    screen = Screen()
    screen.feed(bytes(client.stdout.data))
    return screen


@check(
    "5.11",
    _("sends what is typed, and shows no typed message twice"),
    points=1,
    needs=["5.10"],
    hint=_(
        "A message that you type comes back from the server, so in a terminal it would"
        " appear twice: erase the typed line (ESC [A goes up a row, ESC [J erases)."
        " A command does not come back: leave it there. //text is a message."
    ),
    read=_("Step 7: speak"),
)
def test_sends_what_is_typed(lab: Lab) -> None:
    nick = f"Zoë-{lab.random_word()}"
    client, server = start_chat(lab, "--nick", nick)
    expect_sent(server, f"/nick {nick}\n", WITHOUT_NICK)
    typed = f"hello from the keyboard, {lab.random_word()}"
    long = f"a tab:\t{'long ' * 300}"  # the server may refuse that, and say why
    for line in (f"{typed}\n", "/quitting\n", "  l'été ☀\n", f"{long}\n"):
        client.type(line)
        expect_sent(server, line)
    server.send(f"{said(typed, nick)}\n* that was the receipt\n")
    client.expect_printed("that was the receipt")
    expect_once(lab, client, typed)
    if said(typed, nick) not in printed_by(client).split("\n"):
        client.fail_printing(said(typed, nick), THE_RECEIPT)
    lab.expect_no_traceback()
    if not system.WINDOWS:
        expect_tidy_terminal(lab)


def expect_sent(server: Peer, line: str, hint: str = "") -> None:
    """Expect a line as it was typed."""
    try:
        server.expect(line)
    except CheckFailedError as error:
        without_end = server.unread == line.rstrip("\n").encode()
        other = AS_TYPED if server.unread else error.failure.hint
        error.failure.hint = NO_END if without_end else hint or other
        raise


def expect_once(lab: Lab, client: Program, typed: str) -> None:
    """Look whether a client in a pipe, where nothing is echoed, shows a line again."""
    printed = printed_by(client)
    if printed.count(typed) > 1:
        lab.fail(
            expected=(_("Expected the client to print"), once(typed)),
            got=(_("but it printed"), repr(printed)),
        )
    if "\x1b" in printed:
        lab.fail(
            expected=(_("Expected the client to print"), _("no ESC into a pipe")),
            got=(_("but it printed"), repr(printed)),
            hint=IN_A_PIPE,
        )


def expect_tidy_terminal(lab: Lab) -> None:
    """Type in a terminal: messages should appear once, and so should commands."""
    client, server = start_chat(lab, in_terminal=True)
    for line, text in (("only once", "only once"), ("//slash", "/slash")):
        client.type(f"{line}\n")
        server.expect(f"{line}\n")
        receipt = f"* that was the receipt of {line[:2]}"
        server.send(f"{said(text, 'guest1')}\n{receipt}\n")
        # A terminal echoes what is typed next at once: it must not come in between.
        client.expect_printed(f"the receipt of {line[:2]}")
        client.wait_until_idle()  # the end of the row, too, has been printed
    client.type("/who\n")
    server.expect("/who\n")
    server.send("* people in #general: guest1\n")
    client.expect_printed("people in #general")
    for text in ("only once", "/slash", "/who"):
        expect_on_screen_once(lab, client, text)


def expect_on_screen_once(lab: Lab, client: Program, typed: str) -> None:
    """Look whether the echo of a message was taken off the screen, and no command's.

    A client that does more with the screen than we know has taken care of it.
    """
    screen = screen_of(client)
    shown = "\n".join(screen.everything())
    if shown.count(typed) != 1 and not screen.unknown:
        lab.fail(
            expected=(_("Expected the terminal to show"), once(typed)),
            got=(_("but it shows"), repr(shown)),
        )


def once(text: str) -> str:
    """Say that a text should appear once."""
    return _("{text} once").format(text=repr(text))


@check(
    "5.14",
    _("shows control characters harmlessly"),
    points=1,
    needs=["5.10"],
    hint=_(
        "ESC and its like drive the terminal: whoever can send them can move your"
        " cursor and hide text; U+202E turns the text after it around. Show an escape"
        " such as \\x1b instead."
    ),
    read=_("Step 9: harmless text"),
)
def test_control_characters(lab: Lab) -> None:
    client, server = start_chat(lab)
    harmful = "".join(f"({letter})" for letter in HARMFUL)
    line = f"first, {HARMLESS}, {harmful}, last"
    server.send(f"{said(line)}\n", f"* notice: {harmful}\n", f"! no: {harmful}\n")
    server.send("* the next line\n")
    client.expect_printed("* the next line")
    printed = printed_by(client)
    if live := [letter for letter in HARMFUL if letter in printed]:
        fail_showing(lab, _("no control characters"), ascii("".join(live)))
    rows = [row for row in printed.split("\n") if "first, " in row]
    expect_readable(lab, "".join(rows))
    lab.expect_no_traceback()


def expect_readable(lab: Lab, row: str) -> None:
    """Look at the row that shows the line with every harmful character in it."""
    printed = show(row.encode())
    if not row.endswith(", last"):
        fail_showing(lab, _("this line in one row, to its last word"), printed, ONE_ROW)
    if HARMLESS not in row:
        fail_showing(lab, repr(HARMLESS), printed, AS_IT_IS)
    if "()" in row:
        lost = HARMFUL[row[: row.index("()")].count("(")]
        wanted = _("something in the place of {text}").format(text=ascii(lost))
        fail_showing(lab, wanted, printed, TO_BE_SEEN)
    shown = row.partition(", (")[2].split(")(")[HARMFUL.index("\x1b")]
    if "x1" in shown and shown != r"\x1b":  # it is meant to be ascii()'s
        fail_showing(lab, r"\x1b", shown, WITHOUT_QUOTES)


def fail_showing(lab: Lab, wanted: str, printed: str, hint: str = "") -> None:
    """Fail because of what the client has made of a line with harmful characters."""
    lab.fail(
        expected=(_("Expected the client to print"), wanted),
        got=(_("but among what it printed is"), printed),
        hint=hint,
    )
