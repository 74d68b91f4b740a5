"""The checks of exercise 5, part B: who leaves, the user or the server, and errors."""

import contextlib
import re
from collections.abc import Callable

from tests.harness import system
from tests.harness.chat_client import printed_by, said, start_chat
from tests.harness.checks import check
from tests.harness.connecting import Listener
from tests.harness.failure import CheckFailedError
from tests.harness.lab import USUAL_PORT, Lab
from tests.harness.patience import SOON
from tests.harness.peer import Peer
from tests.harness.program import Program
from tests.harness.starting import command_with
from tests.harness.steps import Kind
from tests.harness.words import _

NO_HOST = "no-such-host.invalid"  # and never will be: RFC 6761, section 6.4
RESOLVER = 40  # seconds: a name server that is out of reach is asked more than once
LAST_MESSAGE = "the last message"
TAKE_LEAVE = _(
    "All ways out lead to the end of type_lines(): send /quit there. The server answers"
    " with * bye, and closes."
)
LAST_WORDS = _(
    "At the end of the input the server may still have much to say: what was typed last"
    " comes back. Send /quit, and show what comes until the server closes."
)
TWICE = _(
    "Ctrl+C raises KeyboardInterrupt anywhere, also while you wait for the last words:"
    " close the connection in a finally block, and the other thread ends with it."
)
NO_LINE = _("An empty remainder is not a line: yield it only if it isn't b''.")
LAST_LINE = _("What follows the last \\n is a line, too, when the stream ends.")
IS_LEAVING = _(
    "Say that the server is gone only if you are not leaving: see leaving.is_set()."
)
ONE_LINE = _(
    "connect() (given) catches OSError, and UnicodeError for an impossible name:"
    " sys.exit('error: …') prints the line on stderr, and the status is 1."
)
LAST_PORT = _("A port is a number from 0 to 65535, both included.")
WITH_REASON = _("The exception has the reason as its text: put it into the line.")


@check(
    "5.12",
    _("leaves with status 0 on /quit, /quitter, Ctrl+D and Ctrl+C"),
    points=1,
    needs=["5.10", "5.11"],
    hint=_(
        "All ways out lead through one place that closes the connection. The thread"
        " that listens to the server ends with it."
    ),
    read=_("Step 8: leave"),
)
def test_ways_out(lab: Lab) -> None:
    ways: list[Callable[[Program], None]] = [
        lambda client: client.type("/quit\n"),
        lambda client: client.type("/quitter\n"),
        Program.end_typing,
        press_ctrl_c,
    ]
    for leave in ways:
        client, server = start_chat(lab)
        client.type(f"{LAST_MESSAGE}\n")
        server.expect(f"{LAST_MESSAGE}\n")
        client.wait_until_idle()
        leave(client)
        expect_farewell(client, server)
    expect_impatience(lab)


def press_ctrl_c(client: Program) -> None:
    """Press Ctrl+C; on Windows this ends the wait for a console, but not for a pipe."""
    client.interrupt()
    if system.WINDOWS:
        client.close_keyboard()


def expect_impatience(lab: Lab) -> None:
    """Press Ctrl+C twice: the second time, the client need not wait any more."""
    client, server = start_chat(lab)
    client.wait_until_idle()
    press_ctrl_c(client)
    server.wait_for_more()  # /quit
    client.wait_until_idle()
    client.interrupt()
    client.expect_exit(hint=TWICE)


def expect_farewell(client: Program, server: Peer) -> None:
    """Be told /quit, then say what there still is to say, and close."""
    try:
        line = server.read_line("'/quit'")
        if line != b"/quitter\n":  # which is as good
            server.unread = line + server.unread
            server.expect("/quit\n")
    except CheckFailedError as error:
        error.failure.hint = TAKE_LEAVE
        raise
    client.wait_until_idle()  # does it wait, or has it gone?
    for words in (said(LAST_MESSAGE, "guest1"), "* bye"):
        server.send(f"{words}\n")  # it may be too late
        if not client.prints(words):
            client.fail_printing(words, LAST_WORDS)
        client.wait_until_idle()
    server.close()
    client.expect_exit()
    if "\n\n" in printed_by(client):
        client.fail(_("The client prints an empty line at the end."), hint=NO_LINE)


