"""Tests of exercise 5's given page: by HTTP, and in Chromium.

The page is the given one, the Connection that it uses is the solution's.
"""

import http.client
import json
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.answers.grading import solutions_lab
from tests.harness import system
from tests.harness.exercises import ROOT
from tests.harness.lab import Lab, Server
from tests.harness.patience import START, slices, wait_until
from tests.harness.program import Program
from tests.own.browser import Browser

PACKAGE = "exercise5_chat_channels"
PATIENCE = 30.0  # seconds, spent only when a test fails
EVENT = re.compile(r"event: (\w+)\n(?:id: (\S+)\n)?((?:data: .*\n)+)\n")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Hand a test a laboratory in which the solutions run."""
    with solutions_lab(PACKAGE, tmp_path) as laboratory:
        yield laboratory


@pytest.fixture
def chat(lab: Lab) -> Server:
    """Return a chat server that listens."""
    server = lab.start_server("--history", str(lab.folder / "chat.db"))
    server.expect_printed("Listening on", START)
    return server


class Web(Program):
    """A run of web.py, and the address of its page."""

    host = "127.0.0.1"
    port = 0

    @property
    def address(self) -> str:
        """What the browser's address bar shows between http:// and /."""
        return f"{self.host}:{self.port}"


def start_web(lab: Lab, host: object, port: object, *options: str) -> Web:
    """Start web.py for the chat at an address."""
    command = [sys.executable, "-m", f"{PACKAGE}.web", str(host), str(port), *options]
    web = Web("web.py", command, lab.submission.folder, lab.history)
    lab.programs.append(web)
    return web


def start_page(lab: Lab, host: str, port: int) -> Web:
    """Start web.py, and wait until it listens."""
    web = start_web(lab, host, port, "--port", "0")
    web.expect_printed("/\n", START)
    printed = web.stdout.data.decode()
    listening = re.fullmatch(r"Listening on http://127.0.0.1:(\d+)/\s+", printed)
    assert listening, printed
    web.port = int(listening[1])
    return web


@pytest.fixture
def web(lab: Lab, chat: Server) -> Web:
    """Return a page for that chat."""
    return start_page(lab, chat.host, chat.port)


Answer = tuple[int, http.client.HTTPMessage, bytes]


