"""A chat server whose threads combine: one does what many clients have said.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``. The lines of all threads
go onto one pile. One thread holds the lock and handles the pile, one waits for its turn
to do the same, and the others go on receiving. So many lines cost one transaction, and
one send for each member: where all talk at the same time, this is faster than the
solution, in which each thread handles its own lines.

It was the solution once, and is what the benchmark compares the solution with. Its
price is known, and stays: nothing bounds the memory of one turn. If 300 readers send 15
lines of 1 kB each at the same time, all 4500 lines wait in 300 outboxes: 1.4 GB.
"""

import contextlib
import re
import selectors
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator

from exercise5_chat_channels.history import History, HistoryError, Message
from exercise5_chat_channels.names import is_name, name_key
from exercise5_chat_channels.startup import (
    MAX_CHANNELS,
    Selector,
    StopFlag,
    catch_signals,
    open_listening_socket,
    parse_arguments,
)

MAX_LINE = 1024  # bytes, with the newline
MAX_OUTBOX = 1024 * 1024  # bytes that may wait in the server for one slow client
PATIENCE = 1.0  # seconds that a flood waits for a reader that has stopped
RECEIVE = 16384  # bytes; a client that fills this sends faster than we relay
FLOOD = 8192  # bytes: anyone who says more than this in a second may have to wait
PREFIX = 64  # bytes by which a line grows: time, channel and nick
MAX_PENDING = 10_000  # lines that wait to be handled; with more, all flood
# Unicode's categories Cc, Zl and Zp: they could forge a line, or drive a terminal.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
HELP = (
    "* /nick NAME · /who · /channels · /join NAME · /create NAME · /quit · "
    "//text says /text · anything else is said in your channel"
)


class RefusedError(Exception):
    """A client's line is refused; the text says why."""


def decode_line(line: bytes) -> str:
    """Return a client's line as text; raise RefusedError where PROTOCOL.md says so."""
    if len(line) >= MAX_LINE:
        raise RefusedError(f"a line has at most {MAX_LINE} bytes")
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise RefusedError(f"this is not UTF-8: {error.reason}") from None
    if CONTROL.search(text):
        raise RefusedError("a text has no control characters and no line separators")
    return text


