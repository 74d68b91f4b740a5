"""The checks of exercise 3: an HTTP client, the other end of the socket.

Here the suite is the server: it listens, takes the client's connection, and answers.
What the client says when that goes wrong is in test_errors.py.
"""

import contextlib
import re
from collections.abc import Iterator

from tests.harness import system
from tests.harness.checks import check
from tests.harness.connecting import Listener
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
    take_requests,
)
from tests.harness.lab import Lab
from tests.harness.patience import ANSWER, wait_until
from tests.harness.peer import Peer, as_bytes
from tests.harness.program import Program
from tests.harness.shown import show
from tests.harness.words import _, ngettext

# Every byte that a header's value may hold, RFC 9110, section 5.5; colons are in 3.6.
ASCII = bytes(range(32, 127)).replace(b":", b"\t")
ANY_VALUE = ASCII + bytes(range(128, 256))


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
    path = f"/a/page?name=%20{lab.random_word()}&" + LONG * "x"
    server = start_and_accept(lab, path, receive_buffer=2048)[1]
    expect_request(server, path, server.socket.getsockname()[0])
    send_pieces(server, response(b""))
    expect_no_more(server)
    server = start_by_name(lab)
    expect_request(server, "/", "localhost")


# Bytes of a path, more than send() takes of it at a time; Windows allows no more.
LONG = 20_000 if system.WINDOWS else 100_000


def start_by_name(lab: Lab) -> Peer:
    """Start the client with a host's name and no PATH; return the server's end."""
    listener = Listener("127.0.0.1")
    lab.listeners.append(listener)
    client = lab.start_client("localhost", listener.port, environment=PATIENT)
    return lab.accept(listener, client)


def expect_request(server: Peer, path: str, host: str) -> None:
    """Expect a whole request for this path, to a server that is called ``host``."""
    wanted = f"GET {path} HTTP/1.1".encode()
    while EMPTY_LINE not in server.unread:
        if b"\n\n" in server.unread or not server.wait_for_more():
            server.fail(
                expected=(_("Expected a request that ends with"), repr("\r\n\r\n")),
                got=(server.but_it_sent(), show(server.unread)),
                hint=hint_for_part(server.unread, wanted),
            )
    head = server.unread.partition(EMPTY_LINE)[0]
    request_line, *headers = head.split(b"\r\n")
    if request_line != wanted:
        is_path = request_line.startswith(b"GET ") and request_line.endswith(
            b" HTTP/1.1"
        )
        hint = AS_TYPED if is_path else ""
        server.fail_at(wanted, request_line, _("this is the first difference"), hint)
    port = server.socket.getsockname()[1]
    expect_header(server, headers, "Host", f"{host}:{port}")
    expect_header(server, headers, "Connection", "close")


def hint_for_part(came: bytes, first_line: bytes) -> str:
    """Return what to say of a request of which only a part came; "" of nothing."""
    if came and first_line.startswith(came):
        return ONE_SEND
    if b"\n" in came.replace(b"\r\n", b""):
        return BARE_NEWLINES
    return NO_EMPTY_LINE if came else ""


AS_TYPED = _(
    "The path goes into the request line as it was typed: %20 stays %20, so neither"
    " quote() nor unquote()."
)
NO_EMPTY_LINE = _("Until the empty line comes a server waits for more headers.")
BARE_NEWLINES = _(
    "Each line ends with \\r\\n, the empty line too: here a \\n has no \\r before it."
    " In a triple-quoted string a line break is \\n alone."
)
ONE_SEND = _(
    "Only a part of the first line came. send() takes what there is room for at the"
    " moment, and returns how many bytes that was: use sendall()."
)


def expect_no_more(server: Peer) -> None:
    """Expect that nothing followed the request's empty line.

    The client has read what the server sent since: so all that it sent has come.
    """
    while server.receive_now():
        continue
    if rest := server.unread.partition(EMPTY_LINE)[2]:
        server.fail(
            expected=(_("Expected after the empty line"), _("nothing")),
            got=(server.but_it_sent(), show(rest)),
            hint=_("A GET has no body: the empty line is the end of the request."),
        )


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
    page = f"\n  <h1>{lab.random_word()}</h1>\n".encode()
    binary = "Content-Type: application/octet-stream"
    headers = binary, b"X-Bytes: " + ANY_VALUE
    answers = (
        response(page, *headers, status="HTTP/1.1 404 Not Found"),
        response(any_bytes + b"\r\n\n\r", *headers),
    )
    clients = take_requests(lab, len(answers))
    for whole, (client, server) in zip(answers, clients, strict=True):
        send_and_end(server, whole)
        client.expect_exit(seconds=ANSWER, hint=COMPLETE)
        client.expect_output(whole, "" if client.stdout.data else NOTHING)


