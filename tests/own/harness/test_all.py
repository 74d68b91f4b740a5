"""The harness: what it prints, whose files it runs, and how it bears bad programs."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.answers.grading import SOLUTIONS, lay_over_solutions, run_suite
from tests.harness import patience, system
from tests.harness.checks import Check
from tests.harness.exchange import Exchange
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.failure import CheckFailedError
from tests.harness.html_report import write_html
from tests.harness.json_report import write_json
from tests.harness.lab import Lab
from tests.harness.peer import Peer
from tests.harness.program import Program
from tests.harness.results import Result, Run
from tests.harness.steps import History, Step, column, harmless, show
from tests.harness.submission import Submission
from tests.harness.symptoms import explain
from tests.harness.text_report import failure_text
from tests.own.processes import running_with

EXERCISE = "exercise4_multiclient"
IDS = [f"4.{number}" for number in range(1, 13)]

pytestmark = pytest.mark.timeout(240)  # a last resort, on a machine with much to do


# -- a failure's text --------------------------------------------------------------

CHECK = Check("4.5", r"cuts lines at \n, whatever the pieces", 2, (), "", "Framing")


def failed(output: str = "", hint: str = "Keep what is left over.") -> Result:
    """Return the result of a failed check."""
    result = Result(CHECK, EXERCISE, "failed", hint=hint, output=output)
    result.again = f"pytest {EXERCISE} -k 4.5"
    return result


def test_shows_a_difference_with_a_caret() -> None:
    history = History(
        [
            Step("alice", "", "connects", note="127.0.0.1:50412"),
            Step("alice", "server", "", b"hel"),
            Step("alice", "server", "", b"lo\n", times=3),
            Step("server", "bob", "", b"hel", "after 0.4 ms", pieces=2),
        ]
    )
    error = CheckFailedError(
        expected=("Expected bob to receive", r"'hello\n'"),
        got=("but the server sent", "'hel'"),
        at=4,
        remark="the line was relayed before it was complete",
    )
    hint = (
        "recv() returns what has arrived so far, not what was sent. Keep what is left"
        " over per client."
    )
    assert failure_text(failed(hint=hint), error, history.lines()) == (
        r"""
✗ 4.5  cuts lines at \n, whatever the pieces                                         0/2
    1  alice connects                                127.0.0.1:50412
    2  alice → server   'hel'
    3  alice → server   'lo\n'                       3 times
    4  server → bob      'hel'                       after 0.4 ms, in 2 pieces
  Expected bob to receive   'hello\n'
  but the server sent       'hel'
                                ^ the line was relayed before it was complete
  Hint  recv() returns what has arrived so far, not what was sent. Keep what is left
        over per client.
  Again pytest exercise4_multiclient -k 4.5
""".strip("\n")
    )


def test_sums_up_what_has_had_no_steps() -> None:
    """Exercise 3 is often handed in alone: then 3.10 has no exercise 2 to start."""
    history = History()
    history.sum_up(0, "your exercise 2 server", "is not ready: left out")
    (line,) = history.lines()
    assert "your exercise 2 server is not ready" in line


def test_shows_a_wait_in_vain_and_where_the_program_waits() -> None:
    error = CheckFailedError(
        expected=("Expected bob to receive", "a line"),
        got=("but", "nothing more came within 4 s"),
    )
    error.add("It waits in main(), server.py line 3:  client.recv(100)")
    assert failure_text(failed(), error, []) == (
        r"""
✗ 4.5  cuts lines at \n, whatever the pieces                                         0/2
  Expected bob to receive   a line
  but                       nothing more came within 4 s
  It waits in main(), server.py line 3:  client.recv(100)
  Hint  Keep what is left over.
  Again pytest exercise4_multiclient -k 4.5
""".strip("\n")
    )


def test_shows_what_the_program_wrote_on_stderr() -> None:
    error = CheckFailedError("server ended with a traceback.")
    output = "\n".join(["early"] * 3 + ["late"] * 18 + ["x" * 100, "ValueError: bad"])
    last_lines = "    | late\n" * 18 + "    | " + "x" * 87 + "…\n"
    assert failure_text(failed(output), error, []) == (
        r"""
