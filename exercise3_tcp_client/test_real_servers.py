"""The check of exercise 3 in which the client meets servers that others wrote."""

import re
from pathlib import Path

from tests.harness import http, system
from tests.harness.checks import check
from tests.harness.failure import CheckFailedError
from tests.harness.http_server import EMPTY_LINE, PATIENT
from tests.harness.lab import USUAL_PORT, Lab, Server
from tests.harness.patience import START
from tests.harness.program import Program
from tests.harness.shown import show
from tests.harness.starting import command_with
from tests.harness.steps import Kind
from tests.harness.words import _

LISTENS = re.compile(rb" port (\d+) ")
BY_DEFAULT = _(
    "HOST, PORT and PATH may be left out: then they are 127.0.0.1, 8080 and /."
    " parse_arguments() has this from the starter: leave it as it is there."
)


@check(
    "3.5",
    _("works with http.server and, once finished, your exercise 2 server"),
    points=1,
    needs=["3.1", "3.3"],
    hint=_(
        "Compare your request with the handout's byte by byte: real servers are"
        " stricter than this suite. They also send more headers, such as Date, whose"
        " value has colons in it."
    ),
    read=_("Step 3: the whole response"),
)
def test_real_servers(lab: Lab) -> None:
    if own := own_server(lab):
        client = lab.start_client(own.host, own.port, "/", environment=PATIENT)
        expect_status_line(client)
    page, front = lab.numbers.randbytes(100_000), f"{lab.random_word()}\n".encode()
    lab.keep_usual_port()
    host, port = http_server(lab, {"page.bin": page, "index.html": front})
    client = lab.start_client(host, port, "/page.bin", environment=PATIENT)
    by_default = start_by_default(lab) if port == USUAL_PORT else None
    expect_page(client, page)
    if by_default:
        expect_page(by_default, front, BY_DEFAULT)


def own_server(lab: Lab) -> Server | None:
    """Start the submission's exercise 2 server; None when it is not finished.

    Whether it is at fault is for its own suite to say, and not a mistake of the client.
    """
    began, own = len(lab.history.steps), _("your exercise 2 server")
    try:
        server = lab.start_server(exercise="exercise2_accept_loop")
        for name in (_("first try"), _("second try")):  # it must have its accept loop
            peer = server.connect(name)
            peer.send(http.request(server, "Connection: close"))
            http.read_response(peer, "200 OK")
    except CheckFailedError:
        lab.history.sum_up(began, own, _("is not finished: left out"))
        while lab.programs:  # what it says on stderr is not the client's
            lab.programs.pop().stop()
        return None
    server.may_end = True  # later, that is its own suite's business
    lab.history.sum_up(began, own, _("starts, and answers a GET"))
    return server


def http_server(lab: Lab, pages: dict[str, bytes]) -> tuple[str, int]:
    """Let Python's http.server serve pages; return where it listens.

    That is the client's default address, if nobody else has it.
    """
    folder = lab.folder / "served"  # of the suite's own: no student's program sees it
    folder.mkdir()
    for name, page in pages.items():
        (folder / name).write_bytes(page)
    if not system.WINDOWS:  # there it would share the port with whoever has it
        server = start_http_server(lab, folder, USUAL_PORT)
        if server.stdout.wait_for(LISTENS.search, server.slices(START)):
            return "127.0.0.1", USUAL_PORT
        lab.programs.remove(server)
        server.stop()
    server = start_http_server(lab, folder, 0)
    server.expect_printed("(http://", START)
    found = LISTENS.search(server.stdout.data)
    assert found, server.stdout.data
    return "127.0.0.1", int(found[1])


def start_http_server(lab: Lab, folder: Path, port: int) -> Program:
    """Start Python's http.server in a folder."""
    words = ["-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    command = lab.submission.helper(*words, folder=folder)
    server = Program("http.server", command, folder, lab.history)
    lab.programs.append(server)
    return server


def start_by_default(lab: Lab) -> Program | None:
    """Start the client without arguments; None if it is not in Python."""
    command = command_with(lab, "client")
    if not command:
        return None
    name = _("client without arguments")
    lab.history.arrives(Kind.STARTS, name, _("starts"))
    client = Program(name, command, lab.submission.folder, lab.history, PATIENT)
    lab.programs.append(client)
    return client


def expect_page(client: Program, page: bytes, hint: str = "") -> None:
    """Expect the client to end well, and to have printed this page after its head."""
    expect_status_line(client, hint)
    head = bytes(client.stdout.data).partition(EMPTY_LINE)[0]
    client.expect_output(head + EMPTY_LINE + page, hint)


def expect_status_line(client: Program, hint: str = "") -> None:
    """Expect the client to end well, and to have printed that all is well."""
    client.expect_exit(seconds=START, hint=hint)
    status_line = bytes(client.stdout.data).partition(b"\r\n")[0]
    if not re.fullmatch(rb"HTTP/1.[01] 200 OK", status_line):
        client.fail(
            expected=(_("Expected it to print first"), "'HTTP/1.1 200 OK'"),
            got=(_("but it printed"), show(status_line)),
            hint=hint,
        )