COMPLETE = _(
    "The response was complete and right: there is nothing to wait for, and nothing to"
    " complain of. What came together with the head is body already. If a 'codec'"
    " complains, that is decode(): write bytes as they are."
)
NOTHING = _(
    "Nothing was printed. Does main() call print_response(), and does that write head"
    " and body with sys.stdout.buffer.write()?"
)


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
    last_of_head, body = whole[cut : cut + 1], whole[cut + 1 : cut_again]
    send_pieces(server, whole[:cut], last_of_head, body)
    has_half_closed = sees_the_end(server)
    send_and_end(server, whole[cut_again:])
    expect_output(client, whole)
    if has_half_closed:
        raise half_closed(client)
    byte_by_byte(lab, response(f"one {lab.random_word()} at a time\r\n".encode() * 10))
    long_header = f"Set-Cookie: {'x' * 20_000}"
    at_once(lab, response(lab.numbers.randbytes(5_000_000), long_header))


def sees_the_end(server: Peer) -> bool:
    """Return whether the client has closed its side of the connection already."""
    while server.receive_now():
        continue
    return server.end == "end"


def half_closed(client: Program) -> CheckFailedError:
    """Return the failure of a client that closes its side and goes on reading."""
    expected = _("Expected {name} to keep its side open until")
    return CheckFailedError(
        expected=(expected.format(name=client.name), _("it has the whole response")),
        got=(_("but it half-closed it"), _("after the request")),
        hint=_(
            "Leave shutdown(socket.SHUT_WR) out: some servers take the end of your side"
            " for a client that has left, and do not answer. The empty line says"
            " already that the request is complete."
        ),
    )


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
    goes_on = makes_progress(client, sending)
    while not sending.run(lambda: not sending.left[server]) and next(goes_on):
        continue
    server.half_close()
    while not wait_until(client.exited.is_set, client.slices(ANSWER)) and next(goes_on):
        continue
    expect_output(client, whole)


def makes_progress(client: Program, sending: Exchange) -> Iterator[bool]:
    """Yield each time whether the client has read or printed more in the meantime.

    A client that receives one byte at a time, and rightly so, needs long for 5 MB.
    """
    before = 0
    while True:
        waiting = sum(
            len(left) + (peer.unread_by_program() or 0)
            for peer, left in sending.left.items()
        )
        done = client.stdout.length - waiting
        yield before == 0 or done >= before + FEWEST
        before = done


FEWEST = 65_536  # bytes in ANSWER seconds: even a busy machine does that


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
    body = f"no length\r\nContent-Length: 3\r\n\r\nbut {lab.random_word()}\n".encode()
    answers = [head + body[:-5], body[-5:]], [head]
    clients = take_requests(lab, len(answers))
    for pieces, (client, server) in zip(answers, clients, strict=True):
        send_and_end(server, *pieces)
        expect_output(client, b"".join(pieces))


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
    whole, surplus = response(body), b"of another response"
    plain = f"Content-Length: {len(body)}"
    other = f"X-Content-Length: 5\r\ncontent-LENGTH:{len(body)} \t\r\nVia: 1:2:3"
    cut = whole.index(EMPTY_LINE) + 3
    answers = (
        ([whole], b"", ""),
        ([whole[:cut], whole[cut:]], b"", ""),
        ([with_headers(other) + body], b"", ANOTHER_NAME),
        ([with_headers(NOT_A_LINE_END, plain) + body], b"", LINE_ENDS),
        ([with_headers("Content-Length: 0")], b"", ZERO),
        ([whole], surplus, ""),
        ([whole[:-3], whole[-3:]], surplus, ""),
    )
    clients = take_requests(lab, len(answers))
    for (pieces, more, hint), (client, server) in zip(answers, clients, strict=True):
        wanted = b"".join(pieces)
        send_pieces(server, *pieces[:-1], pieces[-1] + more)
        expect_exit(client, hint)
        prints_more = client.stdout.length > len(wanted)
        client.expect_output(wanted, SURPLUS if prints_more else hint)


# A value may hold these, and str.splitlines() would cut at them.
NOT_A_LINE_END = b"X-Note: \x85Content-Length: 1\xe2\x80\xa8Content-Length: 2"
ANOTHER_NAME = _(
    "Capitals do not matter in a header's name, nor do spaces and tabs around the"
    " value, which may hold colons. X-Content-Length is another header: compare the"
    " whole name."
)
LINE_ENDS = _(
    "Cut the head into lines at b'\\r\\n', as bytes: str.splitlines() cuts a text at"
    " other characters as well, such as U+0085 and U+2028."
)
CUT_IN_TWO = _(
    "Look for the empty line in all that you have: it may come cut in two, and it need"
    " not be at the end."
)
ZERO = _("0 is a length: a body of 0 bytes is complete as soon as the head is.")
SURPLUS = _("Here more came than belongs to the body: print piece[:missing].")


def expect_exit(client: Program, hint: str) -> None:
    """Expect the client to end well; where it waits says which hint fits."""
    try:
        client.expect_exit(seconds=ANSWER, hint=hint)
    except CheckFailedError as error:
        if any("read_head()" in symptom.text for symptom in error.failure.symptoms):
            error.failure.hint = CUT_IN_TWO
        raise


def with_headers(*headers: str | bytes) -> bytes:
    """Return the head of a response with just these headers."""
    return b"\r\n".join(map(as_bytes, ["HTTP/1.1 200 OK", *headers])) + EMPTY_LINE
