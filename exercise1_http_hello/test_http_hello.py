"""The checks of exercise 1: one HTTP answer for Chrome, and the end.

How the server starts, and is ended from outside, is in test_start_and_end.py.
"""

from tests.harness import system
from tests.harness.checks import check
from tests.harness.http import (
    HEADERS,
    HTML,
    LINE_ENDS,
    Response,
    expect_charset,
    expect_headers,
    expect_length,
    expect_line_ends,
    expect_page,
    read_head,
    read_to_end,
    request,
)
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER
from tests.harness.peer import Peer
from tests.harness.shown import show
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
    hint=LINE_ENDS,
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
    hint=HEADERS,
    read=_("Step 3: headers"),
)
def test_headers(lab: Lab) -> None:
    server = lab.start_server()
    browser = ask(server)
    response = read_head(browser, "200 OK")
    expect_headers(browser, response.headers)
    read_body(browser, response)
    expect_length(browser, response)
    expect_charset(browser, response)


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
            expect_to_be_read(browser)
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


def expect_to_be_read(browser: Peer) -> None:
    """Expect the server to take what was sent out of its socket's buffer."""
    browser.wait_until_read()
    if browser.unread_by_program():
        browser.fail(
            _("The server does not take what the browser sends."),
            hint=_(
                "recv() takes out what has come, and the next one waits for more. With"
                " MSG_PEEK it only looks, and sees the same again and again."
            ),
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
    half = b"GET / HT"
    words = b"", half, TLS_HELLO + bytes(range(256))
    servers = [lab.start_server() for _ in range(4)]
    for server, said in zip(servers, words, strict=False):
        browser = server.connect(_("browser"))
        if said:
            browser.send(said)
        if said == half:
            browser.half_close()  # it can still see an answer
        else:
            browser.close()
        server.expect_exit(seconds=ANSWER)
        expect_no_page(browser)

    browser = servers[-1].connect(_("browser"))
    browser.send("GE")
    browser.wait_until_read()  # so accept() is over: some systems would try it again
    browser.reset()
    servers[-1].expect_exit()


def expect_no_page(browser: Peer) -> None:
    """Expect that a server has not answered what was no whole request."""
    while browser.socket.fileno() != -1 and browser.receive_now():
        continue
    if browser.unread.startswith(b"HTTP/1.1 200"):
        browser.fail(
            expected=(browser.to_receive(), _("no page for half a request")),
            got=(browser.but_it_sent(), show(browser.unread)),
            hint=_(
                "read_head() also returns when the client has left. So look for the"
                " empty line in what it returns before you answer."
            ),
        )
