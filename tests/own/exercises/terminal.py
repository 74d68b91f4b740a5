"""A student's terminal, in which the commands of the handouts are run."""

import os
import subprocess
from pathlib import Path

from tests.harness import system


class Terminal:
    """A student's terminal: a folder, a free port, and servers in the background."""

    def __init__(self, folder: Path, programs: Path) -> None:
        """Take the folder to work in, and that of python and pytest."""
        self.folder = folder
        self.port = str(system.free_port("127.0.0.1"))
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self.environment = os.environ | {"PATH": path, "PYTHONUTF8": "1"}
        self.started: list[subprocess.Popen[str]] = []
        self.servers: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a program; its stdout and its stderr are one stream, as on a screen."""
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            **system.process_options(),
        )
        self.started.append(process)
        return process

    def run(self, *command: str) -> str:
        """Run a program to its end, and return what it prints."""
        process = self.start(*command)
        output, _ = process.communicate()
        status_of_a_failure_that_is_meant = 1
        assert process.returncode in (0, status_of_a_failure_that_is_meant), output
        return output

    def run_server(self, *command: str) -> str:
        """Start a program in the background, and return what it prints to be ready."""
        server = self.start(*command)
        self.servers.append(server)
        assert server.stdout
        output = ""
        for line in server.stdout:
            output += line
            if line.startswith("Listening on"):
                break
        return output

    def end_servers(self, *, with_ctrl_c: bool) -> None:
        """End what runs in the background, or wait for its own end."""
        for server in self.servers:
            if with_ctrl_c:
                system.interrupt(server.pid)
            assert server.stdout
            rest = server.stdout.read()
            assert "Traceback" not in rest
            assert server.wait() == 0, rest

    def close(self) -> None:
        """Kill what still runs."""
        for process in self.started:
            if process.poll() is None:
                system.kill(process.pid)
            process.wait()
            if process.stdout:
                process.stdout.close()
