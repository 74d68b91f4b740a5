"""One suite on one submission, in a process of its own with nothing of the class in it.

The process that grades the class never imports what a student wrote. It starts pytest,
watches its time and the room that it takes, and reads the report that pytest wrote.
"""

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from tests.classroom.errors import ClassroomError
from tests.harness import confinement, system
from tests.harness.checks import checks_of
from tests.harness.exercises import ROOT
from tests.harness.json_report import as_json
from tests.harness.process import HARMLESS
from tests.harness.results import ERROR, NOT_RUN, ORDER, PASSED, Result, Run

LONGEST = 300.0  # seconds of a suite; the slowest wrong answer known needs 40
MOST_ON_DISK = 512 * 1024 * 1024  # bytes that a suite and its programs may leave
GLANCE = 0.25  # seconds between two looks at a suite
GRACE = 10.0  # seconds that pytest has to clean up when it is stopped


@dataclass(frozen=True)
class Verdict:
    """What a suite said of a submission."""

    report: dict[str, Any]  # as --report FILE.json writes it
    text: str  # what a student would see in the terminal
    page: str  # as --report FILE.html writes it, or ""
    note: str = ""  # why the suite did not finish
    is_final: bool = True  # else the lab was at fault, and the next call tries again


class StoppedError(Exception):
    """The instructor has pressed Ctrl+C."""


def choose_sandbox(
    wanted: str, why_not: Callable[[], str] = confinement.why_no_sandbox
) -> bool:
    """Return whether to use the sandbox; ``wanted`` is auto, required or none.

    ``why_not`` returns why there is none that holds, or ''. Then only "none" will do:
    nobody should grade strangers' programs without a sandbox, and not know it.
    """
    if wanted == "none":
        return False
    if wanted == "required" and is_root():
        raise ClassroomError("--sandbox required: not as root, whom limits do not hold")
    if reason := why_not():
        raise ClassroomError(f"no sandbox: {reason}; without one: --sandbox none")
    return True


def is_root() -> bool:
    """Return whether this user may override limits of resources, getrlimit(2)."""
    return not system.WINDOWS and os.geteuid() == 0  # type: ignore[attr-defined,unused-ignore]


def describe_confinement(in_sandbox: bool) -> str:
    """Return in words how the programs were held: every report says so."""
    if system.WINDOWS:
        return "limits of time only"
    limits = "limits (root: none of processes)" if is_root() else "limits"
    if not in_sandbox:
        return f"{limits} only"
    with_groups = " with control groups" if confinement.own_group() else ""
    return f"{limits}, and a sandbox (bubblewrap{with_groups})"


def run(
    exercise: str,
    submission: Path,
    work: Path,
    in_sandbox: bool,
    stop: threading.Event,
    run_blocked: bool = False,
) -> Verdict:
    """Run a suite; ``work`` is an empty folder, for it alone.

    Raises StoppedError as soon as ``stop`` is set.
    """
    report, page, place = work / "report.json", work / "report.html", work / "tmp"
    place.mkdir()
    command = pytest_on(exercise, in_sandbox, run_blocked)
    command += [f"--submission={submission}", f"--report={report}", f"--report={page}"]
    surroundings = environment(work, place)
    if in_sandbox:
        command = [*confinement.around_suite(place), *command]
        for name in confinement.SESSION & os.environ.keys():
            surroundings[name] = os.environ[name]  # for systemd, not for the suite
    with (work / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **system.process_options(),
        )
        try:
            note = watch(process, work, stop)
        finally:
            end(process)
            system.kill_marked(f"HOME={work}\0")  # what has left its process group
    files = report, work / "output.txt", page
    result, text, html = (read(file, submission) for file in files)
    return read_verdict(exercise, result, text, html, note, process.returncode)


