"""HTTP as the suites of exercises 1 and 2 speak it: a request, and a response."""

import re
from dataclasses import dataclass

from tests.harness.lab import Server
from tests.harness.patience import ANSWER
from tests.harness.peer import Peer
from tests.harness.steps import show
from tests.harness.words import _

HEADER_LINE = re.compile(rb"[\w!#$%&'*+.^`|~-]+:")  # RFC 9112, section 5
HTML = re.compile(rb"<[!a-zA-Z]")  # the start of a tag


@dataclass
class Response:
    """A response, taken apart; ``body`` is what has come of it."""

    head: bytes  # as it came, with the line ends and the empty line
    headers: dict[str, str]  # by their names in small letters
    body: bytes = b""


def request(server: Server, *headers: str, method: str = "GET", path: str = "/") -> str:
    """Return a whole request for this server."""
    host = f"Host: {server.host}:{server.port}"
    return "\r\n".join([f"{method} {path} HTTP/1.1", host, *headers, "", ""])


def read_head(peer: Peer, status: str, seconds: float = ANSWER) -> Response:
    r"""Receive a response's head, which must have this status ("200 OK").

    Lines may end with a bare ``\n`` here: whether that is right is another question.
    """
    head = peer.read_line(repr(f"HTTP/1.1 {status}\r\n"), seconds)
    wanted = f"HTTP/1.1 {status}".encode()
    if head.rstrip(b"\r\n") != wanted:
        wanted += head[len(head.rstrip(b"\r\n")) :]
        peer.fail_at(wanted, head, _("this is the first difference"))
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
            hint=_(
                "An empty line separates the headers from the page. Before it, no line"
                " begins with a space."
            ),
        )
    return line


def read_response(peer: Peer, status: str, seconds: float = ANSWER) -> Response:
    """Receive a response with this status, whole, and the end of the stream."""
    response = read_head(peer, status, seconds)
    response.body = peer.read_to_end(_("the page, and then the end"), seconds)
    peer.expect_end()
    expect_page(peer, response)
    expect_length(peer, response)
    return response


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
    peer.fail(
        expected=(_("Expected the header"), f"Content-Length: {came}"),
        got=(_("but it is"), said or _("missing")),
        remark=_("This is the number of characters.") if in_characters else "",
        hint=COUNT_BYTES if said else "",
    )
