"""The solutions among real peers: Chromium, curl, nginx, http.server and nc.

The suites speak for clients and servers that nobody here wrote. These tests let those
programs speak for themselves.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.connecting import connect
from tests.harness.lab import Lab, Server
from tests.harness.patience import START
from tests.harness.process import Command
from tests.harness.program import Program
from tests.own import peers
from tests.own.browser import BROWSER_LIMIT, Browser, chromium

SIZES = (0, 1, 1000, 65_536, 3_000_000)  # bytes, of files that must come intact
StartFiles = Callable[[Lab], tuple[str, int]]
EXERCISE = "exercise3_tcp_client"  # whose client is started; servers are named


def start_server(lab: Lab, exercise: str, *options: str) -> Server:
    """Start a solution, and wait until it listens without using up an accept."""
    server = lab.start_server(*options, exercise=exercise)
    server.expect_printed("Listening on", START)
    return server


def start(lab: Lab, *command: object) -> Program:
    """Start a real peer in the test's folder."""
    words = [str(word) for word in command]
    program = Program(Path(words[0]).name, Command(words), lab.folder, lab.history)
    lab.programs.append(program)
    return program


# -- Chromium -------------------------------------------------------------------------


@pytest.fixture
def browser(lab: Lab) -> Iterator[Browser]:
    """Start Chromium for a test."""
    browser = Browser(lab.folder)
    yield browser
    browser.stop()


def assert_whole(page: str) -> None:
    assert "<title>Hello, Chrome</title>" in page
    assert "<h1>Hello, Chrome: you are a TCP client ✓</h1>" in page
    assert "À bientôt !</p>" in page  # the page's last bytes


def test_chromium_shows_exercise_1(lab: Lab) -> None:
    server = start_server(lab, "exercise1_http_hello")
    url = f"http://{server.host}:{server.port}/"
    browser = start(lab, *chromium(lab.folder, "--dump-dom", url))
    browser.expect_exit(seconds=BROWSER_LIMIT)  # with 0 even when the page has failed
    assert_whole(bytes(browser.stdout.data).decode())
    server.expect_exit()


@pytest.mark.long
def test_chromium_shows_exercise_2_and_shows_it_again(
    lab: Lab, browser: Browser
) -> None:
    """A browser keeps silent connections, and holds up nobody else with them."""
    server = start_server(lab, "exercise2_accept_loop")
    url = f"http://{server.host}:{server.port}/"
    browser.open_tab()
    assert_whole(browser.page("Page.navigate", url=url))
    for _ in range(5):
        assert_whole(browser.page("Page.reload"))
        assert_whole(curl(url).stdout)
    server.interrupt()
    server.expect_exit()


@pytest.mark.long
def test_chromium_waits_behind_silent_connections(lab: Lab, browser: Browser) -> None:
    """The silent ones are the test's own: the browser opens its own when it pleases."""
    server = start_server(lab, "exercise2_accept_loop")
    for n in range(3):
        server.connect(f"silent connection {n}")
    browser.open_tab()
    url = f"http://{server.host}:{server.port}/"
    assert_whole(browser.page("Page.navigate", url=url))
    assert "404 Not Found" in browser.page("Page.navigate", url=url + "nothing")


# -- curl -----------------------------------------------------------------------------


def curl(*options: str) -> "subprocess.CompletedProcess[str]":
    """Run curl, and return how it ended and what it printed."""
    command = [peers.program("curl"), "-sS", "--noproxy", "*", "--max-time", "20"]
    return subprocess.run(
        [*command, *options], capture_output=True, text=True, encoding="utf-8"
    )


def test_curl_gets_exercise_1(lab: Lab) -> None:
    server = start_server(lab, "exercise1_http_hello")
    answer = curl("-i", f"http://{server.host}:{server.port}/")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("HTTP/1.1 200 OK")
    assert_whole(answer.stdout)
    server.expect_exit()


def test_curl_gets_exercise_2(lab: Lab) -> None:
    server = start_server(lab, "exercise2_accept_loop")
    address = f"{server.host}:{server.port}"
    statuses = [
        curl("-o", os.devnull, "-w", "%{http_code}", *request).stdout
        for request in (
            [f"http://{address}/"],
            [f"http://{address}/nothing/here"],
            ["--data", "x" * 100_000, f"http://{address}/"],
        )
    ]
    assert statuses == ["200", "404", "405"]


def test_exercise_2_survives_https(lab: Lab) -> None:
    server = start_server(lab, "exercise2_accept_loop")
    address = f"{server.host}:{server.port}/"
    assert curl("-k", f"https://{address}").returncode != 0
    assert_whole(curl(f"http://{address}").stdout)


