"""The checks of exercise 6: an echo."""

from tests.harness.checks import check
from tests.harness.lab import Lab
from tests.harness.words import _


@check(
    "6.1",
    _("says on which HOST and PORT it listens"),
    points=1,
    hint=_("Print Listening on HOST:PORT, and flush."),
    read="Listening",
)
def test_listens(lab: Lab) -> None:
    server = lab.start_server()
    server.connect("alice")
    server.expect_line(f"Listening on {server.host}:{server.port}")


@check(
    "6.2",
    _("sends back each line, unchanged"),
    points=2,
    needs=["6.1"],
    hint=_("Send what recv() has returned, and receive again."),
    read="The echo",
)
def test_echoes(lab: Lab) -> None:
    alice = lab.start_server().connect("alice")
    for line in "hello\n", "à bientôt\n":
        alice.send(line)
        alice.expect(line)


@check(
    "6.3",
    _("ends on Ctrl+C with status 0"),
    points=1,
    needs=["6.1"],
    hint=_("Catch KeyboardInterrupt around the loop in main()."),
    read="Ctrl+C",
)
def test_ctrl_c(lab: Lab) -> None:
    server = lab.start_server()
    server.expect_printed("Listening on")
    server.interrupt()
    server.expect_exit()
