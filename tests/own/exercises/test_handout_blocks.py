"""The handouts' blocks: each runs, and says what it is said to say."""

import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.answers.grading import lay_over_solutions
from tests.answers.recordings import Quote, quotes_in
from tests.harness import system
from tests.harness.confinement import why_no_sandbox
from tests.harness.exercises import ROOT
from tests.own import peers
from tests.own.exercises.markdown import (
    BLOCKS,
    FENCE,
    PAGES,
    Block,
    blocks_of,
    text_of,
)
from tests.own.exercises.terminal import Terminal

PEERS = ("curl", "nc")  # programs that may be missing
SERVES_ONE_CLIENT = "exercise1_http_hello.server"
DIAGRAMS = ("flowchart", "sequenceDiagram")  # the kinds that the handouts use
IN_A_SEQUENCE = re.compile(r"(participant \w+ as|Note over \w+:|\w+-?->>\w+:) \S.*")
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "chat.db*")
QUOTES = [quote for page in PAGES for quote in quotes_in(page) if quote.name]

pytestmark = pytest.mark.timeout(120)  # seconds, should a command not return


def each(blocks: list[Block]) -> pytest.MarkDecorator:
    """Return the decorator for a test of each of these blocks."""
    ids = [f"{block.file}:{block.line}" for block in blocks]
    return pytest.mark.parametrize("block", blocks, ids=ids)


def written_in(language: str) -> list[Block]:
    """Return all blocks in a language."""
    return [block for block in BLOCKS if block.language == language]


def assert_says(said: str, output: str) -> None:
    """Compare an output with what a handout says of it, where … stands for anything.

    A line that is only … stands for any lines, and for none.
    """
    if output and not output.endswith("\n"):
        output += "\n"
    pattern = "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in said.splitlines()
    )
    as_said = re.fullmatch(pattern, output) is not None
    assert as_said, f"The handout says:\n{said}\nThe output is:\n{output}"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with python and pytest: those that run this test."""
    folder = tmp_path_factory.mktemp("programs")
    python = shlex.quote(sys.executable)
    for name, options in ("python", ""), ("python3", ""), ("pytest", "-m pytest"):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {python} {options} "$@"\n', "utf-8")
        program.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that returns a copy of the lab, the same for the same name.

    It is the lab as it is handed out, with no history of a chat.
    """

    @cache
    def copy(name: str) -> Path:
        folder = tmp_path_factory.mktemp("copy") / name
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
        return folder

    return copy


@pytest.fixture
def terminal(
    block: Block, copies: Callable[[str], Path], programs: Path
) -> Iterator[Terminal]:
    """Open a terminal in the copy of the block's handout, with the solutions in place.

    Where commands name the solutions themselves, the starters stay.
    """
    if "solutions" in block.text:
        folder = copies("starters")
    else:
        folder = lay_over_solutions(copies(block.file.replace("/", "-")))
    terminal = Terminal(folder, programs)
    yield terminal
    terminal.close()


@pytest.mark.skipif(system.WINDOWS, reason="the commands are written for bash")
@each(written_in("console"))
def test_commands_print_what_the_handout_says(block: Block, terminal: Terminal) -> None:
    if "tests.classroom grade" in block.text and (reason := why_no_sandbox()):
        pytest.skip(reason)
    needed = [name for name in PEERS if re.search(rf"\b{name}\b", block.text)]
    for name in ("bash", *needed):
        peers.program(name)
    for command, said in commands_in(block.text.replace("8080", terminal.port)):
        if command.endswith(" &"):
            output = terminal.run_server("bash", "-c", f"exec {command[:-2]}")
        else:
            output = terminal.run("bash", "-c", command)
        assert_says(said, output)
    ends_by_itself = SERVES_ONE_CLIENT in block.text and bool(needed)
    terminal.end_servers(with_ctrl_c=not ends_by_itself)


def commands_in(text: str) -> list[tuple[str, str]]:
    """Return each command of a console block, and what it is said to print."""
    before, *parts = re.split(r"^\$ ", text, flags=re.M)
    assert not before, "a console block begins with a command"
    return [(command, said) for command, _, said in (p.partition("\n") for p in parts)]


@each(written_in("python"))
def test_code_prints_what_the_handout_says(block: Block, terminal: Terminal) -> None:
    code = block.text.replace("8080", terminal.port)
    if code != block.text:
        server = f"{block.folder}.server"
        terminal.run_server(sys.executable, "-m", server, "127.0.0.1", terminal.port)
    output = terminal.run(sys.executable, "-c", code)
    assert "Traceback" not in output
    if following := output_after(block):
        assert_says(following, output)
    terminal.end_servers(with_ctrl_c=True)


def output_after(block: Block) -> str:
    """Return the text right after a block: what its code prints."""
    text = text_of(block.file)
    rest = text[len(block.before) :].lstrip().split("\n```\n", 1)[1]
    match = FENCE.match(rest.lstrip())
    return match[2] if match and match[1] == "text" else ""


@pytest.mark.skipif(not system.LINUX, reason="the recordings are made on Linux")
@pytest.mark.parametrize("quote", QUOTES, ids=[quote.what for quote in QUOTES])
def test_recording_is_what_the_suite_prints(quote: Quote) -> None:
    assert quote.anew() == quote.text, "run python -m tests.answers.recordings"


@each(written_in("mermaid"))
def test_diagram_is_well_formed(block: Block) -> None:
    kind, *lines = block.text.splitlines()
    assert kind.split()[0] in DIAGRAMS
    drawn = [line.strip() for line in lines if line.strip()]
    if kind == "sequenceDiagram":
        for line in drawn:
            assert IN_A_SEQUENCE.fullmatch(line), line
        return
    assert sum(line.startswith("subgraph ") for line in drawn) == drawn.count("end")
    for line in drawn:
        assert line.count('"') % 2 == 0, line
        shape = re.sub(r'"[^"]*"|-[.-]?-?>|[^][(){}]', "", line)
        while shape != (shape := re.sub(r"\[\]|\(\)|\{\}", "", shape)):
            continue
        assert shape == "", line


@pytest.mark.parametrize("file", PAGES)
def test_every_block_is_found_and_looked_at(file: str) -> None:
    """Blocks begin in the first column, and name their language."""
    blocks = blocks_of(file)
    assert text_of(file).count("```") == 2 * len(blocks)
    languages = {block.language for block in blocks}
    assert languages <= {"console", "python", "mermaid", "text"}


def test_first_page_begins_with_the_finished_chat(
    copies: Callable[[str], Path], programs: Path
) -> None:
    """With nothing installed; the last command sets up and tests: .ci/run takes it."""
    commands = re.findall(r"^    \$ (.+)$", text_of("README.md"), re.M)
    assert re.fullmatch(r"python3 -m venv .+ && \S+/pytest", commands[-1])
    terminal = Terminal(copies("starters"), programs)
    for command in commands[:2]:
        python3, *arguments = command.split()
        assert python3 == "python3"
        where = "127.0.0.1", "0" if "server" in command else terminal.port
        options = ["--port", "0"] if "web" in command else []
        output = terminal.run_server(sys.executable, *arguments, *where, *options)
        assert "127.0.0.1:" in output
    terminal.end_servers(with_ctrl_c=True)
    terminal.close()
