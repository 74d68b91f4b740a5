"""How a server starts and waits: what it prints, its defaults, errors, its queue."""

import re
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from tests.harness import system
from tests.harness.failure import Seen, Symptom
from tests.harness.lab import USUAL_PORT, Lab, Server
from tests.harness.patience import SOON, START
from tests.harness.peer import Peer
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.shown import show
from tests.harness.steps import Kind
from tests.harness.symptoms import describe_status
from tests.harness.words import _

MOST_PORTS = 65535
ELSEWHERE = "192.0.2.1"  # on nobody's machine: RFC 5737, section 3
SAYS_SO = re.compile(rb"listening.*\n", re.I)  # that it listens, somehow
LONG = 0.6  # seconds: accept_client() waits for 0.5 at a time
NO_NAME = "a..b"  # what no host can be called


def announced_port(server: Server, hint: str = "") -> int:
    """Return the port in the line "Listening on HOST:PORT", which holds no more.

    It is the one that was asked for; with 0, any that the system may have chosen.
    """
    start = re.escape(f"Listening on {server.host}:")
    port = str(server.port or r"[1-9]\d{0,4}")
    right = re.compile(rf"^{start}({port})\r?\n".encode(), re.M)
    server.stdout.wait_for(SAYS_SO.search, server.slices(SOON))
    found = right.search(server.stdout.data)
    if not found or int(found[1]) > MOST_PORTS:
        _fail_to_announce(server, hint)
    line = found[0].decode().rstrip()
    server.history.event(server.name, _("prints {text}").format(text=repr(line)))
    return int(found[1])


def _fail_to_announce(server: Server, hint: str) -> NoReturn:
    """Fail because the line is not there, or not as it should be."""
    wanted = f"Listening on {server.host}:{server.port or ''}"
    in_words = repr(wanted)
    if not server.port:
        in_words = _("{start} and the port that the system chose").format(
            start=in_words
        )
    printed = bytes(server.stdout.data)
    server.fail(
        expected=(_("Expected the server to print"), in_words),
        got=(_("but its stdout is"), show(printed)),
        hint=_hint_on_announcement(server, wanted, printed.decode(errors="replace"))
        or hint,
        symptoms=[] if printed else [Symptom(Seen.UNPRINTED)],
    )


def _hint_on_announcement(server: Server, wanted: str, printed: str) -> str:
    before, it, after = printed.partition(wanted)
    if it and "\n" not in after:
        return _("The line does not end: that is what print() does by itself.")
    if it and not server.port:
        return _("getsockname() of the listening socket returns the real port.")
    before, after = before.rpartition("\n")[2], after.partition("\n")[0]
    if it and (before or after.strip("\r")):
        text = _(
            "The line must be exactly this: yours has {before} before it, and {after}"
            " after it."
        )
        return text.format(before=repr(before), after=repr(after))
    if wanted in server.errors():
        return _("The line is on stderr. Let print() write it on stdout.")
    return ""


# -- what goes wrong ------------------------------------------------------------------


TAKEN = _(
    "The port is taken: the second server must end. If it runs, SO_REUSEPORT, or on"
    " Windows SO_REUSEADDR, has let it. If it ends with a traceback, catch the OSError"
    " of bind() and listen(). sys.exit('error: …') prints the line and ends with status"
    " 1."
)
NO_HOST = _(
    "No machine of that name or address is here, so bind() raises OSError: catch it,"
    " and show its own words."
)
NO_PORT = _("A port is a number from 0 to 65535. What is not gets an error line.")


def expect_good_starts(lab: Lab, taken: int) -> None:
    """Expect the defaults, and where nobody can listen an error line with its reason.

    All these programs start at the same time: the first waits are for all of them.
    """
    lab.keep_usual_port()
    by_default = start_with(lab)
    second = lab.start_with_port(taken)
    hosts = [lab.start_with_port(65535, host) for host in (ELSEWHERE, NO_NAME)]
    ports = [lab.start_with_port(port) for port in ("http", "-1", "65536")]
    if by_default:  # first: if it wants all addresses, the next one has none of them
        by_default.stdout.wait_for(SAYS_SO.search, by_default.slices(SOON))
    usual = by_default, start_with(lab, lab.host)
    reason = reason_of(second, TAKEN)
    no_ports = [reason_of(program, NO_PORT, usage=True) for program in ports]
    no_hosts = [reason_of(program, NO_HOST) for program in hosts]
    for program, said in zip(hosts, no_hosts, strict=True):
        if said in (reason, no_ports[-1]):
            _fail_to_give_a_reason(program)
    for server in filter(None, usual):
        expect_default_address(server, reason, no_hosts)
        server.stop()


def reason_of(program: Program, hint: str, *, usage: bool = False) -> str:
    """Expect status 1 and an error line on stderr; return it without its address.

    For wrong ``usage``, argparse's own words and status 2 are as good.
    """
    program.expect_exit(None, hint=hint)
    status, errors = program.process.returncode, program.errors()
    argparse_says = usage and status == 2  # "server.py: error: …"
    found = re.search(rf"{'' if argparse_says else '^'}error: (.+)", errors, re.M)
    if not found:
        stdout = bytes(program.stdout.data)
        program.fail(
            expected=(_("Expected a line on stderr"), _("that begins with 'error: '")),
            got=(_("but stderr is"), repr(errors) if errors else _("empty")),
            hint=ON_STDOUT if b"error: " in stdout else hint,
        )
    if status != 1 and not argparse_says:
        program.fail(
            expected=(
                _("Expected {name} to end with").format(name=program.name),
                describe_status(1),
            ),
            got=(_("but it ended with"), describe_status(status)),
            hint=hint,
        )
    return ADDRESS.sub("", found[1])


