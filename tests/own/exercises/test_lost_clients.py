"""A client may leave before accept() returns it: then accept() raises, on Windows."""

from pathlib import Path

import pytest

from tests.answers.grading import solutions_lab

SERVERS = (
    "exercise1_http_hello",
    "exercise2_accept_loop",
    "exercise4_multiclient",
    "exercise5_chat_channels",
)
LOSES_ONE = """
import socket
accept = socket.socket.accept

def lose_one(listening):
    accept(listening)[0].close()
    socket.socket.accept = accept
    raise ConnectionResetError(10054, "forcibly closed by the remote host")

socket.socket.accept = lose_one
"""


@pytest.mark.parametrize("exercise", SERVERS)
def test_the_server_goes_on(exercise: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOSES_ONE)
    with solutions_lab(exercise, tmp_path) as lab:
        server = lab.start_server(environment={"PYTHONPATH": str(tmp_path)})
        server.connect("lost").expect_end()
        server.interrupt()
        server.expect_exit()
