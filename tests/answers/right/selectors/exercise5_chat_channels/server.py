"""A chat server with one thread and a selector: whoever is ready has its turn.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``.
"""

import argparse
import contextlib
import os
import re
import selectors
import signal
import socket
import sys
import time
import unicodedata
from collections.abc import Callable

from exercise5_chat_channels.history import History, HistoryError, Message

MAX_LINE = 1024
MAX_OUTBOX = 1024 * 1024
MAX_CHANNELS = 100
BEHIND = 256 * 1024  # bytes: who has so much waiting makes a flood wait
PATIENCE = 1.0  # seconds that it waits for a client that takes nothing
CONTROL = ("Cc", "Zl", "Zp")


class RefusedError(Exception):
    """A line is refused; the text says why."""


class Client:
    """One connection, what has come of its next line, and what waits to be sent."""

    def __init__(self, connection: socket.socket, nick: str) -> None:
        """Start in no channel."""
        connection.setblocking(False)
        self.socket = connection
        self.nick = nick
        self.channel = ""
        self.inbox = b""
        self.outbox = bytearray()
        self.last_sent = time.monotonic()
        self.leaving = False  # no more is read; what waits is sent, then the end

    def lags(self) -> bool:
        """Return whether much waits for this client although it still reads."""
        still_reads = time.monotonic() < self.last_sent + PATIENCE
        return len(self.outbox) > BEHIND and still_reads


