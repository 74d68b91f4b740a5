"""The classroom: handing out, grading, comparing, and what strangers' programs try."""

import csv
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.answers.grading import SOLUTIONS, grade
from tests.answers.hostile.archives import ARCHIVES
from tests.answers.hostile.attacks import (
    ATTACKS,
    BROUGHT,
    PADS_ITS_ANSWER,
    RECORDS,
    REPLAYS,
    SERVER,
    Attack,
)
from tests.classroom import class_page, submissions, suite
from tests.classroom.__main__ import build_parser, joined
from tests.classroom.grade import Options, grade_class, plan, reserved, safe_name
from tests.classroom.handout import for_students
from tests.classroom.jobs import ThisMachine, grade_suite, lab_digest
from tests.classroom.progress import Progress
from tests.classroom.submissions import read_hand_in
from tests.classroom.suite import without_result
from tests.harness import confinement, patience, system
from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES, ROOT
from tests.own.processes import running_with

HELLO = "exercise1_http_hello"
RIGHT = (SOLUTIONS / SERVER).read_bytes()
GIVES_UP = b"raise SystemExit(1)\n"

pytestmark = pytest.mark.timeout(240)  # seconds, should a command not come to an end

no_sandbox = confinement.why_no_sandbox()
only_with_sandbox = pytest.mark.skipif(bool(no_sandbox), reason=no_sandbox)
only_posix = pytest.mark.skipif(system.WINDOWS, reason="Windows has no such files")


