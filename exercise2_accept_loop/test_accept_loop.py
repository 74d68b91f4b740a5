"""The checks of exercise 2: one client after another, for ever, and none stops it."""

import time
from typing import NoReturn

from tests.harness import system
from tests.harness.checks import check
from tests.harness.exchange import Exchange
from tests.harness.failure import CheckFailedError
from tests.harness.http import Response, read_head, read_response, request
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SOON
from tests.harness.peer import Peer
from tests.harness.words import _, ngettext

TOO_LONG = "431 Request Header Fields Too Large"
FORM = b"name=ada&" * 2000  # the body of a request that nobody asked for
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # then 506 bytes more


def ask(
    server: Server, name: str, *headers: str, method: str = "GET", path: str = "/"
) -> Peer:
    """Connect a client that sends its whole request at once."""
    client = server.connect(name)
    client.send(request(server, *headers, method=method, path=path))
    return client


def numbered_client(number: int) -> str:
    """Return the name of one client of many."""
    return _("client{number}").format(number=number)


def visit(server: Server, name: str = _("visitor")) -> Response:
    """Ask for the page, receive it whole, and leave."""
    client = ask(server, name)
    response = read_response(client, "200 OK")
    client.close()
    return response


def speak_in_time(server: Server, first: str, pause: float = 0, then: str = "") -> Peer:
    """Connect a client that speaks, pauses and goes on, all within its second.

    A right server may give up a client after a second. If the machine was so busy that
    the suite itself was too slow, the attempt proves nothing, and there is another.
    """
    for _attempt in range(10):
        began = time.monotonic()
        client = server.connect(_("slow"))
        try:
            client.send(first)
            if pause and client.wait_for_more(pause):
                fail_too_early(client, pause)
            if then:
                client.send(then)
        except CheckFailedError:
            if time.monotonic() - began < 0.8:
                raise
        if time.monotonic() - began < 0.8:
            return client
        client.close()
    raise RuntimeError(
        _("the machine is too busy for a check that takes half a second")
    )


def fail_too_early(client: Peer, pause: float) -> NoReturn:
    """Fail because the server did not put up with a short pause."""
    client.fail(
        expected=(_("Expected the server to wait for"), _("up to a second")),
        got=(
            _("but it gave the client up after"),
            _("less than {seconds} s").format(seconds=pause),
        ),
        hint=_("Silence is allowed, only not for a whole second."),
    )


TOO_SLOW = _(
    "The server waits for something before it answers or closes. The request is"
    " complete at its empty line: answer then, and close. The client waits for you."
)


@check(
    "2.1",
    _("serves fifty clients, one after another, the whole page"),
    points=2,
    hint=_(
        "bind() and listen() once. Then, in a loop: accept(), read, send, and close the"
        " client's socket, so that the client sees the end."
    ),
    read=_("Step 1: the loop"),
)
def test_fifty_clients(lab: Lab) -> None:
    server = lab.start_server()
    pages, waited = [], 0.0
    for n in range(1, 51, 2):
        # The second of two comes before the first has been served, and has to wait.
        for client in [ask(server, numbered_client(m)) for m in (n, n + 1)]:
            pages.append(read_response(client, "200 OK").body)
            client.close()
            if pages[-1] != pages[0]:
                remark = _("here it differs from {name}'s")
                remark = remark.format(name=numbered_client(1))
                client.fail_at(pages[0], pages[-1], remark)
            waited += client.waited
            if waited > SOON:
                fail_too_slow(client, len(pages), waited)


def fail_too_slow(client: Peer, pages: int, waited: float) -> NoReturn:
    """Fail because the server took too long for so few pages."""
    text = ngettext(
        "{count} page took {seconds} s.", "{count} pages took {seconds} s.", pages
    )
    client.fail(text.format(count=pages, seconds=f"{waited:.0f}"), hint=TOO_SLOW)


