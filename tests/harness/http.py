"""HTTP as the suites of exercises 1 and 2 speak it: a request, and a response."""

import re
import time
from dataclasses import dataclass
from typing import NoReturn

from tests.harness import system
from tests.harness.failure import Seen, Symptom
from tests.harness.lab import Server
from tests.harness.patience import ANSWER, STILL
from tests.harness.peer import Peer
from tests.harness.program import Program
from tests.harness.shown import show
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
        hint = hint_on(head)
        if head.startswith(wanted.rstrip().encode()):
            hint = hint or _("The status line does not end there: \\r\\n ends it.")
        remark = _("this is the first difference")
        peer.fail_at(wanted.encode(), head, remark, hint)
    headers: dict[str, str] = {}
    while line := _header_line(peer, seconds):
        head += line
        if not line.strip(b"\r\n"):
            _expect_end_of_headers(peer, line)
            break
        name, _colon, value = line.decode("latin-1").partition(":")
        name, text = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return Response(head, headers)


def _expect_end_of_headers(peer: Peer, empty_line: bytes) -> None:
    """Expect that no header follows the empty line, which ends the head."""
    if not HEADER_LINE.match(peer.unread):
        return
    hint = _("The empty line ends the head: all headers come before it.")
    if empty_line == b"\n":
        hint = _(
            "After \\r\\n there is one more \\n. In a triple-quoted string every line"
            " break counts, also the one after \\r\\n: quote each line by itself."
        )
    peer.fail(
        expected=(peer.to_receive(), _("the page, after the empty line")),
        got=(peer.but_it_sent(), show(empty_line + peer.unread[:40])),
        hint=hint,
    )


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


LINE_ENDS = _(
    "Each line of the head ends with the two bytes \\r\\n, the empty line too. Browsers"
    " forgive a bare \\n, other programs do not."
)
HEADERS = _(
    "Three headers: 'Content-Type: text/html; charset=utf-8', 'Content-Length: ' and"
    " the body's length in bytes, 'Connection: close'."
)


def expect_line_ends(peer: Peer, response: Response) -> None:
    r"""Expect that each line of a head ends with \r\n, the empty line too."""
    lines = response.head.splitlines(keepends=True)
    for line in lines:
        text = line.rstrip(b"\r\n")
        if line == text + b"\r\n":
            continue
        remark = _("this line does not end with \\r\\n")
        if not text:
            remark = _("here an empty line ends the head, and it has no \\r")
        peer.fail_at(text + b"\r\n", line, remark, LINE_ENDS)


def expect_headers(peer: Peer, headers: dict[str, str]) -> None:
    """Expect what each page needs beside its length."""
    content_type = "text/html; charset=utf-8"
    expect_header(peer, headers, "Content-Type", content_type, HEADERS)
    expect_header(peer, headers, "Connection", "close", HEADERS)


def expect_header(
    peer: Peer, headers: dict[str, str], name: str, wanted: str, hint: str = ""
) -> None:
    """Expect a header's value; spaces, quotes and capitals make no difference."""
    got = headers.get(name.lower())
    values = set(re.sub(r'[\s"]', "", (got or "").lower()).split(","))
    if values != {wanted.replace(" ", "")}:
        peer.history.blame_last_message(peer.name)
        peer.fail(
            expected=(_("Expected the header"), f"{name}: {wanted}"),
            got=(_("but it is"), _("missing") if got is None else repr(got)),
            hint=hint,
        )


# -- its body, and the end ------------------------------------------------------------


def read_response(peer: Peer, status: str, seconds: float = ANSWER) -> Response:
    """Receive a response with this status, whole, and the end of the stream."""
    response = read_head(peer, status, seconds)
    expect_line_ends(peer, response)
    expect_headers(peer, response.headers)
    response.body = read_to_end(peer, response, seconds)
    if peer.end == "reset" and status != "200 OK":
        fail_unread(peer, _("Instead of the end of the answer there was a reset."))
    peer.expect_end()
    expect_page(peer, response)
    expect_length(peer, response)
    expect_charset(peer, response)
    if status != "200 OK":
        expect_to_name(peer, response, status)
    return response


def read_to_end(peer: Peer, response: Response, seconds: float = ANSWER) -> bytes:
    """Receive the rest of a response, and the end or a reset of the stream.

    A program that sleeps after it has sent all of its page is not going to close.
    """
    length = response.headers.get("content-length", "")
    is_whole, asleep_since = False, 0.0
    while not peer.end and peer.waited_in_vain < seconds:
        is_whole = length.isdecimal() and len(peer.unread) >= int(length)
        moved = peer.wait_for_more(0.1)
        if moved or not is_asleep(peer.program):
            asleep_since = 0.0
            continue
        asleep_since = asleep_since or time.monotonic()
        if time.monotonic() - asleep_since > (RESTS if is_whole else STILL):
            break
    if not peer.end:
        still = _("is still open after {seconds} s")
        still = still.format(seconds=f"{peer.waited_in_vain:.1f}")
        peer.fail(
            expected=(peer.to_receive(), _("the page, and then the end")),
            got=(_("but the connection"), still),
            hint=STILL_OPEN if is_whole else "",
            symptoms=[Symptom(Seen.OPEN)],
        )
    data, peer.unread = peer.unread, b""
    return data


STILL_OPEN = _(
    "The whole answer came, and then the client waits for the end: close its socket,"
    " without a wait for anything."
)


def expect_page(peer: Peer, response: Response) -> None:
    """Expect that the body holds some HTML."""
    if not HTML.match(response.body.lstrip()):
        peer.fail(
            expected=(
                _("Expected the body to be"),
                _("a page in HTML, which begins with a tag"),
            ),
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
        hint=(ONCE if "," in said else COUNT_BYTES) if said else "",
    )


ONCE = _("This header comes more than once. Does a list grow from answer to answer?")


def expect_charset(peer: Peer, response: Response) -> None:
    """Expect that the body is UTF-8, as Content-Type says."""
    try:
        response.body.decode()
    except UnicodeDecodeError:
        peer.fail(
            expected=(_("Expected the page to be"), _("UTF-8, as its charset says")),
            got=(_("but it is"), show(response.body)),
            hint=_("page.encode() makes UTF-8; other encodings have other bytes."),
        )


def expect_to_name(peer: Peer, response: Response, status: str) -> None:
    """Expect that an error's page names the error, by its number or its words."""
    number, _space, words = status.encode().partition(b" ")
    if number not in response.body and words not in response.body:
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


# -- the connection, and the server ---------------------------------------------------


def is_asleep(program: Program) -> bool:
    """Return whether a program waits. No busy machine makes it look as if it did."""
    activity = system.activity(program.pid)
    return activity is not None and activity.waits


UNREAD = _(
    "The server has closed with a part of the input unread, and a reset may destroy the"
    " answer. So half-close, then receive until the client has closed too."
)


def fail_unread(client: Peer, message: str, hint: str = UNREAD) -> NoReturn:
    """Fail because a refusal was followed by a reset."""
    client.fail(message, hint=hint)
