"""The check of exercise 2 in which the server starts, or cannot, and is ended."""

import time

from tests.harness import system
from tests.harness.checks import check
from tests.harness.http import is_asleep
from tests.harness.http_clients import say, visit
from tests.harness.lab import Lab, Server
from tests.harness.patience import SOON
from tests.harness.starting import announced_port, expect_good_starts, expect_sleep
from tests.harness.words import _

LATEST = 1.5  # seconds, for what is to be done within one


@check(
    "2.8",
    _("ends at once on Ctrl+C, and says in one line that a port is taken"),
    points=1,
    needs=["2.1"],
    hint=_(
        "Catch KeyboardInterrupt once, around the accept loop. An 'except:', an 'except"
        " BaseException' or a 'return' in 'finally' inside swallows it. Set"
        " SO_REUSEADDR for the next start."
    ),
    read=_("Step 6: nothing is left over"),
)
def test_ctrl_c(lab: Lab) -> None:
    first = lab.start_server(port=0)
    first.port = announced_port(first)  # now the port is taken
    port = system.free_port(lab.host)
    expect_good_starts(lab, first.port)
    for stop in (Server.interrupt, Server.terminate):
        if stop is Server.terminate and system.WINDOWS:
            break  # there is no SIGTERM
        for in_mid_request in (False, True):
            server = lab.start_server(port=port)
            visit(server)
            expect_sleep(server)
            if in_mid_request:
                say(server, _("slow"), "GET / HT").wait_until_read()
            stop(server)
            expect_to_end_soon(server, BY_SIGTERM if stop is Server.terminate else "")


BY_SIGTERM = _("SIGTERM is to end the server just as Ctrl+C does.")


def expect_to_end_soon(server: Server, hint: str) -> None:
    """Expect a server to end within a second; a busy machine may make it late.

    If it still sleeps then, it will not be the machine.
    """
    since = time.monotonic()
    while not server.exited.wait(0.1):
        waited = time.monotonic() - since
        if waited > SOON or waited > LATEST and is_asleep(server):
            text = _("{name} is still running after {seconds} s.")
            text = text.format(name=server.name, seconds=f"{waited:.1f}")
            server.fail(text, hint=hint)
    server.expect_exit(hint=hint)
