"""The handouts: every block in them runs, and says what it is said to say.

What they name has to be there as well: checks, headings, files, points.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from tests.answers.catalogue import Wrong
from tests.answers.grading import (
    SOLUTIONS,
    lay_over_solutions,
    make_mistake,
    run_suite,
)
from tests.harness import system
from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES, ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
INLINE_CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.M)
CITED = re.compile(r'[Ss]ee\s+"([^"]+)"')
RECORDING = re.compile(r"<!-- recording: (\w+) -->$")
IDS = r"(\d\.\d+(?:,\s+\d\.\d+)*)"
STEP = re.compile(rf"→\s+{IDS}")
NAMED_CHECK = re.compile(rf"(?:→|-k|[Cc]hecks?|[Cc]hecked by)\s+{IDS}")
NAMED_FILE = re.compile(r"(exercise\d_\w+|tests)(?:\.(\w[\w.]*\w)|/(\w+\.\w+))?")
POINTS = re.compile(r"\b(\d+) points\.|\| Points \| (\d+)")
POINTS_OF_A_PART = re.compile(r"(\d+) \((\d\.\d+) to (\d\.\d+)\)")
ROW = re.compile(r"^\| \[\d .+?\]\((\w+)/README\.md\).* \| (\d+) \|$", re.M)

PEERS = ("curl", "nc")  # programs that may be missing
SERVES_ONE_CLIENT = "exercise1_http_hello.server"
DIAGRAMS = ("flowchart", "sequenceDiagram")  # the kinds that the handouts use
IN_A_SEQUENCE = re.compile(r"(participant \w+ as|Note over \w+:|\w+-?->>\w+:) \S.*")
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "chat.db*")

pytestmark = pytest.mark.timeout(120)  # seconds, should a command not come to an end


@dataclass(frozen=True)
class Block:
    """A fenced block of a handout."""

    file: str  # "exercise4_multiclient/README.md"
    line: int
    language: str
    text: str
    before: str  # what stands in front of it in the file

    @property
    def folder(self) -> str:
        """The handout's exercise, or "" for the lab's own page."""
        return self.file.rpartition("/")[0]


def text_of(file: str) -> str:
    """Return a file of the lab."""
    return (ROOT / file).read_text(encoding="utf-8")


def blocks_of(file: str) -> list[Block]:
    """Return a handout's fenced blocks, in order."""
    text = text_of(file)
    return [
        Block(
            file,
            line=text.count("\n", 0, match.start()) + 1,
            language=match[1],
            text=match[2],
            before=text[: match.start()].rstrip(),
        )
        for match in FENCE.finditer(text)
    ]


PLACES = ("*.md", "exercise*/*.md", "solutions/**/*.md", "tests/**/*.md")
PAGES = [page for place in PLACES for page in sorted(ROOT.glob(place))]
MARKDOWN = [page.relative_to(ROOT).as_posix() for page in PAGES]
BLOCKS = [block for file in MARKDOWN for block in blocks_of(file)]
RECORDINGS = [block for block in BLOCKS if RECORDING.search(block.before)]


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


# -- a terminal to run them in -----------------------------------------------------


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


def require(*names: str) -> None:
    """Skip a test whose programs are missing, but let it fail where CI is true."""
    missing = ", ".join(name for name in names if not shutil.which(name))
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"not installed: {missing}")
    elif missing:
        pytest.skip(f"not installed: {missing}")


# -- what the blocks do ------------------------------------------------------------


@pytest.mark.skipif(system.WINDOWS, reason="the commands are written for bash")
@each(written_in("console"))
def test_commands_print_what_the_handout_says(block: Block, terminal: Terminal) -> None:
    peers = [peer for peer in PEERS if re.search(rf"\b{peer}\b", block.text)]
    require("bash", *peers)
    for command, said in commands_in(block.text.replace("8080", terminal.port)):
        if command.endswith(" &"):
            output = terminal.run_server("bash", "-c", f"exec {command[:-2]}")
        else:
            output = terminal.run("bash", "-c", command)
        assert_says(said, output)
    ends_by_itself = SERVES_ONE_CLIENT in block.text and bool(peers)
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
    if following := output_behind(block):
        assert_says(following, output)
    terminal.end_servers(with_ctrl_c=True)


def output_behind(block: Block) -> str:
    """Return the text that stands right behind a block: what its code prints."""
    text = text_of(block.file)
    behind = text[len(block.before) :].lstrip().split("\n```\n", 1)[1]
    match = FENCE.match(behind.lstrip())
    return match[2] if match and match[1] == "text" else ""


@pytest.mark.skipif(not system.LINUX, reason="the recordings are made on Linux")
@each(RECORDINGS)
def test_recording_is_what_the_suite_prints(block: Block, tmp_path: Path) -> None:
    match = RECORDING.search(block.before)
    assert match
    first, _, said = block.text.partition("\n")
    assert first == "$ pytest exercise4_multiclient"
    submission = submission_with(match[1], tmp_path)
    output = run_suite("exercise4_multiclient", "--submission", submission).stdout
    assert_says(said, tidy(output.replace(f" --submission {submission}", "")))


