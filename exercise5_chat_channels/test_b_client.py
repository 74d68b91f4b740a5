"""The checks of exercise 5, part B: the client hears keyboard and server.

The suite plays the server, and types on the client's keyboard.
"""

import re

from tests.harness import system
from tests.harness.checks import check
from tests.harness.failure import CheckFailedError
from tests.harness.lab import Lab
from tests.harness.peer import Peer
from tests.harness.program import Program
from tests.harness.screen import Screen
from tests.harness.words import _

HARMFUL = "\x1b[2J\x07\x00\x9b31mred\rblue\x7f\u2028\u202e"
ALIVE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]")  # all but newlines
GREETING = "* you are guest1 in #general\n"
FROM_BOB = "2026-11-21T10:00:00Z #general <bob> hello, été ☀\n"
LAST_WORDS = _(
    "At the end of the input the server may still have much to say: what was typed last"
    " comes back. Send /quit, and show what comes until the server closes."
)
CUT = _(
    "recv() may end in the middle of a character: decode whole lines, never pieces."
)
NO_END = _("Every line ends with \\n: send it after the text.")
KEPT_BACK = _(
    "The client has read that. Print each line at once, with flush=True: into a pipe,"
    " Python keeps back what it prints."
)


def start_chat(lab: Lab, in_terminal: bool = False) -> tuple[Program, Peer]:
    """Start the client, and be the server that it connects to and is greeted by."""
    listener = lab.listen()
    client = lab.start_client(listener.host, listener.port, in_terminal=in_terminal)
    server = lab.accept(listener, client)
    server.send(GREETING)
    expect_shown(client, server, "guest1")
    return client, server


def expect_shown(client: Program, server: Peer, text: str) -> None:
    """Expect what was sent to be printed; if not, look how far it has come."""
    if not client.prints(text):
        hint = KEPT_BACK if server.unread_by_program() == 0 else ""
        if traceback := client.traceback():
            hint = CUT if "UnicodeDecodeError" in traceback.text else ""
        client.fail_printing(text, hint)


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
    text = f"hello, été ☀ {lab.random_word()}"
    line = FROM_BOB.replace("hello, été ☀", text).encode()
    cut_in_a_character = line.index("é".encode()) + 1
    for piece in (line[:5], line[5:cut_in_a_character], line[cut_in_a_character:]):
        server.send(piece)
        server.wait_until_read()
    expect_shown(client, server, text)
    server.send("* bob left #general\n* carol joined #general\n")
    expect_shown(client, server, "bob left #general")
    expect_shown(client, server, "carol joined #general")


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
    client, server = start_chat(lab)
    typed = f"hello from the keyboard, {lab.random_word()}"
    for line in (f"{typed}\n", "/quitting\n", "  l'été ☀\n"):
        client.type(line)
        expect_sent(server, line)
    server.send(f"2026-11-21T10:00:00Z #general <guest1> {typed}\n")
    server.send("* that was the receipt\n")
    client.expect_printed("that was the receipt")
    expect_once(lab, client, typed)
    if not system.WINDOWS:  # which has no pseudo-terminal that could be looked at
        expect_tidy_terminal(lab)


def expect_sent(server: Peer, line: str) -> None:
    """Expect a line as it was typed."""
    try:
        server.expect(line)
    except CheckFailedError as error:
        if server.unread == line.rstrip("\n").encode():
            error.failure.hint = NO_END
        raise


def expect_tidy_terminal(lab: Lab) -> None:
    """Type in a terminal: messages should appear once, and so should commands."""
    client, server = start_chat(lab, in_terminal=True)
    for line, text in (("only once", "only once"), ("//slash", "/slash")):
        client.type(f"{line}\n")
        server.expect(f"{line}\n")
        server.send(f"2026-11-21T10:00:00Z #general <guest1> {text}\n")
        server.send(f"* that was the receipt of {line[:2]}\n")
        # A terminal echoes what is typed next at once: it must not come in between.
        client.expect_printed(f"the receipt of {line[:2]}")
    client.type("/who\n")
    server.expect("/who\n")
    server.send("* people in #general: guest1\n")
    client.expect_printed("people in #general")
    for text in ("only once", "/slash", "/who"):
        expect_on_screen_once(lab, client, text)