class Chat:
    """The server: everything that one thread looks after."""

    def __init__(self, history: History, arguments: argparse.Namespace) -> None:
        """Open the channels: those that are given, then those that people made."""
        self.history = history
        self.max_clients: int = arguments.max_clients
        names = [*arguments.channels, *history.channels()]
        self.channels: dict[str, str] = {}
        for name in names:
            self.channels.setdefault(name.casefold(), name)
        self.lobby: str = arguments.channels[0]
        self.clients: list[Client] = []
        self.selector = selectors.DefaultSelector()
        self.guests = 0
        self.stopping = False

    # -- the loop ---------------------------------------------------------------------

    def run(self, listening: socket.socket) -> None:
        """Serve until ``stopping`` is set."""
        listening.setblocking(False)
        self.selector.register(listening, selectors.EVENT_READ)
        while not self.stopping:
            for key, events in self.selector.select(timeout=0.05):
                if key.fileobj is listening:
                    self.accept(listening)
                    continue
                if events & selectors.EVENT_WRITE:
                    self.flush(key.data)
                if events & selectors.EVENT_READ and key.data in self.clients:
                    self.receive(key.data)
            for client in self.clients[:]:
                self.choose_events(client)

    def choose_events(self, client: Client) -> None:
        """Wait for what there is to do, and read nothing that would be a flood."""
        events = selectors.EVENT_WRITE if client.outbox else 0
        others = self.members(client.channel)
        if not client.leaving and not any(map(Client.lags, others)):
            events |= selectors.EVENT_READ
        if client.leaving and not client.outbox:
            self.forget(client)
            return
        with contextlib.suppress(KeyError):
            self.selector.unregister(client.socket)
        if events:
            self.selector.register(client.socket, events, client)

    def accept(self, listening: socket.socket) -> None:
        """Take a new client, or tell it that there is no room."""
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        if len(self.clients) >= self.max_clients:
            connection.send(b"! server full\n")
            connection.close()
            return
        nicks = [client.nick.casefold() for client in self.clients]
        self.guests += 1
        while f"guest{self.guests}" in nicks:
            self.guests += 1
        client = Client(connection, f"guest{self.guests}")
        self.clients.append(client)
        self.enter(client, self.lobby)
        self.choose_events(client)

    def receive(self, client: Client) -> None:
        """Read once, and do what the complete lines say."""
        try:
            received = client.socket.recv(8192)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        *lines, rest = (client.inbox + received).split(b"\n")
        client.inbox = rest[:MAX_LINE]
        if not received and rest:
            lines.append(rest)  # a last line without its newline
        for line in lines:
            if not client.leaving:
                self.answer(client, line)
        if not received:
            self.forget(client)

    def send(self, client: Client, line: str) -> None:
        """Send a line as far as that is possible now."""
        if not client.leaving:
            client.outbox += line.encode() + b"\n"
            self.flush(client)

    def flush(self, client: Client) -> None:
        """Send what waits; give up a client for which too much does."""
        try:
            del client.outbox[: client.socket.send(client.outbox)]
            client.last_sent = time.monotonic()
        except BlockingIOError:
            if len(client.outbox) > MAX_OUTBOX:
                self.give_up(client)
        except OSError:
            self.give_up(client)

    def give_up(self, client: Client) -> None:
        """Let the loop disconnect a client, without sending what waits."""
        client.leaving = True
        client.outbox.clear()

    def forget(self, client: Client) -> None:
        """Close a connection, and tell the others."""
        if client not in self.clients:
            return
        self.clients.remove(client)
        with contextlib.suppress(KeyError):
            self.selector.unregister(client.socket)
        client.socket.close()
        self.broadcast(client.channel, f"* {client.nick} left #{client.channel}")

    # -- what lines ask for -----------------------------------------------------------

    def members(self, channel: str) -> list[Client]:
        """Return who is in a channel."""
        return [client for client in self.clients if client.channel == channel]

    def broadcast(self, channel: str, line: str, exclude: Client | None = None) -> None:
        """Send a line to the members of a channel."""
        for member in self.members(channel):
            if member is not exclude:
                self.send(member, line)

    def answer(self, client: Client, line: bytes) -> None:
        """Do what a line asks for, or say why not."""
        try:
            text = decode(line)
            if text.startswith("/") and not text.startswith("//"):
                word, _, argument = text.partition(" ")
                self.command(word)(client, argument.strip())
            elif text:
                self.say(client, text.removeprefix("/"))
        except (RefusedError, HistoryError) as reason:
            self.send(client, f"! {reason}")

    def command(self, word: str) -> Callable[[Client, str], None]:
        """Return what does a command."""
        commands = {
            "/nick": self.nick,
            "/channels": self.list_channels,
            "/who": self.who,
            "/help": self.help,
            "/create": self.create,
            "/join": self.join,
            "/quit": self.quit,
            "/quitter": self.quit,
        }
        if word not in commands:
            raise RefusedError(f"unknown command {word}")
        return commands[word]

    def say(self, client: Client, text: str) -> None:
        """Keep a message, then show it."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        message = Message(when, client.channel, client.nick, text)
        self.history.add(message)
        self.broadcast(client.channel, as_line(message))

    def nick(self, client: Client, name: str) -> None:
        """Do /nick."""
        check_name(name)
        others = [other for other in self.clients if other is not client]
        if name.casefold() in [other.nick.casefold() for other in others]:
            raise RefusedError(f"{name} is taken")
        old, client.nick = client.nick, name
        self.greet(client)
        self.broadcast(client.channel, f"* {old} is now {name}", exclude=client)

    def list_channels(self, client: Client, _: str) -> None:
        """Do /channels."""
        names = " ".join(f"#{name}" for name in self.channels.values())
        self.send(client, f"* channels: {names}")

    def who(self, client: Client, _: str) -> None:
        """Do /who."""
        nicks = " ".join(sorted(member.nick for member in self.members(client.channel)))
        self.send(client, f"* people in #{client.channel}: {nicks}")

    def help(self, client: Client, _: str) -> None:
        """Do /help."""
        self.send(client, "* /nick /channels /who /help /create /join /quit //text")

    def create(self, client: Client, name: str) -> None:
        """Do /create."""
        name = name.removeprefix("#")
        check_name(name)
        if name.casefold() in self.channels:
            raise RefusedError(f"#{name} exists")
        if len(self.channels) >= MAX_CHANNELS:
            raise RefusedError("there are channels enough")
        self.history.add_channel(name)
        self.channels[name.casefold()] = name
        self.join(client, name)

    def join(self, client: Client, name: str) -> None:
        """Do /join."""
        channel = self.channels.get(name.removeprefix("#").casefold())
        if channel is None:
            raise RefusedError(f"no channel {name!r}")
        old, client.channel = client.channel, ""
        self.broadcast(old, f"* {client.nick} left #{old}")
        self.enter(client, channel)

    def quit(self, client: Client, _: str) -> None:
        """Do /quit."""
        self.send(client, "* bye")
        client.leaving = True

    def enter(self, client: Client, channel: str) -> None:
        """Show the history, greet, and tell the others."""
        for message in self.history.last(channel):
            self.send(client, as_line(message))
        client.channel = channel
        self.greet(client)
        self.broadcast(channel, f"* {client.nick} joined #{channel}", exclude=client)

    def greet(self, client: Client) -> None:
        """Tell a client who and where it is, and a little more."""
        self.send(client, f"* you are {client.nick} in #{client.channel}, welcome")
        self.send(client, "* /help helps")

    def close(self) -> None:
        """Say goodbye to all; who does not read is not waited for."""
        for client in self.clients:
            self.send(client, "* server closing")
            client.socket.close()


def decode(line: bytes) -> str:
    """Return a line as text, or refuse it."""
    if len(line) >= MAX_LINE:
        raise RefusedError("the line is too long")
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise RefusedError("the line is not UTF-8") from None
    if any(unicodedata.category(letter) in CONTROL for letter in text):
        raise RefusedError("the line holds control characters")
    return text


def as_line(message: Message) -> str:
    """Return a message as it is shown."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


def check_name(name: str) -> None:
    """Refuse what cannot name a person or a channel."""
    if not re.fullmatch(r"[\w-]{1,20}", name):
        raise RefusedError(f"{name!r} is no name")


def main() -> None:
    """Read the arguments, and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=int)
    parser.add_argument("--history", default="chat.db")
    parser.add_argument("--channels", nargs="+", default=["general", "sport"])
    parser.add_argument("--max-clients", type=int, default=1000)
    arguments = parser.parse_args()
    try:
        with History(arguments.history) as history, socket.socket() as listening:
            if os.name == "posix":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((arguments.host, arguments.port))
            listening.listen()
            chat = Chat(history, arguments)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: setattr(chat, "stopping", True))
            host, port = listening.getsockname()
            print(f"Listening on {host}:{port}", flush=True)
            chat.run(listening)
            chat.close()
    except (OSError, HistoryError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
