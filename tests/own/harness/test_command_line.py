"""The command line: which checks run, and what is said of what cannot be done.

The toy's suite of three checks is run as a student would.
"""

import json
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.harness import system
from tests.own.toys import TOY, run, small_toy_lab

IDS = ["6.1", "6.2", "6.3"]
Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lab of the toy alone."""
    return small_toy_lab(tmp_path_factory.mktemp("lab"))


def pytest_in(lab: Path, *arguments: object) -> Ended:
    """Run pytest in a lab."""
    return run(lab, "pytest", "-p", "no:cacheprovider", *arguments)


def ids_run(ended: Ended) -> list[str]:
    """Return the checks that have a line."""
    return re.findall(r"^. (6\.\d+) ", ended.stdout, re.MULTILINE)


def error_of(ended: Ended) -> str:
    """Return the one line of a usage error."""
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR, ended.stdout
    assert ended.stdout.strip() == ""
    (line,) = ended.stderr.strip().splitlines()
    return line.removeprefix("ERROR: ")


def report_in(file: Path) -> dict[str, Any]:
    """Return a report."""
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


# -- a part of a suite -----------------------------------------------------------------


def test_k_selects_checks_by_their_numbers(lab: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = "--submission=solutions", "--report", report, "--seed", 4711
    ended = pytest_in(lab, TOY, "-k", "6.1 or 6.3", *options)
    assert ids_run(ended) == ["6.1", "6.3"]
    assert "2/4   2 passed, 1 not run" in ended.stdout
    assert (
        f"Next  passed; now all: pytest {TOY} --submission solutions\n" in ended.stdout
    )
    outcomes = [check["outcome"] for check in report_in(report)["checks"]]
    assert outcomes == ["passed", "not run", "passed"]
    assert report_in(report)["seed"] == 4711


def test_k_selects_checks_by_words_of_their_titles(lab: Path) -> None:
    ended = pytest_in(lab, TOY, "-k", "unchanged", "--submission=solutions")
    assert ids_run(ended) == ["6.2"]
    assert "2/4   1 passed, 2 not run" in ended.stdout


def test_node_id_selects_one_check(lab: Path) -> None:
    node = f"{TOY}/test_echo.py::test_ctrl_c"
    ended = pytest_in(lab, node, "--submission=solutions")
    assert ids_run(ended) == ["6.3"]
    assert "1/4   1 passed, 2 not run" in ended.stdout
    assert "passed; now all: pytest" in ended.stdout


def test_x_leaves_the_rest_not_run(lab: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    ended = pytest_in(lab, TOY, "-x", "--report", report)
    assert "0/4   1 failed, 2 not run" in ended.stdout
    assert "Also failed" not in ended.stdout
    outcomes = [check["outcome"] for check in report_in(report)["checks"]]
    assert outcomes == ["failed", "not run", "not run"]


def test_collecting_prints_pytests_own_list(lab: Path) -> None:
    """Editors read it."""
    ended = pytest_in(lab, TOY, "--collect-only", "-q")
    assert f"{TOY}/test_echo.py::test_echoes" in ended.stdout
    assert "Score" not in ended.stdout


def test_says_that_a_check_is_in_another_suite(lab: Path) -> None:
    suite = (lab / TOY / "test_echo.py").read_text("utf-8")
    other = lab / TOY / "test_other.py"
    other.write_text(suite.replace('"6.', '"6.1'), "utf-8")
    said = error_of(pytest_in(lab, f"{TOY}/test_other.py", "-k", "6.2"))
    other.unlink()
    assert said == f"test_other.py does not hold 6.2: write pytest {TOY} -k 6.2"


@pytest.mark.parametrize(
    ("keyword", "says"),
    [
        ("6.11", f"there is no check 6.11 in {TOY}"),
        ("6.1 6.2", '-k 6.1 6.2: write -k "6.1 or 6.2"'),
        ("6.1,6.2", '-k 6.1,6.2: write -k "6.1 or 6.2"'),
        (
            "not 6.1",
            "-k not 6.1: numbers of checks go with nothing but or, words without",
        ),
        (
            "nick",
            "no check has 'nick' in its title; a check's number will do: -k 4.5",
        ),
    ],
)
def test_says_what_k_wants(lab: Path, keyword: str, says: str) -> None:
    assert error_of(pytest_in(lab, TOY, "-k", keyword)) == says


# -- paths -----------------------------------------------------------------------------


def test_names_the_suite_that_was_meant(lab: Path) -> None:
    said = error_of(pytest_in(lab, "exercise6"))
    assert said == f"there is no exercise6: write pytest {TOY}"


def test_suggests_only_what_is_there(lab: Path) -> None:
    """A handout holds the first exercises alone."""
    (lab / TOY).rename(lab / "elsewhere")
    ended = pytest_in(lab, "exercise6/")
    (lab / "elsewhere").rename(lab / TOY)
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "write pytest" not in ended.stderr


def test_says_how_the_solutions_are_graded(lab: Path) -> None:
    said = error_of(pytest_in(lab, f"solutions/{TOY}"))
    command = f"pytest {TOY} --submission={lab / 'solutions'}"
    assert said == f"solutions/{TOY} holds no suite: write {command}"


def test_says_that_a_program_is_not_a_suite(lab: Path) -> None:
    said = error_of(pytest_in(lab, f"{TOY}/server.py"))
    assert said == f"server.py is not a suite: write pytest {TOY}"


def test_says_where_to_run(lab: Path) -> None:
    """A student has gone into the exercise's folder."""
    said = error_of(pytest_in(lab / TOY, TOY))
    assert said == f"there is no {TOY} here: go to the lab's top folder, {lab}"


