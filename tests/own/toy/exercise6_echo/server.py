"""Exercise 6: an echo of one client's lines.

Run ``python -m exercise6_echo.server [HOST] [PORT]``, then connect with
``nc 127.0.0.1 8080`` and type.
"""

import argparse
import os
import socket
import sys


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def parse_arguments() -> argparse.Namespace:
    """Read HOST and PORT from the command line. Port 0: the system chooses one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    return parser.parse_args()


def open_listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens there, and say so on stdout."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen()
    # TODO 6.1: print Listening on HOST:PORT, with the real port, and flush
    return listening


def accept_client(listening: socket.socket) -> socket.socket:
    """Wait for the next client and return the socket that leads to it."""
    listening.settimeout(0.5)  # Windows lets Ctrl+C through only between two waits
    while True:
        try:
            return listening.accept()[0]
        except TimeoutError:
            continue


def serve_client(client: socket.socket) -> None:
    """Send back what the client sends, until it leaves."""
    # TODO 6.2: receive, and send back what came, until the client leaves


def main() -> None:
    """Serve one client after another. Ctrl+C ends the server."""
    arguments = parse_arguments()
    try:
        with open_listening_socket(arguments.host, arguments.port) as listening:
            while True:
                with accept_client(listening) as client:
                    serve_client(client)
    finally:
        # TODO 6.3: catch KeyboardInterrupt, in place of finally and pass
        pass


if __name__ == "__main__":
    # Says on stderr which step is next. Delete these lines when none is open.
    steps = []
    with open(__file__, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip().startswith("# TODO "):
                check, _, task = line.strip().removeprefix("# TODO ").partition(": ")
                first = check.split(",")[0]
                order = (len(first), first, number)  # 1.8 comes before 1.10
                steps.append((order, f"Next: TODO {check} (line {number}): {task}"))
    if steps:
        print(min(steps)[1], file=sys.stderr)
    if len(steps) > 1:
        print("More steps after this one:", len(steps) - 1, file=sys.stderr)
    if steps and os.path.isdir("solutions"):
        finished = "solutions.exercise6_echo.server"
        print("The finished program: python -m", finished, file=sys.stderr)
    main()
