"""A chat server with socketserver: a handler reads, and a thread of its own writes.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``. Only a client's own
writer waits for it to read, so nobody else does.
"""

import argparse
import contextlib
import os
import socket
import socketserver
import sys
import threading
import time
import traceback
import unicodedata
from collections.abc import Iterator
from typing import Any

from exercise5_chat_channels.history import History, HistoryError, Message
from exercise5_chat_channels.names import is_name, name_key
from exercise5_chat_channels.startup import (
    MAX_CHANNELS,
    catch_signals,
    open_listening_socket,
    parse_arguments,
)

MAX_LINE = 1024  # bytes, with the newline
MAX_OUTBOX = 1024 * 1024  # bytes
BEHIND = 256 * 1024  # bytes: who has so much waiting makes a flood wait
PATIENCE = 2.0  # seconds that it waits for a client that takes nothing
FLOOD = 64 * 1024  # bytes in a second: more than anybody types
LINGER = 1.0  # seconds for a client to close after us
# A small buffer in the kernel shows soon whether a client reads or has stopped.
SEND_BUFFER = 64 * 1024  # bytes
CHUNK = 16 * 1024  # bytes
HELP = "* /nick NAME · /who · /channels · /join NAME · /create NAME · /quit · //text"


class RefusedError(Exception):
    """A line is refused; the text says why."""