def expect_once(lab: Lab, client: Program, typed: str) -> None:
    """Look whether a client in a pipe, where nothing is echoed, says a line again."""
    printed = bytes(client.stdout.data).decode(errors="replace")
    if printed.count(typed) > 1:
        lab.fail(
            expected=(_("Expected the client to print"), once(typed)),
            got=(_("but it printed"), repr(printed)),
        )


def expect_on_screen_once(lab: Lab, client: Program, typed: str) -> None:
    """Look whether the echo of a message was taken off the screen, and no command's.

    A client that does more with the screen than we know has taken care of it.
    """
    screen = Screen()
    screen.feed(bytes(client.stdout.data))
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
    "5.12",
    _("leaves with status 0 on /quit, /quitter, Ctrl+D and Ctrl+C"),
    points=1,
    needs=["5.10"],
    hint=_(
        "All ways out lead through one place that closes the connection. The thread"
        " that listens to the server ends with it."
    ),
    read=_("Step 8: leave"),
)
def test_ways_out(lab: Lab) -> None:
    for line in ("/quit\n", "/quitter\n"):
        client, server = start_chat(lab)
        client.type(line)
        expect_to_leave(client, server)
    client, server = start_chat(lab)
    client.end_typing()
    server.wait_for_more()
    client.wait_until_idle()  # does it wait, or has it gone?
    server.send("* the last words\n")
    server.close()
    if not client.prints("* the last words"):
        client.fail_printing("* the last words", LAST_WORDS)
    client.expect_exit()
    client, server = start_chat(lab)
    client.wait_until_idle()
    client.interrupt()
    expect_to_leave(client, server)


def expect_to_leave(client: Program, server: Peer) -> None:
    """Be a server that lets the client go: it may say /quit first, or just close."""
    server.wait_for_more()
    server.close()
    client.expect_exit()


@check(
    "5.13",
    _("says that the server is gone, or not to be reached, and ends"),
    points=1,
    needs=["5.10"],
    hint=_(
        "When lines() ends, the server is gone: say so, and end the program, although"
        " the main thread still waits for the keyboard."
    ),
    read=_("Step 8: leave"),
)
def test_server_is_gone(lab: Lab) -> None:
    for leave in (Peer.close, Peer.reset):
        client, server = start_chat(lab)
        printed = client.stdout.length + client.stderr.length
        leave(server)
        client.expect_exit(status=None)
        if client.stdout.length + client.stderr.length == printed:
            client.fail(
                _("The server has closed the connection. The client is silent.")
            )
    client = lab.start_client(lab.host, system.free_port(lab.host))
    client.expect_exit(status=1)
    if len(re.findall(r"^error: .", client.errors(), re.M)) != 1:
        client.fail(
            expected=(
                _("Expected on stderr"),
                _("one line that starts with {text}").format(text="'error: '"),
            ),
            got=(_("but it is"), repr(client.errors())),
        )


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
    server.send(FROM_BOB.replace("hello", HARMFUL))
    server.send("* the next line\n")
    client.expect_printed("* the next line")
    printed = bytes(client.stdout.data).decode(errors="replace").replace("\r\n", "\n")
    if live := ALIVE.findall(printed):
        client.fail(
            expected=(_("Expected the client to print"), _("no control characters")),
            got=(_("but among what it printed are"), repr("".join(live))),
        )
    if "red" not in printed or "blue" not in printed:
        client.fail(
            expected=(_("Expected the client to print"), _("the rest of the line")),
            got=(_("but it printed"), repr(printed)),
        )
