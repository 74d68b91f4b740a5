"""What a program's state says about a failure: a traceback, an early end, a hang.

A program that hangs is asked where: ``-X faulthandler`` prints every thread's stack
when SIGABRT ends the program. So that is the last thing that is done to it.
"""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import system
from tests.harness.exercises import EXERCISES, is_given
from tests.harness.failure import CheckFailedError, Place, Seen, Symptom
from tests.harness.hints import UNREADABLE, row_for
from tests.harness.patience import START
from tests.harness.process import Process
from tests.harness.repeats import TRACEBACK, fold
from tests.harness.shown import harmless
from tests.harness.sources import line_of
from tests.harness.stacks import Stack, stacks_in
from tests.harness.states import (
    STREAM_ENDED,
    TIMED_OUT,
    hint_on_stack,
    source_row,
)
from tests.harness.words import _, ngettext

if TYPE_CHECKING:
    from tests.harness.program import Program

MOST_FOLDED = 1024 * 1024  # characters of its stderr in which repetitions are sought
MOST_ERRORS = 64 * 1024  # characters of it that a report shows
ABORTED = b"Fatal Python error: Aborted"  # what faulthandler writes at SIGABRT
# In a traceback, a file of the work folder: the folder's name has been taken away.
PLACE = re.compile(r'File "([^"/<:][^":]*)", line (\d{1,9})')
EXCEPTION = re.compile(r"^([\w.]+(?:[Ee]rror|Exception|Interrupt)\b.*)", re.M)
SHORTEST_LIMIT = 0.8  # seconds: exercise 2 gives a client a whole second
SAYS_TIMED_OUT = re.compile(r"\btimed out\b")
LAST_WORDS = 0.2  # seconds from a failure to the traceback that explains it
# What a starter says of its open steps; see the end of a starter.
OPEN_STEPS = re.compile(
    r"^(Next: TODO \d.*|More steps after this one: \d+|The finished program: .*)\n",
    re.M,
)


def errors_of(program: Process) -> str:
    """Return what is on stderr, without the work folder's name and repetitions."""
    data = bytes(program.stderr.data).partition(ABORTED)[0]
    text = _shortened(data.decode(errors="replace").replace("\r\n", "\n"), MOST_FOLDED)
    text = _shortened(fold(OPEN_STEPS.sub("", text)), MOST_ERRORS)
    return harmless(text.replace(str(program.folder) + os.sep, ""))


def _shortened(text: str, most: int) -> str:
    """Return text without its middle if it is longer than this."""
    if len(text) <= most:
        return text
    left_out = _("… {count} bytes left out …").format(count=f"{len(text) - most:,}")
    return f"{text[: most // 2]}\n{left_out}\n{text[-most // 2 :]}"


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
    row = row_for(reason, line_of(program.sources, program.folder / name, line))
    parts = [_in_words(where)] if where else []
    words = " · ".join([*parts, *filter(None, [reason])])
    seen = Seen.UNREADABLE if row in UNREADABLE else Seen.TRACEBACK
    hint, wins = (row.hint, row.wins) if row else ("", False)
    return Symptom(seen, words, where, hint, wins)


def whereabouts_of(program: Process) -> list[Symptom]:
    """Make a Python program that hangs say in which of its lines its threads are."""
    if not program.command.is_python or program.exited.is_set():
        return []
    busy = [] if program.ever_sleeps() else system.busy_threads(program.pid)
    reads_on = system.others_have_closed(program.pid)
    if not system.abort(program.pid):
        return []
    program.wait_for_exit(START)  # busy machines take their time
    dump = bytes(program.stderr.data).partition(ABORTED)[2].decode(errors="replace")
    stacks = stacks_in(dump, program.sources, busy)
    stacks.sort(key=lambda stack: (not stack.is_busy, not stack.is_main))
    alike: dict[object, list[Stack]] = {}
    for stack in stacks:
        alike.setdefault((stack.is_main, stack.is_busy, stack.own[0]), []).append(stack)
    return [
        _symptom(group, stacks, alone=len(alike) == 1, reads_on=reads_on)
        for group in alike.values()
    ]


