"""The check of exercise 4 in which the server starts, or cannot, and ends."""

import contextlib
import re
import socket

from tests.harness import system
from tests.harness.checks import check
from tests.harness.exchange import Exchange
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SOON
from tests.harness.program import Program
from tests.harness.relay import LONG_LINE, connect_all, hinting, send_until_stuck
from tests.harness.words import _

LISTENING = _(
    "Print it as a line of its own, with the address that getsockname() returns, once"
    " the server listens. Without flush=True, Python keeps it."
)
AGAIN = _(
    "The port is still taken, by a connection of the last run: set SO_REUSEADDR in"
    " every run, before bind()."
)
TAKEN = _(
    "Another server has that port: say so in one line, with sys.exit('error: …'), where"
    " bind() raises OSError. If it listens all the same, SO_REUSEPORT, or on Windows"
    " SO_REUSEADDR, has let it."
)
NO_PORT = _(
    "A port is a number from 0 to 65535. Of any other say so in one line, with"
    " sys.exit('error: …'), before you bind."
)
BESIDE_A_SLEEPER = _(
    "Somebody does not read, and a thread waits in sendall() with the lock held. Do not"
    " take the lock at the end: shutdown() wakes that thread."
)
NO_SIGTERM = _(
    "SIGTERM must end the server just as Ctrl+C does: let signal.default_int_handler"
    " handle it."
)


@check(
    "4.12",
    _("ends everything on Ctrl+C: every client sees the end, status 0"),
    points=2,
    needs=["4.3"],
    hint=_(
        "A thread in recv() does not notice Ctrl+C: shutdown() its socket, and recv()"
        " returns b''. Catch KeyboardInterrupt in main()."
    ),
    read=_("Step 7: a clean end"),
)
def test_ctrl_c(lab: Lab) -> None:
    port = last_port(lab.host)
    server = lab.start_server(port=port)
    alice, bob = connect_all(lab, server, "alice", "bob")
    server.interrupt()
    for peer in (alice, bob):
        peer.read_to_end(_("the end of the stream"), SOON)
        peer.expect_end()
    server.expect_exit()
    server = lab.start_server(port=port)
    expect_listening(server, str(port))
    start_what_cannot_start(lab, server)
    end_beside_a_sleeper(lab, server)


def last_port(host: str) -> int:
    """Return the highest port; any free one where others might want it as well."""
    if host != "127.0.0.1":
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind((host, 65535))
            return 65535
    return system.free_port(host)


# -- how it starts --------------------------------------------------------------------


def start_what_cannot_start(lab: Lab, server: Server) -> None:
    """Start servers where they cannot listen, and one where the system chooses."""
    began = len(lab.history.steps)
    taken = lab.start_server(port=server.port)
    mistyped = {text: lab.start_with_port(text) for text in ("65536", "-1")}
    chosen = lab.start_server(port=0)
    expect_error(taken, str(server.port), TAKEN)
    for text, program in mistyped.items():
        expect_error(program, text, NO_PORT)
    chosen.port = int(expect_listening(chosen, r"[1-9]\d*"))
    chosen.connect("carol")
    what = _("start: on port 0, and where they cannot listen")
    lab.history.sum_up(began, _("others"), what)


def expect_listening(server: Server, port: str) -> str:
    """Expect the line that says where the server listens, and return its port."""
    line = re.compile(rf"^Listening on {re.escape(server.host)}:({port})$", re.M)

    def found(printed: bytes) -> re.Match[str] | None:
        return line.search(printed.decode(errors="replace").replace("\r\n", "\n"))

    server.stdout.wait_for(found, server.slices(ANSWER))
    match = found(bytes(server.stdout.data))
    if not match:
        wanted = f"Listening on {server.host}:{server.port or 'PORT'}\n"
        was_refused = "error: " in server.errors()
        server.fail_printing(wanted, AGAIN if was_refused else LISTENING)
    return match[1]


def expect_error(program: Program, what: str, hint: str) -> None:
    """Expect one line of error that names what was wrong, and status 1.

    Where that is the command line, argparse's own words and its status 2 are as good.
    """
    program.expect_exit(None, hint=hint)
    status, errors = program.process.returncode, program.errors()
    line = rf"^error: .*{re.escape(what)}" if status == 1 else rf"error: .*{what}"
    if status not in (1, 2) or not re.search(line, errors, re.M):
        wanted = _("{start} and {what} in one line on stderr, and status 1")
        program.fail(
            expected=(_("Expected"), wanted.format(start="'error: '", what=what)),
            got=(_("but stderr is"), repr(errors) if errors else _("empty")),
            remark=_("It is on stdout.") if b"error: " in program.stdout.data else "",
            hint=hint,
        )


# -- how it ends ----------------------------------------------------------------------


def end_beside_a_sleeper(lab: Lab, server: Server) -> None:
    """End the server while it waits for a client that does not read."""
    names = _("sleeper"), "carol", "alice", "bob"
    peers = connect_all(lab, server, *names, receive_buffer=32768)
    sleeper, carol, alice, bob = peers
    began = len(lab.history.steps)
    sending = Exchange({alice: LONG_LINE * 50, bob: b""})
    send_until_stuck(server, sending, lambda: False)
    what = _("talks and talks, and {name} does not read").format(name=sleeper.name)
    lab.history.sum_up(began, "alice", what)
    # Her thread waits for the sleeper, too, and so her socket is still in the array.
    carol.send("carol speaks\n")
    carol.wait_until_read()
    carol.reset()
    if system.WINDOWS:  # which has no SIGTERM
        server.interrupt()
    else:
        server.terminate()
    with hinting(BESIDE_A_SLEEPER):
        bob.read_to_end(_("the end of the stream"), SOON)
        ended_by_signal = server.wait_for_exit(SOON) and server.process.returncode < 0
        server.expect_exit(hint=NO_SIGTERM if ended_by_signal else "")
