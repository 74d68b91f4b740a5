"""``grade --dask``: the same grades, also when a worker is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.classroom import cluster
from tests.classroom.cluster import Cluster, cluster_at
from tests.classroom.errors import ClassroomError
from tests.classroom.grade import Options, grade_class, reserved
from tests.classroom.jobs import ThisMachine, Workers
from tests.harness import confinement, patience, system
from tests.harness.exercises import ROOT
from tests.own import peers
from tests.own.classroom.running import HELD, HELLO, LIMIT, RIGHT, lay_out

if TYPE_CHECKING:
    from distributed import LocalCluster

CODE = RIGHT.decode()
HAND_INS = {
    "alice": CODE,
    "carol": "raise SystemExit(1)\n",
}
MORE_HAND_INS = {
    "bob": CODE.replace("HTTP/1.1 200 OK", "HTTP/1.1 200"),
    "dave": CODE.replace("sendall", "send"),
}

pytestmark = pytest.mark.timeout(LIMIT)


@pytest.fixture(scope="module")
def hand_ins(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a class's submissions of exercise 1; with --long, more of them."""
    folder = tmp_path_factory.mktemp("class")
    more = MORE_HAND_INS if request.config.getoption("--long") else {}
    for name, code in {**HAND_INS, **more}.items():
        lay_out(folder / name, code.encode())
    return folder


