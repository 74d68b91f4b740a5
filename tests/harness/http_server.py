"""The HTTP server that exercise 3's suite is: it takes a request, and answers."""

import contextlib

from tests.harness.lab import Lab
from tests.harness.peer import Peer
from tests.harness.program import Program

EMPTY_LINE = b"\r\n\r\n"
PATIENT = {"HTTP_TIMEOUT": "60"}  # seconds: a slow suite is not the client's fault


def start_and_accept(
    lab: Lab, path: str = "/", environment: dict[str, str] = PATIENT
) -> tuple[Program, Peer]:
    """Start the client, and return it with the server's end of its connection."""
    listener = lab.listen()
    host, port = listener.host, listener.port
    client = lab.start_client(host, port, path, environment=environment)
    return client, lab.accept(listener, client)


def take_request(lab: Lab) -> tuple[Program, Peer]:
    """Start the client, and take its request.

    Whether that is a good one is covered by check 3.1: here the server answers any.
    """
    client, server = start_and_accept(lab)
    while EMPTY_LINE not in server.unread and server.wait_for_more(0.1):
        continue
    return client, server


def response(body: bytes, *headers: str) -> bytes:
    """Return a response with the body's Content-Length, after other headers."""
    lines = ["HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + EMPTY_LINE + body


def send_pieces(server: Peer, *pieces: bytes) -> None:
    """Send piece by piece, each of them when the one before has been read.

    The client may leave in between. What it has printed then says more.
    """
    with contextlib.suppress(OSError):
        for piece in pieces:
            server.history.sent(server.name, server.program.name, piece)
            server.socket.send(piece)
            server.wait_until_read()


def send_and_end(server: Peer, *pieces: bytes) -> None:
    """Send, then end the stream."""
    send_pieces(server, *pieces)
    server.half_close()
