"""Exercise 1 with http.server: the library reads the request and writes the headers."""

import argparse
import os
import signal
import socketserver
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from http.server ✓</h1>\n"


class Visit(BaseHTTPRequestHandler):
    """The one client."""

    protocol_version = "HTTP/1.1"  # of the answer

    def do_GET(self) -> None:  # noqa: N802
        """Send the page, and no second one on this connection."""
        body = PAGE.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


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
    with suppress(KeyboardInterrupt):
        with listen(arguments.host, arguments.port) as server:
            visit = threading.Thread(target=server.handle_request, daemon=True)
            visit.start()
            while visit.is_alive():  # Windows lets Ctrl+C through only between waits
                visit.join(0.5)


if __name__ == "__main__":
    main()
