"""How fast exercise 5's server is, beside other chat servers, on this machine now.

Two other designs of the same server take part: one whose threads combine, and one loop
over ``selectors``, from ``tests/answers/right``.

``python -m tests.benchmarks.chat`` takes about five minutes. Figures of two machines,
or of two days, cannot be compared; the ratios of one run can. It needs Linux, and a C
compiler for the load generator. IRC servers take part where they are installed.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.answers.grading import RIGHT, SOLUTIONS
from tests.harness import system
from tests.harness.patience import START, slices, wait_until
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.steps import History
from tests.harness.submission import Submission

HERE = Path(__file__).parent / "chat_peers"
CHANNELS = [f"room{number}" for number in range(50)]
LINE = ["-a", " in #room"]  # the words that say that a client has joined
IRC = ["-D", "irc"]
RATIO_TO = "tutorial"
DESIGNS = ("combining", "selectors")  # of right answers
Result = dict[str, Any]  # what the load generator prints
LEGEND = """Each line holds:
lines delivered per second, ratio to the tutorial's; half, and 99 of 100, took at most;
processors that the server took, and the load generator; memory for each client.
Where p99 is 43 ms a server waits for acknowledgements (Nagle's algorithm, tcp(7))."""
WRONG = ["missing", "out_of_order", "dup", "deaths", "conn_err", "unseen"]
SCENARIOS = {
    "1 says, 10 hear": "-s fanout -n 10 -w 1",
    "1 says, 10 hear, 32 in flight": "-s fanout -n 10 -w 32",
    "1 says, 100 hear": "-s fanout -n 100 -w 1",
    "1 says, 100 hear, 32 in flight": "-s fanout -n 100 -w 32",
    "1 says, 500 hear": "-s fanout -n 500 -w 1",
    "1 says, 500 hear, 32 in flight": "-s fanout -n 500 -w 32",
    "20 all talk, 32 in flight": "-s m2m -n 20 -w 32",
    "50 channels of 4, 32 in flight": "-s m2m -n 200 -C 50 -w 32",
    "ping-pong of 2": "-s pingpong",
    "100 hear, 1 more does not read": "-s slow -n 100 -w 32",
    "1000 come": "-s storm -n 1000 -C 50",
}
NGIRCD = """[Global]
Name = irc.example.net
Info = benchmark
Listen = 127.0.0.1
Ports = {port}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 1200
[Options]
DNS = no
Ident = no
PAM = no
"""
INSPIRCD = """
<server name="irc.example.net" description="benchmark" network="Benchmark">
<admin name="nobody" nick="nobody" email="nobody@example.net">
<bind address="127.0.0.1" port="{port}" type="clients">
<pid file="{folder}/inspircd.pid">
<cidr ipv4clone="32" ipv6clone="128">
<performance softlimit="10000" somaxconn="128" clonesonconnect="no">
<connect allow="*" timeout="60" pingfreq="1200" localmax="10000" globalmax="10000"
  limit="10000" maxchans="100" hardsendq="100M" softsendq="100M" recvq="1M"
  threshold="1000000" commandrate="1000000" fakelag="no" resolvehostnames="no">
"""


@dataclass
class Server:
    """A server to be measured: how it is started, and how clients talk to it."""

    command: list[str]
    dialect: list[str]
    folder: Path
    port: int = 0  # 0: the server says which one it has


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submission", type=Path, default=SOLUTIONS)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run (2)")
    parser.add_argument("--scenario", help="a part of a scenario's name (all)")
    return parser.parse_args()


def build(source: str, folder: Path) -> Path:
    """Compile one of the C programs."""
    compiler = shutil.which("cc")
    if not (system.LINUX and compiler):
        sys.exit("error: this benchmark needs Linux and a C compiler (cc)")
    program = folder / Path(source).stem
    command = [compiler, "-O2", "-o", str(program), str(HERE / source)]
    subprocess.run(command, check=True)
    return program


