"""The checks of exercise 2 on clients: one after another, and none stops the server."""

import contextlib
import select
import time
from collections.abc import Iterator
from itertools import chain
from typing import NoReturn

from tests.harness.checks import check
from tests.harness.failure import CheckFailedError
from tests.harness.http import fail_unread, is_asleep, read_response, request
from tests.harness.http_clients import ask, loses_the_body, put_a_form, visit
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SLICE, SOON
from tests.harness.peer import Peer
from tests.harness.starting import (
    announced_port,
    connect_at_once,
    expect_patience,
    had_to_repeat,
)
from tests.harness.words import _, ngettext

QUEUE = 6  # clients in the queue at a time: a browser opens as many for one page
SOONEST, LATEST = 0.95, 1.5  # seconds, for what is to be done after one
ATTEMPTS = 10  # on a machine that is too busy to tell one second from two


def numbered_client(number: int) -> str:
    """Return the name of one client of many."""
    return _("client{number}").format(number=number)


def speak_in_time(server: Server, first: str, pause: float, then: str) -> Peer:
    """Connect a client that speaks, pauses and goes on, all within its second.

    A right server may give up a client after a second. If the machine was so busy that
    the suite itself was too slow, the attempt proves nothing, and there is another.
    """
    for _attempt in range(40):
        began = time.monotonic()
        client = server.connect(_("slow"))
        try:
            client.send(first)
            if hears_within(client, pause):
                fail_too_early(client, pause)
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


def hears_within(client: Peer, seconds: float) -> bool:
    """Return whether anything comes within so many seconds by the clock."""
    return bool(
        select.select([client.socket], [], [], seconds)[0] and client.receive_now()
    )


