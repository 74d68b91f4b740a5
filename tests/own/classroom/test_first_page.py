"""README.md is cut for a handout along its markers."""

import pytest

from tests.classroom.errors import ClassroomError
from tests.classroom.first_page import for_students
from tests.harness.exercises import EXERCISES

ALL = list(EXERCISES)
HELLO, RELAY, CHAT = ALL[0], ALL[3], ALL[-1]


@pytest.mark.parametrize(
    ("condition", "exercises", "is_shown"),
    [
        ("only: instructors", ALL, False),
        ("only: students", ALL, True),
        ("only: incomplete", ALL, False),
        ("only: incomplete", ALL[:3], True),
        (f"needs: {RELAY}", ALL[:3], False),
        (f"needs: {RELAY}", ALL[:4], True),
        (f"without: {RELAY}", ALL[:3], True),
        (f"without: {RELAY}", ALL[:4], False),
    ],
)
def test_condition(condition: str, exercises: list[str], is_shown: bool) -> None:
    """In both forms: as a part of the page, and hidden in a comment."""
    expected = "above\n\ntext\n\nbelow\n" if is_shown else "above\n\nbelow\n"
    part = f"above\n\n<!-- {condition} -->\ntext\n<!-- end -->\n\nbelow\n"
    assert for_students(part, exercises) == expected
    comment = f"above\n\n<!-- {condition}\ntext\n-->\n\nbelow\n"
    assert for_students(comment, exercises) == expected


def test_parts_within_parts() -> None:
    page = f"""<!-- only: students -->
one
<!-- needs: {CHAT} -->
two
<!-- end -->
<!-- without: {CHAT}
three
-->
<!-- end -->
four
"""
    assert for_students(page, ALL) == "one\ntwo\nfour\n"
    assert for_students(page, [HELLO]) == "one\nthree\nfour\n"
    for_instructors = page.replace("students", "instructors")
    assert for_students(for_instructors, ALL) == "four\n"


def test_rows_of_other_exercises_are_left_out() -> None:
    head = "| | you build |\n| --- | --- |\n"
    rows = [f"| [{name}]({name}/README.md) | a server |\n" for name in ALL]
    text = f"See [the chat]({CHAT}/README.md).\n"
    page = for_students(head + "".join(rows) + text, ALL[:2])
    assert page == head + rows[0] + rows[1] + text


def test_other_comments_stay() -> None:
    page = "<!-- recording: solutions -->\n<!-- a word to the reader -->\ntext\n"
    assert for_students(page, ALL) == page


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("text\n<!-- only: students -->\ntext\n", "2: this marker has no end."),
        ("<!-- only: students\ntext\n", "1: this marker has no end."),
        ("<!-- only: teachers -->\n<!-- end -->\n", "<!-- only: teachers -->"),
        ("<!-- only: teachers\n-->\n", "1: <!-- only: teachers is unknown here."),
        ("<!-- needs: exercise9_none -->\n", "1: <!-- needs: exercise9_none -->"),
        ("<!-- need: exercise4 -->\n<!-- end -->\n", "1: <!-- need: exercise4 -->"),
        ("text\n<!-- end -->\n", "2: <!-- end --> is unknown here."),
    ],
)
def test_marker_that_makes_no_sense(page: str, error: str) -> None:
    with pytest.raises(ClassroomError) as raised:
        for_students(page, ALL)
    assert error in str(raised.value)
    assert str(raised.value).startswith("README.md:")
    assert "\n" not in str(raised.value)