ON_STDOUT = _("The line is on stdout. sys.exit('error: …') writes it on stderr.")
# What a line may name beside its reason.
ADDRESS = re.compile(rf"\d+\.\d+\.\d+\.\d+|{re.escape(NO_NAME)}|\b\d{{4,5}}\b")


def _fail_to_give_a_reason(program: Program) -> NoReturn:
    """Fail because a host that is not there got the words for a taken port."""
    program.fail(
        expected=(_("Expected a line on stderr"), _("that says what is wrong")),
        got=(_("but it says"), repr(program.errors())),
        remark=_("It is the line for another mistake; here it is the host."),
        hint=_(
            "Show the error's own words: 'except OSError as error', and {error} in the"
            " line. A bare 'except:' catches your typing errors, too."
        ),
    )


# -- the defaults ---------------------------------------------------------------------


def command_with(lab: Lab, program: str, *words: str) -> Command | None:
    """Return a command with these words in place of HOST and PORT, if it is Python.

    For another language, the submission says itself what is on the command line.
    """
    command = lab.submission.command(
        lab.exercise, program, lab.host, USUAL_PORT, lab.shared
    )
    if not command.is_python:
        return None
    return replace(command, words=[*command.words[:-2], *words])


def start_with(lab: Lab, *host: str) -> Server | None:
    """Start the server with a HOST alone, or with nothing; None if it is not Python."""
    command = command_with(lab, "server", *host)
    if not command:
        return None
    name = _("server with a HOST alone") if host else _("server without a HOST")
    lab.history.arrives(Kind.STARTS, name, _("starts"))
    server = Server(name, command, lab.submission.folder, lab.history)
    server.host, server.port = "".join(host) or system.SHARED, USUAL_PORT
    server.peers = []
    lab.programs.append(server)
    return server


def expect_default_address(server: Server, taken: str, no_hosts: list[str]) -> None:
    """Expect a server on its default address, or the error line for one that is taken.

    Windows has more reasons than one for that: there it must not be that of no_hosts.
    """
    listens = server.stdout.wait_for(SAYS_SO.search, server.slices(SOON))
    if not listens and not server.traceback():
        said = last_words(reason_of(server, NO_DEFAULT))
        others = map(last_words, no_hosts)
        says_taken = said == last_words(taken) or system.WINDOWS and said not in others
        if says_taken and may_be_taken(server):
            return
    announced_port(server, NO_DEFAULT)


def may_be_taken(server: Server) -> bool:
    """Return whether a program that is not of the lab may have a server's port.

    On an address that all share, it may have had it a moment ago.
    """
    with socket.socket() as visitor:
        visitor.settimeout(START)
        address = server.host, server.port
        return server.host == system.SHARED or visitor.connect_ex(address) == 0


def last_words(reason: str) -> str:
    """Return an error line's end, which is the system's own words in most programs."""
    return reason.rpartition(":")[2]


NO_DEFAULT = _(
    "HOST and PORT may be left out: then they are 127.0.0.1 and 8080. That was given."
)


# -- waiting --------------------------------------------------------------------------


def expect_patience(server: Server, since: float) -> None:
    """Expect a server to wait for clients longer than accept_client() does at a time.

    ``since`` is when it began to wait, by time.monotonic().
    """
    if server.exited.wait(max(0.0, since + LONG - time.monotonic())):
        server.wait_for_exit(SOON)
        server.fail(
            _("The server did not wait for a client: it ended by itself."),
            hint=_("After a time limit on accept(), go on waiting: the loop is given."),
        )


def expect_sleep(server: Server) -> None:
    """Expect a server to sleep while it waits for a client."""
    server.wait_until_idle()
    if not server.ever_sleeps():
        server.fail(
            _("The server keeps a processor busy while it waits for a client."),
            hint=_(
                "accept() sleeps until a client comes. With setblocking(False), or a"
                " time limit of 0, it does not."
            ),
        )


# -- its queue ------------------------------------------------------------------------


def connect_at_once(
    server: Server, names: list[str], free_the_server: Callable[[], None]
) -> list[Peer]:
    """Connect clients while another keeps the server busy, and then free it.

    So they all have to find a place in the queue of the listening socket.
    """
    sockets = [socket.socket() for _ in names]
    for connection in sockets:
        connection.setblocking(False)
        connection.connect_ex((server.host, server.port))
    free_the_server()
    peers = []
    for name, connection in zip(names, sockets, strict=True):
        waits = server.slices(START)
        any(select.select([], [connection], [], wait)[1] for wait in waits)
        where = "{}:{}".format(*connection.getsockname())
        server.history.arrives(Kind.CONNECTS, name, _("connects"), where)
        system.send_at_once(connection)
        peers.append(Peer(name, connection, server, server.history))
    server.peers += peers
    return peers


def had_to_repeat(client: Peer) -> bool:
    """Return whether something was lost of what a client sent, or of its connection.

    The field tcpi_total_retrans of TCP_INFO, tcp(7), so only on Linux. On loopback
    nothing is lost, but what finds a full queue.
    """
    if not system.LINUX:
        return False
    info = client.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return bool(int.from_bytes(info[100:104], sys.byteorder))
