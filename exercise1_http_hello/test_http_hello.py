"""The checks of exercise 1: one HTTP answer for Chrome, and the end."""

import random
import re
import socket

from tests.harness import system
from tests.harness.checks import check
from tests.harness.http import (
    HTML,
    Response,
    expect_length,
    expect_page,
    read_head,
    request,
)
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SOON
from tests.harness.peer import Peer
from tests.harness.program import Program
from tests.harness.steps import Kind, show
from tests.harness.words import _

TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # as https:// begins


def ask(server: Server, *headers: str) -> Peer:
    """Connect a browser that asks for the page."""
    browser = server.connect(_("browser"))
    browser.send(request(server, *headers))
    return browser


def read_body(browser: Peer, response: Response) -> None:
    """Receive to the end, or for a second more than all of the page.

    Whether there is an end, and a good one, is covered by check 1.6.
    """
    length = response.headers.get("content-length", "")
    missing = int(length) if length.isdecimal() else 0
    while not browser.end and browser.wait_for_more(
        ANSWER if len(browser.unread) < missing else 1
    ):
        continue
    response.body = browser.unread


def printed_port(server: Server) -> int:
    """Return the port that the server says it listens on: not 0, a real one."""
    host = re.escape(server.host.encode())
    line = re.compile(rb"Listening on %b:([1-9]\d*)\s" % host)
    if not server.stdout.wait_for(line.search, server.slices(SOON)):
        server.fail(
            expected=(
                _("Expected the server to print"),
                _("{start} and the port that the system chose").format(
                    start=repr(f"Listening on {server.host}:")
                ),
            ),
            got=(_("but its stdout is"), show(bytes(server.stdout.data))),
            hint=_("getsockname() of the listening socket returns the real port."),
        )
    found = line.search(server.stdout.data)
    assert found
    return int(found[1])


def expect_nobody_at_other_addresses(server: Server) -> None:
    """Expect a refusal at another address of this machine, on the same port."""
    if not system.LINUX:
        return  # elsewhere there may be no second loopback address
    other = system.loopback_address(random.Random())
    with socket.socket() as stranger:
        if stranger.connect_ex((other, server.port)) == 0:
            place = _("to {address}").format(address=f"{other}:{server.port}")
            who = _("a stranger")
            server.history.arrives(Kind.CONNECTS, who, _("connects"), place)
            server.fail(
                expected=(
                    _("Expected the server to listen on"),
                    _("{host} alone").format(host=server.host),
                ),
                got=(_("but it also answers on"), other),
                hint=_(
                    "bind() to the host that was given: '' and 0.0.0.0 are all the"
                    " addresses of the machine, and open the server to everybody near"
                    " you."
                ),
            )


@check(
    "1.1",
    _("listens on the HOST and PORT that it is given, and says so"),
    points=1,
    hint=_(
        "bind() to HOST and PORT, listen(), then print 'Listening on HOST:PORT' with"
        " flush=True: into a pipe, Python keeps back what it prints."
    ),
    read=_("Step 1: listening"),
)
def test_listens(lab: Lab) -> None:
    server = lab.start_server()
    server.expect_printed(f"Listening on {server.host}:{server.port}", SOON)
    server.connect(_("browser"))
    server = lab.start_server(port=0)
    server.port = printed_port(server)
    expect_nobody_at_other_addresses(server)
    server.connect(_("browser"))


@check(
    "1.2",
    _("answers a GET with HTTP/1.1 200 OK, headers, an empty line, the page"),
    points=1,
    needs=["1.1"],
    hint=_(
        "Read the request, then send the status line, the headers, an empty line, the"
        " page. If the server waits in recv(): the request is complete at its empty"
        " line, \\r\\n\\r\\n. The browser does not close before it has the answer."
    ),
    read=_("Step 2: the response"),
)
def test_answers(lab: Lab) -> None:
    server = lab.start_server()
    browser = ask(server)
    response = read_head(browser, "200 OK")
    while not HTML.search(browser.unread) and browser.wait_for_more():
        continue
    response.body = browser.unread
    expect_page(browser, response)


