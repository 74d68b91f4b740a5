"""Exercise 5's given page as a program: how it begins and ends."""

import http.client
import socket
import sys

import pytest

from tests.harness import system
from tests.harness.exercises import ROOT
from tests.harness.lab import Lab, Server
from tests.harness.patience import START, slices, wait_until
from tests.harness.process import Command
from tests.harness.program import Program
from tests.own.chat.page import (
    PACKAGE,
    PATIENCE,
    OpenTab,
    Stream,
    Web,
    page_of,
    running_chat,
    start_page,
    start_web,
    tabs_of,
)

EXERCISE = PACKAGE

chat = pytest.fixture(running_chat)
web = pytest.fixture(page_of)
open_tab = pytest.fixture(tabs_of)


def test_says_that_the_server_has_gone(chat: Server, open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.expect("* you are guest1")
    chat.interrupt()
    assert tab.expect("closing") == "* server closing"
    assert tab.event() == ("gone", "the server has closed the connection", "")
    assert tab.answer.read() == b""
    assert tab.say("hello?") == 404
    again = open_tab()
    assert again.first == "gone"
    assert "refused" in again.data
    assert again.answer.read() == b""


@pytest.mark.parametrize("end", ["interrupt", "terminate"])
def test_ends_with_its_tabs_and_threads(
    end: str, lab: Lab, web: Web, open_tab: OpenTab
) -> None:
    """A tab is open, a connection is kept, another is silent, one is half a request."""
    if system.WINDOWS and end == "terminate":
        pytest.skip("Windows has no SIGTERM")
    tab = open_tab()
    tab.expect("* you are guest1")
    kept = http.client.HTTPConnection(web.host, web.port, timeout=PATIENCE)
    kept.request("GET", "/")
    kept.getresponse().read()
    silent = socket.create_connection((web.host, web.port))
    half = socket.create_connection((web.host, web.port))
    half.sendall(f"POST /lines/{tab.id} HTTP/1.1\r\nHost: x".encode())
    getattr(web, end)()
    web.expect_exit()
    assert web.errors() == ""
    for each in (kept, silent, half):
        each.close()
    start_web(lab, web.host, 1, "--port", str(web.port)).expect_printed("Listening on")


def test_gives_its_threads_back(web: Web, open_tab: OpenTab) -> None:
    if not system.LINUX:
        pytest.skip("threads and files are counted in /proc")
    watcher = open_tab()
    watcher.expect("* you are guest1")
    before = system.resources(web.pid)
    tabs = [open_tab() for _ in range(20)]
    for number, tab in enumerate(tabs, 2):
        tab.expect(f"* you are guest{number}")
        tab.close()
    waits = slices(PATIENCE)
    assert wait_until(lambda: system.resources(web.pid) == before, waits)


def test_shows_the_finished_chat_beside_the_starters(lab: Lab) -> None:
    """In this repository as it is: two commands, and no exercise is done."""
    port = system.free_port(lab.host)
    module = f"solutions.{PACKAGE}.server"
    command = [sys.executable, "-m", module, lab.host, str(port)]
    command += ["--history", str(lab.folder / "chat.db")]
    lab.programs.append(Program("server", Command(command), ROOT, lab.history))
    lab.programs[-1].expect_printed("Listening on", START)
    tab = Stream(start_page(lab, lab.host, port, "--solution", folder=ROOT))
    tab.expect("* you are guest1 in #general")
    assert tab.say("hello") == 204
    assert tab.expect("<guest1>").endswith("<guest1> hello")
    tab.close()


def test_needs_the_solutions_for_their_connection(lab: Lab) -> None:
    """Students' trees come without them."""
    web = start_web(lab, "127.0.0.1", 1, "--port", "0", "--solution")
    expect_error(web, "there are no solutions here")


def expect_error(web: Web, *words: str) -> None:
    """Expect one line on stderr, with these words in it, and status 1."""
    web.expect_exit(1)
    lines = web.errors().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    assert all(word in lines[0] for word in words), lines


def test_explains_errors_that_the_user_can_fix(lab: Lab) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    expect_error(start_web(lab, "127.0.0.1", 1, "--port", port), f"127.0.0.1:{port}")
    expect_error(start_web(lab, "a..b", 1, "--port", "0"), "a..b")
    expect_error(start_web(lab, "127.0.0.1", "http"), "'http' is not a port number")
    expect_error(start_web(lab, "127.0.0.1", 1, "--port", "65536"), "'65536'")
    foreign = ("--port", "0", "--bind", "192.0.2.1")  # an address of RFC 5737
    expect_error(start_web(lab, "127.0.0.1", 1, *foreign), "192.0.2.1:0")
    taken.close()


HEAR, YIELD = '        rest = b""\n', 'yield line.decode(errors="replace")'
SPEAK, CLOSE = "        self.socket.sendall(", "        self.socket.close()\n"
UNFINISHED = {  # words of the solution, those that replace them, what is said
    "starter": ("", "", "lines() yields [], not ['hellö'], see check 5.10"),
    "prints": (YIELD, "print(line)", "lines() yields []"),
    "returns": ("yield ", "return ", "lines() yields ['h', 'e']"),
    "yields bytes": (YIELD, "yield line", r"lines() yields [b'hell\xc3\xb6']"),
    "keeps newlines": (YIELD, r"yield line.decode() + '\n'", r"yields ['hellö\n']"),
    "raises": (HEAR, "        raise OSError(5)\n", "lines() raises OSError(5)"),
    "hangs": (HEAR, "        threading.Event().wait()\n", "lines() does not come back"),
    "sends nothing": (SPEAK, "        print(", "send_line() sends b'', not b'hell"),
    "sends no newline": ('+ b"\\n")', ")", r"send_line() sends b'hell\xc3\xb6',"),
    "cannot send": (SPEAK, "        int(", "send_line() raises ValueError("),
    "stays": (CLOSE, "", "close() does not end the connection, see check 5.12"),
}


@pytest.mark.parametrize("case", UNFINISHED)
def test_names_what_is_unfinished(case: str, lab: Lab) -> None:
    right, wrong, named = UNFINISHED[case]
    folder = lab.submission.folder / PACKAGE
    text = (folder / "client.py").read_text(encoding="utf-8")
    assert right in text
    text = text.replace(right, wrong)
    if case == "stays":
        text = text.replace("self.socket.shutdown(", "str(")
    if case == "starter":
        text = (ROOT / PACKAGE / "client.py").read_text(encoding="utf-8")
    (folder / "client.py").write_text(text, encoding="utf-8")
    page = (folder / "web.py").read_text(encoding="utf-8")
    hurried = page.replace("PROBE = 10.0", "PROBE = 1.5")
    (folder / "web.py").write_text(hurried, encoding="utf-8")
    web = start_web(lab, "127.0.0.1", 1, "--port", "0")
    expect_error(web, "your client.py is not finished: ", named, ", see check 5.1")
