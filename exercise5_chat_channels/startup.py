"""How the chat server starts: its command line, socket and signals. A given file."""

import argparse
import os
import selectors
import signal
import socket
import sys

from exercise5_chat_channels.names import is_name, name_key

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

MAX_CHANNELS = 100
# poll(2) needs no descriptor of its own and has no limit of 1024. Windows has select.
if sys.platform == "win32":
    Selector = selectors.SelectSelector
else:
    Selector = selectors.PollSelector
OWN_FILES = 24  # descriptors: the history, the listening socket, standard streams


def parse_arguments() -> argparse.Namespace:
    """Return host, port, history, channels and max_clients, or end with an error."""
    parser = argparse.ArgumentParser(description="A chat server with channels.")
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("--history", metavar="FILE", default="chat.db")
    parser.add_argument("--channels", metavar="NAME", nargs="+", type=channel_name)
    parser.add_argument("--max-clients", metavar="N", default=1000, type=client_count)
    parser.set_defaults(channels=["general", "sport"])
    arguments = parser.parse_args()
    if len(set(map(name_key, arguments.channels))) > MAX_CHANNELS:
        sys.exit(f"error: there can be at most {MAX_CHANNELS} channels")
    arguments.max_clients = min(arguments.max_clients, free_descriptors())
    return arguments


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def client_count(text: str) -> int:
    """Return the number of clients that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    sys.exit(f"error: {text!r} is not a number of clients (1 or more)")


def channel_name(text: str) -> str:
    """Return ``text`` if it can name a channel, or end with status 1."""
    if is_name(text):
        return text
    sys.exit(f"error: {text!r} is not a channel name: 1 to 20 letters, digits, - or _")


def free_descriptors() -> int:
    """Return how many clients can be here before descriptors run out: one for each.

    Asks for as many as the system allows us: macOS begins with 256. getrlimit(2)
    """
    if resource is None:
        return sys.maxsize
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 4096) if hard != resource.RLIM_INFINITY else 4096
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, soft - OWN_FILES) if soft != resource.RLIM_INFINITY else sys.maxsize


def open_listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens there (listen(2)), or end with status 1.

    IPv6 addresses have colons. Up to 1024 clients may wait to be accepted.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # socket(), SO_REUSEADDR (but on Windows), bind() and listen() in one
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    host, port = listening.getsockname()[:2]
    print(f"Listening on {host}:{port}", flush=True)
    return listening


class StopFlag:
    """Whether the program should end.

    Signals can interrupt signals, so this has no lock, as a threading.Event has.
    """

    def __init__(self) -> None:
        """Begin as not set."""
        self._is_set = False

    def set(self) -> None:
        """Ask the program to end."""
        self._is_set = True

    def is_set(self) -> bool:
        """Return whether somebody has asked."""
        return self._is_set


def catch_signals() -> StopFlag:
    """Return a flag that Ctrl+C sets, and SIGTERM, and a terminal that is closed.

    Nothing else happens then: no exception interrupts what the program is doing.
    """
    stopping = StopFlag()
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    if os.name == "posix" and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: stopping.set())
    return stopping