@check(
    "1.3",
    _("ends the status line and every header line with CRLF"),
    points=1,
    needs=["1.2"],
    hint=_(
        "Each line of the head ends with the two bytes \\r\\n, the empty line too."
        " Browsers forgive a bare \\n, other programs do not."
    ),
    read=_("Step 2: the response"),
)
def test_line_ends(lab: Lab) -> None:
    server = lab.start_server()
    browser = ask(server)
    head = read_head(browser, "200 OK").head
    for line in head.splitlines(keepends=True):
        text = line.rstrip(b"\r\n")
        if line != text + b"\r\n":
            remark = _("this line does not end with \\r\\n")
            if not text:
                remark = _("here an empty line ends the head, and it has no \\r")
            browser.fail_at(text + b"\r\n", line, remark)


@check(
    "1.4",
    _("says Content-Type, Content-Length in bytes, and Connection: close"),
    points=1,
    needs=["1.2"],
    hint=_(
        "Three headers: 'Content-Type: text/html; charset=utf-8', 'Content-Length: '"
        " and the body's length in bytes, 'Connection: close'."
    ),
    read=_("Step 3: headers"),
)
def test_headers(lab: Lab) -> None:
    server = lab.start_server()
    browser = ask(server)
    response = read_head(browser, "200 OK")
    expect_header(browser, response.headers, "Content-Type", "text/html; charset=utf-8")
    expect_header(browser, response.headers, "Connection", "close")
    read_body(browser, response)
    expect_length(browser, response)


def expect_header(
    browser: Peer, headers: dict[str, str], name: str, wanted: str
) -> None:
    """Expect a header's value; spaces, quotes and capitals make no difference."""
    got = headers.get(name.lower())
    if got is None or re.sub(r'[\s"]', "", got.lower()) != wanted.replace(" ", ""):
        browser.fail(
            expected=(_("Expected the header"), f"{name}: {wanted}"),
            got=(_("but it is"), _("missing") if got is None else repr(got)),
        )


@check(
    "1.5",
    _("reads the whole request, even in pieces, before it answers"),
    points=1,
    needs=["1.2"],
    hint=_(
        "recv() returns what has arrived so far. Call it until all that has come holds"
        " the empty line, \\r\\n\\r\\n; only then send the answer."
    ),
    read=_("Step 4: the whole request"),
)
def test_reads_the_request(lab: Lab) -> None:
    server = lab.start_server()
    browser = server.connect(_("browser"))
    began = len(lab.history.steps)
    for byte in request(server):
        expect_silence(browser)
        browser.send(byte)
        if byte in "G\r\n":  # so that at least these come alone
            browser.wait_until_read()
    read_head(browser, "200 OK")
    summary = _("sends its request byte by byte: all is well")
    lab.history.sum_up(began, browser.name, summary)

    server = lab.start_server()
    browser = ask(server, f"Cookie: long={'x' * 3000}")
    read_body(browser, read_head(browser, "200 OK"))
    if browser.end == "reset":
        browser.fail(
            _(
                "After the answer the connection was reset: a part of the request, of"
                " more than 3,000 bytes,\nwas still unread when the server closed."
            ),
            hint=_("One recv(1024) or recv(4096) is not always enough."),
        )


def expect_silence(browser: Peer) -> None:
    """Expect no answer: the server has read all that was sent, but no empty line."""
    browser.receive_now()
    if browser.unread or browser.end:
        browser.fail(
            expected=(
                _("Expected the server to wait for"),
                _("the rest of the request"),
            ),
            got=(
                _("but it"),
                _("answered") if browser.unread else _("closed the connection"),
            ),
            remark=_("The empty line that ends the request has not been sent yet."),
        )


@check(
    "1.6",
    _("sends all of the answer, then closes: the client sees the end, no reset"),
    points=1,
    needs=["1.4", "1.5"],
    hint=_(
        "After sendall(), close the client socket, without a wait for anything: the"
        " client waits for the end, and does not close first."
    ),
    read=_("Step 4: the whole request"),
)
def test_closes(lab: Lab) -> None:
    server = lab.start_server()
    browser = ask(server, "Accept: text/html", "Connection: keep-alive")
    response = read_head(browser, "200 OK")
    response.body = browser.read_to_end(_("the page, and then the end"))
    expect_length(browser, response)
    browser.expect_end()


