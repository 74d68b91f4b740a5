"""``handout``: the students' tree holds what students need, and nothing else."""

import re
from pathlib import Path

import pytest

from tests.classroom.first_page import for_students
from tests.harness.exercises import EXERCISES, ROOT, after
from tests.own.classroom.running import HELLO, LIMIT, classroom

pytestmark = pytest.mark.timeout(LIMIT)


def test_handout(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    run = classroom("handout", tree, "--upto", 2, "--without-solutions")
    assert run.returncode == 0, run.stderr
    files = {path.relative_to(tree).as_posix() for path in tree.rglob("*.*")}
    handed_out = list(EXERCISES)[:2]
    exercises = {file.split("/")[0] for file in files if file.startswith("exercise")}
    assert exercises == set(handed_out)
    assert f"{HELLO}/README.md" in files
    assert [folder.name for folder in (tree / "tests").iterdir()] == ["harness"]
    hidden = ("solutions", "tests/answers", "tests/classroom", "__pycache__")
    assert not [file for file in files if file.startswith(hidden) or "cache" in file]
    later = [f"exercise{EXERCISES[name].number}_" for name in after(handed_out[-1])]
    for file in tree.rglob("*.*"):
        named = [
            name for name in [*later, "solutions/"] if name in file.read_text("utf-8")
        ]
        assert not named or "harness" in file.parts, f"{file} speaks of {named}"
    page = (tree / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\((?!https:)([^)#]+)\)", page):
        assert (tree / link).exists()


@pytest.mark.parametrize("last", EXERCISES)
def test_first_page_speaks_of_what_is_there(last: str) -> None:
    later = after(last)
    there = [name for name in EXERCISES if name not in later]
    page = for_students((ROOT / "README.md").read_text("utf-8"), there)
    assert "For instructors" not in page
    assert ("handed out later" in page) == bool(later)
    assert not [name for name in later if f"({name}/" in page or f"-m {name}" in page]
    commands = re.findall(r"^\$ pytest (\S+)", page, re.M)
    assert set(commands) <= set(there)
    assert len(commands) >= 3
    rows = re.findall(r"^\| \[(\d+) [^]]+\]\(([^/]+)/README.md\)", page, re.M)
    assert rows == [(str(EXERCISES[name].number), name) for name in there]


def test_handout_refuses_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = classroom("handout", tmp_path)
    assert run.returncode == 1
    assert run.stderr == f"error: {tmp_path} is not empty.\n"
