"""The check of exercise 3 in which the client meets servers that others wrote."""

import re

from tests.harness import http
from tests.harness.checks import check
from tests.harness.failure import CheckFailedError
from tests.harness.http_server import EMPTY_LINE, PATIENT
from tests.harness.lab import Lab, Server
from tests.harness.patience import START
from tests.harness.program import Program
from tests.harness.shown import show
from tests.harness.words import _


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
        fetch(lab, own.host, own.port, "/")
    page = lab.numbers.randbytes(100_000)
    client = fetch(lab, *http_server(lab, page), "/page.bin")
    head = bytes(client.stdout.data).partition(EMPTY_LINE)[0]
    client.expect_output(head + EMPTY_LINE + page)


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
    lab.history.sum_up(began, own, _("starts, and answers a GET"))
    return server


def http_server(lab: Lab, page: bytes) -> tuple[str, int]:
    """Let Python's http.server serve /page.bin; return where it listens."""
    folder = lab.folder / "served"  # of the suite's own: no student's program sees it
    folder.mkdir()
    (folder / "page.bin").write_bytes(page)
    words = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    command = lab.submission.helper(*words, folder=folder)
    server = Program("http.server", command, folder, lab.history)
    lab.programs.append(server)
    server.expect_printed("(http://", START)
    port = re.search(rb" port (\d+) ", server.stdout.data)
    assert port, server.stdout.data
    return "127.0.0.1", int(port[1])


def fetch(lab: Lab, host: str, port: int, path: str) -> Program:
    """Let the client get a page that is there, from a server that is not the suite."""
    client = lab.start_client(host, port, path, environment=PATIENT)
    client.expect_exit(seconds=START)
    status_line = bytes(client.stdout.data).partition(b"\r\n")[0]
    if not re.fullmatch(rb"HTTP/1.[01] 200 OK", status_line):
        client.fail(
            expected=(_("Expected it to print first"), "'HTTP/1.1 200 OK'"),
            got=(_("but it printed"), show(status_line)),
        )
    return client
