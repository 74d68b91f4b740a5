"""The submission: whose files it takes, and how its programs are started."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.failure import CheckFailedError
from tests.harness.lab import Lab
from tests.harness.patience import SLICE
from tests.harness.submission import Submission

EXERCISE = "exercise4_multiclient"


@pytest.fixture
def submitted(tmp_path: Path) -> Iterator[Submission]:
    """Return a submission whose folder is empty."""
    submission = Submission(tmp_path)
    yield submission
    submission.remove_folder()


def command_of(submission: Submission) -> list[str]:
    """Return the command for exercise 4's server."""
    return [*submission.command(EXERCISE, "server", "127.0.0.9", 4000).words]


def test_two_checks_have_one_work_folder(
    submitted: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when both ask for it at once: the second one has to wait."""
    seen: list[Path] = []
    others: list[threading.Thread] = []

    def fill(_: Submission, folder: Path) -> None:
        if not others:
            others.append(
                threading.Thread(target=lambda: seen.append(submitted.folder))
            )
            others[0].start()
            others[0].join(SLICE)

    monkeypatch.setattr(Submission, "_fill", fill)
    folder = submitted.folder
    others[0].join()
    assert seen == [folder]


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckFailedError, match="There is no folder .*nowhere"):
        command_of(Submission(tmp_path / "nowhere"))


def test_folder_without_the_file(submitted: Submission) -> None:
    with pytest.raises(CheckFailedError, match=rf"no {EXERCISE}/server.py") as caught:
        command_of(submitted)
    assert "laid out like the lab" in caught.value.failure.hint


def test_lab_toml_gives_the_command(submitted: Submission) -> None:
    line = f'"{EXERCISE}.server" = ["./chat", "--at={{host}}:{{port}}", "{{x}}"]'
    (submitted.root / "lab.toml").write_text(line)
    (submitted.root / "chat").write_text("a program")
    chat = submitted.folder / "chat"
    chat.chmod(0o755)
    # Named in full: Windows looks for a program before it goes to its folder.
    assert command_of(submitted) == [str(chat), "--at=127.0.0.9:4000", "{x}"]
    assert chat.read_text() == "a program"


def test_lab_toml_names_what_is_not_there(submitted: Submission) -> None:
    (submitted.root / "lab.toml").write_text(f'"{EXERCISE}.server" = ["./chat"]')
    assert command_of(submitted) == ["./chat"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'"{EXERCISE}.server" = "./chat"', "must be a list of strings"),
        (f'"{EXERCISE}.server" = []', "must be a list of strings"),
        (f'"{EXERCISE}.server" = ["./chat", 1]', "must be a list of strings"),
        (f'{EXERCISE}.server = ["./chat"]', "must be a list of strings"),
        ("this is no TOML", "lab.toml cannot be read"),
        ("a = '\xff'", "lab.toml cannot be read"),
    ],
)
def test_bad_lab_toml(text: str, words: str, submitted: Submission) -> None:
    (submitted.root / "lab.toml").write_text(text, encoding="latin-1")
    with pytest.raises(CheckFailedError, match=words):
        command_of(submitted)


def test_given_files_come_from_the_lab(submitted: Submission) -> None:
    chat = "exercise5_chat_channels"
    (submitted.root / chat).mkdir()
    for name in ("server.py", "history.py", "socket.py", "conftest.py"):
        (submitted.root / chat / name).write_text("# the student's")
    given = [name for name in EXERCISES[chat].given if (ROOT / chat / name).exists()]
    copied = submitted.folder / chat
    assert {file.name for file in copied.iterdir()} == {"server.py", *given}
    assert (copied / "server.py").read_text() == "# the student's"
    history = (ROOT / chat / "history.py").read_text(encoding="utf-8")
    assert (copied / "history.py").read_text(encoding="utf-8") == history


def test_what_cannot_be_copied_leaves_nothing_behind(
    submitted: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    (submitted.root / "lab.toml").touch()
    made = submitted.root.parent / "work"
    made.mkdir()
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(made))
    (submitted.root / "lab.toml").write_text('a = ["b"]')
    monkeypatch.setattr(shutil, "copytree", shutil_error)
    with pytest.raises(CheckFailedError, match="cannot be copied"):
        _ = submitted.folder
    assert not made.exists()


def shutil_error(*_: object, **__: object) -> None:
    """Fail as copytree() does."""
    raise shutil.Error([("from", "to", "a named pipe")])


def test_seed_repeats_the_choices(tmp_path: Path) -> None:
    labs = [Lab(Submission(tmp_path), EXERCISE, tmp_path, seed) for seed in (7, 7, 8)]
    assert not labs[0].made_choices()
    first, again, other = (laboratory.numbers.random() for laboratory in labs)
    assert first == again != other
    assert labs[0].made_choices()