def pytest_on(exercise: str, in_sandbox: bool, run_blocked: bool) -> list[str]:
    """Return the command that runs a suite, without what it runs on."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", exercise, "-v"]
    command += [f"--confine={'sandbox' if in_sandbox else 'limits'}"]
    return [*command, "--run-blocked"] if run_blocked else command


def read(file: Path, submission: Path) -> str:
    """Return what a suite wrote, without the option that says where it ran."""
    text = text_of(file)
    place = str(submission)
    for written in place, escape(place), json.dumps(place, ensure_ascii=False)[1:-1]:
        text = text.replace(f" --submission {written}", "")
    return text


def text_of(file: Path) -> str:
    """Return what is in a regular file, or ''; with limits alone it may be anything."""
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        opened = os.fdopen(os.open(file, os.O_RDONLY | careful), "rb")
    except OSError:
        return ""
    with opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            return ""
        return opened.read(confinement.FILE_SIZE).decode("utf-8", "replace")


def environment(work: Path, place: Path) -> dict[str, str]:
    """Return what a suite and its programs see of the environment.

    All temporary files go into ``place``, so that they are gone when it is.
    """
    kept = {name: value for name, value in os.environ.items() if name in HARMLESS}
    kept |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(place))
    ours = {"HOME": str(work), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    return kept | ours


def watch(process: "subprocess.Popen[bytes]", work: Path, stop: threading.Event) -> str:
    """Wait for a suite's end; return why it was stopped before, or ''."""
    ends = time.monotonic() + LONGEST
    while not has_ended(process):
        if stop.is_set():
            raise StoppedError
        if time.monotonic() > ends:
            return f"stopped after {LONGEST:.0f} s"
        if bytes_in(work) > MOST_ON_DISK:
            return f"stopped: it wrote more than {MOST_ON_DISK // 1024**2} MB"
    return ""


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Wait a moment for a process, and tell whether it has ended."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GLANCE)
    return process.poll() is not None


def end(process: "subprocess.Popen[bytes]") -> None:
    """Let pytest stop its programs, if it still runs, and then make sure."""
    if process.poll() is None:
        system.terminate(process.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    system.kill(process.pid)
    process.wait()


def bytes_in(folder: Path) -> int:
    """Return how much lies in a folder, which is changing meanwhile."""
    total = 0
    for place, _, names in os.walk(folder, onerror=lambda _: None):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue  # it has gone
    return total


def read_verdict(
    exercise: str, report: str, text: str, page: str, note: str, status: int
) -> Verdict:
    """Read what a suite reported; what is not there, or makes no sense, counts 0.

    Only what pytest has ended with by itself: status 0, or 1 where a check failed.
    """
    try:
        result = json.loads(report)
        is_sound = status in (0, 1) and declares(result, exercise)
    except (ValueError, KeyError, TypeError, RecursionError):
        is_sound = False
    if note or not is_sound:
        note = note or f"the suite did not finish (status {status})"
        return no_verdict(exercise, note, f"\n{text}")
    at_fault = [c["id"] for c in result["checks"] if c["outcome"] == ERROR]
    if at_fault:
        note = f"could not be graded: the lab itself failed in {', '.join(at_fault)}"
    return Verdict(result, text, page, note, is_final=not at_fault)


def declares(report: dict[str, Any], exercise: str) -> bool:
    """Return whether a report has the checks that the suite declares, each as it is."""
    model = without_result(exercise, "")
    pairs = list(zip(report["checks"], model["checks"], strict=True))
    return (
        report.keys() == model.keys()
        and report["max_points"] == model["max_points"]
        and report["points"] == sum(check["points"] for check, _ in pairs)
        and all(is_like(check, declared) for check, declared in pairs)
    )


def is_like(check: dict[str, Any], declared: dict[str, Any]) -> bool:
    """Return whether a result is one of this check, and each part is of its kind."""
    earned = declared["max_points"] if check["outcome"] == PASSED else 0
    same = ("id", "exercise", "title", "max_points")
    return (
        check.keys() == declared.keys()
        and all(check[key] == declared[key] for key in same)
        and (check["outcome"] in ORDER and check["points"] == earned)
        and all(isinstance(check[key], kinds) for key, kinds in kinds_of(declared))
    )


def kinds_of(declared: dict[str, Any]) -> Iterator[tuple[str, tuple[type, ...]]]:
    """Yield each part of a check's result, with what it may be."""
    for key, value in declared.items():
        yield key, (dict, type(None)) if value is None else (type(value),)


def no_verdict(exercise: str, note: str, text: str = "") -> Verdict:
    """Return the verdict where there is none: 0 points, and the reason."""
    return Verdict(without_result(exercise, note), f"{note}\n{text}", "", note)


def without_result(exercise: str, reason: str) -> dict[str, Any]:
    """Return the report of a suite that did not run: all its checks, with 0 points."""
    checks = checks_of(exercise).values()
    results = {c.id: Result(c, exercise, NOT_RUN, reason) for c in checks}
    return as_json(Run(seed=0, results=results))


def remove(folder: Path) -> None:
    """Delete a work folder, whatever a program has done to the rights of its files."""
    for place, names, _ in os.walk(folder, onerror=lambda _: None):
        for name in names:
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
