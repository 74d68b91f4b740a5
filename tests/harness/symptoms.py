"""What a program's state says about a failure: a traceback, an early end, a hang.

A program that hangs is asked where: ``-X faulthandler`` prints every thread's stack
when SIGABRT ends the program. So that is the last thing that is done to it.
"""

import linecache
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import system
from tests.harness.exercises import is_given
from tests.harness.failure import CheckFailedError, Place, Seen, Symptom
from tests.harness.hints import UNREADABLE, row_for
from tests.harness.patience import ANSWER
from tests.harness.process import Process
from tests.harness.steps import harmless
from tests.harness.words import _

if TYPE_CHECKING:
    from tests.harness.program import Program

MOST_ERRORS = 64 * 1024  # bytes of its stderr that a report shows
ABORTED = b"Fatal Python error: Aborted"  # what faulthandler writes at SIGABRT
TRACEBACK = "Traceback (most recent call last)"
# In a traceback, a file of the work folder: the folder's name has been taken away.
PLACE = re.compile(r'File "([^"/<:][^":]*)", line (\d+)')
EXCEPTION = re.compile(r"^([\w.]+(?:[Ee]rror|Exception|Interrupt)\b.*)", re.M)
LAST_WORDS = 0.2  # seconds from a failure to the traceback that explains it
# What a starter says of its open steps; see the end of a starter.
OPEN_STEPS = re.compile(
    r"^(Next: TODO \d.*|More steps after this one: \d+|The finished program: .*)\n",
    re.M,
)


def errors_of(program: Process) -> str:
    """Return what is on stderr, without the work folder's name."""
    data = bytes(program.stderr.data).partition(ABORTED)[0]
    if len(data) > MOST_ERRORS:
        half = MOST_ERRORS // 2
        count = f"{len(data) - MOST_ERRORS:,}"
        left_out = _("… {count} bytes left out …").format(count=count)
        data = data[:half] + f"\n{left_out}\n".encode() + data[-half:]
    text = data.decode(errors="replace").replace("\r\n", "\n")
    text = OPEN_STEPS.sub("", text)
    return harmless(text.replace(str(program.folder) + os.sep, ""))


def traceback_of(program: Process) -> Symptom | None:
    """Return the place, the exception and the hint of the last traceback on stderr."""
    _before, header, text = errors_of(program).rpartition(TRACEBACK)
    if not header:
        return None
    places = [(name, int(line)) for name, line in PLACE.findall(text)]
    places = [place for place in places if not is_given(Path(place[0]))] or places
    name, line = places[-1] if places else ("", 0)
    where = Place(Path(name).name, line) if name else None
    reason = (EXCEPTION.findall(text) or [""])[-1]
    row = row_for(reason, linecache.getline(str(program.folder / name), line))
    parts = [_in_words(where)] if where else []
    words = " · ".join([*parts, *filter(None, [reason])])
    if row in UNREADABLE:
        words = _("Python cannot read your file: {reason}").format(reason=words)
    hint, wins = (row.hint, row.wins) if row else ("", False)
    return Symptom(Seen.TRACEBACK, words, where, hint, wins)


def whereabouts_of(program: Process) -> list[Symptom]:
    """Make a Python program that hangs say in which of its lines it waits."""
    if not program.command.is_python or program.exited.is_set():
        return []
    seen = Seen.WAITS if program.ever_sleeps() else Seen.BUSY
    if not system.abort(program.pid):
        return []
    program.wait_for_exit(ANSWER)
    stacks = bytes(program.stderr.data).partition(ABORTED)[2].decode(errors="replace")
    threads = re.split(r"hread 0x", stacks)
    found = [_innermost_line(program, seen, stack) for stack in threads]
    return list(dict.fromkeys(symptom for symptom in found if symptom))


def _innermost_line(program: Process, seen: Seen, stack: str) -> Symptom | None:
    """Return the innermost line of the student's own in a thread's stack."""
    frames = re.findall(r'File "([^"]*)", line (\d+) in (\S+)', stack)
    for name, number, function in frames:
        file = Path(name)
        if program.folder in file.parents and file.is_file():
            code = harmless(linecache.getline(name, int(number)).strip())
            where = Place(file.name, int(number))
            waits = _("It waits in {function}(), {where}:  {code}")
            works = _("It runs on and on in {function}(), {where}:  {code}")
            text = waits if seen is Seen.WAITS else works
            place = _in_words(where)
            text = text.format(function=function, where=place, code=code)
            return Symptom(seen, text, where)
    return None


def _in_words(place: Place) -> str:
    return _("{file} line {line}").format(file=place.file, line=place.line)


def explain(
    error: CheckFailedError,
    program: "Program",
    *,
    hangs: bool,
    missed: bool = False,
) -> CheckFailedError:
    """Add the symptom that says most: a traceback, an early end, or where it waits.

    The last only when somebody waited and nothing came: the answer to that ends the
    program. ``missed``: something did not come because the connection had ended.
    """
    program.wait_for_exit(LAST_WORDS)  # one that is just ending may still say why
    failure, name = error.failure, program.name
    if traceback := traceback_of(program):
        text = _("{name} printed a traceback: {reason}")
        text = text.format(name=name, reason=traceback.text)
        failure.add(replace(traceback, text=text))
    elif program.exited.is_set() and (hangs or missed or program.process.returncode):
        status = describe_status(program.process.returncode)
        text = _("{name} had ended, with {status}.").format(name=name, status=status)
        failure.add(Symptom(Seen.ENDED, text))
    elif hangs:
        for symptom in whereabouts_of(program):
            failure.add(symptom)
    return error


def describe_status(status: int) -> str:
    """Return an exit status in words; negative ones are signals (subprocess)."""
    if status >= 0:
        return _("status {number}").format(number=status)
    name = system.signal_name(-status)
    return _("signal {number} ({name})").format(number=-status, name=name)