def servers(
    submissions: dict[str, Submission], folder: Path
) -> dict[str, Callable[[], Server]]:
    """Return for each server that is here how to prepare it."""

    def python(file: str) -> Server:
        return Server([sys.executable, str(HERE / file)], LINE, folder)

    def ours(submission: Submission) -> Server:
        chat = "exercise5_chat_channels"
        command = submission.command(chat, "server", "127.0.0.1", 0)
        history = tempfile.mkdtemp(dir=folder) + "/chat.db"
        options = "--history", history, "--channels", *CHANNELS
        return Server([*command.words, *options], LINE, submission.folder)

    def irc(name: str, settings: str, *options: str) -> Server:
        port = system.free_port("127.0.0.1")
        file = folder / f"{name}.conf"
        file.write_text(settings.format(port=port, folder=folder))
        command = [name, *(option.format(file=file) for option in options)]
        return Server(command, IRC, folder, port)

    relay = [str(build("relay.c", folder))]
    as_root = ["--runasroot"] if os.geteuid() == 0 else []
    peers: dict[str, Callable[[], Server]] = {
        **{n: partial(ours, submission) for n, submission in submissions.items()},
        RATIO_TO: lambda: python("tutorial.py"),
        "asyncio": lambda: python("asyncio_streams.py"),
        "C relay": lambda: Server(relay, LINE, folder),
        "ngircd": lambda: irc("ngircd", NGIRCD, "-n", "-f", "{file}"),
        "inspircd": lambda: irc(
            "inspircd", INSPIRCD, "--nofork", "--config={file}", *as_root
        ),
    }
    return {n: p for n, p in peers.items() if "irc" not in n or shutil.which(n)}


@contextlib.contextmanager
def running(server: Server) -> Iterator[tuple[int, int]]:
    """Run a server, and give its process id and its port."""
    program = Program("server", Command(server.command), server.folder, History())
    try:
        if server.port:
            wait_until(lambda: accepts(server.port), slices(START))
        else:
            program.expect_printed("Listening on", START)
        yield program.pid, server.port or int(program.stdout.data.split(b":")[-1])
    finally:
        program.stop()
        program.exited.wait(START)


def accepts(port: int) -> bool:
    """Tell whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def measure(server: Server, load: Path, scenario: list[str], seconds: float) -> Result:
    """Put load on a server, and return what the load generator says."""
    with running(server) as (pid, port):
        command = [str(load), "-P", str(port), "-p", str(pid), "-t", str(seconds)]
        run = subprocess.run(
            [*command, *server.dialect, *scenario], capture_output=True, timeout=200
        )
    result: Result = json.loads(run.stdout)
    return result


def speed(result: Result) -> float:
    """Return lines delivered per second, or clients that came in."""
    return float(result.get("rate") or result["ready"] / result["login_s"])


def describe(result: Result, first: Result) -> str:
    """Return a server's line of the table; ratios are to ``first``."""
    cost = (result["rss_login_kb"] - result["rss0_kb"]) / result["clients"]
    line = f"{speed(result):>11,.0f} /s  x{speed(result) / speed(first):<6.2f}"
    if "rate" in result:
        line += f"{result['p50_us'] / 1000:8.2f} {result['p99_us'] / 1000:8.2f} ms"
        line += f"{result['srv_cpu']:8.2f} {result['gen_cpu']:6.2f}"
    else:
        line += f"{result['login_p50_us'] / 1000:8.2f} "
        line += f"{result['login_p99_us'] / 1000:8.2f} ms{'':15}"
    wrong = [key for key in WRONG if result.get(key)]
    return f"{line}{cost:6.0f} KiB  {', '.join(wrong)}".rstrip()


def print_scenario(name: str, results: dict[str, Result]) -> None:
    """Print one scenario: a line for each server."""
    print(f"\n{name}")
    for server, result in results.items():
        print(f"  {server:<12} {describe(result, results[RATIO_TO])}")
    sys.stdout.flush()


def main() -> None:
    """Measure all servers in all scenarios, and print a table."""
    arguments = parse_arguments()
    folders = {"exercise 5": arguments.submission.resolve()}
    folders |= {design: RIGHT / design for design in DESIGNS}
    submissions = {name: Submission(path) for name, path in folders.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = build("loadgen.c", folder)
        here = servers(submissions, folder)
        print(f"{platform.python_version()}, {os.cpu_count()} processors. {LEGEND}")
        for scenario, options in SCENARIOS.items():
            if (arguments.scenario or "") in scenario:
                results = {
                    name: measure(prepare(), load, options.split(), arguments.seconds)
                    for name, prepare in here.items()
                }
                print_scenario(scenario, results)
    for submission in submissions.values():
        submission.remove_folder()


if __name__ == "__main__":
    main()
