"""Connections between peers and the program under test, in both directions."""

import select
import socket
import time
from typing import NoReturn

from tests.harness import system
from tests.harness.failure import CheckFailedError, Seen, Symptom
from tests.harness.patience import ANSWER, START
from tests.harness.peer import Peer
from tests.harness.process import SHORTAGES
from tests.harness.program import Program
from tests.harness.shown import show
from tests.harness.steps import History, Kind
from tests.harness.symptoms import explain
from tests.harness.words import _


def connect(
    name: str,
    host: str,
    port: int,
    program: Program,
    history: History,
    receive_buffer: int = 0,
) -> Peer:
    """Connect to a program, which may still be starting: the first client tries again.

    Nothing else tells that a server is up without using up one of its accepts.
    """
    connection = _connect(host, port, program, receive_buffer)
    system.send_at_once(connection)
    host, port = connection.getsockname()
    what = _("connects")
    if len(history.programs) > 1:
        what = _("connects to {name}").format(name=program.name)
    history.arrives(Kind.CONNECTS, name, what, f"{host}:{port}")
    return Peer(name, connection, program, history)


def _connect(
    host: str, port: int, program: Program, receive_buffer: int
) -> socket.socket:
    refused_for = 0.0  # seconds: Windows tries for two before it says so
    for wait in program.slices(START):
        connection = socket.socket()
        if receive_buffer:
            system.shrink_buffers(connection, receive_buffer)
        connection.settimeout(START)
        began = time.monotonic()
        try:
            connection.connect((host, port))
        except OSError as error:
            connection.close()
            refused_for += time.monotonic() - began
            if error.errno in SHORTAGES:
                raise
            refused = isinstance(error, ConnectionRefusedError)
            if not refused or program.was_reached or program.exited.wait(wait):
                reason = error.strerror or str(error)
                _fail_to_connect(host, port, program, reason, was_refused=refused)
            if refused_for > START:
                break
        else:
            program.was_reached = True  # from now on a refusal is a failure
            return connection
    reason = _("nobody listened for {count} s").format(count=f"{START:g}")
    return _fail_to_connect(host, port, program, reason)


def _fail_to_connect(
    host: str, port: int, program: Program, reason: str, *, was_refused: bool = True
) -> NoReturn:
    lead = _("Expected the {name} to listen on")
    if program.was_reached:
        lead = _("Expected the {name} to keep listening on")
    expected = lead.format(name=program.name), f"{host}:{port}"
    error = CheckFailedError(expected=expected, got=(_("but"), reason))
    failure = error.failure
    if was_refused:
        failure.add(Symptom(Seen.REFUSED))
    if program.was_reached:  # it is just ending, most likely
        program.wait_for_exit(ANSWER)
    explain(error, program, hangs=True)
    if program.was_reached and program.process.returncode == 0:
        failure.hint = failure.advice or HAS_ENDED
    printed = bytes(program.stdout.data)
    if printed and not program.was_reached:
        text = _("{name} printed {text}").format(name=program.name, text=show(printed))
        failure.add(Symptom(Seen.PRINTED, text))
    if not program.was_reached and "error: " not in program.errors():
        failure.hint = failure.advice or NOT_LISTENING
    raise error


HAS_ENDED = _(
    "The server has ended after the clients before. Is accept() in a loop, and what"
    " leaves that loop: a break, a return, an exception? Catch an exception inside the"
    " accept loop, around the work for one client."
)
NOT_LISTENING = _(
    "Nobody listens there. See that bind() gets HOST and PORT, and that the server then"
    " waits in accept()."
)


class Listener:
    """A server's listening socket in the hands of the suite, for clients to meet."""

    def __init__(self, host: str, port: int = 0) -> None:
        """Listen on this port; 0: on one that is free. OSError if it is taken."""
        self.socket = socket.create_server((host, port))
        self.host, self.port = self.socket.getsockname()[:2]

    def accept(self, name: str, program: Program, history: History) -> Peer:
        """Wait for the program under test to connect."""
        for wait in program.slices(START):
            if select.select([self.socket], [], [], wait)[0]:
                connection, address = self.socket.accept()
                program.was_reached = True
                system.send_at_once(connection)
                event = _("connects to {name}").format(name=name)
                where = f"{address[0]}:{address[1]}"
                history.arrives(Kind.CONNECTS, program.name, event, where)
                return Peer(name, connection, program, history)
            if program.exited.is_set():
                break
        error = CheckFailedError(
            expected=(
                _("Expected the client to connect to"),
                f"{self.host}:{self.port}",
            ),
            got=(_("but it"), _("did not")),
        )
        raise explain(error, program, hangs=True)

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
