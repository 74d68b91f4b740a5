"""The checks of exercise 3: an HTTP client, the other end of the socket.

Here the suite is the server: it listens, takes the client's connection, and answers.
What the client says when that goes wrong is in test_errors.py.
"""

import contextlib
import re
import sys
from collections.abc import Iterator

from tests.harness.checks import check
from tests.harness.exchange import Exchange
from tests.harness.failure import CheckFailedError
from tests.harness.http_server import (
    EMPTY_LINE,
    PATIENT,
    response,
    send_and_end,
    send_pieces,
    start_and_accept,
    take_request,
)
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, START, wait_until
from tests.harness.peer import Peer
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.steps import show
from tests.harness.words import _, ngettext


def expect_output(client: Program, wanted: bytes, hint: str = "") -> None:
    """Expect the client to end well, and to have printed just these bytes."""
    client.expect_exit(seconds=ANSWER, hint=hint)
    client.expect_output(wanted, hint)


@check(
    "3.1",
    _("sends a complete GET with Host and Connection: close, CRLF throughout"),
    points=2,
    hint=_(
        "Connect with socket.create_connection((host, port)). Then send four lines: the"
        " request line, Host, Connection, and an empty one. Each ends with \\r\\n, and"
        " nothing comes before its first letter."
    ),
    read=_("Step 1: the request"),
)
def test_request(lab: Lab) -> None:
    path = f"/a/page?name={lab.random_word()}"
    server = start_and_accept(lab, path)[1]
    while EMPTY_LINE not in server.unread:
        if b"\n\n" in server.unread or not server.wait_for_more():
            server.fail(
                expected=(_("Expected a request that ends with"), repr("\r\n\r\n")),
                got=(server.but_it_sent(), show(server.unread)),
                hint=_("Until the empty line comes a server waits for more headers."),
            )
    head = server.unread.partition(EMPTY_LINE)[0]
    request_line, *headers = head.split(b"\r\n")
    wanted = f"GET {path} HTTP/1.1".encode()
    if request_line != wanted:
        server.fail_at(wanted, request_line, _("this is the first difference"))
    host, port = server.socket.getsockname()
    expect_header(server, headers, "Host", f"{host}:{port}")
    expect_header(server, headers, "Connection", "close")


def expect_header(server: Peer, lines: list[bytes], name: str, value: str) -> None:
    """Expect one header with this name, and this value; capitals do not matter."""
    for line in lines:
        if not re.fullmatch(rb"[!-9;-~]+:[^\r\n]*", line):
            server.fail(
                expected=(_("Expected each line to be"), repr("Name: value\r\n")),
                got=(_("but one of the client's is"), show(line + b"\r\n")),
            )
    pairs = [line.decode("latin-1").lower().partition(":") for line in lines]
    values = [text.strip() for found, _colon, text in pairs if found == name.lower()]
    if values != [value]:
        server.fail(
            expected=(_("Expected once, among the headers"), f"'{name}: {value}'"),
            got=(_("but they are"), show(b"\r\n".join(lines)) if lines else _("none")),
        )


@check(
    "3.2",
    _("prints the response as it came, bytes kept"),
    points=2,
    hint=_(
        "Write bytes, head and body: sys.stdout.buffer.write(data). What came together"
        " with the head is body already. Nothing else belongs on stdout; what you want"
        " to say goes to stderr."
    ),
    read=_("Step 2: bytes, not text"),
)
def test_bytes_are_kept(lab: Lab) -> None:
    any_bytes = bytes(lab.numbers.sample(range(256), 256))
    for body in (
        f"\n  <h1>{lab.random_word()}</h1>\n".encode(),
        any_bytes + b"\r\n\n\r",
    ):
        client, server = take_request(lab)
        binary = "Content-Type: application/octet-stream"
        whole = response(body, binary, "Server: l'été")  # any bytes: RFC 9110, 5.5
        send_and_end(server, whole)
        expect_output(client, whole)


@check(
    "3.3",
    _("reads the whole response, in however many pieces it comes"),
    points=2,
    needs=["3.2"],
    hint=_(
        "recv() returns what has arrived so far, be it one byte. Call it in a loop"
        " until the head is complete, and again until the body is. What came together"
        " with the head is body already. A piece may end in the middle of a character:"
        " do not decode it."
    ),
    read=_("Step 3: the whole response"),
)
def test_pieces(lab: Lab) -> None:
    whole = response(f"l'été à {lab.random_word()} ☀\n".encode())
    cut = whole.index(b"\nl'")  # in the middle of the empty line
    cut_again = whole.index("é".encode()) + 1  # in the middle of a character
    client, server = take_request(lab)
    send_and_end(server, whole[:cut], whole[cut:cut_again], whole[cut_again:])
    expect_output(client, whole)
    byte_by_byte(lab, response(f"one {lab.random_word()} at a time\r\n".encode() * 10))
    at_once(lab, response(lab.numbers.randbytes(5_000_000)))


