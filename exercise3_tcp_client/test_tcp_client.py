"""The checks of exercise 3: an HTTP client, the other end of the socket.

Here the suite is the server: it listens, takes the client's connection, and answers.
"""

import contextlib
import re
import sys

from tests.harness import system
from tests.harness.checks import CheckFailedError, check
from tests.harness.lab import Lab
from tests.harness.patience import ANSWER, SOON, START
from tests.harness.peer import Peer, exchange
from tests.harness.program import Program
from tests.harness.steps import show

PATIENT = {"HTTP_TIMEOUT": "60"}  # seconds: a slow suite is not the client's affair
GIVES_UP = 12  # seconds: ten, and a moment to end
RESOLVER = 40  # seconds: a name server that is out of reach is asked again and again


def connect(
    lab: Lab, path: str = "/", environment: dict[str, str] = PATIENT
) -> tuple[Program, Peer]:
    """Start the client, and return it with the server's end of its connection."""
    listener = lab.listen()
    host, port = listener.host, listener.port
    client = lab.start_client(host, port, path, environment=environment)
    return client, lab.accept(listener, client)


def ask(lab: Lab, path: str = "/") -> tuple[Program, Peer]:
    """Start the client, and take its request.

    Whether it is a good one is check 3.1's business: here the server answers any.
    """
    client, server = connect(lab, path)
    while b"\r\n\r\n" not in server.unread and server.wait_for_more(0.5):
        continue
    return client, server


def response(body: bytes, *headers: str, length: object = None) -> bytes:
    """Return a response with its Content-Length, unless ``length`` says another."""
    length = len(body) if length is None else length
    lines = ["HTTP/1.1 200 OK", *headers, f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode() + body


def send(server: Peer, *pieces: bytes) -> None:
    """Send piece by piece, each of them when the one before has been read.

    A client may rightly or wrongly leave in between: what it printed tells.
    """
    with contextlib.suppress(OSError):
        for piece in pieces:
            server.history.sent(server.name, server.program.name, piece)
            server.socket.send(piece)
            server.wait_until_read()


def expect_output(client: Program, wanted: bytes, hint: str = "") -> None:
    """Expect the client to end well, and to have printed just these bytes."""
    client.expect_exit(seconds=ANSWER)
    client.expect_output(wanted, hint)


def expect_error(client: Program, seconds: float = ANSWER) -> str:
    """Expect the client to end with status 1, and return its one line of error."""
    client.expect_exit(1, seconds)
    errors = re.findall(r"^error: .*", client.errors(), re.M)
    if len(errors) != 1:
        client.fail(
            expected=("Expected on stderr one line that begins with", "'error: '"),
            got=("but stderr is", show(client.errors().encode()) or "empty"),
        )
    client.history.event(client.name, f"says {errors[0]!r}")
    return str(errors[0])


@check(
    "3.1",
    "sends a complete GET with Host and Connection: close, CRLF throughout",
    points=2,
    hint="Build the request of four lines: the request line, Host, Connection, and an"
    " empty one. Each ends with \\r\\n, nothing stands before its first letter, and"
    " sendall() takes it as bytes.",
    read="The request",
)
def test_request(lab: Lab) -> None:
    client, server = connect(lab, "/a/page?lang=fr")
    while b"\r\n\r\n" not in server.unread:
        if b"\n\n" in server.unread or not server.wait_for_more():
            server.fail(
                expected=("Expected a request that ends with", r"'\r\n\r\n'"),
                got=("but the client sent", show(server.unread) or "nothing"),
                hint="Without its empty line a request is not complete, and a server"
                " waits for the rest.",
            )
    head = server.unread.partition(b"\r\n\r\n")[0]
    request_line, *headers = head.split(b"\r\n")
    if request_line != b"GET /a/page?lang=fr HTTP/1.1":
        server.fail_at(b"GET /a/page?lang=fr HTTP/1.1", request_line, "")
    for header in headers:
        if not re.fullmatch(rb"[!-9;-~]+:[^\r\n]*", header):
            server.fail(
                expected=("Expected each header to be", r"'Name: value\r\n'"),
                got=("but one is", show(header)),
            )
    expect_header(server, headers, f"Host: {server.socket.getsockname()[0]}:{port_of(server)}")
    expect_header(server, headers, "Connection: close")
