"""What the suites of the chat's client share: the client, and the server they play.

The suite types on the client's keyboard, and decides what arrives from its server.
"""

from tests.harness.lab import Lab
from tests.harness.peer import Peer
from tests.harness.program import Program
from tests.harness.words import _

GREETING = "* you are guest1 in #general"
CUT = _(
    "recv() may end in the middle of a character: decode whole lines, never pieces."
)
KEPT_BACK = _(
    "The client has read that. Print each line at once, with flush=True: into a pipe,"
    " Python keeps back what it prints."
)
HAS_LEFT = _(
    "The client has ended, and the server is still there. Only the end of the stream is"
    " the end, and no word in a line: anybody can say that word."
)
AS_IT_IS = _(
    "In a pipe, a line is printed as it came, in a row of its own, with nothing before"
    " or after it."
)


def said(text: str, nick: str = "bob") -> str:
    """Return the line that shows a message, as a server sends it."""
    return f"2026-11-21T10:00:00Z #general <{nick}> {text}"


def start_chat(
    lab: Lab, *options: str, in_terminal: bool = False
) -> tuple[Program, Peer]:
    """Start the client, and be the server that it connects to and is greeted by."""
    listener = lab.listen()
    address = listener.host, listener.port
    client = lab.start_client(*address, *options, in_terminal=in_terminal)
    server = lab.accept(listener, client)
    server.send(f"{GREETING}\n")
    if in_terminal:  # where it may be shown in another form
        client.expect_printed("guest1")
        client.wait_until_idle()  # the end of the row, too, has been printed
    else:
        expect_shown(client, server, GREETING)
    return client, server


def expect_shown(
    client: Program, server: Peer, line: str, undecodable: str = CUT
) -> None:
    """Expect a line to be printed as it is; if not, look how far it has come.

    ``undecodable`` is the hint for a client that could not decode it.
    """
    if client.prints(line):
        if line not in printed_by(client).split("\n"):
            client.fail_printing(f"{line}\n", AS_IT_IS)
        return
    hint = KEPT_BACK if server.unread_by_program() == 0 else ""
    if client.wait_for_exit(0):
        hint = HAS_LEFT
    if traceback := client.traceback():
        hint = undecodable if "UnicodeDecodeError" in traceback.text else ""
    client.fail_printing(line, hint)


def printed_by(client: Program) -> str:
    r"""Return what a client has printed so far, with \n for each end of a line."""
    return bytes(client.stdout.data).decode(errors="replace").replace("\r\n", "\n")
