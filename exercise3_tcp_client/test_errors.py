"""The checks of exercise 3 that end with an error: cut short, refused, no answer.

Here, too, the suite is the server.
"""

import re

from tests.harness import system
from tests.harness.checks import check
from tests.harness.http_server import (
    EMPTY_LINE,
    PATIENT,
    send_and_end,
    send_pieces,
    start_and_accept,
    take_request,
)
from tests.harness.lab import Lab
from tests.harness.patience import ANSWER, SOON
from tests.harness.program import Program
from tests.harness.steps import show
from tests.harness.words import _

IMPATIENT = {"HTTP_TIMEOUT": "0.3"}
GIVES_UP = 11.5  # seconds: ten, and a moment to end
RESOLVER = 40  # seconds: a name server that is out of reach is asked more than once


def expect_error(client: Program, seconds: float = ANSWER, hint: str = "") -> str:
    """Expect the client to end with status 1, and return its one line of error."""
    client.expect_exit(1, seconds, hint)
    errors = re.findall(r"^error: .*", client.errors(), re.M)
    if len(errors) != 1:
        client.fail(
            expected=(_("Expected on stderr one line that begins with"), "'error: '"),
            got=(_("but stderr holds"), show(client.errors().encode())),
            remark=_("It is on stdout.") if b"error: " in client.stdout.data else "",
        )
    client.history.event(client.name, _("says {text}").format(text=repr(errors[0])))
    return str(errors[0])


@check(
    "3.7",
    _("says in one line that the connection is refused or the host unknown"),
    points=1,
    hint=_(
        "Catch OSError around the connection: ConnectionRefusedError and"
        " socket.gaierror are kinds of it. sys.exit('error: …') prints the line on"
        " stderr and ends with status 1."
    ),
    read=_("Step 5: errors in one line"),
)
def test_no_connection(lab: Lab) -> None:
    port = system.free_port(lab.host)
    expect_error(lab.start_client(lab.host, port, "/", environment=PATIENT), SOON)
    unknown = "no-such-host.invalid"  # and never will be: RFC 6761, section 6.4
    expect_error(lab.start_client(unknown, port, "/", environment=PATIENT), RESOLVER)


@check(
    "3.8",
    _("says how much is missing of a response that is cut short"),
    points=2,
    needs=["3.6", "3.4"],
    hint=_(
        "Print what came. Then compare the number of body bytes with Content-Length: if"
        " there are fewer, end with 'error: … N of M bytes' on stderr, such as 3 of 100"
        " bytes, and status 1."
    ),
    read=_("Step 6: cut short"),
)
def test_cut_short(lab: Lab) -> None:
    characters = lab.numbers.randint(3, 9)
    came = ("é" * characters).encode()
    client, server = take_request(lab)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    send_and_end(server, head + came)
    error = expect_error(client)
    if not re.search(rf"\b{len(came)} of 100 bytes", error):
        client.fail(
            expected=(_("Expected the error to say"), f"'{len(came)} of 100 bytes'"),
            got=(_("but it is"), repr(error)),
        )
    client.expect_output(head + came)
    client, server = take_request(lab)
    send_and_end(server, head[:30])
    expect_error(
        client, hint=_("Not even the head was complete: that is an error as well.")
    )


@check(
    "3.9",
    _("says in one line that there is no answer, or none in HTTP"),
    points=1,
    needs=["3.1", "3.4"],
    hint=_(
        "Look at what you have when the loop ends: nothing at all, or something that"
        " does not begin with HTTP/, is an error, and so is a Content-Length that is"
        " not a number. A reset connection is an OSError."
    ),
    read=_("Step 7: not HTTP"),
)
def test_no_http(lab: Lab) -> None:
    tls_alert = b"\x15\x03\x03\x00\x02\x02\x28"  # RFC 8446, section 6
    for answer in (b"", b"220 mail.example.org ready\r\n\r\n", tls_alert):
        client, server = take_request(lab)
        send_and_end(server, *([answer] if answer else []))
        expect_error(client)
    client, server = take_request(lab)
    server.reset()
    expect_error(client)
    for nonsense in (b"abc", b"-5"):
        client, server = take_request(lab)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: " + nonsense + EMPTY_LINE
        send_and_end(server, head)
        hint = _("A Content-Length that is not a number is an error: no traceback.")
        expect_error(client, hint=hint)
        client.expect_output(head)


@check(
    "3.10",
    _("gives up a server that does not answer for ten seconds"),
    points=1,
    needs=["3.1", "3.8"],
    hint=_(
        "create_connection(address, timeout=TIMEOUT) gives each recv() a time limit,"
        " too. When it is over, recv() raises TimeoutError: an error like the others."
    ),
    read=_("Step 8: time limits"),
)
def test_gives_up(lab: Lab) -> None:
    client = start_and_accept(lab, environment=IMPATIENT)[0]
    reading, server = start_and_accept(lab, environment=IMPATIENT)
    half = f"HTTP/1.1 200 OK\r\n\r\nhalf a page: {lab.random_word()}, and then sil"
    send_pieces(server, half.encode())
    expect_error(client, GIVES_UP)
    hint = _(
        "Half a page is not the page: a time limit in the middle of it is an error."
    )
    expect_error(reading, GIVES_UP, hint)