def submission_with(name: str, folder: Path) -> Path:
    """Return the solutions, with one of exercise 4's wrong answers in its place."""
    if name == "solutions":
        return SOLUTIONS
    exercise = "exercise4_multiclient"
    catalogue: list[Wrong] = import_module(f"tests.answers.wrong.{exercise}").WRONG
    (wrong,) = (wrong for wrong in catalogue if wrong.name == name)
    make_mistake(lay_over_solutions(folder), exercise, wrong)
    return folder


def tidy(output: str) -> str:
    """Return a run without what only fills the screen."""
    output = re.sub(r" +$", "", output, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", output.strip("\n"))


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


@pytest.mark.parametrize("file", MARKDOWN)
def test_every_block_is_found_and_looked_at(file: str) -> None:
    """Blocks begin in the first column, and name their language."""
    blocks = blocks_of(file)
    assert text_of(file).count("```") == 2 * len(blocks)
    languages = {block.language for block in blocks}
    assert languages <= {"console", "python", "mermaid", "text"}


def test_first_page_begins_with_two_commands(
    copies: Callable[[str], Path], programs: Path
) -> None:
    """One starts a server; .ci/run runs the other, which installs pytest."""
    start, install = re.findall(r"^    \$ (.+)$", text_of("README.md"), re.M)
    assert re.fullmatch(r"python3 -m venv .+ && \S+/pytest", install)
    python3, *arguments = start.split()
    assert python3 == "python3"
    terminal = Terminal(copies("starters"), programs)
    output = terminal.run_server(sys.executable, *arguments, "127.0.0.1", "0")
    terminal.end_servers(with_ctrl_c=True)
    terminal.close()
    assert "Listening on 127.0.0.1:" in output


# -- what the handouts name --------------------------------------------------------


def points_of(exercise: str) -> int:
    """Return the points that an exercise's suites declare."""
    return sum(check.points for check in checks_of(exercise).values())


def prose_of(file: str) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", text_of(file))


def headings_of(file: str) -> list[str]:
    """Return the headings of a page."""
    return HEADING.findall(prose_of(file))


def sections_of(file: str) -> set[str]:
    """Return the names by which one may cite a page's sections.

    A step's heading may end with the checks that it passes: they need not be cited.
    """
    headings = headings_of(file)
    return {*headings, *(heading.partition(" (→")[0] for heading in headings)}


def ids_in(text: str, pattern: re.Pattern[str]) -> set[str]:
    """Return all ids that a pattern finds; each match is a list of them."""
    found = pattern.findall(text.replace("**", ""))
    return {id for ids in found for id in re.split(r",\s+", ids)}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_check_has_a_step(exercise: str) -> None:
    """A step says which checks it passes: "→ 4.5"."""
    steps = ids_in(text_of(f"{exercise}/README.md"), STEP)
    assert steps == set(checks_of(exercise))


@pytest.mark.parametrize("file", MARKDOWN)
def test_every_check_that_is_named_exists(file: str) -> None:
    declared = {id for exercise in EXERCISES for id in checks_of(exercise)}
    assert ids_in(text_of(file), NAMED_CHECK) <= declared


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_section_that_a_check_cites_exists(exercise: str) -> None:
    assert checks_of(exercise), "there is no suite"
    cited = {check.read for check in checks_of(exercise).values()}
    assert cited <= sections_of(f"{exercise}/README.md")


@pytest.mark.parametrize("file", MARKDOWN)
def test_every_section_that_a_page_cites_exists(file: str) -> None:
    cited = {" ".join(section.split()) for section in CITED.findall(prose_of(file))}
    assert cited <= sections_of(file)


@pytest.mark.parametrize("file", MARKDOWN)
def test_links_lead_somewhere(file: str) -> None:
    for link in LINK.findall(INLINE_CODE.sub("", prose_of(file))):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        page = (ROOT / file).parent / path if path else ROOT / file
        assert page.exists(), link
        if anchor:
            headings = headings_of(page.resolve().relative_to(ROOT).as_posix())
            assert anchor in map(anchor_of, headings), link


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("file", MARKDOWN)
def test_every_program_that_is_named_exists(file: str) -> None:
    """As a module, ``exercise4_multiclient.server``, or as a file with its folder."""
    for folder, module, name in NAMED_FILE.findall(text_of(file)):
        if module:
            name = module.replace(".", "/") + ".py"
            is_package = (ROOT / folder / name[:-3] / "__main__.py").exists()
            name = name[:-3] if is_package else name
        assert (ROOT / folder / name).exists(), f"{folder}/{name}"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_handout_says_how_many_points(exercise: str) -> None:
    text = text_of(f"{exercise}/README.md")
    said = POINTS.search(text)
    assert said
    assert int(said[1] or said[2]) == points_of(exercise)
    ids = list(checks_of(exercise))
    for points, first, last in POINTS_OF_A_PART.findall(text):
        part = ids[ids.index(first) : ids.index(last) + 1]
        assert int(points) == sum(checks_of(exercise)[id].points for id in part)


def test_first_page_says_how_many_points() -> None:
    rows = ROW.findall(prose_of("README.md"))
    assert rows == [(exercise, str(points_of(exercise))) for exercise in EXERCISES]
    assert sum(map(points_of, EXERCISES)) == 100
