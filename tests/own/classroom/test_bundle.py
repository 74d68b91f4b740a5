"""``gradescope``: what the bundle holds, and how its programs run a stranger's."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.answers.grading import SOLUTIONS
from tests.classroom.bundle import programs, write_bundle
from tests.classroom.starters import digests_of
from tests.harness import system
from tests.harness.exercises import EXERCISES, ROOT
from tests.own import peers
from tests.own.classroom.running import HELLO, LIMIT, classroom
from tests.own.processes import running_with

pytestmark = pytest.mark.timeout(LIMIT)

NOBODYS = 61_234  # a user and a group of the test's own, who have no name
# Plays the bundle's Python: as the grader, it tries all that a student's program may.
HOSTILE = f"""#!/bin/bash
if [ "$(id -u) $(id -g) $(id -G)" != "{NOBODYS} {NOBODYS} {NOBODYS}" ]; then exit 1; fi
echo forged 2>/dev/null >../results/results.json
rm -f ../results/results.json ../source/stopped.json 2>/dev/null
echo $TOKEN "$@" >../left/arguments
setsid bash -c 'touch ../left/began; exec sleep 600' >/dev/null 2>&1 &
until [ -e ../left/began ]; do :; done
echo '{{"tests": []}}'
exit $(cat ../submission/status)
"""


def statements(text: str) -> set[str]:
    """Return the lines of a program that do something, and are not on every page."""
    lines = {line.strip() for line in text.splitlines()}
    return {line for line in lines if len(line) > 12 and not line.startswith("#")}


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("others", [[], list(EXERCISES)], ids=["alone", "with all"])
def test_bundle_holds_no_solution(
    exercise: str, others: list[str], tmp_path: Path
) -> None:
    """No file of it has a quarter of the lines that the solution adds to the starter.

    Some are everybody's, such as "with contextlib.suppress(OSError):".
    """
    write_bundle(tmp_path / "bundle", others or [exercise])
    for name in EXERCISES[exercise].yours:
        solution = statements((SOLUTIONS / exercise / name).read_text("utf-8"))
        added = solution - statements((ROOT / exercise / name).read_text("utf-8"))
        assert len(added) > 8
        for file in filter(Path.is_file, (tmp_path / "bundle").rglob("*")):
            found = added & statements(file.read_text("utf-8"))
            assert len(found) < len(added) / 4, f"{file} holds {sorted(found)}"


def test_bundle_knows_starters(tmp_path: Path) -> None:
    """It has their digests, not the files."""
    write_bundle(tmp_path, [HELLO])
    stored = json.loads((tmp_path / "starters.json").read_text("utf-8"))
    assert stored == digests_of(ROOT, EXERCISES)
    assert len(stored) == sum(len(EXERCISES[name].yours) for name in EXERCISES)
    assert not list(tmp_path.rglob("server.py"))


@pytest.fixture
def container() -> Iterator[Path]:
    """Lay Gradescope's folders out where any user may look."""
    if system.WINDOWS or os.geteuid():
        pytest.skip("Gradescope's image is Linux, and runs as root")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in "source", "submission", "results", "left":
            (folder / part).mkdir()
        (folder / "left").chmod(0o777)
        (folder / "source/stopped.json").write_text("stopped")
        for file, text in ("run", programs("1")["run_autograder"]), ("python", HOSTILE):
            (folder / file).write_text(text)
            (folder / file).chmod(0o755)
        yield folder


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("status", "results"), [(0, '{"tests": []}'), (1, "stopped")])
def test_student_is_gone_before_the_results_come(
    container: Path, status: int, results: str
) -> None:
    """And could not write them, nor see what root's environment has."""
    (container / "submission/status").write_text(f"{status}")
    where = {"AUTOGRADER": str(container), "GRADER": str(NOBODYS), "TOKEN": "secret"}
    run = subprocess.run(
        [container / "run"],
        env=os.environ | where | {"PYTHON": str(container / "python")},
        capture_output=True,
        timeout=60,
    )
    assert (container / "results/results.json").read_text().strip() == results, run
    arguments = (container / "left/arguments").read_text().split()
    assert arguments[:4] == ["-m", "tests.classroom", "report", "../submission"]
    assert "secret" not in arguments
    while running_with(str(container).encode()):  # the kernel is ending it
        pass


def test_workflow_gives_no_token_away() -> None:
    """Nothing runs without the sandbox, and the run is red where points are missing.

    Both checkouts keep no credentials.
    """
    workflow = programs("4")["grade.yml"]
    assert workflow.count("uses: actions/checkout@") == 2
    assert workflow.count("persist-credentials: false\n") == 2
    assert "token: ${{ secrets.SOCKET_LAB_TOKEN || github.token }}\n" in workflow
    assert "--exercise 4\n" in workflow
    assert "--sandbox required\n" in workflow
    assert "install -y --no-install-recommends bubblewrap\n" in workflow
    assert """jq --exit-status '.score == .["max-score"]' result.json\n""" in workflow


def test_programs_can_be_read() -> None:
    """By those that run them elsewhere: here they never run."""
    for name in "setup.sh", "run_autograder":
        shell = [peers.program("bash"), "-n"]
        run = subprocess.run(shell, input=programs("4 5")[name].encode())
        assert run.returncode == 0, name
    compile(programs("4 5")["autograder.py"], "autograder.py", "exec")


def test_run_says_what_it_took(tmp_path: Path) -> None:
    """A file alone will do; an odd name cannot write Markdown of its own."""
    (tmp_path / "My [x](y) `1` *server.py").write_text("raise SystemExit(1)")
    summary = tmp_path / "summary.md"
    run = classroom("report", tmp_path, "--exercise", 1, "--summary", summary)
    assert run.returncode == 0, run.stderr
    lines = summary.read_text("utf-8").splitlines()
    assert r"- server.py was called My \[x\](y) \`1\` \*server.py" in lines
    assert any(line.startswith("- Programs were held by limits") for line in lines)
    assert "| 1.1 listens on the HOST and PORT" in run.stdout
