"""What the suites run themselves harms nobody, whatever students' programs leave."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.answers.grading import SOLUTIONS
from tests.answers.hostile.history import make_history, plant_journal
from tests.harness import confinement
from tests.harness.chat_history import history_damaged, nothing_kept
from tests.harness.lab import Lab
from tests.harness.program import Program
from tests.harness.submission import Submission

no_sandbox = confinement.why_no_sandbox()
needs_sandbox = pytest.mark.skipif(bool(no_sandbox), reason=no_sandbox)
# Limits alone promise nothing of that.
in_sandbox = pytest.mark.parametrize(
    "held", [pytest.param(True, marks=needs_sandbox)], indirect=True
)
CHAT = "exercise5_chat_channels"


@pytest.fixture(
    params=[False, pytest.param(True, marks=needs_sandbox)], ids=["limits", "sandbox"]
)
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """Return a lab whose programs are in the sandbox, or not."""
    folder = tmp_path / "lab"
    folder.mkdir()
    submission = Submission(SOLUTIONS, in_sandbox=request.param)
    laboratory = Lab(submission, CHAT, folder, seed=5)
    yield laboratory
    laboratory.clean_up()
    submission.remove_folder()


def tables_of(database: Path) -> set[str]:
    """Return the names of a database's tables."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master")
        return {name for (name,) in rows}


def test_history_is_locked_and_damaged_for_a_while(held: Lab) -> None:
    history = held.shared / "chat.db"
    make_history(history)
    with nothing_kept(held), closing(sqlite3.connect(history, timeout=0)) as writer:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            writer.execute("INSERT INTO channels VALUES ('a')")
    with history_damaged(held):
        assert tables_of(history) == {"messages_away", "channels_away"}
    assert tables_of(history) == {"messages", "channels"}


def test_link_in_place_of_a_history_is_not_followed(held: Lab, tmp_path: Path) -> None:
    make_history(tmp_path / "others.db")
    (held.shared / "chat.db").symlink_to(tmp_path / "others.db")
    with history_damaged(held):
        assert tables_of(tmp_path / "others.db") == {"messages", "channels"}


@in_sandbox
def test_history_deletes_no_file_of_others(held: Lab, tmp_path: Path) -> None:
    victim, history = tmp_path / "victim", held.shared / "chat.db"
    victim.touch()
    make_history(history)
    plant_journal(history, victim)
    with history_damaged(held):
        pass
    assert victim.exists()


def test_helper_imports_nothing_of_a_folder(held: Lab, tmp_path: Path) -> None:
    """As http.server imported html.py."""
    (held.folder / "served").mkdir()
    for place in held.folder / "served", held.shared:
        (place / "html.py").write_text("print('the student was here', flush=True)\n")
    words = ["-c", "import html; print(html.__file__)"]
    command = held.submission.helper(*words, folder=held.folder / "served")
    helper = Program("helper", command, held.folder / "served", held.history)
    helper.expect_exit()
    imported = Path(bytes(helper.stdout.data).decode().strip())
    assert imported.is_relative_to(sys.base_prefix)


@in_sandbox
def test_programs_see_nothing_of_the_suites_own_folder(held: Lab) -> None:
    (held.folder / "served").mkdir()
    (held.folder / "served" / "page.bin").touch()
    looks = f"import os; print(os.listdir({str(held.folder)!r}))"
    helper = held.submission.helper("-c", looks, folder=held.shared)
    assert helper.sandbox == confinement.around_program(held.shared)  # as all are
    program = Program("server", helper, held.shared, held.history)
    program.expect_exit()
    assert bytes(program.stdout.data) == b"['shared']\n"
