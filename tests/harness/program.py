"""Programs under test, as a check uses them: what it does to them, what it expects."""

import os
import re
import time
from pathlib import Path
from typing import NoReturn

from tests.harness import pseudo_terminal, system
from tests.harness.failure import CheckFailedError, Seen, Symptom
from tests.harness.patience import ANSWER, SOON
from tests.harness.process import Command, Process
from tests.harness.shown import BEFORE, column, show
from tests.harness.steps import History
from tests.harness.symptoms import describe_status, errors_of, explain, traceback_of
from tests.harness.words import _, ngettext


class Program(Process):
    """One run of a student's program, whose steps go into the history."""

    def __init__(
        self,
        name: str,
        command: Command,
        folder: Path,
        history: History,
        environment: dict[str, str] | None = None,
        *,
        in_terminal: bool = False,
    ) -> None:
        """Start ``command`` in ``folder``; ``name`` is who it is in the history."""
        self.name = name
        self.history = history
        super().__init__(command, folder, environment, in_terminal=in_terminal)

    # -- what a check does with it ----------------------------------------------------

    def type(self, text: str) -> None:
        """Type on the program's keyboard."""
        typed = _("types {text}").format(text=repr(text))
        self.history.event(_("the user"), typed)
        try:
            os.write(self.keyboard, text.encode())
        except OSError:
            text = _("{name} no longer reads its keyboard.")
            self.fail(text.format(name=self.name))

    def end_typing(self) -> None:
        """Press Ctrl+D: close the program's standard input."""
        self.history.event(_("the user"), _("presses Ctrl+D"))
        self.close_keyboard()

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Change the size of the window that the program runs in."""
        size = _("resizes to {rows} × {columns}").format(rows=rows, columns=columns)
        self.history.event(_("the user"), size)
        pseudo_terminal.resize(self.keyboard, rows, columns)

    def interrupt(self) -> None:
        """Press Ctrl+C."""
        self.history.event("Ctrl+C", self._for_it())
        self.may_end = True
        system.interrupt(self.group)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.history.event("SIGTERM", self._for_it())
        self.may_end = True
        system.terminate(self.group)

    def kill(self) -> None:
        """End it as hard as ``kill -9``."""
        self.history.event("kill -9", self._for_it())
        self.stop()
        self.wait_for_exit(SOON)

    def _for_it(self) -> str:
        return _("for {name}").format(name=self.name)

    # -- what is expected of it -------------------------------------------------------

    def expect_printed(self, text: str, seconds: float = ANSWER) -> None:
        """Wait until the program's stdout holds ``text``."""
        if not self.prints(text, seconds):
            self.fail_printing(text)

    def prints(self, text: str, seconds: float = ANSWER) -> bool:
        """Return whether the program's stdout holds ``text``, now or in a while."""
        # On Windows, what is printed as text ends its lines with CRLF.
        lines = map(re.escape, text.encode().split(b"\n"))
        rest = b"" if text.endswith("\n") else rb"[^\n]*"
        wanted = re.compile(rb"[^\n]*" + rb"\r?\n".join(lines) + rest)
        self.stdout.wait_for(wanted.search, self.slices(seconds))
        found = wanted.search(bytes(self.stdout.data))
        if found:
            self._note_printed(found[0])
        return found is not None

    def _note_printed(self, line: bytes) -> None:
        line = line.replace(b"\r\n", b"\n").removesuffix(b"\r")
        self.history.event(self.name, _("prints {text}").format(text=show(line)))

    def expect_line(self, line: str, seconds: float = ANSWER, hint: str = "") -> None:
        """Wait until a line on the program's stdout is ``line``, and nothing else."""
        text = line.encode()
        wanted = re.compile(rb"^%b\r?\n" % re.escape(text), re.M)
        if not self.stdout.wait_for(wanted.search, self.slices(seconds)):
            self._fail_line(text, hint)
        self._note_printed(text)

    def _fail_line(self, wanted: bytes, hint: str) -> NoReturn:
        """Fail because a line is missing, or has something around it."""
        lines = bytes(self.stdout.data).splitlines()
        for line in lines:
            if wanted in line:
                before, _wanted, after = line.partition(wanted)
                self._note_printed(line)
                self.fail(
                    expected=(_("Expected the line"), show(wanted)),
                    got=(_("but it is"), show(line)),
                    remark=_around(before, after),
                    symptoms=[Symptom(Seen.PRINTED)],
                    hint=hint or _("Print exactly this line, and nothing around it."),
                )
        self.fail_printing(wanted.decode(), hint)

    def fail_printing(self, text: str, hint: str = "") -> NoReturn:
        """Fail because ``text`` was not printed."""
        printed = bytes(self.stdout.data)
        if text.strip() in self.errors():
            hint = _("It is on stderr. print() without file= writes on stdout.")
        self.fail(
            expected=(_("Expected {name} to print").format(name=self.name), repr(text)),
            got=(_("but its stdout is"), show(printed) if printed else _("empty")),
            hint=hint,
            symptoms=[Symptom(Seen.PRINTED if printed else Seen.UNPRINTED)],
        )

    def expect_exit(
        self, status: int | None = 0, seconds: float = SOON, hint: str = ""
    ) -> None:
        """Wait for the program's end; it must have this status and no traceback.

        With None any status will do.
        """
        began = time.monotonic()
        if not self.wait_for_exit(seconds):
            waited = f"{time.monotonic() - began:.1f}"
            text = _("{name} is still running after {seconds} s.")
            if self.process.returncode is not None:
                text = _(
                    "{name} has ended, but something that it has started is still"
                    " running after {seconds} s."
                )
            self.fail(text.format(name=self.name, seconds=waited), hint=hint)
        got = self.process.returncode
        ends = _("ends with {status}").format(status=describe_status(got))
        self.history.event(self.name, ends)
        if traceback := self.traceback():
            self.fail(hint="" if traceback.hint else hint)
        if status is not None and got != status:
            wanted = _("Expected {name} to end with").format(name=self.name)
            raise CheckFailedError(
                expected=(wanted, describe_status(status)),
                got=(_("but it ended with"), describe_status(got)),
                hint=hint,
            )

    def expect_output(self, wanted: bytes, hint: str = "") -> None:
        """Expect that all it has printed on stdout, until its end, is ``wanted``."""
        got = bytes(self.stdout.data)
        if got == wanted:
            return
        same = len(os.path.commonprefix([wanted, got]))
        start = max(same - BEFORE, 0)
        skipped = skipped_bytes(start)
        shown = skipped + show(got[start:]) if got else _("nothing")
        raise CheckFailedError(
            expected=(_("Expected stdout to hold"), skipped + show(wanted[start:])),
            got=(_("but it holds"), shown),
            at=len(skipped) + column(got[start:], same - start) if got else None,
            remark=_difference(missing=len(wanted) - same, too_many=len(got) - same),
            hint=hint,
        )

    # -- what it says of itself -------------------------------------------------------

    def errors(self) -> str:
        """Return what is on stderr, without the work folder's name."""
        return errors_of(self)

    def traceback(self) -> Symptom | None:
        """Return the last traceback on stderr."""
        return traceback_of(self)

    def fail(self, message: str = "", **parts: object) -> NoReturn:
        """Fail the check, after a timeout, with what the program's state says."""
        raise explain(CheckFailedError(message, **parts), self, hangs=True)


def skipped_bytes(count: int) -> str:
    """Return the words for equal bytes that are not shown, or ''."""
    if not count:
        return ""
    text = ngettext(
        "… {count} equal byte, then ", "… {count} equal bytes, then ", count
    )
    return text.format(count=f"{count:,}")


def _around(before: bytes, after: bytes) -> str:
    """Return the words for what surrounds the wanted part of a line."""
    if not after:
        return _("{text} comes before it").format(text=show(before))
    if not before:
        return _("{text} comes after it").format(text=show(after))
    text = _("{before} comes before it, and {after} after it")
    return text.format(before=show(before), after=show(after))


def _difference(missing: int, too_many: int) -> str:
    """Return the words for the place where what was printed is not what was wanted."""
    if too_many and missing:
        return _("this is the first difference")
    if not missing:
        return _("the output should end here")
    text = ngettext(
        "here {count} byte is missing", "here {count} bytes are missing", missing
    )
    return text.format(count=f"{missing:,}")
