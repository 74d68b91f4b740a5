"""Exercise 5: a chat server with channels, a history, and no patience with the slow.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``. PROTOCOL.md says what it
understands and what it promises.
"""

import argparse
import contextlib
import os
import re
import selectors
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator

from exercise5_chat_channels.history import History, HistoryError, Message

MAX_LINE = 1024  # bytes, with the newline
MAX_OUTBOX = 1024 * 1024  # bytes that may wait in the server for one slow client
MAX_CHANNELS = 100
PATIENCE = 1.0  # seconds that a flood waits for a reader that has stopped
RECEIVE = 16384  # bytes; who fills this at once sends faster than we relay
MAX_PENDING = 10_000  # lines that wait to be handled; with more, all flood
# Unicode's categories Cc, Zl and Zp: they could forge a line, or drive a terminal.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
HELP = (
    "* /nick NAME · /who · /channels · /join NAME · /create NAME · /quit · "
    "//text says /text · anything else is said in your channel"
)

# poll(2) needs no descriptor of its own and has no limit of 1024. Windows has select.
Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class RefusedError(Exception):
    """A client's line is refused; the text says why."""


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def channel_name(text: str) -> str:
    """Return ``text`` if it can name a channel, or end with status 1."""
    if is_name(text):
        return text
    sys.exit(f"error: {text!r} is not a channel name: 1 to 20 letters, digits, - or _")


def parse_arguments() -> argparse.Namespace:
    """Read the address and the options from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("--history", metavar="FILE", default="chat.db")
    parser.add_argument("--channels", metavar="NAME", nargs="+", type=channel_name)
    parser.add_argument("--max-clients", metavar="N", type=int, default=1000)
    parser.set_defaults(channels=["general", "sport"])
    return parser.parse_args()


def open_listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens there (listen(2)), or end with status 1."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # After a restart the last connection may still be in TIME_WAIT. Not on Windows:
    # there the option would let a second server take the same port.
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    host, port = listening.getsockname()
    print(f"Listening on {host}:{port}", flush=True)
    return listening


def is_name(text: str) -> bool:
    """Tell whether ``text`` can name a person or a channel."""
    return re.fullmatch(r"[\w-]{1,20}", text) is not None


def decode_line(line: bytes) -> str:
    """Return a client's line as text; raise RefusedError where PROTOCOL.md says so."""
    # TODO 5.15: refuse a line that, with its newline, is over MAX_LINE bytes
    # TODO 5.16: refuse what is not UTF-8, in place of errors="replace"
    # TODO 5.16: drop a \r at the end, and refuse what CONTROL finds
    return line.decode(errors="replace")


def format_message(message: Message) -> str:
    """Return the line that shows a message, now and in the history."""
    # TODO 5.3: show when, where and by whom it was said
    return message.text


def encode_lines(lines: Iterable[str]) -> bytes:
    """Return lines as they are sent."""
    return "".join(f"{line}\n" for line in lines).encode()


class Channel:
    """A channel and the clients in it."""

    def __init__(self, name: str) -> None:
        """Start with nobody in it."""
        self.name = name
        self.members: list[Client] = []

    def broadcast(self, *lines: str, exclude: "Client | None" = None) -> None:
        """Send lines to every member, or to all but one."""
        data = encode_lines(lines)
        for member in self.members:
            if member is not exclude and not member.gone:
                member.outbox += data