def classroom(
    *arguments: object, cwd: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the classroom to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tests.classroom", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )


def hand_in(folder: Path, source: bytes = RIGHT) -> Path:
    """Lay exercise 1 out as a student would."""
    file = folder / SERVER
    file.parent.mkdir(parents=True)
    file.write_bytes(source)
    return folder


def grades(out: Path) -> dict[str, dict[str, str]]:
    """Return the rows of grades.csv by student."""
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def results(folder: Path) -> dict[str, Any]:
    """Return a student's feedback.json."""
    content: dict[str, Any] = json.loads((folder / "feedback.json").read_text("utf-8"))
    return content


# -- handout -----------------------------------------------------------------------


def test_handout(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    run = classroom("handout", tree, "--upto", 2, "--without-solutions")
    assert run.returncode == 0, run.stderr
    files = {path.relative_to(tree).as_posix() for path in tree.rglob("*.*")}
    exercises = {file.split("/")[0] for file in files if file.startswith("exercise")}
    assert exercises == set(list(EXERCISES)[:2])
    assert f"{HELLO}/README.md" in files
    hidden = ("solutions", "tests/answers", "tests/classroom", "__pycache__")
    assert not [file for file in files if file.startswith(hidden) or "cache" in file]
    for file in tree.rglob("*.*"):
        later = re.search("exercise[345]_|solutions/", file.read_text("utf-8"))
        assert not later or "harness" in file.parts, f"{file} speaks of {later}"
    page = (tree / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", page):
        assert (tree / link).exists()


@pytest.mark.parametrize("upto", range(1, 6))
def test_first_page_speaks_of_what_is_there(upto: int) -> None:
    page = for_students((ROOT / "README.md").read_text("utf-8"), upto)
    there, later = list(EXERCISES)[:upto], list(EXERCISES)[upto:]
    assert "For instructors" not in page
    assert not [name for name in later if f"({name}/" in page or f"-m {name}" in page]
    commands = re.findall(r"^\$ pytest (\S+)", page, re.M)
    assert set(commands) <= set(there)
    assert len(commands) >= 3
    rows = re.findall(r"^\| \[(\d) [^]]+\]\(([^/]+)/README.md\)", page, re.M)
    assert rows == [(name[8], name) for name in there]


def test_handout_refuses_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = classroom("handout", tmp_path)
    assert run.returncode == 1
    assert run.stderr == f"error: {tmp_path} is not empty.\n"


# -- grade -------------------------------------------------------------------------


@dataclass
class Class:
    """A graded class of odd submissions."""

    submissions: Path
    out: Path
    grades: dict[str, dict[str, str]]


def hand_in_oddly(folder: Path) -> None:
    """Hand in what is right, and what is odd, in one of many ways each."""
    hand_in(folder / "alice")
    hand_in(folder / "bob" / "my lab" / "really")
    with zipfile.ZipFile(folder / "carol.zip", "w") as archive:
        archive.writestr(SERVER.replace("/", "\\"), RIGHT)
    with tarfile.open(folder / "dave.tar.gz", "w:gz") as tar:
        tar.add(SOLUTIONS, "dave/")
    (folder / "erin").mkdir()
    hand_in(folder / "frank", RIGHT.decode().encode("utf-16"))
    (folder / "gina").write_text("a file instead of a folder")
    (folder / "hugo.zip").write_bytes(b"PK, but broken")
    (folder / "karl").mkdir()
    (folder / "karl" / "server.py").write_bytes(RIGHT)
    hand_in(folder / "=ines()", GIVES_UP)
    hand_in(folder / "Жанна", GIVES_UP)
    with zipfile.ZipFile(folder / "lara.zip", "w") as archive:
        archive.writestr("lab.toml", "")
        archive.writestr("x" * 300, "a name that no system takes")
    (folder / ".DS_Store").touch()


@pytest.fixture(scope="module")
def odd_class(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Grade exercise 1 of that class."""
    folder, out = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("reports")
    hand_in_oddly(folder)
    run = classroom("grade", folder, "--out", out, "--exercise", 1, "--jobs", 4)
    assert run.returncode == 0, run.stderr
    return Class(folder, out, grades(out))


@pytest.mark.parametrize(
    ("student", "points", "note"),
    [
        ("alice", 10, ""),
        ("bob", 10, "taken from its folder my lab/really"),
        ("carol", 10, ""),
        ("dave", 10, "taken from its folder dave"),
        ("erin", 0, "is empty; not handed in: 1"),
        ("frank", 0, f"{SERVER} is not UTF-8"),
        ("gina", 0, "is neither a folder nor an archive (zip, tar.gz)"),
        ("hugo", 0, "cannot be read: File is not a zip file"),
        ("lara", 0, f"{HELLO}: cannot be laid out: "),
        ("karl", 10, f"has no folder {HELLO}: taken from where it lay"),
        ("'=ines()", 0, ""),
        ("Жанна", 0, ""),
    ],
)
def test_everybody_is_graded(
    odd_class: Class, student: str, points: int, note: str
) -> None:
    row = odd_class.grades[student]
    assert int(row["sum"]) == int(row[HELLO]) == points
    assert row["note"].startswith(note)
    assert bool(row["note"]) == bool(note)


def test_feedback_has_every_check(odd_class: Class) -> None:
    for student in "alice", "erin", "Жанна":
        feedback = results(odd_class.out / student)
        ids = {check["id"] for check in feedback["checks"]}
        assert ids == set(checks_of(HELLO))
        assert feedback["exercises"][0]["confinement"].startswith("limits")
    page = (odd_class.out / "Жанна" / "feedback.html").read_text("utf-8")
    text = (odd_class.out / "Жанна" / "feedback.txt").read_text("utf-8")
    assert "server had ended, with status 1" in page
    assert "server had ended, with status 1" in text


def test_reports_do_not_say_where_they_were_made(odd_class: Class) -> None:
    for file in odd_class.out.rglob("*.*"):
        if file.is_file():
            assert str(odd_class.out) not in file.read_text("utf-8")


def test_class_page_is_complete(odd_class: Class) -> None:
    page = (odd_class.out / "class.html").read_text("utf-8")
    assert page.count("<tr>") == 1 + len(odd_class.grades) + 1
    for link in set(re.findall(r'href="([^"#]+)', page)):
        assert (odd_class.out / unquote(link)).is_file()
    assert not re.search(r"(src|href)=.https?:|@import|url\(", page)
    assert "1.1</strong> listens on the HOST and PORT" in page


def test_class_page_counts_only_who_is_graded() -> None:
    """It is also looked at while the class is being graded."""
    check = {"id": "1.1", "title": "listens", "outcome": "passed", "max_points": 1}
    result: dict[str, Any] = {"exercise": HELLO, "points": 1, "max_points": 1}
    result |= {"note": "", "checks": [check]}
    page = class_page.as_page([("ada", [result], ()), ("bob", [], ())])
    assert "2 students · 1 graded · mean 1.0 of 1 points" in page
    assert '<td class="first">100 %</td>' in page


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no chromium")
def test_class_page_is_sorted_by_clicking(odd_class: Class, tmp_path: Path) -> None:
    page = (odd_class.out / "class.html").read_text("utf-8")
    clicks = "document.querySelectorAll('thead button')[1].click()"
    file = tmp_path / "class.html"
    file.write_text(
        page.replace("</body>", f"<script>{clicks}</script></body>"), "utf-8"
    )
    dom = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-background-networking"]
        + [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", file.as_uri()],
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    sums = [int(points) for points in re.findall(r'class="sum">(\d+)', dom)]
    assert sums == sorted(sums, reverse=True)
    sorted_by = re.findall(r'<th [^>]*aria-sort="(\w+)"[^>]*><button>(\w+)', dom)
    assert sorted_by == [("descending", "sum")]
    assert sums != [int(row["sum"]) for row in odd_class.grades.values()]


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(4)
    progress.graded("alice", {"points": 5, "max_points": 10}, [])
    progress.graded("bob", {"points": 10, "max_points": 10}, [])
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.search(r"█{12}░{12} 2/4 suites +0:00 left  mean  75 %  bob$", last)


def times_of_results(out: Path) -> dict[str, int]:
    """Return when each student's result was written."""
    files = out.glob(f"*/{HELLO}.json")
    return {file.parent.name: file.stat().st_mtime_ns for file in files}


def test_nothing_is_graded_twice(odd_class: Class) -> None:
    """Nor anything but what has changed."""
    before = times_of_results(odd_class.out)
    changed = odd_class.submissions / "=ines()" / SERVER
    changed.write_bytes(GIVES_UP + b"# again\n")
    run = classroom(
        "grade", odd_class.submissions, "--out", odd_class.out, "--exercise", 1
    )
    assert run.returncode == 0, run.stderr
    after = times_of_results(odd_class.out)
    changes = [name for name, time in before.items() if after[name] != time]
    assert changes == ["=ines()"]
    assert grades(odd_class.out) == odd_class.grades


@pytest.mark.skipif(system.WINDOWS, reason="its Ctrl+C would reach pytest, too")
@pytest.mark.parametrize("how", [signal.SIGINT, getattr(signal, "SIGKILL", None)])
def test_goes_on_where_it_stopped(tmp_path: Path, how: signal.Signals) -> None:
    """Meanwhile nobody else can write to its reports; afterwards everybody can."""
    folder, out = tmp_path / "class", tmp_path / "reports"
    hand_in(folder / "early", GIVES_UP)
    hand_in(folder / "late", b"import time\ntime.sleep(60)\n")
    grade = ["grade", str(folder), "--out", str(out), "--exercise", "1", "--jobs", "1"]
    grade += ["--sandbox", "none"]  # which would end what a killed grader leaves behind
    command = [sys.executable, "-m", "tests.classroom", *grade]
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **system.process_options()
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if line.endswith("early\n"):
                break
        second = classroom(*grade)
        process.send_signal(how)
        said = process.stderr.read()
    assert second.returncode == 1
    assert second.stderr == f"error: another run is writing its results to {out}.\n"
    first = (out / "early" / f"{HELLO}.json").stat().st_mtime_ns
    assert not (out / "late" / f"{HELLO}.json").exists()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert said.endswith("The same command goes on from here.\n")
        assert not (out / ".work").exists()
    hand_in_again = folder / "late" / SERVER
    hand_in_again.write_bytes(GIVES_UP)
    run = classroom(*grade)
    assert run.returncode == 0, run.stderr
    assert (out / "early" / f"{HELLO}.json").stat().st_mtime_ns == first
    rows = (out / "grades.csv").read_text("utf-8").splitlines()
    assert rows == [f"student,{HELLO},sum,note", "early,0,0,", "late,0,0,"]
    assert not (out / ".work").exists()
    assert running_with(str(out).encode()) == []


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("grade --exercise 4 class --out out", [4]),
        ("grade class --out out --exercise 4 5", [4, 5]),
        ("grade --exercise 4,5 class --out out --exercise 1", [4, 5, 1]),
        ("grade class --out out --exercise=4", [4]),
        ("diff class --exercise 2", [2]),
    ],
)
def test_exercises_are_chosen(words: str, means: list[int]) -> None:
    arguments = build_parser().parse_args(joined(words.split()))
    assert arguments.exercise == means
    where = arguments.submissions if words[0] == "g" else arguments.submission
    assert where == Path("class")


def test_exercise_that_there_is_not() -> None:
    run = classroom("grade", "class", "--out", "out", "--exercise", 6)
    assert run.returncode == 2
    assert run.stderr.endswith("--exercise: '6' is none of the numbers 1 to 5\n")


def test_names_become_folders() -> None:
    odd = ("../../etc", "a/b", "..", "\udcff" * 99, "x" + chr(0), "con:", " . ")
    for name in odd:
        safe = safe_name(name)
        assert Path(safe).name == safe
        assert safe not in ("", ".", "..")
        assert len(safe.encode("utf-8")) < 255


def test_same_name_twice_gives_two_folders(tmp_path: Path) -> None:
    hand_in(tmp_path / "class" / "alice")
    shutil.make_archive(str(tmp_path / "class" / "Alice"), "zip", SOLUTIONS)
    options = Options([HELLO], again=False, in_sandbox=False)
    students, jobs = plan(tmp_path / "class", tmp_path / "out", options)
    folders = {student.folder.name.casefold() for student in students}
    assert len(folders) == len(jobs) == 2


# -- diff --------------------------------------------------------------------------


def test_diff(tmp_path: Path) -> None:
    changed = RIGHT.replace(b"listening.listen()", b"listening.listen(0)  # \x1b[2J")
    hand_in(tmp_path / "alice", changed)
    run = classroom("diff", tmp_path / "alice", "--exercise", 1)
    assert f"--- starter/{SERVER}" in run.stdout
    solution = run.stdout.partition(f"--- solution/{SERVER}")[2]
    assert "\n-        listening.listen()\n" in solution
    assert "\n+        listening.listen(0)  # �[2J\n" in solution
    page = tmp_path / "diff.html"
    classroom("diff", tmp_path / "alice", "--exercise", 1, "--html", page)
    assert "diff_add" in page.read_text("utf-8")


# -- other systems -----------------------------------------------------------------


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay Gradescope's folders out, with the bundle in its place."""
    folder = tmp_path_factory.mktemp("autograder")
    run = classroom("gradescope", folder / "source", "--exercise", 1)
    assert run.returncode == 0, run.stderr
    (folder / "results").mkdir()
    hand_in(folder / "submission", GIVES_UP)
    return folder


def test_bundle_holds_no_solutions(autograder: Path) -> None:
    files = [path.relative_to(autograder).parts for path in autograder.rglob("*.*")]
    assert not [parts for parts in files if {"solutions", "right", "wrong"} & {*parts}]
    assert ("source", "setup.sh") in files


def test_bundle_grades_as_the_lab_does(autograder: Path) -> None:
    """So it will do for the workers of a cluster."""
    code = "from tests.classroom.jobs import lab_digest; print(lab_digest())"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=autograder / "source", stdout=subprocess.PIPE)
    assert run.stdout.decode().strip() == lab_digest()


# gradescope-autograders.readthedocs.io/en/latest/specs, "Output format": what may be in
# results.json, and of which kind or which of a few words it is.
SEEN_BY = {"hidden", "after_due_date", "after_published", "visible"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
OF_RESULTS: dict[str, Any] = {
    "score": (int, float),
    "execution_time": (int, float),
    "output": str,
    "output_format": FORMATS,
    "test_output_format": FORMATS,
    "test_name_format": FORMATS,
    "visibility": SEEN_BY,
    "stdout_visibility": SEEN_BY,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
OF_TEST: dict[str, Any] = {
    "score": (int, float),
    "max_score": (int, float),
    "status": {"passed", "failed"},
    "name": str,
    "name_format": FORMATS,
    "number": str,
    "output": str,
    "output_format": FORMATS,
    "tags": list,
    "visibility": SEEN_BY,
    "extra_data": dict,
}
# schemas/result-v1.schema.json of Classroom 50: all of this, and no more.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ")
LINK = re.compile(".+")
OF_RESULT50: dict[str, Any] = {
    "schema": {"classroom50/result/v1"},
    "classroom": LINK,
    "assignment": LINK,
    "assignment_type": {"individual", "group", "team"},
    "owner": LINK,
    "submission": re.compile("submit/.+"),
    "commit": LINK,
    "release": LINK,
    "review": LINK,
    "datetime": INSTANT,
    "graded_at": INSTANT,
    "score": int,
    "max-score": int,
    "tests": list,
}
OF_TEST50 = {"test-name": LINK, "passed": bool, "score": int, "max-score": int}


def is_like(content: dict[str, Any], fields: dict[str, Any]) -> bool:
    """Tell whether each field is one of these, and of its kind."""
    return all(fits(value, fields[name]) for name, value in content.items())


def fits(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a type, one of a set, or matches a pattern."""
    if isinstance(kind, set):
        return value in kind
    if isinstance(kind, re.Pattern):
        return isinstance(value, str) and bool(kind.fullmatch(value))
    # True is an int for Python, but for nobody else.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


@pytest.mark.skipif(system.WINDOWS, reason="Gradescope's image is Linux")
def test_gradescope(autograder: Path) -> None:
    where = {"AUTOGRADER": str(autograder), "PYTHON": sys.executable}
    program = autograder / "source" / "run_autograder"
    subprocess.run([program], env=os.environ | where, check=True, capture_output=True)
    content = json.loads((autograder / "results" / "results.json").read_text("utf-8"))
    assert {test["number"] for test in content["tests"]} == set(checks_of(HELLO))
    assert is_like(content, OF_RESULTS)
    for test in content["tests"]:
        assert is_like(test, OF_TEST)
        assert 0 == test["score"] <= test["max_score"]
        assert test["status"] == "failed"


def test_classroom50(autograder: Path, tmp_path: Path) -> None:
    result, summary = tmp_path / "result.json", tmp_path / "summary.md"
    summary.write_text("what was there\n")
    run = classroom(
        *("report", autograder / "submission", "--exercise", 1),
        *("--classroom50", result, "--summary", summary),
        cwd=autograder / "source",
    )
    assert run.returncode == 0, run.stderr
    content = json.loads(result.read_text("utf-8"))
    assert set(content) == set(OF_RESULT50)
    assert is_like(content, OF_RESULT50)
    assert (content["score"], content["max-score"]) == (0, 10)
    for test in content["tests"]:
        assert is_like({name: test[name] for name in OF_TEST50}, OF_TEST50)
        assert test["score"] <= test["max-score"]
    assert "# 0 of 10 points" in summary.read_text("utf-8")


def test_every_declared_check_is_there_whatever_happens() -> None:
    for exercise in EXERCISES:
        report = without_result(exercise, "The grader was stopped.")
        assert {check["id"] for check in report["checks"]} == set(checks_of(exercise))
        assert report["points"] == 0


# -- strangers' programs -----------------------------------------------------------


@dataclass
class Siege:
    """A class in which nearly everybody attacks."""

    out: Path
    grades: dict[str, dict[str, str]]
    listener: socket.socket
    canaries: Path
    secret: str


SECRET = "3d0c5a5e-not-to-be-seen"


def besiege(folder: Path, in_sandbox: bool, listener: socket.socket) -> Siege:
    """Grade all attacks between two right submissions."""
    class_, out, canaries = (
        folder / "class",
        folder / "out",
        folder / "out" / "canaries",
    )
    canaries.mkdir(parents=True)
    (folder / "secret.txt").write_text(SECRET)
    for name in "aaa_right", "zzz_right":
        hand_in(class_ / name)
    for attack in ATTACKS:
        if in_sandbox or not attack.needs_sandbox:
            # What is only brought along is not even read: once is enough.
            name = "brings_all" if attack in BROUGHT else attack.name
            write_attack(attack, class_ / name, folder, listener)
    options = Options([HELLO], again=False, in_sandbox=in_sandbox)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADERS_TOKEN", SECRET)
        with reserved(out) as place:
            assert grade_class(class_, out, options, ThisMachine(4, place))
    return Siege(out, grades(out), listener, canaries, SECRET)


def write_attack(
    attack: Attack, place: Path, folder: Path, listener: socket.socket
) -> None:
    """Lay an attack out as a hand-in, with the test's own targets filled in."""
    targets = {
        "@CANARY@": str(folder / "out" / "canaries" / attack.name),
        "@SECRET@": str(folder / "secret.txt"),
        "@PORT@": str(listener.getsockname()[1]),
        "@LAB@": str(ROOT),
    }
    for name, code in {SERVER: attack.code, **attack.files}.items():
        for word, target in targets.items():
            code = code.replace(word, target)
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code, encoding="utf-8")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            True, marks=pytest.mark.skipif(bool(no_sandbox), reason=no_sandbox)
        ),
        pytest.param(False, marks=only_posix),
    ],
    ids=["sandbox", "limits"],
)
def siege(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Siege]:
    """Grade the attacks, once in the sandbox and once with limits alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield besiege(tmp_path_factory.mktemp("siege"), request.param, listener)


def test_attacks_gain_nothing(siege: Siege) -> None:
    points = {name: int(row["sum"]) for name, row in siege.grades.items()}
    rights = {points.pop("aaa_right"), points.pop("zzz_right")}
    assert rights == {10}
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
    assert (
        "seen: " not in (siege.out / "reads_the_environment/feedback.txt").read_text()
    )


def test_attacks_reach_nobody(siege: Siege) -> None:
    assert select.select([siege.listener], [], [], 0)[0] == []


def test_pages_are_safe(siege: Siege) -> None:
    for file in siege.out.rglob("*.html"):
        text = file.read_text("utf-8")
        assert "<script>alert" not in text
        assert "\x1b" not in text


def test_full_disk_is_their_own(siege: Siege) -> None:
    if (siege.out / "fills_disk").exists():
        assert "No space left" in (siege.out / "fills_disk/feedback.txt").read_text()


def test_padded_answers_end_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right server that waits before each answer, as long as a check would wait."""
    monkeypatch.setattr(suite, "LONGEST", 2.0)
    begins = b"def serve_client(client: socket.socket) -> None:\n"
    assert begins in RIGHT
    padded = RIGHT.replace(begins, begins + PADS_ITS_ANSWER.encode())
    found = read_hand_in(hand_in(tmp_path / "mallory", padded))
    graded = grade_suite(found, HELLO, not no_sandbox, tmp_path, threading.Event())
    assert graded.result["note"] == "stopped after 2 s"
    assert graded.result["points"] == 0
    assert {check["id"] for check in graded.result["checks"]} == set(checks_of(HELLO))
    assert running_with(str(tmp_path).encode()) == []


