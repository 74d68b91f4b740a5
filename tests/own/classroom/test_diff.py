"""``diff``: a submission beside starter and solution."""

from pathlib import Path

from tests.answers.hostile.attacks import SERVER
from tests.own.classroom.running import RIGHT, classroom, lay_out


def test_diff(tmp_path: Path) -> None:
    changed = RIGHT.replace(b"listening.listen()", b"listening.listen(0)  # \x1b[2J")
    lay_out(tmp_path / "alice", changed)
    run = classroom("diff", tmp_path / "alice", "--exercise", 1)
    assert f"--- starter/{SERVER}" in run.stdout
    solution = run.stdout.partition(f"--- solution/{SERVER}")[2]
    assert "\n-        listening.listen()\n" in solution
    assert "\n+        listening.listen(0)  # �[2J\n" in solution
    page = tmp_path / "diff.html"
    classroom("diff", tmp_path / "alice", "--exercise", 1, "--html", page)
    assert "diff_add" in page.read_text("utf-8")