class Client:
    """One connection: who speaks there, where, and what waits to be sent."""

    def __init__(self, connection: socket.socket, nick: str, channel: Channel) -> None:
        """Take over a connected socket."""
        # TODO 5.17: make the socket non-blocking: no thread may wait for a client
        connection.setblocking(True)
        self.socket = connection
        self.nick = nick
        self.channel = channel
        self.outbox = bytearray()
        self.last_sent = 0.0  # on the clock of time.monotonic()
        self.floods = False
        self.gone = False

    def split_lines(self) -> Iterator[list[bytes]]:
        """Yield the lines that each piece completes, without newlines, until the end.

        Of a line that is too long no more is kept than shows that it is.
        """
        rest = b""
        with Selector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            while selector.select() and (received := self.receive()):
                *lines, rest = (rest + received).split(b"\n")
                # TODO 5.15: keep the client, and of the rest no more than MAX_LINE
                if any(len(line) > 64 * 1024 for line in [*lines, rest]):
                    self.disconnect()
                yield lines
        if rest:  # a last line without its newline
            yield [rest]

    def receive(self) -> bytes:
        """Return what has come, or b"" when the connection has ended."""
        try:
            received = self.socket.recv(RECEIVE)
        except OSError:
            return b""
        self.floods = len(received) == RECEIVE
        return received

    def send(self, *lines: str) -> None:
        """Put lines into the outbox: they are sent when the turn ends."""
        self.outbox += encode_lines(lines)

    def flush(self) -> None:
        """Send what waits, but never wait; give up on a client that lets it pile up."""
        # TODO 5.17: send from the outbox what the socket takes now, and note the time
        # TODO 5.17: disconnect on an error, and when over MAX_OUTBOX bytes are left
        with contextlib.suppress(OSError):  # its own thread will notice
            self.socket.sendall(self.outbox)
        self.outbox.clear()

    def has_output(self) -> bool:
        """Tell whether something still waits to be sent."""
        return bool(self.outbox)

    def lags(self) -> bool:
        """Tell whether much waits for this client although it still reads."""
        # TODO 5.18: compare last_sent with PATIENCE, and the outbox with MAX_OUTBOX
        return False

    def hang_up(self, line: str) -> None:
        """Send a last line at once, and disconnect."""
        self.send(line)
        self.flush()
        self.disconnect()

    def disconnect(self) -> None:
        """End the connection. The client's thread sees the end, and cleans up."""
        self.gone = True
        self.outbox.clear()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket. Input left unread would make that a reset: discard it."""
        with contextlib.suppress(OSError):
            for _ in range(100):
                if not self.socket.recv(65536):
                    break
        self.socket.close()


class ChatServer:
    """What the clients' threads share, and the lock that they share it by.

    Whoever holds the lock waits for nobody: no client's slowness can stop the others.
    And because it is held from the history to the last member, all see one order.

    The threads combine: one handles what all have received, one waits for its turn to
    do the same, and the others go on receiving. So many lines cost one transaction, and
    one send for each client.
    """

    def __init__(self, history: History, channels: list[str], max_clients: int) -> None:
        """Open the given channels, and those that people made in earlier runs."""
        self.history = history
        self.channels: dict[str, Channel] = {}  # by name without case
        # TODO 5.13: open those of earlier runs, too
        for name in channels:
            self.channels.setdefault(name.casefold(), Channel(name))
        self.lobby = self.channels[channels[0].casefold()]
        self.max_clients = max_clients
        self.clients: dict[str, Client] = {}  # by nick without case
        self.guests = 0
        self.pending: deque[tuple[Client, bytes]] = deque()  # lines to handle
        self.said: list[tuple[Client, str]] = []  # messages, not yet kept and shown
        self.next_turn = threading.Lock()  # held by the thread that waits for the lock
        self.lock = threading.Condition()
        self.stopping = False

    def stop(self, *_: object) -> None:
        """Let run() return: the handler of SIGINT and SIGTERM."""
        self.stopping = True

    def run(self, listening: socket.socket) -> None:
        """Accept clients, and send the slow what waits for them, until stop()."""
        listening.setblocking(False)
        while not self.stopping:
            with Selector() as selector:
                selector.register(listening, selectors.EVENT_READ)
                with self.lock:
                    self.lock.notify_all()  # throttle() looks again
                    for slow in filter(Client.has_output, self.clients.values()):
                        selector.register(slow.socket, selectors.EVENT_WRITE, slow)
                ready = selector.select(timeout=0.1)
            for key, _ in ready:
                if key.fileobj is listening:
                    self.accept_client(listening)
                else:
                    with self.lock:
                        key.data.flush()

    def accept_client(self, listening: socket.socket) -> None:
        """Give a new client a nick and a thread, or tell it that the server is full."""
        try:
            connection, _ = listening.accept()
            # We collect what goes together: the kernel need not wait for more, tcp(7).
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:  # no descriptor is left, or the client is gone
            print(f"Cannot accept: {error}", file=sys.stderr)
            time.sleep(0.1)
            return
        with self.lock:
            client = Client(connection, self.free_nick(), self.lobby)
            # TODO 5.19: if max_clients are here: hang up with ! server full, and close
            threading.Thread(target=self.serve_client, args=[client]).start()
            self.clients[client.nick] = client

    def free_nick(self) -> str:
        """Return the next guestN that nobody has."""
        # TODO 5.2: go on to the next while somebody has taken this one with /nick
        self.guests += 1
        return f"guest{self.guests}"

    def serve_client(self, client: Client) -> None:
        """Do what one client says until it leaves: the work of one thread."""
        with self.turn():
            # TODO 5.11: hand in a /join instead, for now it may be refused
            self.join(client, self.lobby.name)
        for lines in client.split_lines():
            if client.floods or len(self.pending) > MAX_PENDING:
                self.throttle(client, lines)
            else:
                self.hand_in(client, lines)
        with self.turn():
            self.handle_pending()  # the client's last words may be there
            client.gone = True
            del self.clients[client.nick.casefold()]
            self.leave(client)
        client.close()

    def throttle(self, client: Client, lines: list[bytes]) -> None:
        """Let a flood wait until those who still read have caught up.

        It is handled before the lock is free: else fifty floods could all find that
        nobody is behind, and then come all at once.
        """
        with self.turn():
            # TODO 5.18: as long as a member of its channel is behind, wait for run()
            self.pending.extend((client, line) for line in lines)
            self.handle_pending()

    def hand_in(self, client: Client, lines: list[bytes]) -> None:
        """Let lines be handled: by this thread, or by the one that waits already."""
        self.pending.extend((client, line) for line in lines)
        if self.next_turn.acquire(blocking=False):
            with self.turn():
                self.next_turn.release()  # who comes from now on may be too late for us
                self.handle_pending()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock, and at the end send what the turn has brought."""
        with self.lock:
            yield
            for client in filter(Client.has_output, self.clients.values()):
                client.flush()

    def handle_pending(self) -> None:
        """Handle the lines that all threads have handed in."""
        for _ in range(len(self.pending)):
            client, line = self.pending.popleft()
            if not client.gone and not self.stopping:
                self.handle(client, line)
                if len(client.outbox) > MAX_OUTBOX:  # a short line, a long answer
                    client.flush()
        self.deliver()

    def handle(self, client: Client, line: bytes) -> None:
        """Do what one line asks for, or answer why not."""
        try:
            text = decode_line(line)
            # TODO 5.4: if it begins with /: deliver(), then do what COMMANDS says
            # TODO 5.9: refuse an unknown command; mind // and the empty line
            self.said.append((client, text))
        except (RefusedError, HistoryError) as reason:
            self.deliver()
            client.send(f"! {reason}")

    def deliver(self) -> None:
        """Keep what was said, then show it: what anybody has seen is in the history."""
        said, self.said = self.said, []
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        messages = [Message(when, c.channel.name, c.nick, text) for c, text in said]
        # TODO 5.12: keep the messages. If that fails: ! to those who spoke, no more
        for (client, _), message in zip(said, messages, strict=True):
            # TODO 5.3, 5.10: show it to the sender, too: all members see one order
            client.channel.broadcast(format_message(message), exclude=client)

    def change_nick(self, client: Client, name: str) -> None:
        """Do /nick NAME."""
        # TODO 5.2: refuse what is no name, and the nick of another client
        # TODO 5.2: give the client its nick, its new place in clients, and a greeting
        # TODO 5.8: tell the others in its channel

    def create(self, client: Client, name: str) -> None:
        """Do /create NAME."""
        # TODO 5.6: refuse what is no name, and the name of a channel that exists
        # TODO 5.19: refuse the channel after MAX_CHANNELS
        # TODO 5.13: let the history remember the channel
        # TODO 5.6: make the channel, and let the client join it

    def join(self, client: Client, name: str) -> None:
        """Do /join NAME."""
        # TODO 5.5: find the channel by its name, and refuse one that does not exist
        channel = self.lobby
        # TODO 5.11: get its last messages; that may fail, and then nothing changes
        # TODO 5.5, 5.14: leave the present channel
        # TODO 5.11: show the client the last messages
        client.channel = channel
        channel.members.append(client)
        self.greet(client)
        # TODO 5.8: tell the others who has joined

    def leave(self, client: Client) -> None:
        """Take a client out of its channel, if it is in one."""
        if client in client.channel.members:
            client.channel.members.remove(client)
            # TODO 5.8: tell the others who has left

    def greet(self, client: Client) -> None:
        """Tell a client who and where it is."""
        # TODO 5.1: send the line that begins with * you are

    def list_channels(self, client: Client, _: str) -> None:
        """Do /channels."""
        # TODO 5.4: answer with the channels, in the order of their creation

    def list_people(self, client: Client, _: str) -> None:
        """Do /who."""
        # TODO 5.4: answer with the members of the client's channel, sorted

    def help(self, client: Client, _: str) -> None:
        """Do /help."""
        # TODO 5.4: answer with HELP

    def quit(self, client: Client, _: str) -> None:
        """Do /quit or /quitter."""
        # TODO 5.7: hang up with a goodbye

    def close(self) -> None:
        """Say goodbye, disconnect everybody, and wait until all threads are done."""
        with self.lock:
            for client in self.clients.values():
                # TODO 5.20: hang up with * server closing instead
                client.disconnect()
            self.lock.notify_all()
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join()


COMMANDS = {
    "/nick": ChatServer.change_nick,
    "/channels": ChatServer.list_channels,
    "/who": ChatServer.list_people,
    "/help": ChatServer.help,
    "/create": ChatServer.create,
    "/join": ChatServer.join,
    "/quit": ChatServer.quit,
    "/quitter": ChatServer.quit,
}


def main() -> None:
    """Serve until Ctrl+C, then end every connection, thread and file."""
    arguments = parse_arguments()
    try:
        with History(arguments.history) as history:
            server = ChatServer(history, arguments.channels, arguments.max_clients)
            signal.signal(signal.SIGINT, server.stop)
            signal.signal(signal.SIGTERM, server.stop)
            with open_listening_socket(arguments.host, arguments.port) as listening:
                server.run(listening)
            server.close()
    except HistoryError as error:
        sys.exit(f"error: {error}")


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
        finished = "solutions.exercise5_chat_channels.server"
        print("The finished program: python -m", finished, file=sys.stderr)
    main()
