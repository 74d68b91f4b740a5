"""The starters: each is its solution with steps left open, and runs as it is."""

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.answers.grading import grade
from tests.harness.exercises import ROOT

STARTERS = [
    "exercise1_http_hello/server.py",
    "exercise2_accept_loop/server.py",
    "exercise3_tcp_client/client.py",
    "exercise4_multiclient/server.py",
    "exercise5_chat_channels/server.py",
    "exercise5_chat_channels/client.py",
]
EXERCISES = sorted({starter.partition("/")[0] for starter in STARTERS})
GO_ON = [  # a starter is the solution of the exercise before, and earns its points
    ("exercise2_accept_loop/server.py", "exercise1_http_hello"),
    ("exercise5_chat_channels/server.py", "exercise4_multiclient"),
]
COMES_FREE = {  # checks that need no step: what they ask for is there from the start
    "exercise2_accept_loop": {"2.8"},  # Ctrl+C: main() has it from exercise 1
}
GIVEN_FUNCTIONS = {"port_number", "url_path", "channel_name", "parse_arguments"}
GIVEN_FUNCTIONS |= {"in_terminal", "rows_of", "show", "erase_typed", "typed_lines"}
GIVEN_FUNCTIONS |= {"each_key", "end_draft", "edited_line", "skip_sequence", "edit"}
GIVEN_FUNCTIONS |= {"erasure", "interrupt_main_thread"}
TODO = re.compile(r" *# (TODO (\d+\.\d+(?:, \d+\.\d+)*): \S.*)")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "test_*", "chat.db*")

Process = subprocess.Popen[str]
Start = Callable[..., Process]

pytestmark = pytest.mark.timeout(60)  # seconds, should a program not answer or end


def tree_of(path: Path) -> ast.Module:
    """Return a Python file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def outline(node: ast.AST, inside: str = "") -> list[str]:
    """Return the signature and the docstring of everything defined, in order."""
    lines = []
    for item in ast.iter_child_nodes(node):
        if isinstance(item, ast.FunctionDef | ast.ClassDef):
            lines.append(f"{inside}{signature(item)}: {ast.get_docstring(item)}")
            lines += outline(item, f"{inside}{item.name}.")
    return lines


def signature(item: ast.FunctionDef | ast.ClassDef) -> str:
    """Return a definition without its body: ``port_number(text: str) -> int``."""
    decorators = "".join(f"@{ast.unparse(name)} " for name in item.decorator_list)
    if isinstance(item, ast.ClassDef):
        return f"{decorators}{item.name}({', '.join(map(ast.unparse, item.bases))})"
    returns = f" -> {ast.unparse(item.returns)}" if item.returns else ""
    return f"{decorators}{item.name}({ast.unparse(item.args)}){returns}"


def given_code(tree: ast.Module) -> list[str]:
    """Return the constants and the functions that a starter has complete."""
    return [
        ast.unparse(item)
        for item in tree.body
        if isinstance(item, ast.Assign)
        or (isinstance(item, ast.FunctionDef) and item.name in GIVEN_FUNCTIONS)
    ]


def imports(tree: ast.Module) -> list[str]:
    """Return the lines that import."""
    kinds = (ast.Import, ast.ImportFrom)
    return [ast.unparse(item) for item in tree.body if isinstance(item, kinds)]


def todos(path: Path) -> list[tuple[str, set[str]]]:
    """Return each TODO of a file, and the checks that it names."""
    text = path.read_text(encoding="utf-8")
    found = map(TODO.fullmatch, text.splitlines())
    return [(match[1], set(match[2].split(", "))) for match in found if match]


def checks_of(exercise: str) -> set[str]:
    """Return the ids of the checks that an exercise's suites declare."""
    calls = [
        node
        for suite in sorted((ROOT / exercise).glob("test_*.py"))
        for node in ast.walk(tree_of(suite))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "check"
    ]
    return {ast.literal_eval(call.args[0]) for call in calls}


# -- what stands in them -----------------------------------------------------------


