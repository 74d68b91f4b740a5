"""The clients of exercise 2's suite: they ask for a page, or send what is refused."""

import contextlib
import socket
import time

from tests.harness.connecting import HAS_ENDED
from tests.harness.failure import CheckFailedError
from tests.harness.http import (
    Response,
    fail_unread,
    read_response,
    request,
)
from tests.harness.lab import Server
from tests.harness.peer import Peer
from tests.harness.words import _

IN_TIME = 0.8  # seconds; a client may be given up after one
EARLY = 0.5  # seconds: a server that throws input away for a second still does
FORM = b"name=ada&" * 2000  # the body of a request that nobody asked for


def say(server: Server, name: str, *pieces: str | bytes) -> Peer:
    """Connect a client that says something, piece by piece, all within its second.

    A right server may give up a client after a second. If the machine is so busy that
    the suite itself was too slow, there is another attempt.
    """
    for _attempt in range(10):
        began = time.monotonic()
        client = server.connect(name)
        with contextlib.suppress(CheckFailedError):
            for piece in pieces[:-1]:
                client.send(piece)
                client.wait_until_read()
            client.send(*pieces[-1:])
            if time.monotonic() - began < IN_TIME:
                break
        if time.monotonic() - began < IN_TIME:
            break  # it could not be sent: what follows says why
        client.close()
    return client


def ask(
    server: Server, name: str, *headers: str, method: str = "GET", path: str = "/"
) -> Peer:
    """Connect a client that sends its whole request in one piece."""
    return say(server, name, request(server, *headers, method=method, path=path))


def visit(server: Server, name: str = _("visitor")) -> Response:
    """Ask for the page, receive it whole, and leave."""
    client = ask(server, name)
    try:
        response = read_response(client, "200 OK")
    except CheckFailedError as error:
        # It was still in the queue when the server ended.
        if client.end and not client.has_received and server.process.returncode == 0:
            error.failure.hint = HAS_ENDED
        raise
    client.close()
    return response


def put_a_form(server: Server) -> Peer:
    """Connect a client that announces a body."""
    head = request(server, f"Content-Length: {len(FORM)}", method="PUT")
    return say(server, _("client"), head)


def loses_the_body(client: Peer) -> bool:
    """Send the body after the answer; return whether there is a reset.

    It is thrown away for a second: on a busy machine this may come too late to tell.
    """
    began = time.monotonic()
    with contextlib.suppress(CheckFailedError):
        for half in (FORM[:9000], FORM[9000:]):
            client.send_bulk(half, _("half of the body"))
            client.wait_until_read()
    was_reset = is_reset(client) or client.missed  # a send() may have met the reset
    return was_reset and time.monotonic() - began < EARLY


def expect_no_reset(client: Peer) -> None:
    """Expect that a connection is not reset after its end, when the server closes."""
    client.program.wait_until_idle()
    if is_reset(client):
        fail_unread(client, _("After the end of the answer there was a reset."))


def is_reset(client: Peer) -> bool:
    """Return whether a connection was reset after its end: the socket keeps the error.

    See SO_ERROR in socket(7).
    """
    return bool(client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