# -- nginx and http.server ------------------------------------------------------------


NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {host}:{port};
        root {folder};
    }}
}}
"""


def start_nginx(lab: Lab) -> tuple[str, int]:
    """Let nginx serve the test's folder; return where."""
    host, port = lab.host, system.free_port(lab.host)
    configuration = lab.folder / "nginx.conf"
    text = NGINX.format(folder=lab.folder, host=host, port=port)
    configuration.write_text(text, encoding="utf-8")
    nginx = start(lab, peers.program("nginx"), "-c", configuration)
    connect("the test", host, port, nginx, lab.history).close()
    return host, port


def start_http_server(lab: Lab) -> tuple[str, int]:
    """Let Python's http.server serve the test's folder; return where."""
    options = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    server = start(lab, sys.executable, *options)
    server.expect_printed("(http://", START)
    port = re.search(rb" port (\d+) ", server.stdout.data)
    assert port
    return "127.0.0.1", int(port[1])


@pytest.mark.parametrize("start_files", [start_nginx, start_http_server])
def test_exercise_3_keeps_files_intact(lab: Lab, start_files: StartFiles) -> None:
    for size in SIZES:
        (lab.folder / f"{size}.bin").write_bytes(lab.numbers.randbytes(size))
    host, port = start_files(lab)
    for size in SIZES:
        client = lab.start_client(host, port, f"/{size}.bin")
        client.expect_exit(seconds=START)
        head, _, body = bytes(client.stdout.data).partition(b"\r\n\r\n")
        assert re.match(rb"HTTP/1.[01] 200 OK\r\n", head)
        assert body == (lab.folder / f"{size}.bin").read_bytes()


@pytest.mark.parametrize("start_files", [start_nginx, start_http_server])
def test_exercise_3_shows_what_is_not_there(lab: Lab, start_files: StartFiles) -> None:
    client = lab.start_client(*start_files(lab), "/nothing")
    client.expect_exit(seconds=START)
    assert b" 404 " in client.stdout.data.split(b"\r\n")[0]
    assert b"</html>" in client.stdout.data


# -- nc -------------------------------------------------------------------------------


def start_nc(lab: Lab, server: Server, *options: str) -> Program:
    """Connect netcat-openbsd; other programs called nc have other options."""
    nc = peers.program("nc.openbsd", "nc")
    usage = subprocess.run([nc, "-h"], capture_output=True, text=True)
    if "OpenBSD netcat" not in usage.stdout + usage.stderr:
        peers.missing("netcat-openbsd")
    return start(lab, nc, *options, server.host, server.port)


def expect_end(nc: Program) -> None:
    """Expect that the server has closed nc's connection.

    It ends when both the keyboard and the connection have: see its readwrite().
    """
    nc.end_typing()
    nc.expect_exit()


def test_nc_in_exercise_4(lab: Lab) -> None:
    server = start_server(lab, "exercise4_multiclient")
    alice, bob = start_nc(lab, server, "-N"), start_nc(lab, server)
    for _ in range(40):  # until the server has given both of them a place
        alice.type("hello\n")
        if bob.stdout.wait_for(lambda printed: b"hello\n" in printed, [0.1]):
            break
    bob.type("who is there?\n")
    alice.expect_printed("who is there?\n")
    assert b"hello" not in alice.stdout.data  # nobody gets a line back
    alice.type("c'est l'été")
    alice.end_typing()
    bob.expect_printed("c'est l'été\n")
    server.interrupt()
    server.expect_exit()
    expect_end(bob)


def test_nc_in_exercise_5(lab: Lab) -> None:
    history = str(lab.folder / "chat.db")
    server = start_server(lab, "exercise5_chat_channels", "--history", history)
    alice, bob = start_nc(lab, server), start_nc(lab, server, "-C")  # with \r\n
    for nc, name in ((alice, "alice"), (bob, "bob")):
        nc.expect_printed("in #general")
        nc.type(f"/nick {name}\n")
        nc.expect_printed(f"* you are {name} in #general")
    bob.type("l'été à la mer\n")
    for nc in (alice, bob):
        nc.expect_printed(" #general <bob> l'été à la mer\n")
    alice.type("/join sport\n")
    alice.expect_printed("* you are alice in #sport")
    bob.expect_printed("* alice left #general\n")
    alice.type("/quit\n")
    alice.expect_printed("* bye")
    expect_end(alice)
    server.interrupt()
    bob.expect_printed("* server closing")
    server.expect_exit()
    expect_end(bob)