def format_message(message: Message) -> str:
    """Return the line that shows a message, now and in the history."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


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
        connection.setblocking(False)
        self.socket = connection
        self.nick = nick
        self.channel = channel
        self.outbox = bytearray()
        self.last_sent = 0.0  # on the clock of time.monotonic()
        self.second, self.said = 0, 0  # and how many bytes it has said in that second
        self.filled = False  # the last recv() brought all that it could
        self.gone = False

    def split_lines(self) -> Iterator[list[bytes]]:
        """Yield the lines that each piece completes, without newlines, until the end.

        Of a line that is too long no more is kept than shows that it is.
        """
        rest = b""
        with Selector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            while self.waits(selector) and (received := self.receive()):
                *lines, rest = (rest + received).split(b"\n")
                yield lines
                rest = rest[:MAX_LINE]
        if rest:  # a last line without its newline
            yield [rest]

    def waits(self, selector: selectors.BaseSelector) -> bool:
        """Wait until something comes; False if the connection is over instead."""
        while not selector.select(timeout=0.5):
            if self.gone:  # on Windows, shutdown() does not end the wait
                return False
        return True

    def receive(self) -> bytes:
        """Return what has come, or b"" when the connection has ended."""
        try:
            received = self.socket.recv(RECEIVE)
        except OSError:
            return b""
        self.filled = len(received) == RECEIVE
        return received

    def send(self, *lines: str) -> None:
        """Put lines into the outbox: they are sent when the turn ends."""
        self.outbox += encode_lines(lines)

    def flush(self) -> None:
        """Send what waits, but never wait; give up on a client that lets it pile up."""
        try:
            del self.outbox[: self.socket.send(self.outbox)]
            self.last_sent = time.monotonic()
        except BlockingIOError:
            if len(self.outbox) > MAX_OUTBOX:
                self.disconnect()
        except OSError:
            self.disconnect()

    def has_output(self) -> bool:
        """Tell whether something still waits to be sent."""
        return bool(self.outbox)

    def floods(self, lines: list[bytes]) -> bool:
        """Tell whether it sends too fast, or says more in a second than some can read.

        The others are looked at without the lock: what is missed now is seen next time.
        """
        if self.second != int(time.monotonic()):
            self.second, self.said = int(time.monotonic()), 0
        self.said += sum(len(line) + PREFIX for line in lines)
        says_much = self.said > FLOOD
        return self.filled or says_much and any(map(Client.lags, self.channel.members))

    def lags(self) -> bool:
        """Tell whether much waits for this client although it still reads."""
        still_reads = time.monotonic() < self.last_sent + PATIENCE
        return still_reads and len(self.outbox) > MAX_OUTBOX // 4

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
        """Send what still waits, if the client takes it soon, and close the socket."""
        with contextlib.suppress(OSError):
            self.socket.settimeout(PATIENCE)
            self.socket.sendall(self.outbox)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.recv(MAX_OUTBOX)  # unread input would make the end a reset
        self.socket.close()


class ChatServer:
    """What the clients' threads share, and the lock that they share it by.

    Whoever holds the lock waits for nobody: no client's slowness can stop the others.
    And because it is held from the history to the last member, all see one order.
    """

    def __init__(self, history: History, channels: list[str], max_clients: int) -> None:
        """Open the given channels, and those of earlier runs."""
        self.history = history
        for name in channels:
            history.add_channel(name)  # which keeps the name that it had first
        names = history.channels()
        self.channels = {name_key(name): Channel(name) for name in names}
        self.lobby = self.channels[name_key(channels[0])]
        self.max_clients = max_clients
        self.clients: dict[str, Client] = {}  # by the key of the nick
        self.guests = 0
        self.pending: deque[tuple[Client, bytes]] = deque()  # lines to handle
        self.said: list[tuple[Client, str]] = []  # messages, not yet kept and shown
        self.next_turn = threading.Lock()  # held by the thread that waits for the lock
        self.lock = threading.Condition()

    def run(self, listening: socket.socket, stopping: StopFlag) -> None:
        """Accept clients, and send the slow what waits for them, until ``stopping``."""
        listening.setblocking(False)
        while not stopping.is_set():
            with Selector() as selector:
                selector.register(listening, selectors.EVENT_READ)
                with self.lock:
                    for slow in filter(Client.has_output, self.clients.values()):
                        selector.register(slow.socket, selectors.EVENT_WRITE)
                ready = selector.select(timeout=0.1)
            if listening in [key.fileobj for key, _ in ready]:
                self.accept_client(listening)
            with self.turn():
                self.lock.notify_all()  # throttle() looks again

    def accept_client(self, listening: socket.socket) -> None:
        """Give a new client a nick and a thread, or tell it that the server is full."""
        try:
            connection, _ = listening.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            # We collect what goes together: the kernel need not wait for more, tcp(7).
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:  # no descriptor is left, or the client is gone
            print(f"Cannot accept: {error}", file=sys.stderr)
            time.sleep(0.1)
            return
        with self.lock, contextlib.suppress(RuntimeError):  # no thread is left: full
            client = Client(connection, self.free_nick(), self.lobby)
            if len(self.clients) < self.max_clients:
                threading.Thread(target=self.serve_client, args=[client]).start()
                self.clients[client.nick] = client
                return
        client.hang_up("! server full")
        client.close()

    def free_nick(self) -> str:
        """Return the next guestN that nobody has."""
        while True:
            self.guests += 1
            if f"guest{self.guests}" not in self.clients:
                return f"guest{self.guests}"

    def serve_client(self, client: Client) -> None:
        """Do what one client says until it leaves: the work of one thread."""
        try:
            self.hand_in(client, [f"/join {self.lobby.name}".encode()])
            for lines in client.split_lines():
                if client.floods(lines) or len(self.pending) > MAX_PENDING:
                    self.throttle(client, lines)
                else:
                    self.hand_in(client, lines)
        finally:
            with self.turn():
                self.handle_pending()  # the client's last words may be there
                client.gone = True
                del self.clients[name_key(client.nick)]
                self.leave(client)
            client.close()

    def throttle(self, client: Client, lines: list[bytes]) -> None:
        """Let a flood wait until those who still read have caught up.

        It is handled before the lock is free: else fifty floods could all find that
        nobody is behind, and then come all at once.
        """
        with self.turn():
            while any(map(Client.lags, client.channel.members)):
                self.lock.wait()  # without the lock, until run() notifies
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
            if not client.gone:
                self.handle(client, line)
                if len(client.outbox) > MAX_OUTBOX:  # a short line, a long answer
                    client.flush()
        self.deliver()

    def handle(self, client: Client, line: bytes) -> None:
        """Do what one line asks for, or answer why not."""
        try:
            text = decode_line(line)
            if text.startswith("/") and not text.startswith("//"):
                word, _, argument = text.partition(" ")
                if word not in COMMANDS:
                    raise RefusedError(f"there is no command {word}, see /help")
                self.deliver()  # what was said before
                COMMANDS[word](self, client, argument.strip())
            elif text:
                self.said.append((client, text.removeprefix("/")))
        except (RefusedError, HistoryError) as reason:
            self.deliver()
            client.send(f"! {reason}")
            if client not in client.channel.members:  # not even in the first one
                client.hang_up("* bye")
        except Exception:  # a mistake in this program
            traceback.print_exc()
            client.hang_up("! something went wrong in the server")

    def deliver(self) -> None:
        """Keep what was said, then show it: what anybody has seen is in the history."""
        said, self.said = self.said, []
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        messages = [Message(when, c.channel.name, c.nick, text) for c, text in said]
        try:
            self.history.add(*messages)
        except HistoryError as reason:
            for client, _ in said:
                client.send(f"! {reason}")
            return
        shown: dict[Channel, list[str]] = {}
        for (client, _), message in zip(said, messages, strict=True):
            shown.setdefault(client.channel, []).append(format_message(message))
        for channel, lines in shown.items():
            channel.broadcast(*lines)

    def change_nick(self, client: Client, name: str) -> None:
        """Do /nick NAME."""
        if not is_name(name):
            raise RefusedError("a nick has 1 to 20 letters, digits, - or _")
        if self.clients.get(name_key(name), client) is not client:
            raise RefusedError(f"somebody has the nick {name}")
        old, client.nick = client.nick, name
        del self.clients[name_key(old)]
        self.clients[name_key(name)] = client
        self.greet(client)
        client.channel.broadcast(f"* {old} is now {name}", exclude=client)

    def create(self, client: Client, name: str) -> None:
        """Do /create NAME."""
        name = name.removeprefix("#")
        if not is_name(name):
            raise RefusedError("a channel's name has 1 to 20 letters, digits, - or _")
        if name_key(name) in self.channels:
            raise RefusedError(f"#{name} is there already, see /join")
        if len(self.channels) >= MAX_CHANNELS:
            raise RefusedError(f"there are {MAX_CHANNELS} channels, no more are made")
        self.history.add_channel(name)
        self.channels[name_key(name)] = Channel(name)
        self.join(client, name)

    def join(self, client: Client, name: str) -> None:
        """Do /join NAME."""
        channel = self.channels.get(name_key(name.removeprefix("#")))
        if channel is None:
            raise RefusedError(f"there is no channel {name!r}, see /channels")
        past = self.history.last(channel.name)  # may fail, and then nothing changes
        self.leave(client)
        client.send(*map(format_message, past))
        client.channel = channel
        channel.members.append(client)
        self.greet(client)
        joined = f"* {client.nick} joined #{channel.name}"
        client.channel.broadcast(joined, exclude=client)

    def leave(self, client: Client) -> None:
        """Take a client out of its channel, if it is in one."""
        if client in client.channel.members:
            client.channel.members.remove(client)
            client.channel.broadcast(f"* {client.nick} left #{client.channel.name}")

    def greet(self, client: Client) -> None:
        """Tell a client who and where it is."""
        client.send(f"* you are {client.nick} in #{client.channel.name}")

    def list_channels(self, client: Client, _: str) -> None:
        """Do /channels."""
        names = [f"#{channel.name}" for channel in self.channels.values()]
        client.send(f"* channels: {' '.join(names)}")

    def list_people(self, client: Client, _: str) -> None:
        """Do /who."""
        nicks = sorted(member.nick for member in client.channel.members)
        client.send(f"* people in #{client.channel.name}: {' '.join(nicks)}")

    def help(self, client: Client, _: str) -> None:
        """Do /help."""
        client.send(HELP)

    def quit(self, client: Client, _: str) -> None:
        """Do /quit or /quitter."""
        client.hang_up("* bye")

    def close(self) -> None:
        """Say goodbye, disconnect everybody, and wait until all threads are done."""
        with self.lock:
            for client in self.clients.values():
                client.hang_up("* server closing")
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
    stopping = catch_signals()
    arguments = parse_arguments()
    try:
        with History(arguments.history) as history:
            server = ChatServer(history, arguments.channels, arguments.max_clients)
            with open_listening_socket(arguments.host, arguments.port) as listening:
                server.run(listening, stopping)
            server.close()
    except HistoryError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