@check(
    "5.13",
    _("says that the server is gone, or not to be reached, and ends"),
    points=1,
    needs=["5.10", "5.11"],
    hint=_(
        "When lines() ends, the server is gone: say so, and end the program, although"
        " the main thread still waits for the keyboard."
    ),
    read=_("Step 8: leave"),
)
def test_server_is_gone(lab: Lab) -> None:
    client, server = start_chat(lab)
    server.send(b"* caf\xe9, and the line lacks its en")
    server.wait_until_read()
    server.close()
    client.expect_exit(status=None)
    if "lacks its en" not in printed_by(client):
        client.fail_printing("* caf\ufffd, and the line lacks its en", LAST_LINE)
    farewell = words_after(client, "lacks its en")
    client, server = start_chat(lab)
    server.reset()
    client.expect_exit(status=None)
    if not farewell or not words_after(client, "#general"):
        client.fail(_("The server has closed the connection. The client is silent."))
    for line in ("/quit", "/quitter"):
        expect_to_leave_quietly(lab, line, farewell)
    expect_reasons(lab)
    lab.keep_usual_port()
    with contextlib.suppress(OSError):  # a program of the user's listens there
        expect_the_usual_address(lab, lab.listen("127.0.0.1", USUAL_PORT))


def expect_the_usual_address(lab: Lab, listener: Listener) -> None:
    """Start the client with HOST alone, and without HOST and PORT."""
    names = _("client with a HOST alone"), _("client without a HOST")
    for name, words in zip(names, (["127.0.0.1"], []), strict=True):
        if command := command_with(lab, "client", *words):
            lab.history.arrives(Kind.STARTS, name, _("starts"))
            client = Program(name, command, lab.submission.folder, lab.history)
            lab.programs.append(client)
            lab.accept(listener, client).close()
            client.expect_exit(None)


def words_after(client: Program, text: str) -> str:
    """Return what a client has said after some text, on stdout and on stderr."""
    printed = printed_by(client).rpartition(text)[2]
    return (printed + client.errors()).strip()


def expect_to_leave_quietly(lab: Lab, line: str, farewell: str) -> None:
    """See that a user who leaves isn't told that the server has gone."""
    client, server = start_chat(lab)
    client.type(f"{line}\n")
    server.wait_for_more()
    server.close()
    client.expect_exit()
    if farewell in words_after(client, "#general"):
        lab.fail(
            expected=(_("Expected the client to print"), _("nothing more")),
            got=(_("but after {line} it says").format(line=line), repr(farewell)),
            hint=IS_LEAVING,
        )


def expect_reasons(lab: Lab) -> None:
    """Let the client connect where nobody is; it should say why it cannot."""
    port = system.free_port(lab.host)
    refused = lab.start_client(lab.host, port)
    unknown = lab.start_client(NO_HOST, port)
    others = [
        lab.start_client("255.255.255.255", port),  # everybody, which TCP cannot reach
        lab.start_client("two..dots", port),
    ]
    beyond = lab.start_client(lab.host, 65536)
    mistyped = lab.start_client(lab.host, "http")
    why_refused = reason(expect_error(refused), lab.host, port)
    why_unknown = reason(expect_error(unknown), NO_HOST, port)
    if why_refused == why_unknown:
        unknown.fail(
            expected=(_("Expected the client to say"), _("that the host is unknown")),
            got=(_("but it says the same as for a refusal"), repr(why_unknown)),
            hint=WITH_REASON,
        )
    if lab.host != "127.0.0.1":  # so nobody else listens there
        last = lab.start_client(lab.host, 65535)
        if reason(expect_error(last), lab.host, 65535) != why_refused:
            last.fail(_("65535 is a port like any other."), hint=LAST_PORT)
    for client in others:
        expect_error(client)
    # The system may take it for port 0, which refuses every connection.
    if reason(expect_error(beyond, usage=True), lab.host, 65536) == why_refused:
        beyond.fail(
            _("There is no port 65536, and no connection to it."), hint=LAST_PORT
        )
    if "http" not in expect_error(mistyped, usage=True):
        mistyped.fail(_("The error does not say that 'http' is wrong."))


def reason(error: str, host: str, port: int) -> str:
    """Return a line of error without the address, which it may name or not."""
    return error.replace(host, "").replace(str(port), "")


def expect_error(client: Program, *, usage: bool = False) -> str:
    """Expect the client to end with one line that says why, and return the line.

    What is mistyped is wrong ``usage``, which argparse reports with status 2.
    """
    client.wait_for_exit(RESOLVER)
    errors = re.findall(r"^.*error: .+", client.errors(), re.M)
    by_argparse = usage and client.process.returncode == 2
    client.expect_exit(2 if by_argparse else 1, SOON, ONE_LINE)
    if len(errors) != 1 or not (by_argparse or errors[0].startswith("error: ")):
        client.fail(
            expected=(
                _("Expected on stderr"),
                _("one line that starts with {text}").format(text="'error: '"),
            ),
            got=(_("but it is"), repr(client.errors())),
            remark=_("It is on stdout.") if b"error: " in client.stdout.data else "",
            hint=ONE_LINE,
        )
    return str(errors[0])
