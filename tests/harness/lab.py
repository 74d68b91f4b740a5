"""The words that suites are written in: the ``lab`` that every check is handed."""

import fnmatch
import os
import random
import socket
import string
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tests.harness import system
from tests.harness.connecting import HAS_ENDED, Listener, connect
from tests.harness.failure import CheckFailedError
from tests.harness.patience import ANSWER, START, slices, wait_until
from tests.harness.peer import Peer
from tests.harness.process import Command, Process, mark_of_thread
from tests.harness.program import Program
from tests.harness.steps import History, Kind
from tests.harness.submission import Submission
from tests.harness.symptoms import explain
from tests.harness.words import _

USUAL_PORT = 8080  # of a program that is given none
LIMIT = 180.0  # seconds of a check; a right answer needs 20, on a busy machine 100


class Server(Program):
    """A student's server, and the address that it was given."""

    host: str
    port: int
    peers: list[Peer]

    def connect(self, name: str, receive_buffer: int = 0) -> Peer:
        """Connect a client; while the server is starting, try again.

        A small ``receive_buffer`` (bytes) makes a client that is easily too slow.
        """
        host, port, history = self.host, self.port, self.history
        peer = connect(name, host, port, self, history, receive_buffer)
        self.peers.append(peer)
        return peer


class Lab:
    """One check's laboratory: it starts programs and peers, and cleans up."""

    def __init__(
        self, submission: Submission, exercise: str, folder: Path, seed: int | str
    ) -> None:
        """Prepare a check of ``exercise``; ``folder`` is empty, for its files.

        It is the suite's own: in a sandbox, programs see ``shared`` alone.
        """
        self.submission = submission
        self.exercise = exercise
        self.folder = folder
        self.shared = folder / "shared"  # where programs write, and the suite never
        self.shared.mkdir(exist_ok=True)
        self.numbers = random.Random(seed)  # so that a failed run can be repeated
        self._numbers_at_first = self.numbers.getstate()
        self.history = History()
        self.host = system.loopback_address(random.Random())
        self._mark = mark_of_thread()
        self.programs: list[Program] = []
        self._helpers: dict[tuple[str, ...], Process] = {}
        self._started: Counter[str] = Counter()
        self._ports: set[int] = set()
        self._usual_port: socket.socket | None = None
        self.peers: list[Peer] = []
        self.listeners: list[Listener] = []
        # Where there is no SIGALRM, as on Windows, pytest-timeout would end pytest.
        self.is_over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """Stop the programs of a check that takes too long: so every wait ends."""
        if self.is_over.wait(LIMIT):
            return
        what = _("takes more than {seconds} s: its programs are stopped")
        self.history.event(_("the check"), what.format(seconds=f"{LIMIT:g}"))
        self.end_programs()
        while not self.is_over.wait(1):
            self.end_programs()

    def end_programs(self) -> None:
        """End what runs now: then no wait of the check lasts. Any thread may do so."""
        for program in list(self.programs):
            if not program.exited.is_set():
                program.end_all()

    def start_server(
        self,
        *options: str,
        port: int | None = None,
        open_files: int | None = None,
        exercise: str = "",
        environment: dict[str, str] | None = None,
    ) -> Server:
        """Start the exercise's server on an address that nobody else uses."""
        port = self._fresh_port() if port is None else port
        exercise = exercise or self.exercise
        command = self._command(exercise, "server", self.host, port)
        command = command.with_arguments(*options)
        if open_files:
            command = command.with_open_files(open_files)
        name = self._name(_("server"), self.host, port)
        folder, history = self.submission.folder, self.history
        server = Server(name, command, folder, history, environment)
        server.host, server.port, server.peers = self.host, port, self.peers
        self.programs.append(server)
        return server

    def _fresh_port(self) -> int:
        """Return a port that is free, and not of a server that is about to listen."""
        port = system.free_port(self.host)
        while port in self._ports:
            port = system.free_port(self.host)
        self._ports.add(port)
        return port

    def keep_usual_port(self) -> None:
        """Wait until no other suite uses the usual port, and keep it until the end.

        A socket bound to that number for UDP is the lock: the system opens it for a
        suite that was killed. If a stranger has it and stays, go on without.
        """
        self._usual_port = turn = socket.socket(type=socket.SOCK_DGRAM)
        wait_until(
            lambda: system.can_bind(turn, system.SHARED, USUAL_PORT), slices(2 * START)
        )

    def start_with_port(self, port: int | str, host: str = "") -> Program:
        """Start the exercise's server with a port or a host that cannot be right."""
        host = host or self.host
        command = self._command(self.exercise, "server", host, port)
        name = self._name(_("server"), host, port)
        server = Program(name, command, self.submission.folder, self.history)
        self.programs.append(server)
        return server

    def start_client(
        self,
        host: str,
        port: int | str,
        *options: str,
        environment: dict[str, str] | None = None,
        in_terminal: bool = False,
    ) -> Program:
        """Start the exercise's client."""
        command = self._command(self.exercise, "client", host, port)
        command = command.with_arguments(*options)
        name, folder = self._name(_("client"), host, port), self.submission.folder
        client = Program(
            name, command, folder, self.history, environment, in_terminal=in_terminal
        )
        self.programs.append(client)
        return client

    def _command(
        self, exercise: str, program: str, host: str, port: int | str
    ) -> Command:
        return self.submission.command(exercise, program, host, port, self.shared)

    def helper(self, code: str, *arguments: str) -> Process:
        """Return a program of the suite's own, to work on what a student's has written.

        It is started when it is first asked for.
        """
        words = ("-S", "-c", code, *arguments)
        if words not in self._helpers:
            command = self.submission.helper(*words, folder=self.shared)
            self._helpers[words] = Process(command, self.folder)
        return self._helpers[words]

    def lay_out(self, name: str, text: str) -> None:
        """Write a file for programs to find, before the first of them starts."""
        assert not self.programs, "a program may have put a link in its place"
        file = self.shared / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")

    def files(self, pattern: str) -> list[str]:
        """Return the names in ``shared`` that fit; none of these files is opened."""
        return sorted(fnmatch.filter(os.listdir(self.shared), pattern))

    def _name(self, kind: str, host: str, port: int | str) -> str:
        """Announce a start; the second server of a check is called "server 2"."""
        self._started[kind] += 1
        number = self._started[kind]
        name = f"{kind} {number}" if number > 1 else kind
        what = _("starts with {host} {port}").format(host=host, port=port)
        self.history.arrives(Kind.STARTS, name, what)
        return name

    def listen(self, host: str = "", port: int = 0) -> Listener:
        """Open a listening socket for the client under test to connect to."""
        listener = Listener(host or self.host, port)
        self.listeners.append(listener)
        return listener

    def accept(
        self, listener: Listener, program: Program, name: str = _("server")
    ) -> Peer:
        """Take the connection of the client under test."""
        peer = listener.accept(name, program, self.history)
        self.peers.append(peer)
        return peer

    def random_word(self) -> str:
        """Return a word that the seed decides: a recorded answer fits no other run."""
        return "".join(self.numbers.choices(string.ascii_lowercase, k=6))

    def run(self, check: Callable[..., None]) -> None:
        """Run a check; afterwards, no server may have failed unseen."""
        check(lab=self)
        for program in self.programs:
            ended = program.exited.is_set() and not program.may_end
            if ended and isinstance(program, Server) and program.process.returncode:
                text = _("{name} has ended by itself.").format(name=program.name)
                program.fail(text, hint="" if program.traceback() else HAS_ENDED)

    def fail(self, message: str = "", **parts: object) -> NoReturn:
        """Fail the check, with what the last program's state adds."""
        error, program = CheckFailedError(message, **parts), self.programs[-1]
        raise explain(error, program, hangs=False)

    def made_choices(self) -> bool:
        """Return whether the check drew random numbers: only then the seed matters."""
        return self.numbers.getstate() != self._numbers_at_first

    def errors(self) -> str:
        """Return what the programs said on stderr; of several, each with its name."""
        texts = {program.name: program.errors() for program in self.programs}
        if len(texts) < 2:
            return "".join(texts.values())
        return "".join(f"[{name}]\n{text}\n" for name, text in texts.items() if text)

    def traceback(self) -> str:
        """Return the last traceback that any of the programs has printed, or ''."""
        found = [program.traceback() for program in self.programs]
        return next((symptom.text for symptom in reversed(found) if symptom), "")

    def expect_no_traceback(self) -> None:
        """Fail if any program of this check has printed a traceback so far."""
        for program in self.programs:
            if program.traceback():
                raise explain(CheckFailedError(), program, hangs=False)

    def clean_up(self) -> None:
        """Stop and close everything that the check started."""
        self.is_over.set()
        for program in (*self.programs, *self._helpers.values()):
            program.stop()
        system.kill_marked(f"LAB_RUN={self._mark}")
        for peer in self.peers:
            peer.socket.close()
        for listener in self.listeners:
            listener.close()
        if self._usual_port:  # for the next suite, once it is free
            wait_until(self._all_have_ended, slices(ANSWER))
            self._usual_port.close()

    def _all_have_ended(self) -> bool:
        return all(program.exited.is_set() for program in self.programs)
