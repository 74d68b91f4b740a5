"""A chat server with one thread and a selector: whoever is ready has its turn.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``. There is no lock, since
nothing happens at the same time. A round serves each client that is ready, with what
one recv() brings; at its end, what the round has put into the outboxes is sent.
"""

import contextlib
import itertools
import re
import selectors
import socket
import sys
import time
from collections.abc import Iterable

from exercise5_chat_channels.history import History, HistoryError, Message
from exercise5_chat_channels.names import is_name, name_key
from exercise5_chat_channels.startup import (
    MAX_CHANNELS,
    StopFlag,
    catch_signals,
    open_listening_socket,
    parse_arguments,
)

MAX_LINE = 1024  # bytes, with the newline
MAX_OUTBOX = 1024 * 1024  # bytes
FULL = 64 * 1024  # bytes: an outbox with more is sent before the round's end
BEHIND = MAX_OUTBOX // 8  # bytes: a client with more waiting makes a flood wait
PATIENCE = 1.0  # seconds for a client that takes nothing
RECEIVE = 4096  # bytes
FLOOD = 8192  # bytes said in a second
PREFIX = 64  # bytes by which a line grows
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class RefusedError(Exception):
    """A line is refused; the text says why."""


class Channel:
    """A channel and the clients in it."""

    def __init__(self, name: str) -> None:
        """Start with nobody in it."""
        self.name = name
        self.members: list[Client] = []


