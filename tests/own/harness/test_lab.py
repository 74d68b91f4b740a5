"""A check's laboratory: what it cleans up, and what it notices of its servers."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from tests.harness import lab as laboratory
from tests.harness import system
from tests.harness.failure import CheckFailedError
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SLICE
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


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> "Queue[bool]":
    """Return what becomes of each try to take the usual port: one that is free now."""
    tries, can_bind = Queue[bool](), system.can_bind
    monkeypatch.setattr(laboratory, "USUAL_PORT", system.free_port(system.SHARED))

    def attempt(new: socket.socket, host: str, port: int) -> bool:
        could_bind = can_bind(new, host, port)
        if port == laboratory.USUAL_PORT:
            tries.put(could_bind)
        return could_bind

    monkeypatch.setattr(system, "can_bind", attempt)
    return tries


def test_usual_port_is_for_one_check_at_a_time(
    labs: Callable[[], Lab], tries: "Queue[bool]"
) -> None:
    first, second = labs(), labs()
    first.keep_usual_port()
    assert tries.get()
    server = start(first)
    waiting = threading.Thread(target=second.keep_usual_port)
    waiting.start()
    assert not tries.get()
    first.clean_up()
    waiting.join()
    assert server.exited.is_set()
    assert tries.queue[-1]


def test_usual_port_of_a_stranger_is_not_waited_for_without_end(
    labs: Callable[[], Lab], tries: "Queue[bool]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laboratory, "START", SLICE)
    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.bind((system.SHARED, laboratory.USUAL_PORT))
        labs().keep_usual_port()
    assert not any(tries.queue)
    assert tries.queue