class Client:
    """One connection: who speaks there, where, and what waits to be sent."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connection, and start its writer."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.connection = connection
        self.nick = ""
        self.channel = Channel("")
        self.outbox = bytearray()
        self.leaving = False  # nothing more is to be sent than what waits
        self.sending_since: float | None = None
        self.second = self.caused = 0  # bytes caused within this second
        self.changed = threading.Condition()  # protects what can be sent
        self.writer = threading.Thread(target=self.write)
        self.writer.start()

    def send(self, *lines: str) -> None:
        """Let the writer send lines; disconnect a client for which too much waits."""
        with self.changed:
            if not self.leaving:
                self.outbox += "".join(f"{line}\n" for line in lines).encode()
                if len(self.outbox) > MAX_OUTBOX and self.sending_since:
                    self.disconnect()
                self.changed.notify()

    def write(self) -> None:
        """Send what waits, until all is sent and the client is to leave."""
        try:
            while chunk := self.next_chunk():
                sent = self.connection.send(chunk)
                with self.changed:
                    del self.outbox[:sent]
                    self.sending_since = None
            self.connection.shutdown(socket.SHUT_WR)
        except OSError:
            self.disconnect()

    def next_chunk(self) -> bytes:
        """Wait for something to send; b"" at the end."""
        with self.changed:
            while not self.outbox and not self.leaving:
                self.changed.wait()
            self.sending_since = time.monotonic()
            return bytes(self.outbox[:CHUNK])

    def has_stopped(self) -> bool:
        """Tell whether the client has taken nothing for a while."""
        since = self.sending_since
        return since is not None and time.monotonic() > since + PATIENCE

    def lags(self) -> bool:
        """Tell whether much waits for this client although it still reads."""
        return len(self.outbox) > BEHIND and not self.has_stopped()

    def floods(self, size: int) -> bool:
        """Count a line; tell whether it is one too many within a second."""
        second = int(time.monotonic())
        if second != self.second:
            self.second, self.caused = second, 0
        self.caused += size + 64  # others get a prefix, too
        return self.caused > FLOOD

    def leave(self) -> None:
        """Take no more lines to send; the writer ends when all is sent."""
        with self.changed:
            self.leaving = True
            self.changed.notify()

    def disconnect(self) -> None:
        """End the connection now: that wakes the threads that wait for the client."""
        self.leave()
        with self.changed:
            self.outbox.clear()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
            if os.name == "nt":  # there it does not end the wait of another thread
                socket.close(self.connection.detach())

    def finish(self) -> None:
        """Wait until the client has what waits for it, unless it has stopped reading.

        Then read on until it has closed, too: unread input would reset the connection.
        """
        self.leave()
        while self.writer.is_alive() and not self.has_stopped():
            self.writer.join(0.1)
        deadline = time.monotonic() + LINGER
        with contextlib.suppress(OSError):
            self.connection.settimeout(LINGER)
            while self.connection.recv(65536) and time.monotonic() < deadline:
                continue
        self.disconnect()
        self.writer.join()


class Channel:
    """A channel and who is in it."""

    def __init__(self, name: str) -> None:
        """Start with nobody."""
        self.name = name
        self.members: list[Client] = []

    def broadcast(self, line: str, exclude: Client | None = None) -> None:
        """Send a line to all members, or to all but one."""
        for member in self.members:
            if member is not exclude:
                member.send(line)


class Handler(socketserver.StreamRequestHandler):
    """Reads what one client says: the work of one thread."""

    server: "ChatServer"
    rbufsize = 0  # so a line is read by recv(1), byte after byte

    def handle(self) -> None:
        """Serve a client until it leaves, or tell it that the server is full."""
        client = self.server.connected[self.request]
        if self.server.admit(client):
            try:
                self.converse(client)
            except Exception:  # a mistake in this program
                traceback.print_exc()
                client.send("! something went wrong in the server")
            finally:
                self.server.dismiss(client)
        else:
            client.send("! server full")
        client.finish()

    def converse(self, client: Client) -> None:
        """Let a client in, and do what it says."""
        self.server.enter_lobby(client)
        for line in self.read_lines():
            self.server.hear(client, line)
            if client.leaving:
                break

    def read_lines(self) -> Iterator[bytes]:
        """Yield lines without their newline; of one too long only the start."""
        with contextlib.suppress(OSError):
            while line := self.rfile.readline(MAX_LINE + 1):
                yield line.removesuffix(b"\n")
                if len(line) > MAX_LINE and not line.endswith(b"\n"):
                    self.skip_line()

    def skip_line(self) -> None:
        """Read on to the next newline, or to the end."""
        while data := self.connection.recv(65536, socket.MSG_PEEK):
            length = data.find(b"\n") + 1
            self.connection.recv(length or len(data))
            if length:
                return


class ChatServer(socketserver.ThreadingTCPServer):
    """Everybody, and everything that they share under one lock."""

    daemon_threads = False
    block_on_close = True
    timeout = 0.1  # seconds that handle_request() waits

    def __init__(self, history: History, arguments: argparse.Namespace) -> None:
        """Open the channels, those of earlier runs, too; then listen."""
        self.history = history
        self.max_clients: int = arguments.max_clients
        for name in arguments.channels:
            history.add_channel(name)
        names = history.channels()
        self.channels = {name_key(name): Channel(name) for name in names}
        self.lobby = self.channels[name_key(arguments.channels[0])]
        self.connected: dict[socket.socket, Client] = {}  # the refused ones, too
        self.people: dict[str, Client] = {}  # by the key of the nick
        self.guests = 0
        self.accepts = True  # there was a descriptor for the last client
        self.stopping = False
        self.lock = threading.Condition()
        address = arguments.host, arguments.port
        super().__init__(address, Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = open_listening_socket(*address)
        self.socket.settimeout(0.5)  # who is gone before accept() holds up nobody

    # -- connections ------------------------------------------------------------------

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; when no descriptor is left, do not try at once again."""
        try:
            request = super().get_request()
        except OSError as error:
            if self.accepts:  # say it once
                print(f"Cannot accept: {error}", file=sys.stderr)
            self.accepts = False
            time.sleep(0.1)
            raise
        self.accepts = True
        return request

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection before its thread starts."""
        client = Client(request)
        with self.lock:
            self.connected[request] = client
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        """Forget a connection, and close it."""
        with self.lock:
            client = self.connected.pop(request, None)
        if client:
            client.disconnect()
        super().close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line that a client could not be served."""
        print(f"Cannot serve {client_address}: {sys.exc_info()[1]}", file=sys.stderr)

    def say_goodbye(self) -> None:
        """Tell everybody that the server closes; wait a second, but no longer."""
        self.stopping = True  # from now on nobody keeps the lock for long
        with self.lock:
            clients = list(self.connected.values())
            for client in clients:
                client.send("* server closing")
                client.leave()
        deadline = time.monotonic() + LINGER
        for client in clients:
            client.writer.join(max(deadline - time.monotonic(), 0))
            client.disconnect()

    # -- clients ----------------------------------------------------------------------

    def admit(self, client: Client) -> bool:
        """Give a client a nick and a place, if there is room."""
        with self.lock:
            if self.stopping or len(self.people) >= self.max_clients:
                return False
            self.guests += 1
            while f"guest{self.guests}" in self.people:
                self.guests += 1
            client.nick = f"guest{self.guests}"
            self.people[client.nick] = client
        return True

    def enter_lobby(self, client: Client) -> None:
        """Let a new client into the first channel."""
        with self.lock:
            try:
                self.join(client, self.lobby.name)
            except HistoryError as reason:
                client.send(f"! {reason}")
                client.leave()

    def dismiss(self, client: Client) -> None:
        """Take a client out of everything."""
        with self.lock:
            client.leave()
            del self.people[name_key(client.nick)]
            self.leave(client)

    def hear(self, client: Client, line: bytes) -> None:
        """Do what a line asks for, when nobody would have to suffer from it."""
        with self.lock:
            floods = client.floods(len(line))
            while not client.leaving and self.must_wait(client, floods):
                self.lock.wait(0.05)
            if not client.leaving and not self.stopping:
                self.answer(client, line)

    def must_wait(self, client: Client, floods: bool) -> bool:
        """Tell whether a client should wait for itself, or, in a flood, for others."""
        if client.lags():
            return True
        return floods and any(map(Client.lags, client.channel.members))

    # -- what lines ask for; whoever calls these holds the lock -----------------------

    def answer(self, client: Client, line: bytes) -> None:
        """Do what a line asks for, or say why not."""
        try:
            text = decode(line)
            if text.startswith("/") and not text.startswith("//"):
                word, _, argument = text.partition(" ")
                if word not in COMMANDS:
                    raise RefusedError(f"there is no {word}, see /help")
                COMMANDS[word](self, client, argument.strip(" "))
            elif text:
                self.say(client, text.removeprefix("/"))
        except (RefusedError, HistoryError) as reason:
            client.send(f"! {reason}")

    def say(self, client: Client, text: str) -> None:
        """Keep a message, then show it."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        message = Message(when, client.channel.name, client.nick, text)
        self.history.add(message)
        client.channel.broadcast(show(message))

    def rename(self, client: Client, nick: str) -> None:
        """Do /nick."""
        check_name(nick)
        if self.people.get(name_key(nick), client) is not client:
            raise RefusedError(f"somebody is {nick} already")
        old, client.nick = client.nick, nick
        del self.people[name_key(old)]
        self.people[name_key(nick)] = client
        self.greet(client)
        client.channel.broadcast(f"* {old} is now {nick}", exclude=client)

    def list_channels(self, client: Client, _: str) -> None:
        """Do /channels."""
        names = (f" #{channel.name}" for channel in self.channels.values())
        client.send(f"* channels:{''.join(names)}")

    def list_people(self, client: Client, _: str) -> None:
        """Do /who."""
        nicks = sorted((m.nick for m in client.channel.members), key=str.casefold)
        client.send(f"* people in #{client.channel.name}: {' '.join(nicks)}")

    def help(self, client: Client, _: str) -> None:
        """Do /help."""
        client.send(HELP)

    def create(self, client: Client, name: str) -> None:
        """Do /create."""
        name = name.removeprefix("#")
        check_name(name)
        if name_key(name) in self.channels:
            raise RefusedError(f"there is a #{name} already")
        if len(self.channels) >= MAX_CHANNELS:
            raise RefusedError(f"there are {MAX_CHANNELS} channels already")
        self.history.add_channel(name)
        self.channels[name_key(name)] = Channel(name)
        self.enter(client, self.channels[name_key(name)], [])

    def join(self, client: Client, name: str) -> None:
        """Do /join."""
        channel = self.channels.get(name_key(name.removeprefix("#")))
        if not channel:
            raise RefusedError(f"there is no channel {name!r}")
        self.enter(client, channel, self.history.last(channel.name))

    def enter(self, client: Client, channel: Channel, past: list[Message]) -> None:
        """Move a client to a channel: its past, a greeting, then what is said."""
        self.leave(client)
        client.send(*map(show, past))
        client.channel = channel
        channel.members.append(client)
        self.greet(client)
        channel.broadcast(f"* {client.nick} joined #{channel.name}", exclude=client)

    def leave(self, client: Client) -> None:
        """Take a client out of its channel, if it is in one."""
        if client in client.channel.members:
            client.channel.members.remove(client)
            if not self.stopping:
                client.channel.broadcast(f"* {client.nick} left #{client.channel.name}")

    def greet(self, client: Client) -> None:
        """Tell a client who and where it is."""
        client.send(f"* you are {client.nick} in #{client.channel.name}")

    def quit(self, client: Client, _: str) -> None:
        """Do /quit; the handler sees that the client is leaving."""
        client.send("* bye")
        client.leave()


COMMANDS = {
    "/nick": ChatServer.rename,
    "/channels": ChatServer.list_channels,
    "/who": ChatServer.list_people,
    "/help": ChatServer.help,
    "/create": ChatServer.create,
    "/join": ChatServer.join,
    "/quit": ChatServer.quit,
    "/quitter": ChatServer.quit,
}


def decode(line: bytes) -> str:
    """Return a line as text, or refuse it."""
    if len(line) >= MAX_LINE:
        raise RefusedError(f"a line has at most {MAX_LINE} bytes")
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise RefusedError("a line is UTF-8") from None
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text):
        raise RefusedError("a line has no control characters and no separators")
    return text


def show(message: Message) -> str:
    """Return a message's line."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


def check_name(text: str) -> None:
    """Refuse what is no name."""
    if not is_name(text):
        raise RefusedError(f"{text!r} is not 1 to 20 letters, digits, - or _")


def main() -> None:
    """Serve until a signal comes; leaving the server's block joins its threads."""
    stopping = catch_signals()
    arguments = parse_arguments()
    try:
        with History(arguments.history) as history:
            with ChatServer(history, arguments) as server:
                while not stopping.is_set():
                    server.handle_request()
                server.say_goodbye()
    except HistoryError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