✗ 4.5  cuts lines at \n, whatever the pieces                                         0/2
  server ended with a traceback.
  The program's stderr:
    | … 3 lines left out …
""".lstrip("\n")
        + last_lines
        + r"""    | ValueError: bad
  Hint  Keep what is left over.
  Again pytest exercise4_multiclient -k 4.5"""
    )


def test_leaves_out_the_middle_of_many_steps_and_counts_it() -> None:
    history = History([Step("alice", "server", "", b"%d\n" % n) for n in range(1, 51)])
    lines = history.lines()
    assert len(lines) == 31
    assert lines[7:10] == [
        r"    8  alice → server   '8\n'",
        "       … 20 steps left out, --report has them all …",
        r"   29  alice → server   '29\n'",
    ]
    assert lines[-1] == r"   50  alice → server   '50\n'"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "''"),
        (b"hel\r\n", r"'hel\r\n'"),
        (b"caf\xc3\xa9", "'café'"),
        (b"caf\xc3", r"b'caf\xc3'"),
        (b"\x1b[31m\x00", r"'\x1b[31m\x00'"),
        ("\u202e\u2028".encode(), r"'\u202e\u2028'"),
        (b"it's", '''"it's"'''),
        (b"<script>", "'<script>'"),
        (b"a" * 96, "'" + "a" * 96 + "'"),
        (
            b"a" * 48 + b"-" * 1234 + b"z" * 48,
            "'" + "a" * 48 + "' … 1,234 bytes … '" + "z" * 48 + "'",
        ),
    ],
)
def test_shows_bytes_as_python_does(data: bytes, shown: str) -> None:
    assert show(data) == shown


@pytest.mark.parametrize("data", [b"hello\n\tx", "l'été ☀ x".encode(), b"\xffx"])
def test_finds_the_column_of_a_byte(data: bytes) -> None:
    assert show(data)[column(data, data.index(b"x"))] == "x"


def test_finds_the_column_in_long_data() -> None:
    data = b"\r\n" * 10 + b"x" + "é".encode() * 300
    assert show(data)[column(data, 20)] == "x"


def test_harmless_text_drives_no_terminal() -> None:
    text = "\x1b]0;title\x07 été\n\tend\r\u202e\x9b"
    assert harmless(text) == "\\x1b]0;title\\x07 été\n\tend\\r\\u202e\\x9b"


# -- peers and programs ------------------------------------------------------------


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Program]:
    """Return a program that waits for its keyboard, with a traceback if it gets any."""
    (tmp_path / "exercise4.py").write_text("def wait():\n    int(input())\n\nwait()\n")
    command = [sys.executable, "-X", "faulthandler", "exercise4.py"]
    program = Program("server", command, tmp_path, History())
    yield program
    program.stop()


@pytest.fixture
def bob(waiting: Program) -> Iterator[tuple[Peer, socket.socket]]:
    """Return a peer, and the program's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        its, _ = listening.accept()
    with ours, its:
        yield Peer("bob", ours, waiting, History()), its


LONG = (
    "… 270 equal bytes, then '"
    + "-" * 30
    + "{}"
    + "." * 15
    + "' … 237 bytes … '"
    + "." * 48
    + "'"
)