@pytest.fixture(scope="module")
def plain(hand_ins: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Grade them without Dask."""
    peers.package("distributed")
    out = tmp_path_factory.mktemp("plain")
    with reserved(out) as place:
        return reports(hand_ins, out, ThisMachine(2, place))


def reports(hand_ins: Path, out: Path, workers: Workers) -> dict[str, Any]:
    """Grade, and return what was written by file, without what differs each time."""
    in_sandbox = not confinement.why_no_sandbox()
    options = Options([HELLO], again=False, in_sandbox=in_sandbox)
    assert grade_class(hand_ins, out, options, workers)[1]
    files = [path for path in out.rglob("*") if path.is_file()]
    written: dict[str, Any] = {file.relative_to(out).as_posix(): None for file in files}
    for name in "grades.csv", "class.html":
        written[name] = (out / name).read_bytes()
    for name in names_in(hand_ins):
        text = (out / name / f"{HELLO}.json").read_text("utf-8")
        written[f"{name}/{HELLO}.json"] = without_times(json.loads(text))
    return written


def names_in(hand_ins: Path) -> list[str]:
    """Return the students' names."""
    return sorted(folder.name for folder in hand_ins.iterdir())


def without_times(result: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a run of a suite does not repeat: times, ports, the seed."""
    kept = "id", "exercise", "title", "points", "max_points", "outcome", "hint"
    checks = [{name: check[name] for name in kept} for check in result["checks"]]
    return {**result, "seed": 0, "checks": checks}


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator["LocalCluster"]:
    """Start a scheduler with two workers."""
    distributed = peers.package("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        local_directory=str(tmp_path_factory.mktemp("dask")),
    ) as cluster:
        yield cluster


def test_cluster_gives_the_same_grades(
    two_workers: "LocalCluster", plain: dict[str, Any], hand_ins: Path, tmp_path: Path
) -> None:
    with cluster_at(two_workers.scheduler_address, 0, tmp_path) as workers:
        with reserved(tmp_path / "out"):
            assert reports(hand_ins, tmp_path / "out", workers) == plain


@pytest.mark.long
@pytest.mark.skipif(system.WINDOWS, reason="Windows has no SIGKILL")
def test_lost_worker_changes_no_grade(
    two_workers: "LocalCluster", plain: dict[str, Any], hand_ins: Path, tmp_path: Path
) -> None:
    killed: list[int] = []
    with cluster_at(two_workers.scheduler_address, 0, tmp_path) as workers:
        killer = threading.Thread(target=kill_one_at_work, args=[workers, killed])
        killer.start()
        with reserved(tmp_path / "out"):
            found = reports(hand_ins, tmp_path / "out", workers)
        killer.join()
    assert killed
    assert found == plain


def kill_one_at_work(workers: Cluster, killed: list[int]) -> None:
    """Wait until a worker has begun a suite, and kill it."""
    pids = workers.client.run(os.getpid)
    known = workers.client.scheduler_info(n_workers=-1)["workers"]
    places = {pid: Path(known[name]["local_directory"]) for name, pid in pids.items()}

    def at_work() -> list[int]:
        return [p for p, place in places.items() if any(place.glob("classroom-*/*"))]

    patience.wait_until(at_work, patience.slices(60))
    killed += at_work()[:1]
    os.kill(killed[0], signal.SIGKILL)


@pytest.mark.long
@pytest.mark.skipif(system.WINDOWS, reason="Windows has no SIGKILL")
def test_job_that_no_worker_survives_is_tried_by_the_next_call(tmp_path: Path) -> None:
    dask = peers.package("dask")
    lay_out(tmp_path / "class" / "alice")
    no_second_try = {"distributed.scheduler.allowed-failures": 0}
    with dask.config.set(no_second_try), cluster_at("local", 1, tmp_path) as workers:
        killer = threading.Thread(target=kill_one_at_work, args=[workers, []])
        killer.start()
        assert notes_after(tmp_path, workers) == cluster.LOST
        killer.join()
        assert notes_after(tmp_path, workers) == ""


def notes_after(folder: Path, workers: Workers) -> str:
    """Grade the one student of a class, and return the note of the result."""
    options = Options([HELLO], again=False, in_sandbox=False)
    with reserved(folder / "out"):
        assert grade_class(folder / "class", folder / "out", options, workers)[1]
    text = (folder / "out" / "alice" / f"{HELLO}.json").read_text("utf-8")
    return str(json.loads(text)["note"])


def test_workers_need_the_same_lab(
    two_workers: "LocalCluster", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "lab_digest", other_lab)
    with pytest.raises(
        ClassroomError, match=r"^tcp:\S+ has another version of the lab"
    ):
        with cluster_at(two_workers.scheduler_address, 0, tmp_path):
            pass


def other_lab() -> str:
    """Stand in for the lab's digest: the same place gives another one elsewhere."""
    return f"{os.getpid()}"


def test_cluster_without_workers(tmp_path: Path) -> None:
    distributed = peers.package("distributed")
    with distributed.LocalCluster(
        n_workers=0, dashboard_address="127.0.0.1:0"
    ) as nobody:
        with pytest.raises(ClassroomError, match=r"^tcp:\S+ has no workers yet\.$"):
            with cluster_at(nobody.scheduler_address, 0, tmp_path):
                pass


def grade_with_dask(
    hand_ins: Path, out: Path, *options: str, **environment: str
) -> Any:
    """Run the command; ``environment`` is added to ours."""
    command = [sys.executable, "-m", "tests.classroom", "grade", str(hand_ins)]
    return subprocess.run(
        [*command, f"--out={out}", "--exercise=1", "--dask=local", *HELD, *options],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.long
def test_local_cluster(hand_ins: Path, plain: dict[str, Any], tmp_path: Path) -> None:
    peers.package("distributed")
    run = grade_with_dask(hand_ins, tmp_path / "out", "--jobs=2")
    assert run.returncode == 0, run.stderr
    assert len(run.stderr.splitlines()) == 1 + len(
        names_in(hand_ins)
    )  # nothing of Dask's own
    assert (tmp_path / "out" / "grades.csv").read_bytes() == plain["grades.csv"]
    assert not (tmp_path / "out" / ".work").exists()


def test_dask_is_missing(hand_ins: Path, tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text("raise ImportError")
    run = grade_with_dask(hand_ins, tmp_path / "out", PYTHONPATH=str(tmp_path))
    assert run.returncode == 1
    assert run.stderr == f"error: {cluster.MISSING}\n"
