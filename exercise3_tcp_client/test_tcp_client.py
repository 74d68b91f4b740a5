"""The checks of exercise 3: an HTTP client, the other end of the socket.

Here the suite is the server: it listens, takes the client's connection, and answers.
"""

import contextlib
import re
import sys
from collections.abc import Iterator

from tests.harness import system
from tests.harness.checks import check
from tests.harness.exchange import Exchange
from tests.harness.failure import CheckFailedError
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SOON, START, wait_until
from tests.harness.peer import Peer
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.steps import show

EMPTY_LINE = b"\r\n\r\n"
PATIENT = {"HTTP_TIMEOUT": "60"}  # seconds: a slow suite is not the client's fault
IMPATIENT = {"HTTP_TIMEOUT": "0.3"}
GIVES_UP = 11.5  # seconds: ten, and a moment to end
RESOLVER = 40  # seconds: a name server that is out of reach is asked more than once


def connect(
    lab: Lab, path: str = "/", environment: dict[str, str] = PATIENT
) -> tuple[Program, Peer]:
    """Start the client, and return it with the server's end of its connection."""
    listener = lab.listen()
    host, port = listener.host, listener.port
    client = lab.start_client(host, port, path, environment=environment)
    return client, lab.accept(listener, client)


def ask(lab: Lab) -> tuple[Program, Peer]:
    """Start the client, and take its request.

    Whether that is a good one is check 3.1's business: here the server answers any.
    """
    client, server = connect(lab)
    while EMPTY_LINE not in server.unread and server.wait_for_more(0.1):
        continue
    return client, server


