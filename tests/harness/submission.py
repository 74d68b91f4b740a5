"""What is graded: whose files, laid out where, started how.

A submission's files never lie where pytest could meet them. They are copied into a work
folder, with the lab's given files beside them, and run there as programs.
"""

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from tests.harness.confinement import around_program
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.failure import CheckFailedError
from tests.harness.process import MARK, Command
from tests.harness.sources import Sources, read_sources
from tests.harness.words import _

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # comes with pytest

SAMPLE = '"exercise4_multiclient.server" = ["./server", "{host}", "{port}"]'
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "tests", "solutions")


class Submission:
    """A folder laid out like the repository, ready to run."""

    def __init__(self, root: Path, in_sandbox: bool = False) -> None:
        """Take a submission's folder; whether it holds anything shows later."""
        self.root = root
        self.in_sandbox = in_sandbox
        self._making = threading.Lock()  # from Python 3.12 on cached_property has none

    @property
    def folder(self) -> Path:
        """The work folder: the working folder of all its programs."""
        with self._making:
            return self._folder

    @cached_property
    def _folder(self) -> Path:
        # Resolved, as Python shows it in a traceback: macOS's TMPDIR is behind a link.
        folder = Path(tempfile.mkdtemp(prefix=f"lab-{MARK}-")).resolve()
        try:
            self._fill(folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            text = _("{folder} cannot be copied: {reason}")
            text = text.format(folder=self.root, reason=error)
            raise CheckFailedError(text) from None
        return folder

    def _fill(self, folder: Path) -> None:
        if self._commands:
            shutil.copytree(self.root, folder, dirs_exist_ok=True, ignore=NOT_COPIED)
        for exercise in EXERCISES:
            (folder / exercise).mkdir(exist_ok=True)
            _copy(self.root / exercise, EXERCISES[exercise].yours, folder / exercise)
            _copy(ROOT / exercise, EXERCISES[exercise].given, folder / exercise)

    @cached_property
    def _sources(self) -> Sources:
        """What its programs are, read when the first command is asked for."""
        return read_sources(self.folder)

    def remove_folder(self) -> None:
        """Delete the work folder, if there is one."""
        if "_folder" in self.__dict__:
            shutil.rmtree(self._folder, ignore_errors=True)

    @cached_property
    def _commands(self) -> dict[str, list[str]]:
        """The commands in lab.toml, which lets a submission use another language."""
        file = self.root / "lab.toml"
        if not file.is_file():
            return {}
        try:
            commands: dict[str, list[str]] = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            text = _("{file} cannot be read: {reason}")
            text = text.format(file=file, reason=error)
            raise CheckFailedError(text) from None
        for name, command in commands.items():
            if not _is_command(command):
                text = _("{file}: {name} must be a list of strings.")
                text = text.format(file=file, name=repr(name))
                hint = _("A line of lab.toml looks like this, with the quotes:")
                raise CheckFailedError(text, hint=f"{hint} {SAMPLE}")
        return commands

    def command(
        self, exercise: str, program: str, host: str, port: int | str, *files: Path
    ) -> Command:
        """Return the command that starts ``program``, "server" or "client".

        ``files`` are other folders that it may write to, such as the check's own.
        """
        command = self._plain_command(exercise, program, host, port)
        return self._confined(command, self.folder, *files)

    def helper(self, *words: str, folder: Path) -> Command:
        """Return a command of the suite's own: Python, with ``words`` as arguments.

        It is isolated (``-I``), so that nothing in ``folder`` is imported; and it sees
        no other folder where students' programs run in a sandbox: it may have to read
        what these have written.
        """
        return self._confined(Command([sys.executable, "-I", *words]), folder)

    def _confined(self, command: Command, *folders: Path) -> Command:
        if not self.in_sandbox:
            return command
        return replace(command, sandbox=around_program(*folders))

    def _plain_command(
        self, exercise: str, program: str, host: str, port: int | str
    ) -> Command:
        if given := self._commands.get(f"{exercise}.{program}"):
            first, *others = (_fill_in(word, host, port) for word in given)
            return Command([self._in_work_folder(first), *others])
        self._expect_file(f"{exercise}/{program}.py")
        python = [sys.executable, "-X", "faulthandler", "-m", f"{exercise}.{program}"]
        words = [*python, host, str(port)]
        return Command(words, is_python=True, sources=self._sources)

    def _in_work_folder(self, word: str) -> str:
        """Return a program's full name: Windows looks for it before it goes there."""
        return ("/" in word and shutil.which(str(self.folder / word))) or word

    def _expect_file(self, name: str) -> None:
        if not self.root.is_dir():
            text = _("There is no folder {folder}.")
            hint = _("--submission names the folder that holds your exercises.")
            raise CheckFailedError(text.format(folder=self.root), hint=hint)
        if not (self.root / name).is_file():
            text = _("There is no {file} in {folder}.")
            hint = _("A submission is laid out like the lab: one folder per exercise.")
            message = text.format(file=name, folder=self.root)
            raise CheckFailedError(message, hint=hint)


def _copy(source: Path, names: Iterable[str], target: Path) -> None:
    for name in names:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)


def _is_command(value: object) -> bool:
    is_list = isinstance(value, list) and len(value) > 0
    return is_list and all(isinstance(word, str) for word in value)  # type: ignore


def _fill_in(word: str, host: str, port: int | str) -> str:
    return word.replace("{host}", host).replace("{port}", str(port))