@pytest.mark.parametrize("starter", STARTERS)
def test_has_its_solutions_functions_signatures_and_docstrings(starter: str) -> None:
    """The difference between the two is in the bodies of functions alone."""
    ours, solution = tree_of(ROOT / starter), tree_of(ROOT / "solutions" / starter)
    assert ast.get_docstring(ours) == ast.get_docstring(solution)
    assert outline(ours) == outline(solution)
    assert given_code(ours) == given_code(solution)
    assert set(imports(ours)) <= set(imports(solution))


@pytest.mark.parametrize("starter", STARTERS)
def test_every_todo_names_checks_of_its_exercise(starter: str) -> None:
    """A TODO is a line of its own: ``# TODO 4.5: what to do``."""
    declared = checks_of(starter.partition("/")[0])
    found = todos(ROOT / starter)
    assert found
    for text, named in found:
        assert named <= declared, text
    mentions = (ROOT / starter).read_text(encoding="utf-8").count("TODO")
    in_the_main_block = 1
    assert mentions == len(found) + in_the_main_block


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_check_is_named_by_a_todo(exercise: str) -> None:
    """Nobody looks in vain for the place that a check is about."""
    starters = [starter for starter in STARTERS if starter.startswith(exercise)]
    named = {id for file in starters for _, ids in todos(ROOT / file) for id in ids}
    free = COMES_FREE.get(exercise, set())
    assert checks_of(exercise), "there is no suite"
    assert named | free == checks_of(exercise)
    assert not named & free


@pytest.mark.parametrize("starter", STARTERS)
def test_solution_has_no_todo(starter: str) -> None:
    """Nothing is open in a solution, and nothing in it looks for what is."""
    assert "TODO" not in (ROOT / "solutions" / starter).read_text(encoding="utf-8")


# -- what they earn ----------------------------------------------------------------


@pytest.mark.timeout(300)
@pytest.mark.parametrize("exercise", EXERCISES)
def test_earns_nothing_yet(exercise: str, tmp_path: Path) -> None:
    """Points are for what students do. So all of it is open."""
    report = grade(exercise, ROOT, tmp_path / "report.json")
    earned = {check["id"] for check in report["checks"] if check["points"]}
    assert report["max_points"] > 0
    assert earned == set()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("starter", "before"), GO_ON)
def test_earns_the_exercise_before(starter: str, before: str, tmp_path: Path) -> None:
    """The step begins where the one before has ended."""
    submission = tmp_path / "submission"
    (submission / before).mkdir(parents=True)
    shutil.copy(ROOT / starter, submission / before)
    report = grade(before, submission, tmp_path / "report.json")
    failures = [check["message"] for check in report["checks"] if check["message"]]
    assert not failures, "\n".join(failures)
    assert report["points"] == report["max_points"] > 0


# -- what they do ------------------------------------------------------------------


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start programs in a fresh copy of their exercise; kill what runs on."""
    processes: list[Process] = []

    def start_copy(starter: str, *arguments: object) -> Process:
        folder, _, file = starter.partition("/")
        if not (tmp_path / folder).exists():
            shutil.copytree(ROOT / folder, tmp_path / folder, ignore=NOT_COPIED)
        module = f"{folder}.{file.removesuffix('.py')}"
        process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        processes.append(process)
        return process

    yield start_copy
    for process in processes:
        process.kill()
        process.communicate()


def connect(server: Process, clients: int) -> list[socket.socket]:
    """Wait until the server listens, and connect."""
    assert server.stdout
    line = server.stdout.readline()
    announced = re.fullmatch(r"Listening on (\S+):(\d+)\n", line)
    assert announced, f"{line!r} instead of Listening on HOST:PORT"
    address = announced[1], int(announced[2])
    return [socket.create_connection(address, timeout=30) for _ in range(clients)]


def end(process: Process) -> tuple[int, str, str]:
    """Wait for a program's end: its status, what it printed, and what on stderr."""
    stdout, stderr = process.communicate(timeout=30)
    return process.returncode, stdout, stderr


def open_steps(starter: str) -> str:
    """Return what a starter has to say on stderr when it starts."""
    return "".join(f"{text}\n" for text, _ in todos(ROOT / starter))


