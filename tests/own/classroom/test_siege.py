"""Attacks gain, leave, learn and reach nothing."""

import select
import socket
from collections.abc import Iterator

import pytest

from tests.answers.hostile.attacks import ATTACKS, ONE_OF_EACH
from tests.harness import confinement, patience, system
from tests.own.classroom.running import LIMIT
from tests.own.classroom.sieges import Siege, besiege
from tests.own.processes import running_with

no_sandbox = confinement.why_no_sandbox()

pytestmark = [
    pytest.mark.timeout(LIMIT),
    pytest.mark.skipif(system.WINDOWS, reason="Windows has no such limits"),
]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((ONE_OF_EACH, True), id="one-of-each"),
        pytest.param((ATTACKS, True), id="sandbox", marks=pytest.mark.long),
        pytest.param((ATTACKS, False), id="limits", marks=pytest.mark.long),
    ],
)
def siege(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Siege]:
    """Grade the attacks in the sandbox, and once more with limits alone."""
    attacks, in_sandbox = request.param
    if in_sandbox and no_sandbox:
        pytest.skip(no_sandbox)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        folder = tmp_path_factory.mktemp("siege")
        yield besiege(folder, attacks, in_sandbox, listener)


def test_every_promise_is_always_tried() -> None:
    promises = {attack.promise for attack in ATTACKS}
    assert {attack.promise for attack in ONE_OF_EACH} == promises


def test_attacks_gain_nothing(siege: Siege) -> None:
    # '': with limits alone, what ends its suite could not be graded.
    points = {name: int(row["sum"] or 0) for name, row in siege.grades.items()}
    rights = {points.pop("aaa_right"), points.pop("zzz_right")}
    assert rights == {10}
    if siege.in_sandbox:  # with limits alone, a program may forge anybody's report
        assert set(points.values()) == {0}, points


def test_attacks_leave_nothing_behind(siege: Siege) -> None:
    assert [file.name for file in siege.canaries.iterdir()] == []
    assert not (siege.out / ".work").exists()
    mark = str(siege.out).encode()
    patience.wait_until(lambda: not running_with(mark), patience.slices(10))
    assert running_with(mark) == []


def test_attacks_learn_nothing(siege: Siege) -> None:
    for file in siege.out.rglob("feedback.*"):
        assert siege.secret not in file.read_text("utf-8")
        assert "seen: " not in file.read_text("utf-8"), file


def test_attacks_reach_nobody(siege: Siege) -> None:
    assert select.select([siege.listener], [], [], 0)[0] == []


def test_pages_are_safe(siege: Siege) -> None:
    for file in siege.out.rglob("*.html"):
        text = file.read_text("utf-8")
        assert "<script>alert" not in text
        assert "\x1b" not in text
    for file in siege.out.rglob("feedback.*"):
        assert "\x1b" not in file.read_text("utf-8")


def test_full_disk_is_their_own(siege: Siege) -> None:
    if (siege.out / "fills_disk").exists():
        assert "No space left" in (siege.out / "fills_disk/feedback.txt").read_text()