@pytest.mark.parametrize(
    ("wanted", "sent", "lines"),
    [
        (
            "hello\n",
            b"help\n",
            [
                r"Expected bob to receive   'hello\n'",
                r"but the server sent       'help\n'",
                r"                              ^ this is the first difference",
            ],
        ),
        (
            "café\n",
            b"caf\xe9\n",
            [
                r"Expected bob to receive   'café\n'",
                r"but the server sent       b'caf\xe9\n'",
                r"                               ^ this is the first difference",
            ],
        ),
        (
            b"-" * 300 + b"one" + b"." * 300,
            b"-" * 300 + b"two" + b"." * 300,
            [
                f"Expected bob to receive   {LONG.format('one')}",
                f"but the server sent       {LONG.format('two')}",
                " " * 81 + "^ this is the first difference",
            ],
        ),
    ],
)
def test_points_at_the_first_difference(
    wanted: str | bytes,
    sent: bytes,
    lines: list[str],
    bob: tuple[Peer, socket.socket],
) -> None:
    peer, server = bob
    server.sendall(sent)
    with pytest.raises(CheckFailedError) as caught:
        peer.expect(wanted)
    assert caught.value.lines() == lines
    assert peer.history.steps[-1].wrong


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGABRT")
def test_says_where_a_program_waits(bob: tuple[Peer, socket.socket]) -> None:
    with pytest.raises(CheckFailedError) as caught:
        bob[0].expect("hello\n", seconds=0.1)
    assert caught.value.lines() == [
        r"Expected bob to receive   'hello\n'",
        "but the server sent       nothing",
        "nothing came within 0.1 s",
        "It waits in wait(), exercise4.py line 2:  int(input())",
    ]


@pytest.mark.skipif(not system.LINUX, reason="only Linux tells whether one waits")
def test_tells_a_busy_program_from_one_that_waits(tmp_path: Path) -> None:
    (tmp_path / "exercise4.py").write_text("while True:\n    pass\n")
    command = [sys.executable, "-X", "faulthandler", "exercise4.py"]
    program = Program("server", command, tmp_path, History())
    with pytest.raises(CheckFailedError) as caught:
        program.expect_printed("done", seconds=0.1)
    program.stop()
    place = r"It runs on and on in <module>\(\), exercise4.py line [12]:.*"
    assert re.fullmatch(place, caught.value.lines()[-1])


def test_has_nothing_to_wait_for_after_a_reset(
    bob: tuple[Peer, socket.socket],
) -> None:
    peer, its = bob
    peer.send("unread")
    system.reset_on_close(its)
    its.close()
    peer.wait_until_read()
    assert peer.wait_for_more()
    assert peer.end == "reset"


def test_sends_to_a_program_that_has_half_closed(
    bob: tuple[Peer, socket.socket],
) -> None:
    peer, its = bob
    its.shutdown(socket.SHUT_WR)
    sending = Exchange({peer: b"x" * 10})
    assert sending.run(lambda: peer.end == "end")
    assert sending.run(lambda: not sending.left[peer])
    assert its.recv(100) == b"x" * 10