# -- what would be less safe than it looks ---------------------------------------------


@pytest.mark.parametrize("words", [["--submission", "solutions", TOY], ["-k", "6.1"]])
def test_submission_before_the_suite_needs_its_sign(
    words: list[str], lab: Path
) -> None:
    if TOY not in words:
        words = [*words, "--submission", "solutions", TOY]
    said = error_of(pytest_in(lab, *words))
    assert said == "write --submission=DIR, with the =, or put it after the suite"


@pytest.mark.parametrize(
    "words", [["--submission={}", TOY], [TOY, "--submission={}"], [TOY, "--submission"]]
)
def test_settings_of_a_submission_never_run(
    words: list[str], lab: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(lab / "solutions", mine)
    spoils = f"open({str(tmp_path / 'ran')!r}, 'w')"
    for name in ("evil.py", "conftest.py", f"{TOY}/conftest.py"):
        (mine / name).write_text(spoils)
    (mine / "pytest.ini").write_text("[pytest]\naddopts = -p evil\npythonpath = .\n")
    words = [word.format(mine) for word in words]
    ended = pytest_in(lab, *words, *([mine] if words[-1] == "--submission" else []))
    assert "4/4   3 passed" in ended.stdout, ended.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(not system.LINUX, reason="the sandbox is for Linux only")
def test_sandbox_without_its_network_is_refused(lab: Path) -> None:
    if {name for _, name in socket.if_nameindex()} == {"lo"}:
        pytest.skip("this machine has no network")
    said = error_of(pytest_in(lab, TOY, "--confine=sandbox"))
    assert said.endswith("write python -m tests.classroom grade")


# -- what a student should know --------------------------------------------------------


def test_counts_steps_that_are_left_open(lab: Path, tmp_path: Path) -> None:
    solution = (lab / "solutions" / TOY / "server.py").read_text("utf-8")
    (tmp_path / TOY).mkdir()
    text = solution + "    # TODO 6.1: say so\n"
    (tmp_path / TOY / "server.py").write_text(text, "utf-8")
    ended = pytest_in(lab, TOY, f"--submission={tmp_path}")
    assert "4/4   3 passed" in ended.stdout
    note = f"1 TODO line is left in {TOY}/server.py: delete it once the step is done"
    assert f"Note  {note}" in ended.stdout


def test_names_files_that_hide_pythons_own(lab: Path, tmp_path: Path) -> None:
    shutil.copytree(lab / "solutions", tmp_path / "mine")
    (tmp_path / "mine" / "socket.py").write_text("")
    (tmp_path / "mine" / TOY / "random.py").write_text("")
    ended = pytest_in(lab, TOY, f"--submission={tmp_path / 'mine'}")
    for file in "mine/socket.py", f"{TOY}/random.py":
        assert f"Note  {file} hides Python's module" in ended.stdout


def test_students_own_tests_are_not_in_the_way(lab: Path, tmp_path: Path) -> None:
    own = lab / TOY / "test_mine.py"
    own.write_text("import there_is_no_such_module\n")
    suite = f"{TOY}/test_echo.py"
    ended = pytest_in(lab, suite, "-k", "6.1", "--submission=solutions")
    own.unlink()
    assert "1/4   1 passed" in ended.stdout


def test_no_number_is_given_twice(lab: Path) -> None:
    suite = (lab / TOY / "test_echo.py").read_text("utf-8")
    again = lab / TOY / "test_again.py"
    again.write_text(suite, "utf-8")
    said = error_of(pytest_in(lab, TOY, "--submission=solutions"))
    again.unlink()
    assert said == "two checks have the number 6.1"


def test_refused_run_keeps_the_older_report(lab: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("older")
    assert error_of(pytest_in(lab, TOY, "-k", "nick", "--report", report))
    assert report.read_text() == "older"


# -- other things that may be asked ----------------------------------------------------


@pytest.mark.skipif(system.WINDOWS, reason="Windows has no such shell")
def test_grades_in_the_background(lab: Path) -> None:
    """A shell lets such a pytest ignore SIGINT, and so would the programs it starts."""
    shell = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    command = pytest_in(lab, TOY, "-k", "6.3", "--submission=solutions").args
    ended = subprocess.run(
        shell + command, cwd=lab, capture_output=True, encoding="utf-8"
    )
    assert "1/4   1 passed" in ended.stdout


def test_submission_cannot_bring_its_configuration(lab: Path, tmp_path: Path) -> None:
    """Named before the suite, its pytest.ini would count: then nothing is graded."""
    (tmp_path / "pytest.ini").write_text("[pytest]")
    said = error_of(pytest_in(lab, "--submission", tmp_path, TOY))
    assert said.endswith(f"write --submission={tmp_path}, with the =")
    assert "Score" in pytest_in(lab, f"--submission={tmp_path}", TOY).stdout


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("report.txt", "it must end in .json or .html"),
        ("nowhere/report.json", "there is no such folder"),
    ],
)
def test_refuses_a_report_that_cannot_be(
    lab: Path, file: str, words: str, tmp_path: Path
) -> None:
    said = error_of(pytest_in(lab, TOY, "--report", tmp_path / file))
    assert said == f"--report {tmp_path / file}: {words}"
