"""Exercise 1 with socketserver: the library accepts, and closes without a reset."""

import argparse
import contextlib
import os
import signal
import socketserver
import sys
import threading
from typing import Any

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from socketserver ✓</h1>\n"


class Visit(socketserver.StreamRequestHandler):
    """The one client: two files, one to read from and one to write to."""

    def handle(self) -> None:
        """Answer, unless the client leaves before its empty line."""
        for line in self.rfile:
            if line == b"\r\n":
                self.wfile.write(build_response())
                break


def build_response() -> bytes:
    """Return the status line, the headers, the empty line and the page."""
    body = PAGE.encode()
    lines = [
        "HTTP/1.1 200 OK",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


class Server(socketserver.TCPServer):
    """Serves one client, when handle_request() is called."""

    allow_reuse_address = os.name == "posix"  # on Windows it would share the port

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line that the client could not be served."""
        print(f"{client_address} is gone: {sys.exc_info()[1]}", file=sys.stderr)


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def listen(host: str, port: int) -> Server:
    """Return a server that listens, or end with status 1."""
    try:
        server = Server((host, port), Visit)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    print("Listening on {}:{}".format(*server.socket.getsockname()), flush=True)
    return server


def main() -> None:
    """Serve one client, or nobody if Ctrl+C comes first."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        with listen(arguments.host, arguments.port) as server:
            visit = threading.Thread(target=server.handle_request, daemon=True)
            visit.start()
            while visit.is_alive():  # Windows lets Ctrl+C through only between waits
                visit.join(0.5)


if __name__ == "__main__":
    main()