def ask(
    web: Web,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send one request; return the answer's status, headers and body."""
    connection = http.client.HTTPConnection(web.host, web.port, timeout=PATIENCE)
    connection.request(method, path, body or None, headers or {})
    answer = connection.getresponse()
    result = answer.status, answer.headers, answer.read()
    connection.close()
    return result


class Stream:
    """A tab, as a program sees it: a stream of events, and an id for its lines."""

    def __init__(self, web: Web) -> None:
        """Ask for the events, and read the first one."""
        self.web = web
        self.connection = http.client.HTTPConnection(
            web.host, web.port, timeout=PATIENCE
        )
        self.connection.request("GET", "/events")
        self.answer = self.connection.getresponse()
        self.first, self.data, self.id = self.event()

    def event(self) -> tuple[str, str, str]:
        """Read the next event; return its name, its data and its id."""
        lines = iter(self.answer.readline, b"\n")
        text = b"".join(line for line in lines if line) + b"\n"
        match = EVENT.fullmatch(text.decode())
        assert match, text
        data = [line.removeprefix("data: ") for line in match[3].splitlines()]
        return match[1], "\n".join(data), match[2] or ""

    def expect(self, text: str) -> str:
        """Read up to an event whose data holds ``text``, and return its data."""
        while text not in (data := self.event()[1]):
            continue
        return data

    def say(self, text: str) -> int:
        """Send lines, and return the answer's status."""
        return ask(self.web, "POST", f"/lines/{self.id}", text.encode())[0]

    def close(self) -> None:
        """Close the tab."""
        self.answer.close()
        self.connection.close()


@pytest.fixture
def open_tab(web: Web) -> Iterator[Callable[[], Stream]]:
    """Return a function that opens one more tab."""
    tabs: list[Stream] = []

    def open_stream() -> Stream:
        tabs.append(Stream(web))
        return tabs[-1]

    yield open_stream
    for tab in tabs:
        tab.close()


OpenTab = Callable[[], Stream]


# -- the page -------------------------------------------------------------------------


def test_sends_the_page_with_a_policy_of_its_own(web: Web) -> None:
    status, headers, body = ask(web, "GET", "/")
    page, policy = body.decode(), headers["Content-Security-Policy"]
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(headers["Content-Length"]) == len(body)
    assert headers["X-Content-Type-Options"] == "nosniff"
    nonces = set(re.findall(r"'nonce-([\w-]{20,})'", policy))
    assert nonces == set(re.findall(r'nonce="([^"]+)"', page))
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert "unsafe" not in policy
    _, again, _ = ask(web, "GET", "/")
    assert again["Content-Security-Policy"] != policy, "a nonce is used once"


def test_puts_nothing_into_the_page_as_html(web: Web) -> None:
    page = ask(web, "GET", "/")[2].decode()
    assert "textContent" in page
    for way in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
        assert way not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page, "the page works without a network"


def test_answers_many_requests_on_one_connection(web: Web) -> None:
    connection = http.client.HTTPConnection(web.host, web.port, timeout=PATIENCE)
    connection.connect()
    kept = connection.sock
    for _ in range(3):
        connection.request("GET", "/")
        assert connection.getresponse().read().endswith(b"</html>\n")
        assert connection.sock is kept
    connection.close()


# -- who may ask ----------------------------------------------------------------------


FOREIGN: list[dict[str, str]] = [
    {"Host": "chat.example:8000"},  # a name that somebody gave to our address
    {"Host": "127.0.0.1:1"},
    {"Host": "127.0.0.1"},
    {"Host": ""},
    {"Origin": "http://chat.example"},
    {"Origin": "http://127.0.0.1:1"},  # another program on this computer
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def test_refuses_foreign_pages(web: Web, open_tab: OpenTab) -> None:
    """Even with the right id."""
    tab = open_tab()
    tab.expect("* you are guest1 in #general")
    for header in FOREIGN:
        status, _, body = ask(web, "GET", "/events", headers=header)
        assert (status, web.address.encode() in body) == (403, True), header
        post = ask(web, "POST", f"/lines/{tab.id}", b"forged", header)
        page = ask(web, "GET", "/", headers=header)
        assert post[0] == 403, header
        assert page[0] == 403 or "Host" not in header, header
    assert tab.say("mine") == 204
    assert tab.expect("<guest1>").endswith("<guest1> mine")
    assert tab.say("/who") == 204
    assert tab.event()[1] == "* people in #general: guest1", "nobody else has come"


def test_knows_itself_by_its_names(web: Web) -> None:
    for host in (web.address, f"localhost:{web.port}"):
        status, headers, _ = ask(web, "GET", "/", headers={"Host": host})
        assert status == 200
        own = {
            "Host": host,
            "Origin": f"http://{host}",
            "Sec-Fetch-Site": "same-origin",
        }
        assert ask(web, "POST", "/lines/x", b"hello", own)[0] == 404
    link = ask(web, "GET", "/", headers={"Sec-Fetch-Site": "cross-site"})
    assert link[0] == 200, "another page may have a link to this one"


def test_refuses_what_is_not_there(web: Web, open_tab: OpenTab) -> None:
    tab = open_tab()
    assert len(tab.id) >= 20
    assert open_tab().id != tab.id
    assert ask(web, "GET", "/nothing")[0] == 404
    for wrong in ("", "x", tab.id[:-1], tab.id + "x", f"../{tab.id}"):
        assert ask(web, "POST", f"/lines/{wrong}", b"hello")[0] == 404
    assert ask(web, "PUT", f"/lines/{tab.id}", b"hello")[0] == 501


def test_refuses_what_is_too_long(web: Web, open_tab: OpenTab) -> None:
    """Half a megabyte is already on its way, and yet the answer is not lost."""
    path = f"/lines/{open_tab().id}"
    body = b"x" * 500_000
    too_long, no_length = ["65537", "9" * 15], ["9" * 5000, "-1", "x", ""]
    for status, lengths in ((413, too_long), (411, no_length)):
        for length in lengths:
            assert ask(web, "POST", path, body, {"Content-Length": length})[0] == status


def test_refuses_a_body_without_length_and_bytes_that_are_no_text(
    web: Web, open_tab: OpenTab
) -> None:
    path = f"/lines/{open_tab().id}"
    pieces = b"5\r\nhello\r\n0\r\n\r\n"
    headers = {"Content-Length": "", "Transfer-Encoding": "chunked"}
    assert ask(web, "POST", path, pieces, headers)[0] == 411
    assert ask(web, "POST", path, b"caf\xe9")[0] == 400


# -- the stream of events -------------------------------------------------------------


def test_passes_lines_both_ways(chat: Server, web: Web, open_tab: OpenTab) -> None:
    alice, bob = open_tab(), open_tab()
    assert (alice.first, alice.data) == ("tab", f"{chat.host}:{chat.port}")
    assert alice.answer.headers["Content-Type"] == "text/event-stream"
    assert alice.event() == ("line", "* you are guest1 in #general", "")
    bob.expect("* you are guest2 in #general")
    assert alice.say("/nick alice\nhello\nl'été 李明") == 204
    assert bob.expect("hello").endswith("Z #general <alice> hello")
    assert bob.event()[1].endswith("Z #general <alice> l'été 李明")
    bob.say("x" * 1000)
    assert alice.expect("<guest2>").endswith("> " + "x" * 1000)
    bob.say("x" * 1024)
    assert bob.expect("! ").startswith("! ")


def test_leaves_the_chat_when_a_tab_is_closed(open_tab: OpenTab) -> None:
    alice, bob = open_tab(), open_tab()
    bob.expect("* you are guest2")
    alice.close()
    assert bob.expect("left") == "* guest1 left #general"
    assert bob.say("still here") == 204
    assert ask(bob.web, "POST", f"/lines/{alice.id}", b"a ghost")[0] == 404


def test_opens_no_second_connection_by_itself(web: Web, open_tab: OpenTab) -> None:
    """An EventSource connects again and names the last id: 204 tells it to stop."""
    alice = open_tab()
    assert ask(web, "GET", "/events", headers={"Last-Event-ID": alice.id})[0] == 204
    alice.say("/who")
    assert alice.expect("* people") == "* people in #general: guest1"


def test_frames_whatever_another_server_sends(lab: Lab) -> None:
    """All that ends a line ends a field; other characters are the page's to show."""
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    with socket.create_connection((web.host, web.port), timeout=PATIENCE) as tab:
        request = f"GET /events HTTP/1.1\r\nHost: {web.address}\r\n\r\n"
        tab.sendall(request.encode())
        peer = lab.accept(listener, web)
        peer.send(b"a\rb\r\r\nevent: x\n\n\x00\x1b[2J\x0b\x0c\x85\xe2\x80\xa8:\n\xff\n")
        peer.close()
        stream = b"".join(iter(lambda: tab.recv(65536), b""))
    events = stream.partition(b"\r\n\r\n")[2].split(b"\n\n")[1:]
    assert events == [
        b"event: line\ndata: a\ndata: b\ndata: \ndata: ",
        b"event: line\ndata: event: x",
        b"event: line\ndata: ",
        "event: line\ndata: \x00\x1b[2J\x0b\x0c�\u2028:".encode(),
        "event: line\ndata: �".encode(),
        b"event: gone\ndata: the server has closed the connection",
        b"",
    ]


def test_passes_ten_thousand_lines(lab: Lab) -> None:
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    tab = Stream(web)
    peer = lab.accept(listener, web)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.extend(tab.answer))
    reader.start()
    lines = [b"%05d " % number + b"x" * 1000 for number in range(10_000)]
    peer.send_bulk(b"".join(line + b"\n" for line in lines), "10 000 lines")
    peer.close()
    reader.join()
    tab.close()
    data = [line[6:-1] for line in received if line.startswith(b"data: ")]
    assert data == [*lines, b"the server has closed the connection"]


# -- beginnings and ends --------------------------------------------------------------


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


def expect_error(web: Web, *words: str) -> None:
    """Expect one line on stderr, with these words in it, and status 1."""
    web.expect_exit(1)
    lines = web.errors().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    assert all(word in lines[0] for word in words), lines


def test_explains_what_the_user_can_mend(lab: Lab) -> None:
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
UNFINISHED = {  # what stands in the solution, what does in its place, what is said
    "starter": ("", "", "lines() yields [], not ['hellö'], see check 5.21"),
    "prints": (YIELD, "print(line)", "lines() yields []"),
    "returns": ("yield ", "return ", "lines() yields ['h', 'e']"),
    "yields bytes": (YIELD, "yield line", r"lines() yields [b'hell\xc3\xb6']"),
    "keeps newlines": (YIELD, r"yield line.decode() + '\n'", r"yields ['hellö\n']"),
    "raises": (HEAR, "        raise OSError(5)\n", "lines() raises OSError(5)"),
    "hangs": (HEAR, "        threading.Event().wait()\n", "lines() does not come back"),
    "sends nothing": (SPEAK, "        print(", "send_line() sends b'', not b'hell"),
    "sends no newline": ('+ b"\\n")', ")", r"send_line() sends b'hell\xc3\xb6',"),
    "cannot send": (SPEAK, "        int(", "send_line() raises ValueError("),
    "stays": (CLOSE, "", "close() does not end the connection, see check 5.23"),
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
    expect_error(web, "your client.py is not finished: ", named, ", see check 5.2")


# -- in Chromium ----------------------------------------------------------------------


class User:
    """Somebody with a browser of her own: looks at the page, types and clicks."""

    def __init__(self, lab: Lab, name: str, web: Web) -> None:
        """Open the page."""
        folder = lab.folder / name
        folder.mkdir()
        self.browser = Browser(folder)  # with a profile of her own
        self.browser.open_tab()
        self.browser.page("Page.navigate", url=f"http://{web.address}/")

    def run(self, script: str) -> Any:
        """Run a script in the page, and return its value."""
        options = {"awaitPromise": True, "returnByValue": True}
        answer = self.browser.call("Runtime.evaluate", expression=script, **options)
        assert "exceptionDetails" not in answer, (script, answer)
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until a condition, in the page's own words, is true."""
        waits = slices(PATIENCE)
        came = wait_until(lambda: self.run(f"Boolean({condition})"), waits)
        assert came, (condition, self.run("document.body.innerText"))

    def wait_for_text(self, text: str, where: str = "log") -> None:
        """Wait until a part of the page shows a text."""
        self.wait_for(f"the({where!r}).innerText.includes({json.dumps(text)})")

    def type(self, text: str) -> None:
        """Type a line where the keyboard is, and press Enter."""
        self.browser.call("Input.insertText", text=text)
        self.press("Enter", "\r", 13)

    def press(self, key: str, text: str, code: int) -> None:
        """Press a key."""
        event = {"key": key, "text": text, "windowsVirtualKeyCode": code}
        self.browser.call("Input.dispatchKeyEvent", type="keyDown", **event)
        self.browser.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def click(self, text: str) -> None:
        """Click on the button with that text, with the mouse."""
        buttons = "[...document.querySelectorAll('button')]"
        button = f"{buttons}.find((button) => button.innerText === {text!r})"
        where = "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
        x, y = self.run(f"{where}({button}.getBoundingClientRect())")
        mouse = {"x": x, "y": y, "button": "left", "clickCount": 1}
        self.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.browser.call("Input.dispatchMouseEvent", type="mousePressed", **mouse)
        self.wait_for("!asked.channels")  # what the pointer has asked for is answered
        self.browser.call("Input.dispatchMouseEvent", type="mouseReleased", **mouse)


@pytest.fixture
def user(lab: Lab) -> Iterator[Callable[[str, Web], User]]:
    """Return a function that lets somebody open the page in a Chromium of her own."""
    if system.WINDOWS:
        pytest.skip("Chromium's pipes are not for Windows")
    users: list[User] = []

    def open_page(name: str, web: Web) -> User:
        users.append(User(lab, name, web))
        return users[-1]

    yield open_page
    for each in users:
        each.browser.stop()


Users = Callable[[str, Web], User]


def test_two_browsers_chat(chat: Server, web: Web, user: Users) -> None:
    alice, bob = user("alice", web), user("bob", web)
    alice.wait_for_text("you are guest")
    alice.wait_for("document.activeElement === the('line')")
    alice.type("/nick alice")
    bob.wait_for_text("People (2)", "who")
    bob.wait_for_text("alice", "people")
    alice.wait_for("the('nick').value === 'alice'")
    alice.type("<img src=x onerror='alert(1)'> & l'été \u202e李明")
    for each in (alice, bob):
        each.wait_for_text("alice  <img src=x onerror='alert(1)'> & l'été \\x202e李明")
        assert each.run("document.querySelectorAll('#log img').length") == 0
    bob.type("a\tb")
    bob.wait_for_text("control characters")
    bob.wait_for("the('line').value === ''")
    bob.run("the('name').focus()")
    bob.type("tea")
    bob.wait_for("document.title === '#tea'")
    alice.wait_for_text("#tea", "channels")
    alice.click("#tea")
    alice.wait_for_text("you are alice in #tea")
    alice.wait_for("the('log').innerText.indexOf('été') === -1")
    current = "document.querySelector('[aria-current=true]').innerText"
    alice.wait_for(f"{current} === '#tea'")
    bob.wait_for_text("alice joined #tea")
    alice.type("still here")
    bob.wait_for_text("still here")
    alice.run("the('nick').focus()")
    alice.type("a b")
    alice.wait_for_text("a nick has 1 to 20")
    assert alice.run("the('nick').value") == "alice"
    alice.run("the('line').focus()")
    alice.run("fetch = () => Promise.reject(new DOMException('', 'TimeoutError'))")
    alice.type("is anybody there?")
    alice.wait_for_text("“is anybody there?” was not sent: nothing answers")
    web.interrupt()
    web.expect_exit()
    alice.wait_for_text("web.py does not answer", "state")
    assert alice.run("the('line').disabled")


def test_page_connects_again(chat: Server, web: Web, lab: Lab, user: Users) -> None:
    """By hand, and with the nick and the channel that it had."""
    alice = user("alice", web)
    alice.wait_for_text("you are guest1 in #general")
    alice.type("/nick alice")
    alice.wait_for("the('nick').value === 'alice'")
    alice.type("/join sport")
    alice.wait_for_text("you are alice in #sport")
    chat.interrupt()
    chat.expect_exit()
    alice.wait_for_text("the server has closed the connection", "state")
    alice.press("Enter", "\r", 13)  # the button has the keyboard
    alice.wait_for_text("refused", "state")
    history = ("--history", str(lab.folder / "chat.db"))
    again = lab.start_server(*history, port=chat.port)
    again.expect_printed("Listening on", START)
    alice.click("Connect again")
    alice.wait_for_text("you are alice in #sport")
    alice.wait_for_text("People (1)", "who")


def test_page_stands_a_flood_and_any_line(lab: Lab, user: Users) -> None:
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    alice = user("alice", web)
    peer = lab.accept(listener, web)
    when = "2026-11-21T10:00:00Z"
    peer.send("* you are alice in #general\n2026-02-32T10:00:00Z #a <b> c\n")
    peer.send(b"\x00\r\x1b[2J\xff\n! \n* \n\n", "x" * 100_000 + "\n")
    peer.send(f"{when} #general <mallory> </p><script>alert(1)</script>\n")
    alice.wait_for_text("</p><script>alert(1)</script>")
    lines = (f"{when} #general <bob> {number} {'x' * 500}" for number in range(2_500))
    peer.send_bulk("\n".join(lines) + "\n", "2 500 lines")
    peer.send(f"{when} #general <bob> the end\n")
    alice.wait_for_text("the end")
    assert alice.run("the('log').childElementCount") == 2000
    alice.wait_for("isAtEnd()")
    alice.type("hello")
    peer.wait_for_more()
    assert alice.run("scrollX + scrollY") == 0
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not alice.run(wide)
    peer.close()
    alice.wait_for_text("the server has closed the connection", "state")


def test_page_counts_what_nobody_has_looked_at(lab: Lab, user: Users) -> None:
    """And says that a history may be longer; screen readers do not read it aloud."""
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    alice = user("alice", web)
    peer = lab.accept(listener, web)
    line = "2026-11-21T10:00:00Z #general <bob> hello\n"
    peer.send(line * 50 + "* you are alice in #general\n* channels: #general #tea\n")
    alice.wait_for_text("#general", "channels")
    alice.wait_for_text("the last 50 messages")
    alice.wait_for("log.ariaLive === 'off' && isAtEnd()")
    peer.send(line)
    alice.wait_for("the('log').getElementsByClassName('said').length === 51")
    alice.wait_for("log.ariaLive === 'polite' && document.title === '#general'")
    size = {"width": 300, "height": 500, "deviceScaleFactor": 1, "mobile": True}
    alice.browser.call("Emulation.setDeviceMetricsOverride", **size)
    alice.wait_for("innerWidth === 300 && isAtEnd()")
    alice.run("log.scrollTop = 0")
    alice.wait_for("!following")
    peer.send(line * 2)
    alice.wait_for("document.title === '(2) #general'")
    alice.wait_for_text("#general (2)", "channels")
    alice.run("log.scrollTop = log.scrollHeight")
    alice.wait_for("document.title === '#general'")
    assert alice.run("the('channels').innerText") == "#general\n#tea"
    alice.run("the('channels').querySelector('button').focus()")  # asks for news
    peer.send("* channels: #general #tea #new\n")
    alice.wait_for_text("#new", "channels")
    assert alice.run("document.activeElement.value") == "#general"


def test_page_can_be_used_without_seeing_it(web: Web, user: Users) -> None:
    """Everything to use has a role and a name, in the tree that screen readers read."""
    alice = user("alice", web)
    alice.wait_for_text("#sport", "channels")
    alice.wait_for_text("guest1", "people")
    nodes = alice.browser.call("Accessibility.getFullAXTree")["nodes"]
    found = {
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    }
    assert {
        ("heading", "#general"),
        ("navigation", "Channels"),
        ("button", "#sport"),
        ("textbox", "New channel"),
        ("button", "Create channel"),
        ("complementary", "People (1)"),
        ("log", "Messages"),
        ("textbox", "Your nick"),
        ("textbox", "Message or command"),
        ("button", "Send"),
    } <= found