def fail_too_early(client: Peer, seconds: float) -> NoReturn:
    """Fail because the server did not put up with a short silence."""
    client.fail(
        expected=(_("Expected the server to wait for"), _("up to a second")),
        got=(
            _("but it gave the client up after"),
            _("less than {seconds} s").format(seconds=f"{seconds:.1f}"),
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
    points=1,
    hint=_(
        "bind() and listen() once. Then, in a loop: accept(), read, send, and close the"
        " client's socket, so that the client sees the end."
    ),
    read=_("Step 1: the loop"),
)
def test_fifty_clients(lab: Lab) -> None:
    server = lab.start_server()
    announced_port(server)
    pages, waited = [], 0.0
    for client in chain(clients_at_once(server), clients_in_pairs(server)):
        pages.append(read_page(client))
        client.close()
        if pages[-1] != pages[0]:
            remark = _("here it differs from {name}'s")
            remark = remark.format(name=numbered_client(1))
            client.fail_at(pages[0], pages[-1], remark)
        waited += client.waited
        if waited > SOON:
            fail_too_slow(client, len(pages), waited)


def read_page(client: Peer) -> bytes:
    """Receive the page; a client that was queued may have been forgotten."""
    try:
        return read_response(client, "200 OK").body
    except CheckFailedError as error:
        is_running = not client.program.exited.is_set()
        if client.end == "reset" and is_running and not client.has_received:
            error.failure.hint = LISTEN_ONCE
        raise


LISTEN_ONCE = _(
    "A client that was in the queue was thrown out: that happens when the listening"
    " socket is closed. bind() and listen() once, before the loop."
)


def clients_at_once(server: Server) -> list[Peer]:
    """Let clients connect while the server is busy, and ask before it is their turn."""
    first = server.connect(_("first"))
    start, rest = request(server).split("/", 1)
    first.send(start)
    first.wait_until_read()

    def free_the_server() -> None:
        with contextlib.suppress(CheckFailedError):  # it may have been given up
            first.send("/" + rest)

    names = [numbered_client(n) for n in range(1, QUEUE + 1)]
    clients = connect_at_once(server, names, free_the_server)
    for client in clients:
        if had_to_repeat(client):
            client.fail(
                _("The queue was full: a client had to connect once more."),
                hint=_(
                    "The argument of listen() is the length of the queue, the backlog:"
                    " leave it out, or ask for 5 at least."
                ),
            )
        client.send(request(server))
    return clients


def clients_in_pairs(server: Server) -> Iterator[Peer]:
    """Yield clients; of two, the second comes before the first has been served."""
    for n in range(QUEUE + 1, 51, 2):
        yield from [ask(server, numbered_client(m)) for m in (n, n + 1)]


def fail_too_slow(client: Peer, pages: int, waited: float) -> NoReturn:
    """Fail because the server took too long for so few pages."""
    text = ngettext(
        "{count} page took {seconds} s.", "{count} pages took {seconds} s.", pages
    )
    client.fail(text.format(count=pages, seconds=f"{waited:.0f}"), hint=TOO_SLOW)


@check(
    "2.2",
    _("goes on after clients that leave, reset, or stop in mid-request"),
    points=1,
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
    lab.expect_no_traceback()


@check(
    "2.3",
    _("gives up a client that is silent for one second, or never stops"),
    points=3,
    needs=["2.1"],
    hint=_(
        "While the server waits in recv() for a client that says nothing, it serves"
        " nobody else: client.settimeout(1.0). When recv() raises TimeoutError, an"
        " OSError, leave the loop that reads: to call recv() again is to wait again."
    ),
    read=_("Step 2: silent clients"),
)
def test_silent_clients(lab: Lab) -> None:
    forms = lab.start_server()
    throws_away = throws_forms_away(forms)
    servers = [*(lab.start_server() for _ in range(4)), forms]
    for _attempt in range(ATTEMPTS):
        began = len(lab.history.steps)
        if all(proofs_of_patience(servers)):
            break
        lab.history.sum_up(began, _("clients"), _("are silent, on a busy machine"))
    for server in servers:
        visit(server)  # it goes on, whomever it has given up
    if throws_away:  # else that is a later step
        throws_forms_away(forms, ANEW)  # now it has run for more than a second


def throws_forms_away(server: Server, hint: str = "") -> bool:
    """Return whether a server takes a body that comes after its 405.

    With a hint, fail if it does not.
    """
    began = len(server.history.steps)
    client = put_a_form(server)
    is_refused = b" 405 " in client.read_line(_("an answer"))
    is_lost = is_refused and loses_the_body(client)
    if is_lost and hint:
        fail_unread(client, _("The connection was reset when the body came."), hint)
    client.close()
    server.history.sum_up(began, client.name, _("sends a form, and is answered"))
    return is_refused and not is_lost


ANEW = _(
    "For the first clients it was thrown away, and now it isn't. The second in which"
    " that is done begins anew for each client: compute its end in the function, and"
    " not in a default argument or a constant, which Python computes once."
)


def proofs_of_patience(servers: list[Server]) -> list[bool]:
    """Let clients be silent, or drip, at a server each, and fail if one is wrong.

    Each of the values says whether a client was let go in its time. A busy machine may
    wake server or suite too late to tell: that proves nothing, and is tried again.
    """
    silent = Held(servers[0], _("silent"))
    halting = Held(servers[1], _("halting"), "GET / HT")  # and no more
    form = request(servers[2], "Content-Length: 1000000", method="POST")
    dripping = Held(servers[2], _("dripping"), form)  # a byte of it now and then
    posting = Held(servers[4], _("posting"), request(servers[4], method="POST"))

    rest = request(servers[3]).removeprefix("GET /")
    client = speak_in_time(servers[3], "GET /", 0.3, rest)
    read_response(client, "200 OK")
    since = time.monotonic()

    for held in (silent, halting):
        held.expect_to_be_given_up(dripping)
        read_response(held.visitor, "200 OK", SOON)
        held.visitor.close()
    dripping.expect_to_hold_nobody(AN_END, drips=True)
    posting.expect_to_hold_nobody(A_LIMIT)
    expect_patience(servers[3], since)
    return [silent.in_time, halting.in_time, dripping.pause < SOONEST]


AN_END = _(
    "{name} sends a byte now and then, so that no recv() takes a second. The loop that"
    " throws its input away needs an end of its own: leave it when time.monotonic()"
    " says that a second is over."
)
A_LIMIT = _(
    "{name} has its answer, 405, and stays, and says no more. The recv() that throws"
    " its input away needs the time limit, too: leave it set."
)


class Held:
    """A client that holds its server, and a visitor who waits for it to be let go."""

    def __init__(self, server: Server, name: str, says: str = "") -> None:
        """Connect both."""
        self.server = server
        announced_port(server)
        self.before = time.monotonic()
        self.client = server.connect(name)
        if says:
            self.client.send(says)
            self.client.wait_until_read()
        server.wait_until_idle()
        self.since = self.dripped = time.monotonic()  # now the server waits for it
        self.pause = 0.0  # the longest between two bytes, in seconds
        self.in_time = False
        self.visitor = ask(server, _("visitor"))

    def drip(self) -> None:
        """Send one byte more, if anybody is still there."""
        now = time.monotonic()
        self.pause, self.dripped = max(self.pause, now - self.dripped), now
        with contextlib.suppress(OSError):
            self.client.socket.send(b"x")

    def expect_to_be_given_up(self, dripping: "Held") -> None:
        """Expect the end of a client that is silent, after a second.

        Another client goes on dripping meanwhile.
        """
        client, turns, lasted = self.client, 0, 0.0
        while not client.end and not self.is_too_late() and turns * SLICE < SOON:
            if is_asleep(self.server):
                lasted = time.monotonic() - self.since
            dripping.drip()
            select.select([client.socket], [], [], SLICE)
            client.receive_now()
            turns += 1
        waited = time.monotonic() - self.before
        if client.end and waited < SOONEST:
            fail_too_early(client, waited)
        self.in_time = lasted > 0.75 and waited < 1.75
        client.waited_in_vain = waited
        client.read_to_end(_("the end, after one second"), 0)
        client.close()

    def is_too_late(self) -> bool:
        """Return whether the server has overslept: it would be awake on any machine."""
        late = time.monotonic() > self.since + LATEST and is_asleep(self.server)
        return late and not self.client.receive_now()

    def expect_to_hold_nobody(self, hint: str, *, drips: bool = False) -> None:
        """Expect that a visitor is served although a client stays, and may drip."""
        visitor = self.visitor
        while not visitor.unread and not visitor.end and visitor.waited < ANSWER:
            if drips:
                self.drip()
            visitor.wait_for_more(0.1)
        if not visitor.unread and not visitor.end:
            visitor.fail(
                expected=(
                    visitor.to_receive(),
                    _("the page, after two seconds at most"),
                ),
                got=(_("but"), visitor.what_ended_it()),
                hint=hint.format(name=self.client.name),
            )
        read_response(visitor, "200 OK")
        visitor.close()
        self.client.close()


LEAKS = _(
    "Close the client's socket on every way out of the loop's body, after errors"
    " too: 'with accept_client(…) as client:' does. shutdown() does not close."
)


@check(
    "2.7",
    _("leaks no socket: 300 clients under a limit of 64 open files"),
    points=1,
    needs=["2.2"],
    hint=LEAKS,
    read=_("Step 6: nothing is left over"),
)
def test_leaks_no_socket(lab: Lab) -> None:
    server = lab.start_server(open_files=64)
    try:
        let_clients_come_and_go(server)
    except CheckFailedError as error:
        if "Too many open files" in server.errors():
            error.failure.hint = LEAKS
        raise


def let_clients_come_and_go(server: Server) -> None:
    """Let 300 clients come, of whom 75 get a page."""
    for n in range(1, 301, 4):
        server.connect(numbered_client(n)).close()
        for m, leave in enumerate((Peer.close, Peer.reset), n + 1):
            client = server.connect(numbered_client(m))
            client.send("GET / HT")
            leave(client)
        visit(server, numbered_client(n + 3))
