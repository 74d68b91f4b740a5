"""HTTP as the suites of exercises 1 and 2 speak it: a request, and a response."""

import re
from dataclasses import dataclass
from typing import NoReturn

from tests.harness import system
from tests.harness.lab import Server
from tests.harness.patience import ANSWER, STILL
from tests.harness.peer import UNREAD_INPUT, Peer
from tests.harness.steps import show
from tests.harness.words import _

HEADER_LINE = re.compile(rb"[\w!#$%&'*+.^`|~-]+:")  # RFC 9112, section 5
HTML = re.compile(rb"<[!a-zA-Z]")  # the start of a tag
RESTS = 0.5  # seconds; a program that sleeps as long has nothing left to do


@dataclass
class Response:
    """A response, taken apart; ``body`` is what has come of it."""

    head: bytes  # as it came, with the line ends and the empty line
    headers: dict[str, str]  # by their names in small letters
    body: bytes = b""


def request(
    server: Server,
    *headers: str,
    method: str = "GET",
    path: str = "/",
    version: str = "HTTP/1.1",
) -> str:
    """Return a whole request for this server."""
    host = f"Host: {server.host}:{server.port}"
    return "\r\n".join([f"{method} {path} {version}", host, *headers, "", ""])


# -- a response's head ----------------------------------------------------------------


def read_head(peer: Peer, status: str, seconds: float = ANSWER) -> Response:
    r"""Receive a response's head, which must have this status ("200 OK").

    Lines may end with a bare ``\n`` here: see expect_line_ends.
    """
    wanted = f"HTTP/1.1 {status}\r\n"
    head = peer.read_line(repr(wanted), seconds)
    if head.rstrip(b"\r\n") != wanted.rstrip().encode():
        remark = _("this is the first difference")
        peer.fail_at(wanted.encode(), head, remark, hint_on(head))
    headers = {}
    while line := _header_line(peer, seconds):
        head += line
        if not line.strip(b"\r\n"):
            break
        name, _colon, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return Response(head, headers)


def _header_line(peer: Peer, seconds: float) -> bytes:
    """Receive a header line, or the empty line after the last one."""
    waiting_for = _("a header line (Name: value), or the empty line after the headers")
    line = peer.read_line(waiting_for, seconds)
    if line.strip(b"\r\n") and not HEADER_LINE.match(line):
        peer.fail(
            expected=(peer.to_receive(), waiting_for),
            got=(peer.but_it_sent(), show(line)),
            hint=hint_on(line) or NO_HEADER,
        )
    return line


NO_HEADER = _(
    "An empty line separates the headers from the page. Before it, no line"
    " begins with a space."
)


def hint_on(line: bytes) -> str:
    r"""Return what to do about a line with backslashes, or with \n\r at its end."""
    if rb"\r\n" in line or rb"\n" in line:
        return _(
            "The line holds backslashes and letters. In a raw string, r'\\r\\n' is four"
            " characters: leave the r out."
        )
    if line.startswith(b"\r"):
        return _("The line before ends with \\n\\r. The order is \\r\\n: CR, then LF.")
    return ""


def expect_line_ends(peer: Peer, response: Response) -> None:
    r"""Expect that each line of a head ends with \r\n, the empty line too."""
    lines = response.head.splitlines(keepends=True)
    for line in lines:
        text = line.rstrip(b"\r\n")
        if line == text + b"\r\n":
            continue
        remark = _("this line does not end with \\r\\n")
        hint = ""
        if not text:
            remark = _("here an empty line ends the head, and it has no \\r")
            if HEADER_LINE.match(peer.unread):  # that was not meant to be the end
                remark = _("after \\r\\n there is one more \\n")
                hint = _(
                    "In a triple-quoted string every line break counts, also the one"
                    " after \\r\\n. Write one quoted string per line."
                )
        peer.fail_at(text + b"\r\n", line, remark, hint)


def expect_headers(peer: Peer, headers: dict[str, str]) -> None:
    """Expect what each page needs beside its length."""
    expect_header(peer, headers, "Content-Type", "text/html; charset=utf-8")
    expect_header(peer, headers, "Connection", "close")


def expect_header(peer: Peer, headers: dict[str, str], name: str, wanted: str) -> None:
    """Expect a header's value; spaces, quotes and capitals make no difference."""
    got = headers.get(name.lower())
    if got is None or re.sub(r'[\s"]', "", got.lower()) != wanted.replace(" ", ""):
        peer.history.blame_last_message(peer.name)
        peer.fail(
            expected=(_("Expected the header"), f"{name}: {wanted}"),
            got=(_("but it is"), _("missing") if got is None else repr(got)),
        )


# -- its body, and the end ------------------------------------------------------------


def read_response(peer: Peer, status: str, seconds: float = ANSWER) -> Response:
    """Receive a response with this status, whole, and the end of the stream."""
    response = read_head(peer, status, seconds)
    expect_line_ends(peer, response)
    expect_headers(peer, response.headers)
    response.body = read_to_end(peer, response, seconds)
    if peer.end == "reset":
        fail_reset(peer, LINGERS if resets_what_it_has_read(peer) else UNREAD_INPUT)
    expect_page(peer, response)
    expect_length(peer, response)
    if status != "200 OK":
        expect_to_name(peer, response, status)
    return response


