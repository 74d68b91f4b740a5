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
    host, port = listening.getsockname()
    print(f"Listening on {host}:{port}", flush=True)
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
    while received := client.recv(65536):
        client.sendall(received)


def main() -> None:
    """Serve one client after another. Ctrl+C ends the server."""
    arguments = parse_arguments()
    try:
        with open_listening_socket(arguments.host, arguments.port) as listening:
            while True:
                with accept_client(listening) as client:
                    serve_client(client)
    except KeyboardInterrupt:
        print("Stopped", file=sys.stderr)


if __name__ == "__main__":
    main()