def test_gives_up_a_program_that_sends_without_end(
    bob: tuple[Peer, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.harness.peer.MOST_UNREAD", 1000)
    bob[1].sendall(b"x" * 1001)
    with pytest.raises(CheckFailedError, match="sends bob data without end"):
        bob[0].read_to_end("anything")


def test_waits_for_the_traceback_of_a_program_that_ends(waiting: Program) -> None:
    waiting.type("x\x1b\n")
    error = explain(CheckFailedError(), waiting, hangs=False)
    assert error.hint == "Read the traceback from its last line upward."
    reason = r"ValueError: invalid literal for int() with base 10: 'x\x1b'"
    place = "exercise4.py line 2"
    assert error.lines() == [f"server printed a traceback: {place} · {reason}"]
    assert str(waiting.folder) not in waiting.errors()


def test_keeps_the_first_and_the_last_of_a_long_stderr(waiting: Program) -> None:
    waiting.stderr.data = bytearray(b"first" + b"-" * 10_000_000 + b"last")
    text = waiting.errors()
    assert text.startswith("first")
    assert text.endswith("last")
    assert "9,934,473 bytes left out" in text
    assert len(text) < 70_000


def test_waits_add_up() -> None:
    waits = list(patience.slices(4.0))
    assert 4.0 <= sum(waits) < 4.0 + patience.SLICE
    assert waits[0] == 0.001
    assert max(waits) == patience.SLICE
    assert list(patience.slices(0)) == []


@pytest.mark.parametrize(
    ("at_rest", "seconds"),
    [
        (iter([7] * 99), 2.75),  # the second look is the first that tells the same
        (iter([None] * 99), 6.0),
        (iter(range(99)), 6.0),
        (iter([1, 2, None, 4, *[5] * 99]), 3.75),
    ],
    ids=["still", "works", "wakes", "works, then still"],
)
def test_waits_until_still(at_rest: Iterator[int | None], seconds: float) -> None:
    waits = patience.slices_until_still(6.0, lambda: next(at_rest))
    assert sum(waits) == pytest.approx(seconds, abs=0.2)


CHILD = "import subprocess as s, sys; s.run([sys.executable, '-c', {code!r}])"


@pytest.mark.skipif(not system.LINUX, reason="only Linux tells")
@pytest.mark.parametrize(
    ("code", "rests"),
    [
        ("print('ready', flush=True); input()", True),
        ("print('ready', flush=True)\nwhile True: pass", False),
        (CHILD.format(code="print('ready', flush=True); input()"), False),
    ],
    ids=["waits", "works", "has a child"],
)
def test_tells_a_program_at_rest(code: str, rests: bool, tmp_path: Path) -> None:
    program = Program("server", [sys.executable, "-c", code], tmp_path, History())
    program.expect_printed("ready")
    if rests:
        program.wait_until_idle()
    answer = system.at_rest(program.pid)
    program.stop()
    assert (answer is not None) == rests


# -- the submission ----------------------------------------------------------------


@pytest.fixture
def submitted(tmp_path: Path) -> Iterator[Submission]:
    """Return a submission whose folder is empty."""
    submission = Submission(tmp_path)
    yield submission
    submission.remove_folder()


def command_of(submission: Submission) -> list[str]:
    """Return the command for exercise 4's server."""
    return submission.command(EXERCISE, "server", "127.0.0.9", 4000)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckFailedError, match="There is no folder .*nowhere"):
        command_of(Submission(tmp_path / "nowhere"))


def test_folder_without_the_file(submitted: Submission) -> None:
    with pytest.raises(CheckFailedError, match=rf"no {EXERCISE}/server.py") as caught:
        command_of(submitted)
    assert "laid out like the lab" in caught.value.hint


def test_lab_toml_gives_the_command(submitted: Submission) -> None:
    line = f'"{EXERCISE}.server" = ["./chat", "--at={{host}}:{{port}}", "{{x}}"]'
    (submitted.root / "lab.toml").write_text(line)
    (submitted.root / "chat").write_text("a program")
    assert command_of(submitted) == ["./chat", "--at=127.0.0.9:4000", "{x}"]
    assert (submitted.folder / "chat").read_text() == "a program"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'"{EXERCISE}.server" = "./chat"', "must be a list of texts"),
        (f'"{EXERCISE}.server" = []', "must be a list of texts"),
        (f'"{EXERCISE}.server" = ["./chat", 1]', "must be a list of texts"),
        (f'{EXERCISE}.server = ["./chat"]', "must be a list of texts"),
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


# -- the reports -------------------------------------------------------------------


@pytest.fixture
def results() -> Run:
    """Return a run with a failure full of what a page must not take for its own."""
    result = failed(output="<script>stderr</script>", hint="Use <hint> & go on.")
    result.explanation = "Expected <b>"
    result.again = "pytest 'a&b'"
    result.steps = [
        Step("server", "", "starts with 127.0.0.1 4000"),
        Step("alice", "server", "", b"<script>alert('\x1b')</script>"),
        Step("server", "alice", "", b"x" * 5000, "after <1 ms"),
        Step("all <20>", "", "say & shout"),
    ]
    not_run = Result(Check("4.6", "<i>", 1, (), "", ""), EXERCISE)
    return Run(42, {"4.5": result, "4.6": not_run})


