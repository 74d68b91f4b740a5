"""A check's laboratory: what it cleans up, and what it notices of its servers."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.failure import CheckFailedError
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER
from tests.own.harness.running import EXERCISE, submit

STATUS = "import sys\nprint('up', flush=True)\nsys.exit(int(input()))\n"


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[Callable[[], Lab]]:
    """Make laboratories for a server that ends with the status that is typed."""
    submission, made = submit(tmp_path, STATUS), list[Lab]()

    def make() -> Lab:
        made.append(Lab(submission, EXERCISE, tmp_path, seed=5))
        return made[-1]

    yield make
    for lab in made:
        lab.clean_up()
    submission.remove_folder()


def start(lab: Lab) -> Server:
    """Start the server, and wait until it waits."""
    server = lab.start_server()
    server.expect_printed("up")
    return server


def test_clean_up_leaves_another_thread_its_programs(
    labs: Callable[[], Lab],
) -> None:
    servers: list[Server] = []
    thread = threading.Thread(target=lambda: servers.append(start(labs())))
    thread.start()
    ours = labs()
    server = start(ours)
    thread.join()
    ours.clean_up()
    assert server.wait_for_exit(ANSWER)
    servers[0].type("7\n")
    servers[0].expect_exit(7)


def ends_with(status: int) -> Callable[..., None]:
    """Return a check whose server ends; the check does not look at that."""

    def check(lab: Lab) -> None:
        server = start(lab)
        server.type(f"{status}\n")
        server.exited.wait()

    return check


def ends_it(lab: Lab) -> None:
    """Be a check that ends its server itself."""
    start(lab).kill()


def test_server_that_fails_unseen(labs: Callable[[], Lab]) -> None:
    with pytest.raises(CheckFailedError, match="server has ended by itself"):
        labs().run(ends_with(3))


@pytest.mark.parametrize("check", [ends_with(0), ends_it])
def test_server_that_may_end(
    labs: Callable[[], Lab], check: Callable[..., None]
) -> None:
    lab = labs()
    lab.run(check)
    assert lab.programs[0].exited.is_set()