class Client:
    """One connection, what has come of its next line, and what waits to be sent."""

    def __init__(self, connection: socket.socket, nick: str, channel: Channel) -> None:
        """Start with a channel to be in, but not yet as its member."""
        connection.setblocking(False)
        self.socket = connection
        self.nick = nick
        self.channel = channel
        self.inbox = b""
        self.outbox = bytearray()
        self.events = 0  # that the selector waits for
        self.last_sent = 0.0
        self.deadline: float | None = None  # of one that leaves: to take what waits
        self.second, self.said = 0, 0  # and how many bytes it has said in that second

    def receive(self) -> bytes:
        """Return what has come; b"" at the end."""
        try:
            return self.socket.recv(RECEIVE)
        except OSError:
            return b""

    def split(self, received: bytes) -> list[bytes]:
        """Return the lines that are complete now; of a long one only the start."""
        *lines, rest = (self.inbox + received).split(b"\n")
        self.inbox = rest[:MAX_LINE]
        if not received and rest:
            lines.append(rest)  # a last line without its newline
        return lines

    def flush(self) -> None:
        """Send what the socket takes now; give up a client for which much waits."""
        try:
            sent = self.socket.send(self.outbox)
            del self.outbox[:sent]
            self.last_sent = time.monotonic()
        except BlockingIOError:
            if len(self.outbox) > MAX_OUTBOX:
                self.give_up()
        except OSError:
            self.give_up()

    def give_up(self) -> None:
        """Let the loop close the connection, without sending what waits."""
        self.deadline = 0.0
        self.outbox.clear()

    def hang_up(self) -> None:
        """Let the loop close the connection as soon as what waits is sent."""
        if self.deadline is None:
            self.deadline = time.monotonic() + PATIENCE

    def close(self) -> None:
        """Close the socket. Unread input would make the end a reset."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.recv(MAX_OUTBOX)
        self.socket.close()

    def lags(self) -> bool:
        """Return whether much waits for this client although it still reads."""
        still_reads = time.monotonic() < self.last_sent + PATIENCE
        return still_reads and len(self.outbox) > BEHIND

    def count(self, lines: list[bytes]) -> None:
        """Count what the client says in this second."""
        if self.second != int(time.monotonic()):
            self.second, self.said = int(time.monotonic()), 0
        self.said += sum(len(line) + PREFIX for line in lines)

    def must_wait(self) -> bool:
        """Return whether it floods while a member that reads is behind."""
        floods = self.said > FLOOD and self.second == int(time.monotonic())
        return floods and any(member.lags() for member in self.channel.members)


class Chat:
    """The server: everything that one thread looks after."""

    def __init__(self, history: History, channels: list[str], max_clients: int) -> None:
        """Open these channels, and those of earlier runs."""
        self.history = history
        self.max_clients = max_clients
        for name in channels:
            history.add_channel(name)
        names = history.channels()
        self.channels = {name_key(name): Channel(name) for name in names}
        self.lobby = self.channels[name_key(channels[0])]
        self.clients: dict[str, Client] = {}  # by the key of the nick
        self.selector = selectors.DefaultSelector()
        self.changed: set[Client] = set()  # what waits for them, or what they wait for
        self.timed: set[Client] = set()  # who must be looked at again after a while
        self.guests = 0

    # -- the loop ---------------------------------------------------------------------

    def run(self, listening: socket.socket, stopping: StopFlag) -> None:
        """Serve until ``stopping`` is set."""
        listening.setblocking(False)
        self.selector.register(listening, selectors.EVENT_READ)
        while not stopping.is_set():
            for key, events in self.selector.select(timeout=0.1):
                if key.data is None:
                    self.accept(listening)
                elif events & selectors.EVENT_READ:
                    self.listen(key.data)
                else:
                    self.changed.add(key.data)
            self.finish_round()

    def finish_round(self) -> None:
        """Send what the round has brought, and choose what to wait for next."""
        self.changed |= self.timed
        self.timed.clear()
        while self.changed:  # who is disconnected now changes others
            client = self.changed.pop()
            if client.outbox:
                client.flush()
            self.choose_events(client)

    def choose_events(self, client: Client) -> None:
        """Wait for what there is to do, and read nothing that would be a flood."""
        if client.deadline is not None:
            self.let_go(client, client.deadline)
            return
        events = selectors.EVENT_WRITE if client.outbox else 0
        if client.must_wait():
            self.timed.add(client)
        else:
            events |= selectors.EVENT_READ
        self.wait_for(client, events)

    def let_go(self, client: Client, deadline: float) -> None:
        """Close a connection when all is sent, or when that takes too long."""
        self.forget(client)
        if client.outbox and time.monotonic() < deadline:
            self.timed.add(client)
            self.wait_for(client, selectors.EVENT_WRITE)
        else:
            self.wait_for(client, 0)
            client.close()

    def wait_for(self, client: Client, events: int) -> None:
        """Tell the selector what to wait for."""
        if not client.events and events:
            self.selector.register(client.socket, events, client)
        elif client.events and not events:
            self.selector.unregister(client.socket)
        elif client.events != events:
            self.selector.modify(client.socket, events, client)
        client.events = events

    def accept(self, listening: socket.socket) -> None:
        """Let in those who have connected, or say that the server is full."""
        with contextlib.suppress(OSError):  # those were all
            for _ in range(100):
                self.let_in(listening.accept()[0])

    def let_in(self, connection: socket.socket) -> None:
        """Greet a new client, or tell it that there is no room."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.guests += 1
        while f"guest{self.guests}" in self.clients:
            self.guests += 1
        client = Client(connection, f"guest{self.guests}", self.lobby)
        if len(self.clients) >= self.max_clients:
            self.send(client, "! server full")
            client.hang_up()
            return
        self.clients[client.nick] = client
        self.obey(client, "/join", self.lobby.name)
        if client not in self.lobby.members:
            client.hang_up()

    def forget(self, client: Client) -> None:
        """Take a client out of everything; the others are told."""
        if self.clients.get(name_key(client.nick)) is client:
            del self.clients[name_key(client.nick)]
            self.leave(client)

    def listen(self, client: Client) -> None:
        """Read once, and do what the complete lines say."""
        self.changed.add(client)
        if client.deadline is not None:
            return
        received = client.receive()
        lines = client.split(received)
        client.count(lines)
        self.handle(client, lines)
        if not received:
            client.hang_up()

    def close(self) -> None:
        """Say goodbye to all; who does not read is not waited for."""
        for client in self.clients.values():
            self.send(client, "* server closing")
            client.flush()
        for client in self.timed.union(self.clients.values()):
            client.close()
        self.selector.close()

    # -- sending ----------------------------------------------------------------------

    def send(self, client: Client, *lines: str) -> None:
        """Put lines into an outbox, for the end of the round."""
        self.post(client, encode(lines))

    def broadcast(
        self, channel: Channel, *lines: str, exclude: Client | None = None
    ) -> None:
        """Send lines to the members of a channel."""
        data = encode(lines)
        for member in channel.members:
            if member is not exclude:
                self.post(member, data)

    def post(self, client: Client, data: bytes) -> None:
        """Put data into an outbox, and send it now if that is much."""
        if client.deadline is None:
            client.outbox += data
            self.changed.add(client)
            if len(client.outbox) > FULL:
                client.flush()

    # -- what lines ask for -----------------------------------------------------------

    def handle(self, client: Client, lines: list[bytes]) -> None:
        """Do what lines ask for, in their order; messages in a row in one go."""
        requests = itertools.groupby(map(parse, lines), key=lambda pair: pair[0])
        for command, group in requests:
            arguments = [argument for _, argument in group]
            if client.deadline is not None:
                return
            if command == "say":
                self.say(client, arguments)
            else:
                for argument in arguments:
                    self.obey(client, command, argument)

    def say(self, client: Client, texts: list[str]) -> None:
        """Keep messages, then show them."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        said = [Message(when, client.channel.name, client.nick, t) for t in texts if t]
        try:
            self.history.add(*said)
            self.broadcast(client.channel, *map(show, said))
        except HistoryError as reason:
            self.send(client, *[f"! {reason}"] * len(said))

    def obey(self, client: Client, command: str, argument: str) -> None:
        """Do a command, or say why not."""
        try:
            if command == "refuse":
                raise RefusedError(argument)
            if command not in COMMANDS:
                raise RefusedError(f"unknown command {command}")
            COMMANDS[command](self, client, argument)
        except (RefusedError, HistoryError) as reason:
            self.send(client, f"! {reason}")

    def nick(self, client: Client, name: str) -> None:
        """Do /nick."""
        check_name(name)
        if self.clients.get(name_key(name), client) is not client:
            raise RefusedError(f"{name} is taken")
        del self.clients[name_key(client.nick)]
        self.clients[name_key(name)] = client
        old, client.nick = client.nick, name
        self.greet(client)
        self.broadcast(client.channel, f"* {old} is now {name}", exclude=client)

    def list_channels(self, client: Client, _: str) -> None:
        """Do /channels."""
        names = " ".join(f"#{channel.name}" for channel in self.channels.values())
        self.send(client, f"* channels: {names}")

    def who(self, client: Client, _: str) -> None:
        """Do /who."""
        nicks = " ".join(sorted(member.nick for member in client.channel.members))
        self.send(client, f"* people in #{client.channel.name}: {nicks}")

    def help(self, client: Client, _: str) -> None:
        """Do /help."""
        self.send(client, "* /nick /channels /who /help /create /join /quit //text")

    def create(self, client: Client, name: str) -> None:
        """Do /create."""
        name = name.removeprefix("#")
        check_name(name)
        if name_key(name) in self.channels:
            raise RefusedError(f"#{name} exists")
        if len(self.channels) >= MAX_CHANNELS:
            raise RefusedError("there are channels enough")
        self.history.add_channel(name)
        self.channels[name_key(name)] = Channel(name)
        self.join(client, name)

    def join(self, client: Client, name: str) -> None:
        """Do /join."""
        channel = self.channels.get(name_key(name.removeprefix("#")))
        if channel is None:
            raise RefusedError(f"no channel {name!r}")
        past = self.history.last(channel.name)
        self.leave(client)
        self.send(client, *map(show, past))
        client.channel = channel
        channel.members.append(client)
        self.greet(client)
        joined = f"* {client.nick} joined #{channel.name}"
        self.broadcast(channel, joined, exclude=client)

    def leave(self, client: Client) -> None:
        """Take a client out of its channel, if it is in one."""
        channel = client.channel
        if client in channel.members:
            channel.members.remove(client)
            self.broadcast(channel, f"* {client.nick} left #{channel.name}")

    def greet(self, client: Client) -> None:
        """Tell a client who and where it is, and a little more."""
        you_are = f"* you are {client.nick} in #{client.channel.name}, welcome"
        self.send(client, you_are, "* /help helps")

    def quit(self, client: Client, _: str) -> None:
        """Do /quit."""
        self.send(client, "* bye")
        client.hang_up()


COMMANDS = {
    "/nick": Chat.nick,
    "/channels": Chat.list_channels,
    "/who": Chat.who,
    "/help": Chat.help,
    "/create": Chat.create,
    "/join": Chat.join,
    "/quit": Chat.quit,
    "/quitter": Chat.quit,
}


def decode(line: bytes) -> str:
    """Return a line as text, or refuse it."""
    if len(line) >= MAX_LINE:
        raise RefusedError("the line is too long")
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise RefusedError("the line is not UTF-8") from None
    if CONTROL.search(text):
        raise RefusedError("the line holds control characters")
    return text


def parse(line: bytes) -> tuple[str, str]:
    """Return a command and its argument, "say" and a text, or "refuse" and why."""
    try:
        text = decode(line)
    except RefusedError as reason:
        return "refuse", str(reason)
    if not text.startswith("/") or text.startswith("//"):
        return "say", text.removeprefix("/")
    command, _, argument = text.partition(" ")
    return command, argument.strip()


def show(message: Message) -> str:
    """Return a message as it is shown."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


def encode(lines: Iterable[str]) -> bytes:
    """Return lines as they are sent."""
    return "".join(f"{line}\n" for line in lines).encode()


def check_name(name: str) -> None:
    """Refuse what cannot name a person or a channel."""
    if not is_name(name):
        raise RefusedError(f"{name!r} is no name")


def main() -> None:
    """Serve until Ctrl+C."""
    stopping = catch_signals()
    arguments = parse_arguments()
    try:
        with History(arguments.history) as history:
            chat = Chat(history, arguments.channels, arguments.max_clients)
            with open_listening_socket(arguments.host, arguments.port) as listening:
                chat.run(listening, stopping)
            chat.close()
    except HistoryError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