def serve_one(server: Server) -> None:
    """Let the server serve one client, which closes when it sees the end."""
    browser = ask(server)
    read_head(browser, "200 OK")
    browser.read_to_end(_("the page, and then the end"))
    browser.close()


@check(
    "1.7",
    _("serves one client, then ends with status 0"),
    points=1,
    needs=["1.6"],
    hint=_(
        "No loop around accept() in this exercise: after the first client close both"
        " sockets, and let main() return."
    ),
    read=_("Step 4: the whole request"),
)
def test_ends(lab: Lab) -> None:
    server = lab.start_server()
    serve_one(server)
    server.expect_exit(seconds=ANSWER)


@check(
    "1.8",
    _("starts again on the same port at once"),
    points=1,
    needs=["1.7"],
    hint=_(
        "The connection that was closed is in TIME_WAIT for a minute. Set SO_REUSEADDR"
        " on the listening socket before bind(), in every run."
    ),
    read=_("Step 5: the same port again"),
)
def test_starts_again(lab: Lab) -> None:
    port = system.free_port(lab.host)
    for _run in range(3):
        server = lab.start_server(port=port)
        serve_one(server)
        server.expect_exit()


@check(
    "1.9",
    _("survives a client that leaves, without a word or in mid-request"),
    points=1,
    needs=["1.7"],
    hint=_(
        "When a client has closed, recv() returns b'': leave the loop, even with half a"
        " request, and do not take a request apart that is not there. When it has reset"
        " the connection, recv() raises OSError: catch that around the client's work."
    ),
    read=_("Step 6: clients that leave"),
)
def test_client_leaves(lab: Lab) -> None:
    for said in (b"", b"GET / HT", TLS_HELLO):
        server = lab.start_server()
        browser = server.connect(_("browser"))
        if said:
            browser.send(said)
        browser.close()
        server.expect_exit(seconds=ANSWER)

    server = lab.start_server()
    browser = server.connect(_("browser"))
    browser.send("GE")
    browser.wait_until_read()  # so accept() is over: some systems would try it again
    browser.reset()
    server.expect_exit()


@check(
    "1.10",
    _("ends on Ctrl+C, and says in one line that a port is taken"),
    points=1,
    needs=["1.1"],
    hint=_(
        "Catch KeyboardInterrupt around the work of main(), and OSError around bind()."
        " An 'except:' or 'except BaseException' elsewhere swallows the Ctrl+C."
        " sys.exit('error: …') prints the line on stderr and ends with status 1."
    ),
    read=_("Step 7: errors and Ctrl+C"),
)
def test_ctrl_c_and_errors(lab: Lab) -> None:
    server = start_and_wait(lab)
    expect_error(lab.start_server(port=server.port), TAKEN)
    server.interrupt()
    server.expect_exit()

    expect_error(lab.start_with_port("http"), _("The port must be a number."))
    if not system.WINDOWS:  # which has no SIGTERM
        server = start_and_wait(lab)
        server.terminate()
        server.expect_exit(hint=_("SIGTERM is to end the server just as Ctrl+C does."))


TAKEN = _(
    "The port is taken: the second server must end. If it runs, SO_REUSEPORT, or on"
    " Windows SO_REUSEADDR, has let it."
)


def start_and_wait(lab: Lab) -> Server:
    """Start a server, and return it when it waits for its client."""
    server = lab.start_server()
    server.expect_printed("Listening on", SOON)
    server.wait_until_idle()
    return server


def expect_error(server: Program, hint: str) -> None:
    """Expect that a server ends with status 1, and says why in a line on stderr."""
    server.expect_exit(1, hint=hint)
    errors = server.errors()
    if not re.search(r"^error: .", errors, re.M):
        server.fail(
            expected=(
                _("Expected a line on stderr"),
                _("that begins with {start}").format(start=repr("error: ")),
            ),
            got=(_("but stderr is"), repr(errors) if errors else _("empty")),
        )