def read_to_end(peer: Peer, response: Response, seconds: float = ANSWER) -> bytes:
    """Receive the rest of a response, and the end or a reset of the stream.

    A program that sleeps after it has sent all of its page is not going to close.
    """
    length = response.headers.get("content-length", "")
    resting, is_whole = 0.0, False
    while not peer.end and peer.waited_in_vain < seconds:
        is_whole = length.isdecimal() and len(peer.unread) >= int(length)
        if resting > (RESTS if is_whole else STILL):
            break
        moved = peer.wait_for_more(0.1)
        resting = resting + 0.1 if not moved and is_asleep(peer) else 0.0
    if not peer.end:
        still = _("is still open after {seconds} s")
        still = still.format(seconds=f"{peer.waited_in_vain:.1f}")
        peer.fail(
            expected=(peer.to_receive(), _("the page, and then the end")),
            got=(_("but the connection"), still),
            hint=STILL_OPEN if is_whole else "",
        )
    data, peer.unread = peer.unread, b""
    return data


STILL_OPEN = _(
    "The whole answer came, and then the client waits for the end: close its socket,"
    " without a wait for anything. A close() does not count as long as somebody else"
    " holds the socket: a file from makefile(), or after os.fork() the other process."
)


def is_asleep(peer: Peer) -> bool:
    """Return whether a peer's program waits: no busy machine makes it look so."""
    activity = system.activity(peer.program.pid)
    return activity is not None and activity.waits


def expect_page(peer: Peer, response: Response) -> None:
    """Expect that the body holds some HTML."""
    if not HTML.search(response.body):
        peer.fail(
            expected=(_("Expected the body to be"), _("a page in HTML")),
            got=(
                _("but it is"),
                show(response.body) if response.body else _("empty"),
            ),
        )


COUNT_BYTES = _(
    "Content-Length counts the body's bytes: encode first, then take len()."
)


def expect_length(peer: Peer, response: Response) -> None:
    """Expect that Content-Length is the number of bytes that the body has."""
    came, said = len(response.body), response.headers.get("content-length")
    if said == str(came):
        return
    in_characters = said == str(len(response.body.decode(errors="replace")))
    peer.history.blame_last_message(peer.name)
    peer.fail(
        expected=(_("Expected the header"), f"Content-Length: {came}"),
        got=(_("but it is"), said or _("missing")),
        remark=_("This is the number of characters.") if in_characters else "",
        hint=COUNT_BYTES if said else "",
    )


def expect_to_name(peer: Peer, response: Response, status: str) -> None:
    """Expect that an error's page says which error it is: by its number, at least."""
    number = status.partition(" ")[0]
    if number.encode() not in response.body:
        peer.history.blame_last_message(peer.name)
        peer.fail(
            expected=(
                _("Expected the page to name"),
                _("its status, {status}").format(status=status),
            ),
            got=(_("but it is"), show(response.body)),
            hint=_(
                "A person sees the page, not the status line: so an error's page names"
                " the error. PAGE is for '200 OK' alone."
            ),
        )


# -- the server -----------------------------------------------------------------------


def expect_sleep(server: Server) -> None:
    """Expect a server to sleep while it waits for a client."""
    server.wait_until_idle()
    if not server.ever_sleeps():
        server.fail(
            _("The server keeps a processor busy while it waits for a client."),
            hint=_(
                "accept() sleeps until a client comes. With setblocking(False), or a"
                " time limit of 0, it does not."
            ),
        )


def expect_no_traceback(server: Server) -> None:
    """Expect that nothing which clients did has ended in a traceback."""
    if server.traceback():
        text = _("{name} goes on, but it has printed a traceback.")
        server.fail(text.format(name=server.name))


def fail_reset(peer: Peer, hint: str = UNREAD_INPUT) -> NoReturn:
    """Fail because a connection was reset where its end should be."""
    to_see = _("Expected {name} to see").format(name=peer.name)
    peer.fail(
        expected=(to_see, _("the end of the stream")),
        got=(_("but the connection was"), _("reset")),
        hint=hint,
    )


LINGERS = _(
    "All of the request had been read, and yet the connection was reset. The option"
    " SO_LINGER with a time of 0 does that at every close(): leave it out."
)


def resets_what_it_has_read(peer: Peer) -> bool:
    """Return whether a peer's server resets a connection that it has read empty."""
    server = peer.program
    if not system.LINUX or not isinstance(server, Server):
        return False  # nobody knows what has been read
    client = server.connect(_("another client"))
    if not send_when_read(client, request(server)):
        return False
    while not client.end and client.wait_for_more():
        continue
    return client.end == "reset"


def send_when_read(client: Peer, text: str) -> bool:
    """Send a text, its last byte when all before it has been read.

    Return whether the program has waited for that byte.
    """
    client.send(text[:-1])
    client.wait_until_read()
    client.receive_now()
    if client.end or client.unread:
        return False
    client.send(text[-1])
    return True
