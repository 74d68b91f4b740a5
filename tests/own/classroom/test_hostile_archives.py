"""Archives and folders that are traps: none of it is unpacked, or counts."""

from pathlib import Path

import pytest

from tests.answers.hostile.archives import ARCHIVES, Build
from tests.classroom import submissions
from tests.classroom.submissions import read_hand_in
from tests.harness import system
from tests.own.classroom.running import RIGHT


@pytest.mark.skipif(system.WINDOWS, reason="Windows has no such files")
@pytest.mark.parametrize("build", ARCHIVES, ids=lambda build: build.__name__)
def test_hostile_archive(build: Build, tmp_path: Path) -> None:
    """Nothing of it counts, nothing is unpacked, and a note says what was odd."""
    build(tmp_path / "mallory", RIGHT)
    (source,) = tmp_path.iterdir()
    found = read_hand_in(source)
    assert found.files == {}
    assert found.notes or found.unread
    assert not any("\x1b" in note for note in found.notes)
    assert list(tmp_path.iterdir()) == [source]


def test_reading_stops_at_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "MOST_FILES", 10)
    for number in range(11):
        (tmp_path / f"{number}").touch()
    assert read_hand_in(tmp_path).unread == ["holds more than 10 files"]
