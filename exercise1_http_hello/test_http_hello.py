"""The checks of exercise 1: one HTTP answer for Chrome, and the end."""

import socket
import time

from tests.harness import system
from tests.harness.checks import check
from tests.harness.http import (
    HTML,
    Response,
    expect_headers,
    expect_length,
    expect_line_ends,
    expect_page,
    read_head,
    read_to_end,
    request,
)
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, START
from tests.harness.peer import Peer
from tests.harness.starting import (
    announced_port,
    expect_good_starts,
    expect_patience,
    expect_sleep,
)
from tests.harness.steps import Kind
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


def expect_nobody_at_other_addresses(server: Server) -> None:
    """Expect a refusal at another address of this machine, on the same port."""
    if not (other := system.other_address()):
        return
    with socket.socket() as stranger:
        stranger.settimeout(START)
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
        " flush=True: without it, Python keeps the line back until the program ends."
    ),
    read=_("Step 1: listening"),
)
def test_listens(lab: Lab) -> None:
    servers = lab.start_server(), lab.start_server(port=0)
    for server in servers:
        server.port = announced_port(server)
    expect_to_accept(servers[0])
    expect_nobody_at_other_addresses(servers[1])
    servers[1].connect(_("browser"))


def expect_to_accept(server: Server) -> None:
    """Expect that a server lives on when a client has come.

    It may close immediately: that is all that step 1 does.
    """
    browser = server.connect(_("browser"))
    server.wait_until_idle()
    browser.receive_now()
    if browser.end and server.wait_for_exit(ANSWER) and server.process.returncode:
        server.fail(
            _("The server ended when a client came, before it said a word."),
            hint=_(
                "accept() returns a pair: a socket that leads to the client, and its"
                " address. accept_client returns the socket alone."
            ),
        )


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
    expect_line_ends(browser, read_head(browser, "200 OK"))


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
    expect_headers(browser, response.headers)
    read_body(browser, response)
    expect_length(browser, response)


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
    server, other = lab.start_server(), lab.start_server()
    browser = server.connect(_("browser"))
    began = len(lab.history.steps)
    for byte in request(server, "Cookie: name=Renée").encode():
        expect_silence(browser)
        browser.send(bytes([byte]))
        if byte in b"G\r\n\xc3":  # so that at least these come alone
            browser.wait_until_read()
    response = read_head(browser, "200 OK")
    summary = _("sends its request byte by byte: all is well")
    lab.history.sum_up(began, browser.name, summary)
    read_body(browser, response)
    if browser.end != "reset":  # although all has been read: see 1.6
        expect_long_request_to_be_read(other)


def expect_long_request_to_be_read(server: Server) -> None:
    """Expect no reset after a request of more than one recv(), and not all in UTF-8."""
    browser = server.connect(_("browser"))
    cookies = "Cookie: name=Ren\xe9e", f"Cookie: long={'x' * 6000}"
    browser.send(request(server, *cookies).encode("latin-1"))
    read_body(browser, read_head(browser, "200 OK"))
    if browser.end == "reset":
        browser.fail(
            _(
                "After the answer the connection was reset: a part of the request, of"
                " more than 6,000 bytes,\nwas still unread when the server closed."
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
    response.body = read_to_end(browser, response)
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
    server = lab.start_server(environment={"PYTHONWARNINGS": "always::ResourceWarning"})
    serve_one(server)
    server.expect_exit(seconds=ANSWER)
    if "ResourceWarning: unclosed <socket" in server.errors():
        server.fail(
            _("The server ended, and had not closed all of its sockets."),
            hint=_(
                "Close the client's socket and the listening one, by a 'with' block as"
                " it was given, or by close()."
            ),
        )


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
    for _run in range(2):
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
    words = b"", b"GET / HT", TLS_HELLO + bytes(range(256))
    servers = [lab.start_server() for _ in range(4)]
    for server, said in zip(servers, words, strict=False):
        browser = server.connect(_("browser"))
        if said:
            browser.send(said)
        browser.close()
        server.expect_exit(seconds=ANSWER)

    browser = servers[-1].connect(_("browser"))
    browser.send("GE")
    browser.wait_until_read()  # so accept() is over: some systems would try it again
    browser.reset()
    servers[-1].expect_exit()


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
    server, other = start_and_wait(lab), start_and_wait(lab)
    since = time.monotonic()
    expect_good_starts(lab, server.port)
    expect_patience(server, since)
    server.interrupt()
    server.expect_exit()
    if not system.WINDOWS:  # which has no SIGTERM
        other.terminate()
        other.expect_exit(hint=_("SIGTERM is to end the server just as Ctrl+C does."))


def start_and_wait(lab: Lab) -> Server:
    """Start a server, and return it when it waits for its client."""
    server = lab.start_server()
    announced_port(server)
    expect_sleep(server)
    return server
