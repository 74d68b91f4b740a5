"""The checks of exercise 1 in which the server starts, or cannot, and is ended."""

import socket
import time

from tests.harness import system
from tests.harness.checks import check
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, START
from tests.harness.starting import (
    announced_port,
    expect_good_starts,
    expect_patience,
    expect_sleep,
)
from tests.harness.steps import Kind
from tests.harness.words import _


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
    server, other, pausing = (start_and_wait(lab) for _n in range(3))
    since = time.monotonic()
    browser = pausing.connect(_("browser"))
    browser.send("GET / HT")
    pausing.wait_until_idle()
    browser.receive_now()
    takes_it_for_whole = browser.has_received or browser.end  # 1.5 is about that
    expect_good_starts(lab, server.port)
    expect_patience(server, since)
    browser.receive_now()
    if browser.end and not takes_it_for_whole:
        browser.fail(_("The server has given up a client that paused."), hint=NO_LIMIT)
    if system.WINDOWS:  # where a recv() does not hear Ctrl+C
        browser.close()
    for one in (server, pausing):
        one.interrupt()
        one.expect_exit()
    if not system.WINDOWS:  # which has no SIGTERM
        other.terminate()
        other.expect_exit(hint=_("SIGTERM is to end the server just as Ctrl+C does."))


NO_LIMIT = _(
    "A request may come in pieces, with a second between them. Has the client's socket"
    " a time limit, settimeout() or setdefaulttimeout()? Here it needs none."
)


def start_and_wait(lab: Lab) -> Server:
    """Start a server, and return it when it waits for its client."""
    server = lab.start_server()
    announced_port(server)
    expect_sleep(server)
    return server
