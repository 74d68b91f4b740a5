"""A Chromium for the lab's own tests, driven by its DevTools protocol."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harness import system
from tests.harness.process import clean_environment
from tests.own import peers

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = "--headless --no-sandbox --disable-background-networking --no-proxy-server"
BROWSER_LIMIT = 30  # seconds

# Chromium takes its commands from file 3 and answers in file 4.
WITH_PIPES = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def chromium(folder: Path, *options: str) -> list[str]:
    """Return the command that starts Chromium, with a profile in that folder."""
    profile = f"--user-data-dir={folder / 'profile'}"
    return [peers.program(*CHROMIUM), *FLAGS.split(), profile, *options]


class Browser:
    """A Chromium with one tab, driven by its DevTools protocol through two pipes."""

    def __init__(self, folder: Path) -> None:
        """Start it, with its profile in that folder."""
        if system.WINDOWS:
            pytest.skip("Chromium's pipes are not for Windows")
        command = chromium(folder, "--remote-debugging-pipe")
        theirs_in, self.commands = os.pipe()
        self.answers, theirs_out = os.pipe()
        theirs = theirs_in, theirs_out
        self.process = subprocess.Popen(
            [sys.executable, "-c", WITH_PIPES, *map(str, theirs), *command],
            pass_fds=theirs,
            env=clean_environment(),
            stderr=subprocess.DEVNULL,
            **system.process_options(),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.unread = b""
        self.session: dict[str, str] = {}

    def open_tab(self) -> None:
        """Open the tab that all further commands are for."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.call("Page.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command, and return its result."""
        command = {"id": 1, "method": method, "params": parameters, **self.session}
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        answer = self.wait_for(lambda message: "id" in message)
        result: dict[str, Any] = answer["result"]
        return result

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read messages up to the first that is wanted."""
        while True:
            while b"\0" not in self.unread:
                ready, _, _ = select.select([self.answers], [], [], BROWSER_LIMIT)
                assert ready, f"Chromium said nothing for {BROWSER_LIMIT} s"
                piece = os.read(self.answers, 65536)
                assert piece, "Chromium has ended"
                self.unread += piece
            text, _, self.unread = self.unread.partition(b"\0")
            message: dict[str, Any] = json.loads(text)
            if wanted(message):
                return message

    def page(self, method: str, **parameters: object) -> str:
        """Navigate or reload, and return the page once it is loaded."""
        self.call(method, **parameters)
        self.wait_for(lambda message: message.get("method") == "Page.loadEventFired")
        html = "document.documentElement.outerHTML"
        answer = self.call("Runtime.evaluate", expression=html)
        return str(answer["result"]["value"])

    def stop(self) -> None:
        """End it, and all the processes that it started."""
        system.kill(self.process.pid)
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