def test_page_escapes_what_strangers_wrote(results: Run, tmp_path: Path) -> None:
    write_html(results, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    tags = set(re.findall(r"<(\w+)", page))
    assert not tags & {"script", "b", "i", "hint", "img", "iframe", "object"}
    for text in (
        r"&lt;script&gt;alert(&#x27;\x1b&#x27;)&lt;/script&gt;",
        "&lt;script&gt;stderr&lt;/script&gt;",
        "Expected &lt;b&gt;",
        "Use &lt;hint&gt; &amp; go on.",
        "pytest &#x27;a&amp;b&#x27;",
        "all &lt;20&gt; say &amp; shout",
        "… 4,600 bytes …",
        "after &lt;1 ms",
        "--seed 42",
        "The check did not run.",
    ):
        assert text in page, text
    assert "\x1b" not in page


def test_page_has_every_step_in_an_ordered_list(results: Run, tmp_path: Path) -> None:
    write_html(results, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    steps = re.findall(r"<ol>(.*?)</ol>", page, re.DOTALL)
    assert [part.count("<li") for part in steps] == [4]
    assert page.count('aria-current="step"') == 1
    assert '<span class="spoken">alice to server: </span>' in page


def test_page_marks_the_message_that_is_wrong_or_the_last_step(
    results: Run, tmp_path: Path
) -> None:
    steps = results.all["4.5"].steps
    for index in (len(steps) - 1, 1):
        write_html(results, tmp_path / "page.html")
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        items = re.findall(r"<li[^>]*>", page.partition("<ol>")[2])
        assert [n for n, item in enumerate(items) if "failing" in item] == [index]
        steps[1].wrong = True


def test_page_needs_nothing_from_elsewhere(results: Run, tmp_path: Path) -> None:
    write_html(results, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|\bsrc=|<link|@import|url\(", page)
    assert "default-src 'none'" in page


def test_json_has_every_check(results: Run, tmp_path: Path) -> None:
    write_json(results, tmp_path / "run.json")
    report = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    outcomes = {check["id"]: check["outcome"] for check in report["checks"]}
    assert outcomes == {"4.5": "failed", "4.6": "error"}
    assert (report["points"], report["max_points"]) == (0, 3)
    assert len(report["checks"][0]["steps"]) == 4


def test_seed_repeats_the_choices(tmp_path: Path) -> None:
    labs = [Lab(Submission(tmp_path), EXERCISE, tmp_path, seed) for seed in (7, 7, 8)]
    assert not labs[0].made_choices()
    first, again, other = (laboratory.numbers.random() for laboratory in labs)
    assert first == again != other
    assert labs[0].made_choices()


# -- bad programs ------------------------------------------------------------------

SOLUTION = (SOLUTIONS / EXERCISE / "server.py").read_text(encoding="utf-8")
START = """
import os, socket, sys, threading
host, port = sys.argv[1], int(sys.argv[2])
"""
WAIT = "threading.Event().wait()\n"
MAIN = 'if __name__ == "__main__":\n'
TERMINATE = "    signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
PRINT_MUCH = """
    for stream in (sys.stdout, sys.stderr):
        stream.write(("x" * 79 + "\\n") * 50_000)
"""
FORK = """
    if os.fork() == 0:
        os.setsid()
        threading.Event().wait()
"""


def changed(text: str, instead: str) -> dict[str, str]:
    """Return the solution's server with a change."""
    assert SOLUTION.count(text) == 1, text
    return {f"{EXERCISE}/server.py": SOLUTION.replace(text, instead)}


def server(program: str) -> dict[str, str]:
    """Return another server."""
    return {f"{EXERCISE}/server.py": program}


@dataclass
class Bad:
    """A submission that is hard to grade, and what is to come of it."""

    files: dict[str, str]  # over those of the solutions
    failed: str = "4.1"  # the check that fails; those that need it are blocked
    words: tuple[str, ...] = ()  # what the run prints
    remove: str = ""  # what is not there
    options: list[str] = field(default_factory=list)


IGNORES = TERMINATE.replace("default_int_handler", "SIG_IGN")
BAD = {
    "syntax error": Bad(
        server("def main(:\n"), words=("server.py line 1 · SyntaxError", "main(:")
    ),
    "prints megabytes": Bad(changed(MAIN, MAIN + PRINT_MUCH), failed=""),
    "prints megabytes and ends": Bad(
        server(
            f"{START}sys.stderr.write('\\x1b[31m' * 500_000 + '\\n')\n"
            "sys.exit('error: no <idea>')\n"
        ),
        words=("had ended, with status 1", "error: no <idea>", "bytes left out"),
    ),
    "sends without end": Bad(
        server(
            f"{START}listening = socket.create_server((host, port))\n"
            "client, _ = listening.accept()\n"
            "while True:\n    client.sendall(bytes(1 << 20))\n"
        ),
        words=("sends alice data without end",),
    ),
    "never listens": Bad(
        server(f"{START}{WAIT}"),
        words=("nobody listened for", "line 4:  threading.Event().wait()", "bind()"),
    ),
    "listens on another port": Bad(
        changed("listening.bind((host, port))", "listening.bind((host, 0))"),
        words=("nobody listened for", "server printed 'Listening on 127.", "bind()"),
    ),
    "ends at once": Bad(server(START), words=("server had ended, with status 0",)),
    "fails at once": Bad(
        server(f"{START}int('x')\n"), words=("line 4 · ValueError: invalid literal",)
    ),
    "ignores Ctrl+C": Bad(
        changed(TERMINATE, IGNORES + IGNORES.replace("SIGTERM", "SIGINT")),
        failed="4.12",
        words=("Ctrl+C for server", "is still open", "accept_client()"),
    ),
    "empty folder": Bad(
        {}, words=(f"There is no {EXERCISE}/server.py",), remove=EXERCISE
    ),
    "missing folder": Bad({}, words=("There is no folder",), remove="."),
    "no such command": Bad(
        {"lab.toml": f'"{EXERCISE}.server" = ["./server", "{{host}}"]'},
        words=("'./server' cannot be started: ", "lab.toml"),
    ),
    "brings its own": Bad(
        {
            f"{folder}{name}": "raise SystemExit('the student\\'s own file')"
            for folder in ("", f"{EXERCISE}/")
            for name in ("conftest.py", "pytest.ini", "socket.py", "__init__.py")
        },
        failed="",
    ),
    "another language": Bad(
        {
            "lab.toml": f'"{EXERCISE}.server" = ["{Path(sys.executable).as_posix()}",'
            ' "relay.py", "{host}", "{port}"]',
            "relay.py": SOLUTION,
        },
        failed="",
        remove=EXERCISE,
    ),
}
if hasattr(os, "fork"):
    BAD["forks a child that stays"] = Bad(changed(MAIN, MAIN + FORK), failed="")

Ended = subprocess.CompletedProcess[str]
OUR_MARK = f"LAB_TEST={uuid.uuid4()}"  # in the environment of all that runs here


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Grade all of them, many at a time: most of it is waiting."""
    folder = tmp_path_factory.mktemp("bad")
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setenv(*OUR_MARK.split("="))
        yield {name: pool.submit(run_bad, BAD[name], folder / name) for name in BAD}


def run_bad(bad: Bad, folder: Path) -> Ended:
    """Make the submission, and grade it with exercise 4's suite."""
    lay_over_solutions(folder / "dir")
    if bad.remove:
        shutil.rmtree(folder / "dir" / bad.remove)
    for name, text in bad.files.items():
        (folder / "dir" / name).write_text(text, encoding="utf-8")
    report = folder / "report.json"
    return run_suite(EXERCISE, "--submission", folder / "dir", "--report", report)


@pytest.mark.parametrize("name", BAD)
def test_bad_program_is_graded(name: str, runs: "dict[str, Future[Ended]]") -> None:
    bad, run = BAD[name], runs[name].result()
    assert run.returncode == (1 if bad.failed else 0), run.stdout + run.stderr
    for word in bad.words:
        assert word in run.stdout
    assert len(run.stdout) < 10_000
    assert "\x1b" not in run.stdout
    assert re.findall(r"^[✓✗–!] (4\.\d+)", run.stdout, re.MULTILINE)[:12] == IDS
    points = {"": 20, "4.1": 0, "4.12": 18}[bad.failed]
    assert "own file" not in run.stdout + run.stderr
    assert re.search(rf"^  Score [█░]{{40}} {points}/20 ", run.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", BAD)
def test_bad_program_has_a_whole_report(
    name: str, runs: "dict[str, Future[Ended]]"
) -> None:
    bad, run = BAD[name], runs[name].result()
    report = json.loads(report_of(run).read_text(encoding="utf-8"))
    outcomes = {check["id"]: check["outcome"] for check in report["checks"]}
    blocked = IDS[1:] if bad.failed == "4.1" else []
    assert outcomes == {
        id: "failed" if id == bad.failed else "blocked" if id in blocked else "passed"
        for id in IDS
    }
    assert report_of(run).stat().st_size < 200_000


def report_of(run: Ended) -> Path:
    """Return the file that --report named."""
    return Path(run.args[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets us look")
def test_bad_programs_leave_nothing_running(
    runs: "dict[str, Future[Ended]]",
) -> None:
    for run in runs.values():
        run.result()
    mark = OUR_MARK.encode()
    # A process that has been killed may need a moment to be gone.
    patience.wait_until(lambda: not running_with(mark), patience.slices(5))
    assert not running_with(mark)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets us look")
def test_finds_programs_that_left_their_group() -> None:
    mark = f"LAB_RUN={uuid.uuid4()}"
    name, value = mark.split("=")
    code = "import os, signal\nos.setsid()\nprint(flush=True)\nsignal.pause()"
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {name: value},
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout
        child.stdout.readline()
        assert system.kill_marked(mark) == [child.pid]
    assert child.returncode == -signal.SIGKILL


# -- the command line --------------------------------------------------------------


def test_k_selects_one_check_alone(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ["--submission", SOLUTIONS, "--report", report, "--seed", 4711]
    run = run_suite(EXERCISE, "-k", "4.1 or 4.5", *options)
    assert re.findall(r"^. (4\.\d+)", run.stdout, re.MULTILINE) == ["4.1", "4.5"]
    assert "4/20   2 passed, 10 not selected" in run.stdout
    result = json.loads(report.read_text(encoding="utf-8"))
    passed = [check["id"] for check in result["checks"] if check["points"]]
    assert passed == ["4.1", "4.5"]
    assert [check["id"] for check in result["checks"]] == IDS
    assert result["seed"] == 4711


@pytest.mark.skipif(system.WINDOWS, reason="Windows has no such shell")
def test_grades_in_the_background() -> None:
    """A shell lets such a pytest ignore SIGINT, and so would the programs it starts."""
    in_background = ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
    options = "-k", "4.12", "--submission", SOLUTIONS
    run = run_suite(EXERCISE, *options, through=in_background)
    assert "2/20   1 passed" in run.stdout


def test_submission_cannot_bring_its_configuration(tmp_path: Path) -> None:
    """Named before the suite, its pytest.ini would count: then nothing is graded."""
    (tmp_path / "pytest.ini").write_text("[pytest]")
    run = run_suite("--submission", tmp_path, EXERCISE)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"write --submission={tmp_path}" in run.stderr
    whole = run_suite(f"--submission={tmp_path}", "-k4.1", EXERCISE)
    assert "Score" in whole.stdout


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("report.txt", "it must end in .json or .html"),
        ("nowhere/report.json", "there is no such folder"),
    ],
)
def test_bad_report_is_a_usage_error(file: str, words: str, tmp_path: Path) -> None:
    run = run_suite(EXERCISE, "--report", tmp_path / file)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert run.stderr.strip() == f"ERROR: --report {tmp_path / file}: {words}"
    assert run.stdout == ""
