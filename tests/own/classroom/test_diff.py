"""``diff``: a submission beside starter and solution."""

import shutil
from pathlib import Path

from tests.answers.grading import SOLUTIONS
from tests.answers.hostile.attacks import SERVER
from tests.classroom.differences import LONGEST, as_page, as_text, compare
from tests.harness.exercises import ROOT
from tests.own.classroom.running import HELLO, RIGHT, classroom, lay_out

C = ROOT / "tests/answers/right/c_pthreads"
RELAY = "exercise4_multiclient"


def test_diff(tmp_path: Path) -> None:
    changed = RIGHT.replace(b"listening.listen()", b"listening.listen(0)  # \x1b[2J")
    lay_out(tmp_path / "alice", changed)
    run = classroom("diff", tmp_path / "alice", "--exercise", 1)
    assert f"--- starter/{SERVER}" in run.stdout
    solution = run.stdout.partition(f"--- solution/{SERVER}")[2]
    assert "\n-        listening.listen()\n" in solution
    assert "\n+        listening.listen(0)  # \\x1b[2J\n" in solution
    page = tmp_path / "diff.html"
    classroom("diff", tmp_path / "alice", "--exercise", 1, "--html", page)
    assert "diff_add" in page.read_text("utf-8")


def test_another_language_is_shown_whole(tmp_path: Path) -> None:
    """There is nothing to compare it with; a compiled program is not shown."""
    shutil.copytree(C, tmp_path / "bob")
    (tmp_path / "bob" / RELAY / "server").write_bytes(b"\x7fELF\0")
    pairs = compare(tmp_path / "bob", [RELAY])
    assert [pair.its_name for pair in pairs] == [
        f"submission/{RELAY}/server.c",
        "submission/lab.toml",
    ]
    text = as_text(pairs, in_colour=False)
    assert "+int main(" in text
    assert "<pre>" in as_page("bob", pairs)


def test_nothing_handed_in_says_so(tmp_path: Path) -> None:
    lay_out(tmp_path / "carol")
    run = classroom("diff", tmp_path / "carol", "--exercise", 4)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"error: {tmp_path / 'carol'}: holds nothing of exercise 4.\n"
    )


def test_long_files_are_cut(tmp_path: Path) -> None:
    lay_out(tmp_path / "dave", b"x = 1\n" * (LONGEST + 7) + b"y" * 9999)
    pair = compare(tmp_path / "dave", [HELLO])[0]
    assert len(pair.mine) == LONGEST + 1
    assert pair.mine[-1] == "… the rest is left out"


def test_same_as_the_solution() -> None:
    pairs = compare(SOLUTIONS, [HELLO])
    assert f"submission/{SERVER} is the same as solution/{SERVER}" in as_text(
        pairs, in_colour=False
    )
    assert as_page("eve", pairs).count("The submission is the same.") == 1