def _symptom(
    group: list[Stack], stacks: list[Stack], *, alone: bool, reads_on: bool
) -> Symptom:
    """Return what threads in the same line are doing there, and the hint on that.

    ``reads_on``: one of the program's sockets has nothing more to bring.
    """
    stack, frame = group[0], group[0].own[0]
    hint, wins = hint_on_stack(stack, [one for one in stacks if one is not stack])
    if hint == STREAM_ENDED and not reads_on:
        hint = ""
    where = Place(frame.file.name, frame.line)
    place = _("{function}(), {where}:  {code}").format(
        function=frame.function, where=_in_words(where), code=frame.code
    )
    text = (
        _busy(stack, len(group), alone)
        if stack.is_busy
        else _waiting(stack, len(group), alone)
    )
    text = text.format(count=len(group), place=place)
    seen = Seen.BUSY if stack.is_busy else Seen.WAITS
    return Symptom(seen, text, where, hint, wins)


def _waiting(stack: Stack, count: int, alone: bool) -> str:
    if alone:
        return _("It waits in {place}")
    if stack.is_main:
        return _("The main thread waits in {place}")
    return ngettext(
        "A thread waits in {place}", "{count} threads wait in {place}", count
    )


def _busy(stack: Stack, count: int, alone: bool) -> str:
    if alone:
        return _("It runs on and on in {place}")
    if stack.is_main:
        return _("The main thread runs on and on in {place}")
    return ngettext(
        "A thread runs on and on in {place}",
        "{count} threads run on and on in {place}",
        count,
    )


def _in_words(place: Place) -> str:
    return _("{file} line {line}").format(file=place.file, line=place.line)


def explain(
    error: CheckFailedError,
    program: "Program",
    *,
    hangs: bool,
    missed: bool = False,
    silent: float = 0.0,
) -> CheckFailedError:
    """Add the symptom that says most: a traceback, an early end, or where it waits.

    The last only when somebody waited and nothing came: the answer to that ends the
    program. ``missed``: something did not come because the connection had ended, and
    before that the peer had been ``silent``, in seconds.
    """
    program.wait_for_exit(LAST_WORDS)  # one that is just ending may still say why
    failure, status = error.failure, program.process.returncode
    if traceback := traceback_of(program):
        failure.add(_in_a_sentence(traceback, program.name, hangs))
    elif program.exited.is_set() and (hangs or missed or status):
        text = _("{name} had ended, with {status}.")
        text = text.format(name=program.name, status=describe_status(status))
        failure.add(Symptom(Seen.ENDED, text))
    elif hangs:
        for symptom in whereabouts_of(program):
            failure.add(symptom)
    was_given_up = silent >= SHORTEST_LIMIT and not may_give_up(program)
    if was_given_up and not traceback and SAYS_TIMED_OUT.search(errors_of(program)):
        failure.add(Symptom(Seen.TIMED_OUT, hint=TIMED_OUT, wins=True))
    for seen in [symptom.seen for symptom in failure.symptoms]:
        if row := source_row(seen, source_of(program)):
            failure.add(Symptom(seen, hint=row.hint, wins=row.wins))
    return error


def _in_a_sentence(traceback: Symptom, name: str, hangs: bool) -> Symptom:
    text = _("{name} printed a traceback: {reason}")
    if traceback.seen is Seen.UNREADABLE:
        text = _("Python cannot read your file: {reason}")
    elif hangs and "(× " in traceback.text:
        text = _("{name} runs on and on, and prints tracebacks: {reason}")
    return replace(traceback, text=text.format(name=name, reason=traceback.text))


def module_of(program: Process) -> str:
    """Return the name of a Python program, such as exercise4_multiclient.server."""
    words = list(program.command.words)
    is_module = program.command.is_python and "-m" in words
    return words[words.index("-m") + 1] if is_module else ""


def may_give_up(program: Process) -> bool:
    """Return whether a time limit is what the exercise asks for."""
    exercise = EXERCISES.get(module_of(program).partition(".")[0])
    return exercise is not None and exercise.gives_up


def source_of(program: Process) -> str:
    """Return the text of a Python program; '' of one in another language."""
    name = module_of(program)
    file = program.folder.joinpath(*name.split(".")).with_suffix(".py")
    return program.sources.get(file, "")


def describe_status(status: int) -> str:
    """Return an exit status in words; negative ones are signals (subprocess)."""
    if status >= 0:
        return _("status {number}").format(number=status)
    name = system.signal_name(-status)
    return _("signal {number} ({name})").format(number=-status, name=name)
