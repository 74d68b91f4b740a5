"""The given page of exercise 5 as its tests start it, and ask it by HTTP.

The page is the given one, the Connection that it uses is the solution's. Test modules
make their fixtures of running_chat(), page_of() and tabs_of().
"""

import http.client
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.harness.lab import Lab, Server
from tests.harness.patience import START
from tests.harness.process import Command
from tests.harness.program import Program

PACKAGE = "exercise5_chat_channels"
PATIENCE = 30.0  # seconds, spent only when a test fails
EVENT = re.compile(r"event: (\w+)\n(?:id: (\S+)\n)?((?:data: .*\n)+)\n")


def running_chat(lab: Lab) -> Server:
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


def start_web(
    lab: Lab, host: object, port: object, *options: str, folder: Path | None = None
) -> Web:
    """Start web.py, as it is beside the solutions or in a folder, for that chat."""
    command = [sys.executable, "-m", f"{PACKAGE}.web", str(host), str(port), *options]
    web = Web("web.py", Command(command), folder or lab.submission.folder, lab.history)
    lab.programs.append(web)
    return web


def start_page(
    lab: Lab, host: str, port: int, *options: str, folder: Path | None = None
) -> Web:
    """Start web.py, and wait until it listens."""
    web = start_web(lab, host, port, "--port", "0", *options, folder=folder)
    web.expect_printed("/\n", START)
    printed = web.stdout.data.decode()
    listening = re.fullmatch(r"Listening on http://127.0.0.1:(\d+)/\s+", printed)
    assert listening, printed
    web.port = int(listening[1])
    return web


def page_of(lab: Lab, chat: Server) -> Web:
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


OpenTab = Callable[[], Stream]


def tabs_of(web: Web) -> Iterator[OpenTab]:
    """Return a function that opens one more tab."""
    tabs: list[Stream] = []

    def open_stream() -> Stream:
        tabs.append(Stream(web))
        return tabs[-1]

    yield open_stream
    for tab in tabs:
        tab.close()