@check(
    "2.2",
    _("goes on after clients that leave, reset, or stop in mid-request"),
    points=2,
    needs=["2.1"],
    hint=_(
        "When a client has closed, recv() returns b'': leave the loop that reads. What"
        " you have then may be empty, or half a line: count its words. When it has"
        " reset the connection, recv() or sendall() raises OSError: catch it inside the"
        " accept loop, around the work for one client."
    ),
    read=_("Step 1: the loop"),
)
def test_clients_leave(lab: Lab) -> None:
    server = lab.start_server()
    for said in ("", "GET / HT", request(server)):
        for leave in (Peer.close, Peer.reset):
            client = server.connect(_("client"))
            if said:
                client.send(said)
            leave(client)
            visit(server)


@check(
    "2.3",
    _("gives up a client that is silent for one second"),
    points=2,
    needs=["2.1"],
    hint=_(
        "While the server waits in recv() for a client that says nothing, it serves"
        " nobody else: client.settimeout(1.0). Then catch TimeoutError, an OSError, and"
        " go on with the next client. A request may come in two pieces: read to the"
        " empty line."
    ),
    read=_("Step 2: silent clients"),
)
def test_silent_clients(lab: Lab) -> None:
    servers = [lab.start_server() for _ in range(3)]
    silent = servers[0].connect(_("silent"))
    halting = servers[1].connect(_("halting"))
    halting.send("GET / HT")  # and no more

    rest = request(servers[2]).removeprefix("GET /")
    client = speak_in_time(servers[2], "GET /", 0.5, rest)
    read_response(client, "200 OK")

    for server, client in zip(servers, (silent, halting), strict=False):
        visitor = ask(server, _("visitor"))
        client.read_to_end(_("the end, after one second"), SOON)
        client.close()
        read_response(visitor, "200 OK", SOON)


@check(
    "2.4",
    _("answers another path with 404 Not Found and a page"),
    points=1,
    needs=["2.1"],
    hint=_(
        "The request line is METHOD PATH VERSION, with a space between them. The PATH"
        " '/' gets the page; any other gets '404 Not Found' and a page that says so."
    ),
    read=_("Step 3: another path"),
)
def test_another_path(lab: Lab) -> None:
    server = lab.start_server()
    page = visit(server).body
    for path in ("/favicon.ico", "/somewhere/else/"):
        client = ask(server, _("browser"), path=path)
        response = read_response(client, "404 Not Found")
        if response.body == page:
            text = _("The page for {path} is the same as the page for '/'.")
            client.fail(text.format(path=path))
        client.close()


@check(
    "2.5",
    _("answers another method with 405 Method Not Allowed and Allow: GET"),
    points=1,
    needs=["2.1"],
    hint=_(
        "The request line's first word is the method. Any other than GET gets '405"
        " Method Not Allowed', the header 'Allow: GET', and a page. Then half-close,"
        " and throw away the body that the client sends."
    ),
    read=_("Step 4: another method"),
)
def test_another_method(lab: Lab) -> None:
    server = lab.start_server()
    for method, early in (("POST", len(FORM)), ("PUT", 100), ("DELETE", 0)):
        head = request(server, f"Content-Length: {len(FORM)}", method=method)
        client = server.connect(_("client"))
        client.send(head.encode() + FORM[:early])  # the form may come with the head
        if early < len(FORM):
            client.send_bulk(FORM[early:], _("the rest of the body"))
        headers = read_response(client, "405 Method Not Allowed").headers
        said = headers.get("allow", "")
        allowed = [name.strip() for name in said.split(",")]
        if "GET" not in allowed or method in allowed:
            client.fail(
                expected=(_("Expected the header"), "Allow: GET"),
                got=(_("but it is"), repr(said) if said else _("missing")),
            )
        client.close()
        visit(server)


