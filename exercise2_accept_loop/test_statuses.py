"""The checks of exercise 2 on what a server answers: its status, and its page."""

from tests.harness import system
from tests.harness.checks import check
from tests.harness.exchange import Exchange
from tests.harness.http import fail_unread, read_head, read_response, request
from tests.harness.http_clients import (
    FORM,
    ask,
    expect_no_reset,
    loses_the_body,
    put_a_form,
    say,
    visit,
)
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SOON
from tests.harness.peer import Peer
from tests.harness.shown import show
from tests.harness.words import _, ngettext

TOO_LONG = "431 Request Header Fields Too Large"
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # then 506 bytes more
BUSY = 0.2  # seconds of a processor: twenty times what six answers take
MAX_HEAD = 8192  # bytes; whether the empty line counts is free


@check(
    "2.4",
    _("answers another path with 404 Not Found and a page"),
    points=2,
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
    if b"200 OK" in page:
        lab.fail(
            expected=(_("Expected the page for '/' to be"), _("PAGE")),
            got=(_("but it is"), show(page)),
            remark=_("This page names a status, as only the pages for errors do."),
        )
    for path in ("/favicon.ico", f"/{lab.random_word()}/"):
        client = ask(server, _("browser"), path=path)
        response = read_response(client, "404 Not Found")
        if response.body == page:
            text = _("The page for {path} is the same as the page for '/'.")
            client.fail(text.format(path=path))
        client.close()
    if visit(server).body != page:
        lab.fail(
            _("After a 404, '/' has another page than before."),
            hint=_(
                "Choose the page anew for each client, and keep it in a variable of"
                " serve_client: PAGE stays what it is."
            ),
        )


@check(
    "2.5",
    _("answers another method with 405 Method Not Allowed and Allow: GET"),
    points=2,
    needs=["2.1"],
    hint=_(
        "The request line's first word is the method. Any other than GET gets '405"
        " Method Not Allowed', whatever the path, the header 'Allow: GET', and a page."
        " Then half-close, and throw away the body that the client sends."
    ),
    read=_("Step 4: another method"),
)
def test_another_method(lab: Lab) -> None:
    server = lab.start_server()
    length = f"Content-Length: {len(FORM)}"
    for method, path, early in (
        ("POST", "/", len(FORM)),
        ("PUT", "/form", 100),
        ("DELETE", "/", 0),
    ):
        head = request(server, length, method=method, path=path)
        start = head.encode() + FORM[:early]  # the form may come with the head
        client = say(server, _("client"), start)
        if early < len(FORM):
            client.send_bulk(FORM[early:], _("the rest of the body"))
        expect_refusal(client, method)
        visit(server)
    expect_to_leave_the_loop(server)
    client = put_a_form(server)
    read_response(client, "405 Method Not Allowed")
    if loses_the_body(client):
        fail_unread(client, _("The connection was reset when the body came."))
    client.close()
    for method in ("GETTING", "get"):  # capitals count: RFC 9110, section 9.1
        expect_refusal(ask(server, _("client"), method=method), method)
    client = ask(server, _("client"), method="HEAD")
    read_head(client, "405 Method Not Allowed")  # a page is neither needed nor wrong
    client.close()


def expect_to_leave_the_loop(server: Server) -> None:
    """Expect that a server rests when its client has closed: recv() returns b''."""
    before = system.activity(server.pid)
    for _turn in range(3):  # on a busy machine a second is not much time
        client = ask(server, _("client"), method="POST")
        read_response(client, "405 Method Not Allowed")
        client.close()
        visit(server)
        server.wait_until_idle()  # one with a selector serves others meanwhile
    after = system.activity(server.pid)
    if before and after and after.worked - before.worked > BUSY:
        server.fail(
            _("The server went on and on when a client had got its 405 and left."),
            hint=_(
                "recv() returns b'' again and again when the other side has closed:"
                " then leave the loop that throws the input away."
            ),
        )


def expect_refusal(client: Peer, method: str) -> None:
    """Expect 405 with what is allowed instead, and that all input is thrown away."""
    headers = read_response(client, "405 Method Not Allowed").headers
    said = headers.get("allow", "")
    allowed = [name.strip() for name in said.split(",")]
    if "GET" not in allowed or method in allowed:
        client.fail(
            expected=(_("Expected the header"), "Allow: GET"),
            got=(_("but it is"), repr(said) if said else _("missing")),
        )
    expect_no_reset(client)
    client.close()


@check(
    "2.6",
    _("answers what is not HTTP with 400 Bad Request"),
    points=2,
    needs=["2.1", "2.3"],
    hint=_(
        "Do not decode what comes: compare bytes with bytes, b'GET'. What does not"
        " begin with METHOD PATH HTTP/1.x gets '400 Bad Request' and a page."
    ),
    read=_("Step 5: what is not HTTP"),
)
def test_not_http(lab: Lab) -> None:
    server = lab.start_server()
    for sent in NOT_HTTP:
        client = say(server, _("stranger"), sent)
        read_response(client, "400 Bad Request", SOON)
        expect_no_reset(client)
        client.close()
    expect_no_page_for_half_a_request(server)
    for version, header in (("HTTP/1.0", ""), ("HTTP/1.1", "Cookie: name=Ren\xe9e")):
        text = request(server, *filter(None, [header]), version=version)
        # A header may hold any letters.
        client = say(server, _("old browser"), text.encode("latin-1"))
        read_response(client, "200 OK", SOON)
        client.close()


def expect_no_page_for_half_a_request(server: Server) -> None:
    """Expect 400, or no answer at all, if a client ends before the empty line."""
    client = say(server, _("client"), request(server).removesuffix("\r\n"))
    client.half_close()
    client.wait_for_more()
    if client.unread:
        read_response(client, "400 Bad Request", SOON)
    client.close()


ANY_BYTES = bytes(byte for byte in range(256) if byte not in b"\r\n")
NOT_HTTP = (
    b"hello\r\n\r\n",
    b"how are you?\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/1.1 now\r\n\r\n",
    b"GET / HTTP/2.0\r\n\r\n",
    b"GET / http/1.1\r\n\r\n",
    b"\xff\xfe\x00\x80 \xc3\x28\r\n\r\n",
    TLS_HELLO + ANY_BYTES,  # somebody typed https://: no line ends in it
    b"\x00" * 20_000,
    TLS_HELLO + ANY_BYTES + b"\n" + ANY_BYTES,  # nor does an empty line in this one
)


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
    read=_("Step 7: a head that is too long"),
)
def test_long_head(lab: Lab) -> None:
    server = lab.start_server()
    within = say(server, _("within"), long_request(server, MAX_HEAD))
    read_response(within, "200 OK")

    head = long_request(server, MAX_HEAD, method="POST").encode()
    rest = head[100:] + FORM[:4000]  # the end of the head and the body come together
    within = say(server, _("with a body"), head[:100], rest)
    read_response(within, "405 Method Not Allowed")
    within.close()

    for size in (MAX_HEAD + 1 + len("\r\n\r\n"), 30_000):
        over = say(server, _("over"), long_request(server, size))
        read_response(over, TOO_LONG)
        expect_no_reset(over)
        over.close()
        visit(server)

    endless = server.connect(_("endless"))
    send_without_end(endless, request(server, f"Cookie: {'x' * 100_000}").rstrip())
    if endless.unread or endless.end != "reset":  # a reset may destroy the answer
        read_head(endless, TOO_LONG)
    endless.close()
    visit(server)


def long_request(server: Server, size: int, method: str = "GET") -> str:
    """Return a request of so many bytes, with the empty line at its end."""
    missing = size - len(request(server, "Cookie: ", method=method))
    return request(server, f"Cookie: {'x' * missing}", method=method)


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
