"""Processes under test: each starts in a group of its own, is watched, and stopped."""

import errno
import math
import os
import re
import shlex
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.harness import linux, pseudo_terminal, system
from tests.harness.confinement import limit_processes
from tests.harness.failure import CheckFailedError
from tests.harness.output import Output
from tests.harness.patience import (
    ANSWER,
    SLICE,
    SOON,
    START,
    STILL,
    slices,
    slices_of,
    wait_until,
)
from tests.harness.sources import Sources, read_sources
from tests.harness.words import _

SHELL = ("/bin/sh", "-c")
# What a system says when this user has used up something, and no program is at fault.
SHORTAGES = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOBUFS}
SHORTAGES |= {errno.EADDRNOTAVAIL}
# What is not secret of an environment.
HARMLESS = {"PATH", "LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE", "TERM", "SYSTEMROOT"}
HARMLESS |= {"TZ"}
MARK = f"{os.getpid()}-{os.urandom(4).hex()}"  # in the environment of each program


def mark_of_thread() -> str:
    """Return what marks the programs of the check that this thread runs, and no others.

    A check may run beside another, see ``ahead``.
    """
    return f"{MARK}-{threading.get_ident()}."


@dataclass(frozen=True)
class Command:
    """The words that start a program, and what we know of it."""

    words: Sequence[str]
    is_python: bool = False  # with -X faulthandler: it can say where it waits
    sandbox: Sequence[str] = ()  # bubblewrap's words, which come before these
    sources: Sources | None = None  # its files' text; None: nobody has read it yet

    @property
    def in_sandbox(self) -> bool:
        """Whether it runs in a sandbox."""
        return bool(self.sandbox)

    def with_arguments(self, *arguments: str) -> "Command":
        """Return the command with more arguments at its end."""
        return replace(self, words=[*self.words, *arguments])

    def after(self, code: str, shell: Sequence[str] = SHELL) -> "Command":
        """Return the command run by a shell that does something else before."""
        words = [*shell, f"{code} && exec {shlex.join(self.words)}"]
        return replace(self, words=words)

    def with_open_files(self, limit: int) -> "Command":
        """Return the command under a limit of open files; Windows has no such limit."""
        return self if system.WINDOWS else self.after(f"ulimit -n {limit}")


def clean_environment(in_sandbox: bool = False) -> dict[str, str]:
    """Return this process's environment without what would change Python's ways.

    Into a sandbox goes only what a program needs: the rest may be secret.

    PYTHONUNBUFFERED, for instance, would hide that a program forgets to flush. COLUMNS
    and LINES may come from GNU readline in this process; a terminal has its own size.
    """
    foreign = re.compile("PYTHON|COLUMNS$|LINES$")
    kept = {k: v for k, v in os.environ.items() if not foreign.match(k)}
    if in_sandbox:
        kept = {k: v for k, v in kept.items() if k in HARMLESS}
    # PYTHONUTF8: a student's terminal is UTF-8; a pipe should not be something else.
    return kept | {"LAB_RUN": mark_of_thread(), "PYTHONUTF8": "1"}