def test_recording_does_not_fit(tmp_path: Path) -> None:
    """What a right client printed in one run of the suite is not right in the next."""
    tape = tmp_path / "tape"
    checks = "-k=3.2 or 3.3 or 3.4 or 3.5 or 3.6"
    records = RECORDS.replace("@LAB@", str(ROOT)).replace("@TAPE@", str(tape))
    assert points_of_client(tmp_path / "records", records, checks) == 9
    replays = REPLAYS.replace("@TAPE@", tape.read_text("utf-8"))
    assert points_of_client(tmp_path / "replays", replays, checks) == 0


def points_of_client(folder: Path, code: str, checks: str) -> int:
    """Return what a program gets in some checks of exercise 3."""
    file = folder / "exercise3_tcp_client" / "client.py"
    file.parent.mkdir(parents=True)
    file.write_text(code, "utf-8")
    report = grade("exercise3_tcp_client", folder, folder / "report.json", checks)
    return int(report["points"])


@only_posix
@pytest.mark.parametrize("build", ARCHIVES, ids=lambda build: build.__name__)
def test_hostile_archive(build: Any, tmp_path: Path) -> None:
    """Nothing of it counts, nothing is unpacked, and a note says what was odd."""
    build(tmp_path / "mallory", RIGHT)
    (source,) = tmp_path.iterdir()
    hand_in = read_hand_in(source)
    assert hand_in.files == {}
    assert hand_in.notes
    assert not any("\x1b" in note for note in hand_in.notes)
    assert list(tmp_path.iterdir()) == [source]


def test_reading_stops_at_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "MOST_FILES", 10)
    for number in range(11):
        (tmp_path / f"{number}").touch()
    assert read_hand_in(tmp_path).notes == ["holds more than 10 files"]


def test_sandbox_that_is_required_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    hand_in(tmp_path / "class" / "alice")
    run = classroom(
        *("grade", tmp_path / "class", "--out", tmp_path / "out"),
        *("--sandbox", "required"),
    )
    assert run.returncode == 1
    assert run.stderr.startswith("error: no sandbox: bubblewrap is ")
