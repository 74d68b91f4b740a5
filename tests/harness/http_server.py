"""The HTTP server that exercise 3's suite is: it takes a request, and answers."""

import contextlib
import socket
from collections.abc import Iterator

from tests.harness import system
from tests.harness.connecting import Listener
from tests.harness.lab import Lab
from tests.harness.peer import Peer, as_bytes
from tests.harness.program import Program
from tests.harness.words import _

EMPTY_LINE = b"\r\n\r\n"
PATIENT = {"HTTP_TIMEOUT": "60"}  # seconds: a slow suite is not the client's fault
WAITING = 10  # connections; systems let more of them wait than listen() asks for


def start_and_accept(
    lab: Lab,
    path: str = "/",
    environment: dict[str, str] = PATIENT,
    receive_buffer: int = 0,
) -> tuple[Program, Peer]:
    """Start the client, and return it with the server's end of its connection.

    A small ``receive_buffer`` (bytes) makes a server to which little can be on its way.
    """
    listener = lab.listen()
    if receive_buffer:
        system.shrink_buffers(listener.socket, receive_buffer)
    host, port = listener.host, listener.port
    client = lab.start_client(host, port, path, environment=environment)
    return client, lab.accept(listener, client)


def take_request(
    lab: Lab, environment: dict[str, str] = PATIENT
) -> tuple[Program, Peer]:
    """Start the client, and take its request.

    Whether that is a good one is covered by check 3.1: here the server answers any.
    """
    client, server = start_and_accept(lab, environment=environment)
    wait_for_request(server)
    return client, server


def take_requests(lab: Lab, count: int) -> list[tuple[Program, Peer]]:
    """Start clients at the same time, which is quicker, and take their requests."""
    began = len(lab.history.steps)
    listeners = [lab.listen() for _ in range(count)]
    clients = [
        lab.start_client(listener.host, listener.port, "/", environment=PATIENT)
        for listener in listeners
    ]
    pairs = zip(listeners, clients, strict=True)
    servers = [lab.accept(listener, client) for listener, client in pairs]
    for server in servers:
        wait_for_request(server)
    who = _("{count} clients").format(count=count)
    lab.history.sum_up(began, who, _("connect, and send a request each"))
    return list(zip(clients, servers, strict=True))


def wait_for_request(server: Peer) -> None:
    """Wait until the client's request has come, or no more comes for a moment."""
    while EMPTY_LINE not in server.unread and server.wait_for_more(0.1):
        continue


@contextlib.contextmanager
def in_one_line(lab: Lab, client: Program) -> Iterator[None]:
    """Let the history show only how it went, if it went well: the client has ended."""
    began = len(lab.history.steps)
    yield
    last = lab.history.steps[-1]
    lab.history.sum_up(began, last.who, last.what)
    lab.programs.remove(client)  # nor need a failure that follows show its stderr


@contextlib.contextmanager
def deaf_server(lab: Lab) -> Iterator[Listener]:
    """Listen, and let nobody in: all places in the queue before accept() are taken.

    Linux and macOS then drop what asks for a connection, so connect() waits.
    """
    listener = lab.listen()
    listener.socket.listen(0)
    with contextlib.ExitStack() as stack:
        for _ in range(WAITING):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((listener.host, listener.port))
        yield listener


def response(
    body: bytes, *headers: str | bytes, status: str = "HTTP/1.1 200 OK"
) -> bytes:
    """Return a response with the body's Content-Length, after other headers."""
    lines = [status, *headers, f"Content-Length: {len(body)}"]
    return b"\r\n".join(map(as_bytes, lines)) + EMPTY_LINE + body


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
