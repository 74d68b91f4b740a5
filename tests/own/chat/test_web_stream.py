"""Exercise 5's given page: the stream of events, which carries the chat."""

import os
import re
import signal
import socket
import threading
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.lab import Lab, Server
from tests.harness.patience import slices, wait_until
from tests.own.chat.page import (
    PACKAGE,
    PATIENCE,
    OpenTab,
    Stream,
    Web,
    ask,
    page_of,
    running_chat,
    start_page,
    tabs_of,
)

EXERCISE = PACKAGE

chat = pytest.fixture(running_chat)
web = pytest.fixture(page_of)
open_tab = pytest.fixture(tabs_of)


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


# -- many at the same time ------------------------------------------------------------


def test_a_hundred_browsers_connect_at_the_same_time(web: Web) -> None:
    """They wait in the backlog, while the program does not accept."""
    if system.WINDOWS:
        pytest.skip("Windows cannot stop a program and let it go on")
    os.kill(web.pid, signal.SIGSTOP)
    try:
        address = web.host, web.port
        crowd = [socket.create_connection(address, timeout=5) for _ in range(100)]
    finally:
        os.kill(web.pid, signal.SIGCONT)
    for each in crowd:
        each.close()


def test_rests_while_it_has_no_descriptor_left(web: Web) -> None:
    """A connection that cannot be accepted waits, and is served later."""
    if not system.LINUX:
        pytest.skip("processor time and pauses are counted in /proc")
    resource = pytest.importorskip("resource")
    limits = resource.prlimit(web.pid, resource.RLIMIT_NOFILE)
    _, files = system.resources(web.pid) or (0, 0)
    resource.prlimit(web.pid, resource.RLIMIT_NOFILE, (files, limits[1]))
    with socket.create_connection((web.host, web.port), timeout=PATIENCE) as browser:
        browser.sendall(f"GET / HTTP/1.1\r\nHost: {web.address}\r\n\r\n".encode())
        pauses, ticks = pauses_and_ticks(web)
        enough = slices(PATIENCE)
        assert wait_until(lambda: pauses_and_ticks(web)[0] >= pauses + 10, enough)
        assert pauses_and_ticks(web)[1] - ticks < 20
        resource.prlimit(web.pid, resource.RLIMIT_NOFILE, limits)
        assert browser.recv(100).startswith(b"HTTP/1.1 200 OK")


def pauses_and_ticks(web: Web) -> tuple[int, int]:
    """Return how often the program went to sleep, and its processor time; proc(5)."""
    status = Path(f"/proc/{web.pid}/status").read_text()
    pauses = re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", status)
    fields = Path(f"/proc/{web.pid}/stat").read_text().rpartition(")")[2].split()
    return int(pauses[1] if pauses else 0), int(fields[11]) + int(fields[12])