def byte_by_byte(lab: Lab, whole: bytes) -> None:
    """Send a response in pieces of one byte; several of them may arrive together."""
    client, server = take_request(lab)
    text = ngettext(
        "sends {count} byte, one at a time",
        "sends {count} bytes, one at a time",
        len(whole),
    )
    lab.history.event(server.name, text.format(count=len(whole)))
    with contextlib.suppress(OSError):  # the client has left
        for byte in whole:
            server.socket.send(bytes([byte]))
    server.half_close()
    expect_output(client, whole)


def at_once(lab: Lab, whole: bytes) -> None:
    """Send a long response as fast as the client takes it."""
    client, server = take_request(lab)
    text = ngettext(
        "sends {count} byte at once", "sends {count} bytes at once", len(whole)
    )
    lab.history.event(server.name, text.format(count=f"{len(whole):,}"))
    sending = Exchange({server: whole})
    goes_on = prints_more(client)
    while not sending.run(lambda: not sending.left[server]) and next(goes_on):
        continue
    server.half_close()
    while not wait_until(client.exited.is_set, client.slices(ANSWER)) and next(goes_on):
        continue
    expect_output(client, whole)


def prints_more(client: Program) -> Iterator[bool]:
    """Yield each time whether the client has printed more since the last time.

    A client that receives one byte at a time, and rightly so, needs long for 5 MB.
    """
    printed = -1
    while True:
        before, printed = printed, client.stdout.length
        yield printed > before


@check(
    "3.4",
    _("stops at the end of the stream when there is no Content-Length"),
    points=1,
    needs=["3.2"],
    hint=_(
        "recv() returns b'' when the server has closed its side, and b'' again at every"
        " further call: leave the loop. Without Content-Length there is no number to"
        " compare with."
    ),
    read=_("Step 3: the whole response"),
)
def test_end_of_stream(lab: Lab) -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain" + EMPTY_LINE
    body = f"no length\r\n\r\nbut {lab.random_word()}\n".encode()
    for pieces in ([head, body], [head]):
        client, server = take_request(lab)
        send_and_end(server, *pieces)
        expect_output(client, b"".join(pieces))


@check(
    "3.5",
    _("works with your exercise 2 server and with http.server"),
    points=1,
    needs=["3.1", "3.3"],
    hint=_(
        "Compare your request with the handout's byte by byte: real servers are"
        " stricter than this suite. They also send more headers, such as Date, whose"
        " value has colons in it."
    ),
    read=_("Step 3: the whole response"),
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
    began, own = len(lab.history.steps), _("your exercise 2 server")
    try:
        server = lab.start_server(exercise="exercise2_accept_loop")
        for name in (_("first try"), _("second try")):  # it must have its accept loop
            peer = server.connect(name)
            peer.send(request)
            peer.expect("HTTP/1.1 200 OK\r\n")
            peer.read_to_end(_("its page"))
    except CheckFailedError:
        lab.history.sum_up(began, own, _("is not ready: left out"))
        return None
    lab.history.sum_up(began, own, _("starts, and answers a GET"))
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
            expected=(_("Expected it to print first"), "'HTTP/1.1 200 OK'"),
            got=(_("but it printed"), show(status_line)),
        )
    return client


@check(
    "3.6",
    _("stops after Content-Length bytes, though the connection stays open"),
    points=2,
    needs=["3.2"],
    hint=_(
        "Find Content-Length in the head, in capitals or not, with or without spaces"
        " around the number. Count the bytes of the body, not those of the head: once"
        " that many have arrived, stop. Of a piece that holds more, take"
        " piece[:missing]."
    ),
    read=_("Step 4: Content-Length"),
)
def test_content_length(lab: Lab) -> None:
    body = f"à la fin {lab.random_word()}\n".encode()
    for header, wanted in (
        (f"Content-Length: {len(body)}", body),
        (f"X-Content-Length: 5\r\ncontent-LENGTH:{len(body)}  ", body),
        ("Content-Length: 0", b""),
    ):
        client, server = take_request(lab)
        head = f"HTTP/1.1 200 OK\r\n{header}".encode() + EMPTY_LINE
        send_pieces(server, head + wanted)
        expect_output(client, head + wanted)
    client, server = take_request(lab)
    send_pieces(server, response(body) + b"of another response")
    hint = _("Here more came than belongs to the body.")
    expect_output(client, response(body), hint)
