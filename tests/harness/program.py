"""Programs under test: started in a process group of their own, watched, stopped."""

import linecache
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from tests.harness import system
from tests.harness.checks import CheckFailedError
from tests.harness.patience import (
    ANSWER,
    SLICE,
    SOON,
    START,
    slices,
    slices_until_still,
    wait_until,
)
from tests.harness.steps import BEFORE, History, column, harmless, show

MOST_OUTPUT = 16 * 1024 * 1024  # bytes kept of what a program prints
MOST_ERRORS = 64 * 1024  # bytes of its stderr that a report shows
ABORTED = b"Fatal Python error: Aborted"  # what faulthandler writes at SIGABRT
NOT_STARTED = "The command stands in lab.toml, and runs in a copy of the submission."
LAST_WORDS = 0.2  # seconds from a failure to the traceback that explains it
MARK = f"{os.getpid()}-{os.urandom(4).hex()}"  # in the environment of each program


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would change Python's ways.

    PYTHONUNBUFFERED, for instance, would hide that a program forgets to flush. COLUMNS
    and LINES may come from GNU readline in this process; a terminal has its own size.
    """
    foreign = re.compile("PYTHON|COLUMNS$|LINES$")
    kept = {k: v for k, v in os.environ.items() if not foreign.match(k)}
    # PYTHONUTF8: a student's terminal is UTF-8; a pipe should not be something else.
    return kept | {"LAB_RUN": MARK, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class Output:
    """What a program has printed so far on stdout or stderr."""

    def __init__(self) -> None:
        """Start empty."""
        self.data = bytearray()
        self.length = 0  # in bytes, with those not kept
        self.ended = False
        self.changed = threading.Condition()

    def read_all(self, pipe: int) -> None:
        """Read a pipe to its end: the work of a thread, so that no pipe ever fills."""
        while piece := _read(pipe):
            with self.changed:
                self.length += len(piece)
                self.data += piece[: MOST_OUTPUT - len(self.data)]
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        os.close(pipe)

    def wait_for(
        self, condition: Callable[[bytes], object], waits: Iterable[float]
    ) -> bool:
        """Wait until what was printed fulfils a condition; return whether it does."""
        with self.changed:
            for wait in waits:
                if condition(bytes(self.data)):
                    return True
                if self.ended:
                    return False
                self.changed.wait(wait)
            return bool(condition(bytes(self.data)))


def _read(pipe: int) -> bytes:
    try:
        return os.read(pipe, 65536)
    except OSError:  # a terminal's other end is closed: EIO, pty(7)
        return b""


class Program:
    """One run of a student's program."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        history: History,
        environment: dict[str, str] | None = None,
        *,
        in_terminal: bool = False,
    ) -> None:
        """Start ``command`` in ``folder``; ``name`` is who it is in the history."""
        self.name = name
        self.folder = folder
        self.history = history
        self.stdout, self.stderr = Output(), Output()
        self.exited = threading.Event()
        self.was_reached = False  # by a peer: from then on a refusal is a failure
        self.is_python = "faulthandler" in command
        self.in_sandbox = any("bwrap" in word for word in command)
        self._start(command, clean_environment() | (environment or {}), in_terminal)

    def _start(
        self, command: Sequence[str], environment: dict[str, str], in_terminal: bool
    ) -> None:
        outside = inside = subprocess.PIPE
        if in_terminal:
            outside, inside = system.open_terminal()
        try:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=inside,
                stdout=inside,
                stderr=subprocess.PIPE,
                bufsize=0,
                **system.process_options(),
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in the command
            reason = getattr(error, "strerror", None) or error
            message = f"{command[0]!r} cannot be started: {reason}."
            raise CheckFailedError(message, hint=NOT_STARTED) from None
        if in_terminal:
            os.close(inside)
        self._keyboard = outside if in_terminal else os.dup(_fileno(self.process.stdin))
        if self.process.stdin:
            self.process.stdin.close()
        stdout = os.dup(outside if in_terminal else _fileno(self.process.stdout))
        self._watch(self.stdout, stdout)
        self._watch(self.stderr, os.dup(_fileno(self.process.stderr)))
        threading.Thread(target=self._wait, daemon=True).start()

    def _watch(self, output: Output, pipe: int) -> None:
        threading.Thread(target=output.read_all, args=[pipe], daemon=True).start()

    def _wait(self) -> None:
        status = self.process.wait()
        if self.in_sandbox and status > 128:  # so bwrap tells of a signal, as sh does
            self.process.returncode = 128 - status
        self.exited.set()

    # -- what a check does with it ----------------------------------------------------

    @property
    def pid(self) -> int:
        """The process id, which is the process group's too."""
        return self._pid_in_sandbox if self.in_sandbox else self.process.pid

    @cached_property
    def _pid_in_sandbox(self) -> int:
        """The id of the program itself, as seen from outside its sandbox."""

        def is_found() -> bool:
            return self.exited.is_set() or bool(system.sandboxed_pid(self.process.pid))

        wait_until(is_found, slices(START))
        return system.sandboxed_pid(self.process.pid) or self.process.pid

    def slices(self, seconds: float) -> Iterator[float]:
        """Yield waits up to a limit, or until the program is at rest for too long.

        Where it is given more time than SOON it may itself be waiting for something.
        """
        if seconds > SOON:
            return slices(seconds)
        return slices_until_still(seconds, lambda: system.at_rest(self.pid))

    def type(self, text: str) -> None:
        """Type on the program's keyboard."""
        self.history.event("the user", f"types {text!r}")
        try:
            os.write(self._keyboard, text.encode())
        except OSError:
            self.fail("it no longer reads the keyboard")

    def end_typing(self) -> None:
        """Press Ctrl+D: close the program's standard input."""
        self.history.event("the user", "presses Ctrl+D")
        os.close(self._keyboard)
        self._keyboard = -1

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Change the size of the window that the program runs in."""
        self.history.event("the user", f"resizes to {rows} × {columns}")
        system.resize_terminal(self._keyboard, rows, columns)

    def terminal_settings(self) -> list[Any]:
        """Return the settings of the program's terminal, as termios(3) names them."""
        return system.terminal_settings(self._keyboard)

    def change_terminal(self, settings: list[Any]) -> None:
        """Change the settings of its terminal behind its back, as a shell does."""
        system.change_terminal(self._keyboard, settings)

    def interrupt(self) -> None:
        """Press Ctrl+C."""
        self.history.event("Ctrl+C", f"for {self.name}")
        system.interrupt(self.pid)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.history.event("SIGTERM", f"for {self.name}")
        system.terminate(self.pid)

    def kill(self) -> None:
        """End it as hard as ``kill -9``."""
        self.history.event("kill -9", f"for {self.name}")
        self.stop()
        self._wait_for_exit(SOON)

    def stop(self) -> None:
        """Make sure that nothing of it runs on."""
        if self.in_sandbox:  # which ends when the process that made it does
            system.kill(self.process.pid)
        else:
            system.kill(self.pid)
        if self._keyboard != -1:
            os.close(self._keyboard)
            self._keyboard = -1

    def wait_until_idle(self) -> None:
        """Wait until the program itself waits: for a client, for its user.

        Where the system does not tell (only Linux does), give it a moment.
        """
        if system.sleeps(self.pid) is None:
            self.exited.wait(SLICE)
        else:
            wait_until(lambda: system.sleeps(self.pid), slices(ANSWER))

    def expect_printed(self, text: str, seconds: float = ANSWER) -> None:
        """Wait until the program's stdout holds ``text``."""
        if not self.prints(text, seconds):
            self.fail_printing(text)

    def prints(self, text: str, seconds: float = ANSWER) -> bool:
        """Tell whether the program's stdout holds ``text``, now or in a while."""
        if self.stdout.wait_for(lambda d: text.encode() in d, self.slices(seconds)):
            self.history.event(self.name, f"prints {text!r}")
            return True
        return False

    def fail_printing(self, text: str, hint: str = "") -> NoReturn:
        """Fail because ``text`` was not printed."""
        self.fail(
            expected=(f"Expected {self.name} to print", repr(text)),
            got=("but its stdout is", show(bytes(self.stdout.data))),
            hint=hint,
        )

    def expect_exit(
        self, status: int | None = 0, seconds: float = SOON, hint: str = ""
    ) -> None:
        """Wait for the program's end; it must have this status and no traceback.

        With None any status will do.
        """
        began = time.monotonic()
        if not self._wait_for_exit(seconds):
            waited = time.monotonic() - began
            self.fail(f"{self.name} is still running after {waited:.1f} s.", hint=hint)
        got = self.process.returncode
        self.history.event(self.name, f"ends with status {got}")
        if self.traceback():
            self.fail(f"{self.name} ended with a traceback.", hint=hint)
        if status is not None and got != status:
            raise CheckFailedError(
                expected=(f"Expected {self.name} to end with", f"status {status}"),
                got=("but it ended with", describe_status(got)),
                hint=hint,
            )

    def expect_output(self, wanted: bytes, hint: str = "") -> None:
        """Expect that all it has printed on stdout, until its end, is ``wanted``."""
        got = bytes(self.stdout.data)
        if got == wanted:
            return
        same = len(os.path.commonprefix([wanted, got]))
        start = max(same - BEFORE, 0)
        skipped = f"… {start:,} equal bytes, then " if start else ""
        missing, too_many = len(wanted) - same, len(got) - same
        remark = "this is the first difference"
        if not too_many or not missing:
            kind = f"{missing:,} bytes are missing" if missing else "the end should be"
            remark = f"here {kind}"
        raise CheckFailedError(
            expected=("Expected stdout to hold", skipped + show(wanted[start:])),
            got=("but it holds", skipped + show(got[start:]) if got else "nothing"),
            at=len(skipped) + column(got[start:], same - start) if got else None,
            remark=remark,
            hint=hint,
        )

    def _wait_for_exit(self, seconds: float) -> bool:
        if not any(self.exited.wait(wait) for wait in self.slices(seconds)):
            return self.exited.is_set()
        for output in (self.stdout, self.stderr):
            output.wait_for(lambda _: False, slices(10 * SLICE))  # to its end
        return True

    # -- what it says of itself -------------------------------------------------------

    def wait_for_last_words(self) -> None:
        """Give a program that is just ending, or a thread of it, time to say why."""
        self._wait_for_exit(LAST_WORDS)

    def errors(self) -> str:
        """Return what stands on stderr, with the work folder's name left out."""
        data = bytes(self.stderr.data).partition(ABORTED)[0]
        if len(data) > MOST_ERRORS:
            left_out = f"\n… {len(data) - MOST_ERRORS:,} bytes left out …\n".encode()
            data = data[: MOST_ERRORS // 2] + left_out + data[-MOST_ERRORS // 2 :]
        text = data.decode(errors="replace").replace("\r\n", "\n")
        text = re.sub(r"^TODO \d.*\n", "", text, flags=re.M)  # a starter's open steps
        return harmless(text.replace(str(self.folder) + os.sep, ""))

    def traceback(self) -> str:
        """Return the place and the exception of the last traceback, or ''."""
        text = self.errors()
        if "Traceback (most recent call last)" not in text:
            return ""
        places = re.findall(r'File "(exercise[^"]*)", line (\d+)', text)
        reasons = re.findall(r"^([\w.]+(?:[Ee]rror|Exception|Interrupt).*)", text, re.M)
        place = f"{Path(places[-1][0]).name} line {places[-1][1]}" if places else ""
        return " · ".join(part for part in (place, *reasons[-1:]) if part)

    def whereabouts(self) -> str:
        """Make a Python program that hangs say in which of its lines it waits.

        ``-X faulthandler`` prints every thread's stack when SIGABRT ends the program.
        """
        if not self.is_python or self.exited.is_set():
            return ""
        verb = "waits" if self.ever_sleeps() else "runs on and on"
        if not system.abort(self.pid):
            return ""
        self._wait_for_exit(ANSWER)
        stacks = bytes(self.stderr.data).partition(ABORTED)[2].decode(errors="replace")
        places = map(self._place_of_thread, re.split(r"hread 0x", stacks))
        lines = [f"It {verb} in {place}" for place in places if place]
        return "\n".join(dict.fromkeys(lines))

    def ever_sleeps(self) -> bool:
        """Tell whether the program waits for something, at some time at least."""
        if system.sleeps(self.pid) is None:
            return True  # where nobody knows, that is what most do
        return wait_until(lambda: system.sleeps(self.pid), slices(4 * SLICE))

    def _place_of_thread(self, stack: str) -> str:
        """Return the innermost line of the student's own in a thread's stack."""
        frames = re.findall(r'File "([^"]*)", line (\d+) in (\S+)', stack)
        for name, number, function in frames:
            file = Path(name)
            if self.folder in file.parents and file.is_file():
                code = harmless(linecache.getline(name, int(number)).strip())
                return f"{function}(), {file.name} line {number}:  {code}"
        return ""

    def fail(self, message: str = "", **parts: object) -> NoReturn:
        """Fail the check, after a wait in vain for this program."""
        error = CheckFailedError(message, **parts)  # type: ignore[arg-type]
        raise explain(error, self, hangs=True)


def explain(
    error: CheckFailedError, program: Program, hangs: bool, missed: bool = False
) -> CheckFailedError:
    """Add the symptom that says most: a traceback, an early end, or where it waits.

    The last only when somebody waited in vain: the answer to that ends the program.
    """
    program.wait_for_last_words()
    if reason := program.traceback():
        error.add(f"{program.name} printed a traceback: {reason}")
        error.hint = error.hint or "Read the traceback from its last line upward."
    elif program.exited.is_set() and (hangs or missed or program.process.returncode):
        status = describe_status(program.process.returncode)
        error.add(f"{program.name} had ended, with {status}.")
    elif hangs:
        error.add(program.whereabouts())
    return error


def describe_status(status: int) -> str:
    """Return an exit status in words; negative ones are signals (subprocess)."""
    if status >= 0:
        return f"status {status}"
    return f"signal {-status} ({system.signal_name(-status)})"


def _fileno(stream: object) -> int:
    number: int = stream.fileno()  # type: ignore[attr-defined]
    return number
