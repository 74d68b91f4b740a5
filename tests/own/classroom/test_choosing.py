"""Which exercises are meant, and how students' names become folders."""

import shutil
from pathlib import Path

import pytest

from tests.answers.grading import SOLUTIONS
from tests.classroom import __main__
from tests.classroom.__main__ import are_numbers, build_parser, chosen, joined
from tests.classroom.deliveries import deliveries
from tests.classroom.people import people_of, safe_name
from tests.harness import exercises
from tests.harness.exercises import EXERCISES, Exercise
from tests.own.classroom.running import classroom, lay_out


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
    assert run.stderr.endswith("--exercise: '6' (choose from 1, 2, 3, 4, 5)\n")


def test_numbers_may_have_gaps_and_two_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    tenth = Exercise(10, "exercise10_proxy", "", "", ("proxy.py",))
    changed = {**EXERCISES, tenth.folder: tenth}
    del changed["exercise3_tcp_client"]
    for module in exercises, __main__:
        monkeypatch.setattr(module, "EXERCISES", changed)
    words = joined(["grade", "class", "--out", "out", "--exercise", "10", "4"])
    assert build_parser().parse_args(words).exercise == [10, 4]
    assert chosen([10, 4]) == ["exercise4_multiclient", "exercise10_proxy"]
    assert chosen(None) == list(changed)
    for missing in "3", "1,3", "6", "", "1,,2":
        assert not are_numbers(missing)


def test_names_become_folders() -> None:
    odd = ("../../etc", "a/b", "..", "\udcff" * 99, "x" + chr(0), "con:", " . ")
    for name in odd:
        safe = safe_name(name)
        assert Path(safe).name == safe
        assert safe not in ("", ".", "..")
        assert len(safe.encode("utf-8")) < 255


def test_same_name_twice_gives_two_folders(tmp_path: Path) -> None:
    lay_out(tmp_path / "class" / "alice")
    shutil.make_archive(str(tmp_path / "class" / "Alice"), "zip", SOLUTIONS)
    people = people_of(deliveries(tmp_path / "class"), None, [])
    assert len({person.row.key.casefold() for person in people}) == len(people) == 2
    assert [bool(person.row.needs) for person in people] == [False, True]