def response(body: bytes, *headers: str) -> bytes:
    """Return a response with the body's Content-Length, after other headers."""
    lines = ["HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + EMPTY_LINE + body


def send(server: Peer, *pieces: bytes) -> None:
    """Send piece by piece, each of them when the one before has been read.

    The client may leave in between. What it has printed then tells more.
    """
    with contextlib.suppress(OSError):
        for piece in pieces:
            server.history.sent(server.name, server.program.name, piece)
            server.socket.send(piece)
            server.wait_until_read()


def send_and_end(server: Peer, *pieces: bytes) -> None:
    """Send, then end the stream."""
    send(server, *pieces)
    server.half_close()


def expect_output(client: Program, wanted: bytes, hint: str = "") -> None:
    """Expect the client to end well, and to have printed just these bytes."""
    client.expect_exit(seconds=ANSWER, hint=hint)
    client.expect_output(wanted, hint)


def expect_error(client: Program, seconds: float = ANSWER, hint: str = "") -> str:
    """Expect the client to end with status 1, and return its one line of error."""
    client.expect_exit(1, seconds, hint)
    errors = re.findall(r"^error: .*", client.errors(), re.M)
    if len(errors) != 1:
        client.fail(
            expected=("Expected on stderr one line that begins with", "'error: '"),
            got=("but stderr holds", show(client.errors().encode())),
            remark="It stands on stdout." if b"error: " in client.stdout.data else "",
        )
    client.history.event(client.name, f"says {errors[0]!r}")
    return str(errors[0])


@check(
    "3.1",
    "sends a complete GET with Host and Connection: close, CRLF throughout",
    points=2,
    hint="Connect with socket.create_connection((host, port)). Then send four lines:"
    " the request line, Host, Connection, and an empty one. Each ends with \\r\\n, and"
    " nothing stands before its first letter.",
    read="The request",
)
def test_request(lab: Lab) -> None:
    path = f"/a/page?name={lab.random_word()}"
    _, server = connect(lab, path)
    while EMPTY_LINE not in server.unread:
        if b"\n\n" in server.unread or not server.wait_for_more():
            server.fail(
                expected=("Expected a request that ends with", repr("\r\n\r\n")),
                got=("but the client sent", show(server.unread)),
                hint="Until the empty line comes a server waits for more headers.",
            )
    head = server.unread.partition(EMPTY_LINE)[0]
    request_line, *headers = head.split(b"\r\n")
    wanted = f"GET {path} HTTP/1.1".encode()
    if request_line != wanted:
        server.fail_at(wanted, request_line, "this is the first difference")
    host, port = server.socket.getsockname()
    expect_header(server, headers, "Host", f"{host}:{port}")
    expect_header(server, headers, "Connection", "close")


def expect_header(server: Peer, lines: list[bytes], name: str, value: str) -> None:
    """Expect one header with this name, and this value; capitals do not matter."""
    for line in lines:
        if not re.fullmatch(rb"[!-9;-~]+:[^\r\n]*", line):
            server.fail(
                expected=("Expected each line to be", repr("Name: value\r\n")),
                got=("but one of the client's is", show(line + b"\r\n")),
            )
    pairs = [line.decode("latin-1").lower().partition(":") for line in lines]
    values = [text.strip() for found, _, text in pairs if found == name.lower()]
    if values != [value]:
        server.fail(
            expected=("Expected once, among the headers", f"'{name}: {value}'"),
            got=("but they are", show(b"\r\n".join(lines)) if lines else "none"),
        )


@check(
    "3.2",
    "prints the response as it came, bytes kept",
    points=2,
    hint="Write bytes, head and body: sys.stdout.buffer.write(data). What came together"
    " with the head is body already. Nothing else belongs on stdout; what you want to"
    " say goes to stderr.",
    read="Bytes, not text",
)
def test_bytes_are_kept(lab: Lab) -> None:
    any_bytes = bytes(lab.numbers.sample(range(256), 256))
    for body in (
        f"\n  <h1>{lab.random_word()}</h1>\n".encode(),
        any_bytes + b"\r\n\n\r",
    ):
        client, server = ask(lab)
        binary = "Content-Type: application/octet-stream"
        whole = response(body, binary, "Server: l'été")  # any bytes: RFC 9110, 5.5
        send_and_end(server, whole)
        expect_output(client, whole)


@check(
    "3.3",
    "reads the whole response, in however many pieces it comes",
    points=2,
    needs=["3.2"],
    hint="recv() returns what has arrived so far, be it one byte. Call it in a loop"
    " until the head is complete, and again until the body is. What came together with"
    " the head is body already. A piece may end in the middle of a character: do not"
    " decode it.",
    read="Reading the whole response",
)
def test_pieces(lab: Lab) -> None:
    whole = response(f"l'été à {lab.random_word()} ☀\n".encode())
    cut = whole.index(b"\nl'")  # in the middle of the empty line
    cut_again = whole.index("é".encode()) + 1  # in the middle of a character
    client, server = ask(lab)
    send_and_end(server, whole[:cut], whole[cut:cut_again], whole[cut_again:])
    expect_output(client, whole)
    byte_by_byte(lab, response(f"one {lab.random_word()} at a time\r\n".encode() * 10))
    at_once(lab, response(lab.numbers.randbytes(5_000_000)))


def byte_by_byte(lab: Lab, whole: bytes) -> None:
    """Send a response in pieces of one byte; several of them may arrive together."""
    client, server = ask(lab)
    lab.history.event(server.name, f"sends {len(whole)} bytes, one at a time")
    with contextlib.suppress(OSError):  # the client has left
        for byte in whole:
            server.socket.send(bytes([byte]))
    server.half_close()
    expect_output(client, whole)


def at_once(lab: Lab, whole: bytes) -> None:
    """Send a long response as fast as the client takes it."""
    client, server = ask(lab)
    lab.history.event(server.name, f"sends {len(whole):,} bytes at once")
    sending = Exchange({server: whole})
    goes_on = prints_more(client)
    while not sending.run(lambda: not sending.left[server]) and next(goes_on):
        continue
    server.half_close()
    while not wait_until(client.exited.is_set, client.slices(ANSWER)) and next(goes_on):
        continue
    expect_output(client, whole)


def prints_more(client: Program) -> Iterator[bool]:
    """Tell each time whether the client has printed more since the last time.

    Who receives one byte at a time, and rightly so, needs long for 5 MB.
    """
    printed = -1
    while True:
        before, printed = printed, client.stdout.length
        yield printed > before


@check(
    "3.4",
    "stops after Content-Length bytes, though the connection stays open",
    points=2,
    needs=["3.2"],
    hint="Find Content-Length in the head, in capitals or not, with or without spaces"
    " around the number. Count the bytes of the body, not those of the head: when so"
    " many have come, stop. Of a piece that holds more, take piece[:missing].",
    read="Content-Length",
)
def test_content_length(lab: Lab) -> None:
    body = f"à la fin {lab.random_word()}\n".encode()
    for header, wanted in (
        (f"Content-Length: {len(body)}", body),
        (f"X-Content-Length: 5\r\ncontent-LENGTH:{len(body)}  ", body),
        ("Content-Length: 0", b""),
    ):
        client, server = ask(lab)
        head = f"HTTP/1.1 200 OK\r\n{header}".encode() + EMPTY_LINE
        send(server, head + wanted)
        expect_output(client, head + wanted)
    client, server = ask(lab)
    send(server, response(body) + b"of another response")
    expect_output(client, response(body), "Here more came than belongs to the body.")


@check(
    "3.5",
    "stops at the end of the stream when there is no Content-Length",
    points=1,
    needs=["3.2"],
    hint="recv() returns b'' when the server has closed its side, and b'' again at"
    " every further call: leave the loop. Without Content-Length there is no number to"
    " compare with.",
    read="The end of the stream",
)
def test_end_of_stream(lab: Lab) -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain" + EMPTY_LINE
    body = f"no length\r\n\r\nbut {lab.random_word()}\n".encode()
    for pieces in ([head, body], [head]):
        client, server = ask(lab)
        send_and_end(server, *pieces)
        expect_output(client, b"".join(pieces))


@check(
    "3.6",
    "says how much is missing of a response that is cut short",
    points=2,
    needs=["3.4", "3.5"],
    hint="Print what came. Then compare the number of body bytes with Content-Length:"
    " if there are fewer, end with 'error: … 3 of 100 bytes' on stderr, and status 1.",
    read="Cut short",
)
def test_cut_short(lab: Lab) -> None:
    characters = lab.numbers.randint(3, 9)
    came = ("é" * characters).encode()
    client, server = ask(lab)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    send_and_end(server, head + came)
    error = expect_error(client)
    if not re.search(rf"\b{len(came)} of 100 bytes", error):
        client.fail(
            expected=("Expected the error to say", f"'{len(came)} of 100 bytes'"),
            got=("but it is", repr(error)),
        )
    client.expect_output(head + came)
    client, server = ask(lab)
    send_and_end(server, head[:30])
    expect_error(client, hint="Not even the head was complete: that is an error, too.")


@check(
    "3.7",
    "says in one line that the connection is refused or the host unknown",
    points=1,
    hint="Catch OSError around the connection: ConnectionRefusedError and"
    " socket.gaierror are kinds of it. sys.exit('error: …') prints the line on stderr"
    " and ends with status 1.",
    read="Errors in one line",
)
def test_no_connection(lab: Lab) -> None:
    port = system.free_port(lab.host)
    expect_error(lab.start_client(lab.host, port, "/", environment=PATIENT), SOON)
    unknown = "no-such-host.invalid"  # and never will be: RFC 6761, section 6.4
    expect_error(lab.start_client(unknown, port, "/", environment=PATIENT), RESOLVER)


@check(
    "3.8",
    "says in one line that there is no answer, or none in HTTP",
    points=1,
    needs=["3.1", "3.5"],
    hint="Look at what you have when the loop ends: nothing at all, or something that"
    " does not begin with HTTP/, is an error. A reset connection is an OSError.",
    read="Errors in one line",
)
def test_no_http(lab: Lab) -> None:
    tls_alert = b"\x15\x03\x03\x00\x02\x02\x28"  # RFC 8446, section 6
    for answer in (b"", b"220 mail.example.org ready\r\n\r\n", tls_alert):
        client, server = ask(lab)
        send_and_end(server, *([answer] if answer else []))
        expect_error(client)
    client, server = ask(lab)
    server.reset()
    expect_error(client)
    for nonsense in (b"abc", b"-5"):  # an error, or no length: but no traceback
        client, server = ask(lab)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: " + nonsense + EMPTY_LINE
        send_and_end(server, head + b"a page\n")
        client.expect_exit(None)


@check(
    "3.9",
    "gives up a server that does not answer for ten seconds",
    points=1,
    needs=["3.1", "3.6"],
    hint="create_connection(address, timeout=TIMEOUT) gives each recv() a time limit"
    " too. After it recv() raises TimeoutError: an error like the others.",
    read="Time limits",
)
def test_gives_up(lab: Lab) -> None:
    client, _ = connect(lab, environment=IMPATIENT)
    reading, server = connect(lab, environment=IMPATIENT)
    half = f"HTTP/1.1 200 OK\r\n\r\nhalf a page: {lab.random_word()}, and then sil"
    send(server, half.encode())
    expect_error(client, GIVES_UP)
    hint = "Half a page is no page: a time limit in the middle of it is an error, too."
    expect_error(reading, GIVES_UP, hint)


@check(
    "3.10",
    "works with your exercise 2 server and with http.server",
    points=1,
    needs=["3.1", "3.3"],
    hint="Compare your request with the handout's byte by byte: real servers are"
    " stricter than this suite.",
    read="Real servers",
)
def test_real_servers(lab: Lab) -> None:
    if own := own_server(lab):
        fetch(lab, own.host, own.port, "/")
    page = lab.numbers.randbytes(100_000)
    (lab.folder / "page.bin").write_bytes(page)
    client = fetch(lab, *http_server(lab), "/page.bin")
    head = bytes(client.stdout.data).partition(EMPTY_LINE)[0]
    client.expect_output(head + EMPTY_LINE + page)


def own_server(lab: Lab) -> Server | None:
    """Start the submission's exercise 2 server; None when it is not ready for use."""
    request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    began = len(lab.history.steps)
    try:
        server = lab.start_server(exercise="exercise2_accept_loop")
        for name in ("first try", "second try"):  # it must have its accept loop
            peer = server.connect(name)
            peer.send(request)
            peer.expect("HTTP/1.1 200 OK\r\n")
            peer.read_to_end("its page")
    except CheckFailedError:
        lab.history.sum_up(began, "your exercise 2 server", "is not ready: left out")
        return None
    lab.history.sum_up(began, "your exercise 2 server", "starts, and answers a GET")
    return server


def http_server(lab: Lab) -> tuple[str, int]:
    """Start Python's http.server in the check's folder; return where it listens."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    server = Program("http.server", Command(command), lab.folder, lab.history)
    lab.programs.append(server)
    server.expect_printed("(http://", START)
    port = re.search(rb" port (\d+) ", server.stdout.data)
    assert port, server.stdout.data
    return "127.0.0.1", int(port[1])


def fetch(lab: Lab, host: str, port: int, path: str) -> Program:
    """Let the client get a page that is there, from a server that is not the suite."""
    client = lab.start_client(host, port, path, environment=PATIENT)
    client.expect_exit(seconds=START)
    status_line = bytes(client.stdout.data).partition(b"\r\n")[0]
    if not re.fullmatch(rb"HTTP/1.[01] 200 OK", status_line):
        client.fail(
            expected=("Expected it to print first", "'HTTP/1.1 200 OK'"),
            got=("but it printed", show(status_line)),
        )
    return client