class Process:
    """One run of a command, with its keyboard, its stdout and its stderr."""

    def __init__(
        self,
        command: Command,
        folder: Path,
        environment: dict[str, str] | None = None,
        *,
        in_terminal: bool = False,
    ) -> None:
        """Start ``command`` in ``folder``; CheckFailedError where that cannot be."""
        self.command = command
        self.folder = folder
        self.sources = command.sources or {}
        if command.is_python and command.sources is None:
            self.sources = read_sources(folder)
        self.stdout, self.stderr = Output(), Output()
        self.exited = threading.Event()
        self.was_reached = False  # by a peer, or has reached one
        self.may_end = False  # a check has ended it, or looked whether it has
        environment = clean_environment(command.in_sandbox) | (environment or {})
        outside = inside = subprocess.PIPE
        if in_terminal:
            outside, inside = pseudo_terminal.open_one()
        self.process = self._start(environment, inside)
        if in_terminal:
            os.close(inside)
            self.keyboard, stdout = outside, os.dup(outside)
        else:
            self.keyboard = _taken_over(self.process.stdin)
            stdout = _taken_over(self.process.stdout)
        self.stdout.follow(stdout)
        self.stderr.follow(_taken_over(self.process.stderr))
        threading.Thread(target=self._wait, daemon=True).start()

    def _start(
        self, environment: dict[str, str], inside: int
    ) -> "subprocess.Popen[bytes]":
        if self.command.in_sandbox:
            return self._start_in_sandbox(environment, inside)
        words = self.command.words
        process = self._run(words, inside, env=environment, cwd=self.folder)
        self.group = process.pid
        return process

    def _start_in_sandbox(
        self, environment: dict[str, str], inside: int
    ) -> "subprocess.Popen[bytes]":
        """Start bwrap, and let the program begin once its limit of processes is set."""
        hears, tells = os.pipe()
        waits, begins = os.pipe()
        pipes = ["--info-fd", str(tells), "--block-fd", str(waits)]
        words = [*self.command.sandbox, *pipes, "--", *self.command.words]
        with open(hears, "rb") as told, open(begins, "wb"):
            try:
                ends = [tells, waits]
                process = self._run(words, inside, env=environment, pass_fds=ends)
            finally:
                os.close(tells)
                os.close(waits)
            found = re.search(rb'"child-pid": (\d+)', told.read())
            self.group = int(found[1]) if found else process.pid
            limit_processes(self.group)
        return process

    def _run(
        self, words: Sequence[str], inside: int, **options: Any
    ) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                words,
                stdin=inside,
                stdout=inside,
                stderr=subprocess.PIPE,
                bufsize=0,
                **options,
                **system.process_options(),
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in the command
            if getattr(error, "errno", None) in SHORTAGES:
                raise
            reason = getattr(error, "strerror", None) or error
            text = _("{command} cannot be started: {reason}.")
            hint = _(
                "The command is in lab.toml, and runs in a copy of the submission."
            )
            message = text.format(command=repr(words[0]), reason=reason)
            raise CheckFailedError(message, hint=hint) from None

    def _wait(self) -> None:
        """Wait for the end of the program, and then of all that it has started.

        In the sandbox too: the first process there ends after all the others.
        """
        status = self.process.wait()
        # bubblewrap reports a signal as a shell does.
        if self.command.in_sandbox and status > 128:
            self.process.returncode = 128 - status
        wait_until(lambda: not system.is_running(self.group), slices(math.inf))
        self.exited.set()

    @property
    def pid(self) -> int:
        """The process id; without a sandbox it is the process group's, too."""
        return self._inner_pid if self.command.in_sandbox else self.process.pid

    @cached_property
    def _inner_pid(self) -> int:
        """The id of the program itself, as seen from outside its sandbox."""

        def is_found() -> bool:
            return self.exited.is_set() or bool(linux.first_child(self.group))

        wait_until(is_found, slices(START))
        return linux.first_child(self.group) or self.process.pid

    # -- waiting ----------------------------------------------------------------------

    def slices(self, seconds: float) -> Iterator[float]:
        """Yield waits up to a limit, or until the program has been at rest for long.

        Where it is given more time than SOON it may itself be waiting for something.
        On Windows, where nobody can say that it rests, it first gets the time to start.
        """
        if system.WINDOWS and not (self.was_reached or self.has_spoken()):
            seconds = max(seconds, START)
        still = STILL if seconds <= SOON else seconds
        return slices_of(seconds, lambda: system.activity(self.pid), still)

    def has_spoken(self) -> bool:
        """Return whether it has printed anything: so it has started."""
        return bool(self.stdout.data or self.stderr.data)

    def wait_for_exit(self, seconds: float) -> bool:
        """Wait for the program's end, and for the last of what it has printed."""
        self.may_end = True
        if not any(self.exited.wait(wait) for wait in self.slices(seconds)):
            return self.exited.is_set()
        for output in (self.stdout, self.stderr):
            output.wait_for(lambda _: False, slices(10 * SLICE))  # to its end
        return True

    def wait_until_idle(self) -> None:
        """Wait until the program itself waits: for a client, for its user.

        Where the system cannot say, give it a moment.
        """
        if system.sleeps(self.pid) is None:
            self.exited.wait(SLICE)
        else:
            wait_until(lambda: system.sleeps(self.pid), self.slices(ANSWER))

    def ever_sleeps(self) -> bool:
        """Return whether the program waits for something, at some time at least."""
        if system.sleeps(self.pid) is None:
            return True  # where nobody knows, that is what most do
        return wait_until(lambda: system.sleeps(self.pid), self.slices(4 * SLICE))

    # -- its terminal -----------------------------------------------------------------

    def terminal_settings(self) -> list[Any]:
        """Return the settings of the program's terminal, as termios(3) names them."""
        return pseudo_terminal.settings(self.keyboard)

    def change_terminal(self, settings: list[Any]) -> None:
        """Change the settings of its terminal behind its back, as a shell does."""
        pseudo_terminal.change(self.keyboard, settings)

    def close_keyboard(self) -> None:
        """Close its standard input, once."""
        if self.keyboard != -1:
            os.close(self.keyboard)
            self.keyboard = -1

    # -- its end ----------------------------------------------------------------------

    def stop(self) -> None:
        """Make sure that nothing of it is left running, or open."""
        self.may_end = True
        self.end_all()
        self.close_keyboard()

    def end_all(self) -> None:
        """End it, and all that it has started; any thread may ask for that."""
        if self.command.in_sandbox:  # which ends when the process that made it does
            system.kill(self.process.pid)
        else:
            system.kill(self.pid)


def _taken_over(stream: Any) -> int:
    """Return a file descriptor of our own for one of Popen's streams."""
    descriptor = os.dup(stream.fileno())
    stream.close()
    return descriptor