@check(
    "2.6",
    _("answers what is not HTTP with 400 Bad Request"),
    points=1,
    needs=["2.1", "2.3"],
    hint=_(
        "Do not decode what comes: compare bytes with bytes, b'GET'. What does not"
        " begin with METHOD PATH HTTP/1.x gets '400 Bad Request' and a page."
    ),
    read=_("Step 5: what is not HTTP"),
)
def test_not_http(lab: Lab) -> None:
    server = lab.start_server()
    for sent in (
        b"hello\r\n\r\n",
        b"how are you?\r\n\r\n",
        b"\xff\xfe\x00\x80 \xc3\x28\r\n\r\n",
        TLS_HELLO + lab.numbers.randbytes(506),  # somebody typed https://
    ):
        client = server.connect(_("stranger"))
        client.send(sent)
        read_response(client, "400 Bad Request", SOON)
        client.close()
    visit(server)


@check(
    "2.7",
    _("leaks no socket: 300 clients under a limit of 64 open files"),
    points=2,
    needs=["2.2"],
    hint=_(
        "Close the client's socket on every way out of the loop's body, after errors"
        " too: 'with accept_client(…) as client:' does. shutdown() does not close."
    ),
    read=_("Step 1: the loop"),
)
def test_leaks_no_socket(lab: Lab) -> None:
    server = lab.start_server(open_files=64)
    for n in range(1, 301, 4):
        server.connect(numbered_client(n)).close()
        for m, leave in enumerate((Peer.close, Peer.reset), n + 1):
            client = server.connect(numbered_client(m))
            client.send("GET / HT")
            leave(client)
        visit(server, numbered_client(n + 3))


@check(
    "2.8",
    _("ends at once on Ctrl+C, waiting or in mid-request"),
    points=2,
    needs=["2.1"],
    hint=_(
        "Catch KeyboardInterrupt once, around the accept loop. An 'except:' or 'except"
        " BaseException' inside swallows it. Set SO_REUSEADDR for the next start."
    ),
    read=_("Step 1: the loop"),
)
def test_ctrl_c(lab: Lab) -> None:
    port = system.free_port(lab.host)
    for stop in (Server.interrupt, Server.terminate):
        if stop is Server.terminate and system.WINDOWS:
            break  # there is no SIGTERM
        for in_mid_request in (False, True):
            server = lab.start_server(port=port)
            visit(server)
            server.wait_until_idle()
            if in_mid_request:
                speak_in_time(server, "GET / HT").wait_until_read()
            stop(server)
            server.expect_exit()


@check(
    "2.9",
    _("answers a request head over 8 KiB with 431, and lives"),
    points=2,
    needs=["2.1"],
    hint=_(
        "Count the bytes while you read. Over 8192, stop and answer '431 Request Header"
        " Fields Too Large'. Then half-close and read on, so that nothing is unread"
        " when you close."
    ),
    read=_("Step 6: a head that is too long"),
)
def test_long_head(lab: Lab) -> None:
    server = lab.start_server()
    read_response(ask(server, _("within"), f"Cookie: {'x' * 8000}"), "200 OK")

    client = ask(server, _("over"), f"Cookie: {'x' * 9000}")
    read_head(client, TOO_LONG)
    client.read_to_end(_("the page, and then the end"))  # or a reset: not all was read
    client.close()
    visit(server)

    endless = server.connect(_("endless"))
    send_without_end(endless, request(server, f"Cookie: {'x' * 100_000}").rstrip())
    if endless.unread or endless.end != "reset":  # a reset may destroy the answer
        read_head(endless, TOO_LONG)
    endless.close()
    visit(server)


def send_without_end(client: Peer, start: str) -> None:
    """Send the start of a head, then more and more of it, until there is an answer."""
    size = ngettext("over {count} byte", "over {count} bytes", len(start))
    size = size.format(count=f"{len(start):,}")
    client.history.event(client.name, _("sends a head that does not end"), size)
    piece = start.encode()
    for wait in client.program.slices(ANSWER):
        exchange = Exchange({client: piece})
        if exchange.run(lambda: bool(client.unread or client.end), wait):
            return
        piece = b"x" * 1000
    waiting_for = _("{status}, though the head goes on").format(status=TOO_LONG)
    client.fail_waiting(waiting_for)