def test_exercises_1_and_3_come_to_a_clean_end(start: Start) -> None:
    """They do nothing yet, but they do it without an error."""
    for starter in STARTERS[0], STARTERS[2]:
        assert end(start(starter, "127.0.0.1", 0)) == (0, "", open_steps(starter))


def test_the_list_of_open_steps_gets_shorter(start: Start, tmp_path: Path) -> None:
    """It is made from the file's own TODOs, so it always says how things are."""
    starter = STARTERS[0]
    end(start(starter, "127.0.0.1", 0))  # makes the copy
    first, rest = open_steps(starter).split("\n", 1)
    text = (tmp_path / starter).read_text(encoding="utf-8")
    (tmp_path / starter).write_text(text.replace(f"# {first}", ""), encoding="utf-8")
    assert end(start(starter, "127.0.0.1", 0)) == (0, "", rest)


def test_exercise_2_serves_one_client_and_ends(start: Start) -> None:
    """It goes on from exercise 1's solution."""
    server = start(STARTERS[1], "127.0.0.1", 0)
    (client,) = connect(server, 1)
    with client, client.makefile("rb") as answer:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.read().startswith(b"HTTP/1.1 200 OK\r\n")
    assert end(server) == (0, "", open_steps(STARTERS[1]))


def test_exercise_4_accepts_one_client_after_another(start: Start) -> None:
    """It goes on from exercise 2's accept loop, and does not relay yet."""
    server = start(STARTERS[3], "127.0.0.1", 0)
    for client in connect(server, 2):
        with client:
            client.sendall(b"hello\n")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
    server.kill()
    assert end(server)[1:] == ("", open_steps(STARTERS[3]))


def test_exercise_5_relays_lines_to_all_others(start: Start, tmp_path: Path) -> None:
    """It goes on from exercise 4's solution."""
    server = start(STARTERS[4], "127.0.0.1", 0)
    alice, bob, carol = clients = connect(server, 3)
    let_meet(alice, bob)
    carol.sendall(b"from carol\n")
    with alice.makefile("rb") as for_alice, bob.makefile("rb") as for_bob:
        heard = (line for line in for_alice if line != b"knock\n")
        assert next(heard) == for_bob.readline() == b"from carol\n"
        alice.sendall("from älice, in t".encode())
        alice.sendall(b"wo pieces\nand again\n")
        bob.sendall(b"from bob\n")  # nothing of alice's own may come before it
        assert for_bob.readline() == "from älice, in two pieces\n".encode()
        assert for_bob.readline() == b"and again\n"
        assert next(heard) == b"from bob\n"
    server.kill()
    assert end(server)[1:] == ("", open_steps(STARTERS[4]))
    for client in clients:
        client.close()


def let_meet(first: socket.socket, second: socket.socket) -> None:
    """Let the second client knock until the first hears it: both are served."""
    first.settimeout(0.1)
    heard = b""
    while not heard.endswith(b"\n"):
        second.sendall(b"knock\n")
        try:
            heard += first.recv(100)
        except TimeoutError:
            continue
    first.settimeout(30)


@pytest.mark.skipif(os.name != "posix", reason="another process's Ctrl+C needs a kill")
def test_exercise_5_ends_on_ctrl_c(start: Start) -> None:
    """With clients connected: each sees the end."""
    server = start(STARTERS[4], "127.0.0.1", 0)
    alice, bob = connect(server, 2)
    with alice, bob:
        let_meet(alice, bob)
        server.send_signal(signal.SIGINT)
        assert bob.recv(100) == b""
        assert end(server) == (0, "", open_steps(STARTERS[4]))


def test_exercise_5_client_ends_with_its_input(start: Start) -> None:
    """It connects, and reads the keyboard; it neither sends nor shows anything yet."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = start(STARTERS[5], *listening.getsockname())
        server, _ = listening.accept()
        with server:
            assert client.stdin
            client.stdin.write("hello\n")
            server.sendall(b"* you are guest1 in #general\n")
            assert end(client) == (0, "", open_steps(STARTERS[5]))
