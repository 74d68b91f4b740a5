"""A chat server with asyncio: one task per client, and no lock, since tasks take turns.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``.
"""

import argparse
import asyncio
import contextlib
import re
import signal
import sys
import unicodedata
from datetime import datetime, timezone

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
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, nick: str
    ) -> None:
        """Start in no channel."""
        self.reader = reader
        self.writer = writer
        self.nick = nick
        self.channel = ""
        self.waiting = 0  # bytes in the outbox when they were last looked at
        self.moved = 0.0  # when they became less

    def send(self, *lines: str) -> None:
        """Send lines; asyncio keeps what the socket does not take at once."""
        transport = self.writer.transport
        if transport.is_closing():
            return
        self.writer.write("".join(f"{line}\n" for line in lines).encode())
        if transport.get_write_buffer_size() > MAX_OUTBOX:
            transport.abort()

    def lags(self) -> bool:
        """Return whether much waits for this client although it still reads."""
        transport = self.writer.transport
        waiting, now = (
            transport.get_write_buffer_size(),
            asyncio.get_running_loop().time(),
        )
        if waiting < self.waiting or waiting < BEHIND:
            self.moved = now
        self.waiting = waiting
        return (
            waiting > BEHIND
            and now < self.moved + PATIENCE
            and not transport.is_closing()
        )


class Chat:
    """Everybody, and everything that they share."""

    def __init__(self, history: History, arguments: argparse.Namespace) -> None:
        """Open the channels: those that are given, then those that people made."""
        self.history = history
        self.max_clients = arguments.max_clients
        self.channels: dict[str, str] = {}  # names as they are shown
        for name in [*arguments.channels, *history.channels()]:
            self.channels.setdefault(name.casefold(), name)
        self.lobby = arguments.channels[0]
        self.clients: dict[str, Client] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.guests = 0

    def members(self, channel: str) -> list[Client]:
        """Return who is in a channel."""
        return [c for c in self.clients.values() if c.channel == channel]

    def broadcast_to_others(self, client: Client, line: str) -> None:
        """Send a notice to the other members of a client's channel."""
        for member in self.members(client.channel):
            if member is not client:
                member.send(line)

    def start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a new connection: serve it, or say that there is no room."""
        if len(self.clients) >= self.max_clients:
            writer.write(b"! server full\n")
            writer.close()
            return
        self.guests += 1
        while f"guest{self.guests}" in self.clients:
            self.guests += 1
        client = Client(reader, writer, f"guest{self.guests}")
        self.clients[client.nick] = client
        task = asyncio.create_task(self.serve(client))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def serve(self, client: Client) -> None:
        """Do what one client says, until it leaves."""
        try:
            self.enter(client, self.lobby)
            with contextlib.suppress(OSError):
                await self.listen(client)
        finally:
            del self.clients[client.nick.casefold()]
            self.broadcast_to_others(client, f"* {client.nick} left #{client.channel}")
            client.writer.close()

    async def listen(self, client: Client) -> None:
        """Cut what comes into lines; of one that is too long keep only the start."""
        rest = b""
        while received := await client.reader.read(16384):
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                self.answer(client, line)
                if client.writer.transport.is_closing():
                    return
            rest = rest[:MAX_LINE]
            while any(member.lags() for member in self.members(client.channel)):
                await asyncio.sleep(0.01)
        if rest:  # a last line without its newline
            self.answer(client, rest)

    def answer(self, client: Client, line: bytes) -> None:
        """Do what a line asks for, or say why not."""
        try:
            text = self.decode(line)
            if text.startswith("/") and not text.startswith("//"):
                self.command(client, *text.partition(" ")[::2])
            elif text:
                self.say(client, text.removeprefix("/"))
        except (RefusedError, HistoryError) as reason:
            client.send(f"! {reason}")

    def decode(self, line: bytes) -> str:
        """Return a line as text, or refuse it."""
        if len(line) >= MAX_LINE:
            raise RefusedError("too long")
        try:
            text = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            raise RefusedError("not UTF-8") from None
        if any(unicodedata.category(letter) in CONTROL for letter in text):
            raise RefusedError("control characters")
        return text

    def command(self, client: Client, word: str, argument: str) -> None:
        """Do a command."""
        name = argument.strip()
        if word == "/nick":
            self.rename(client, name)
        elif word == "/channels":
            client.send(
                "* channels: " + " ".join(f"#{n}" for n in self.channels.values())
            )
        elif word == "/who":
            nicks = sorted(
                (m.nick for m in self.members(client.channel)), key=str.casefold
            )
            client.send(f"* people in #{client.channel}: {' '.join(nicks)}")
        elif word == "/help":
            client.send("* /nick /channels /who", "* /create /join /quit")
        elif word == "/create":
            self.create(client, name.removeprefix("#"))
        elif word == "/join":
            self.join(client, name.removeprefix("#"))
        elif word in ("/quit", "/quitter"):
            client.send("* bye")
            client.writer.close()
        else:
            raise RefusedError(f"{word}?")

    def say(self, client: Client, text: str) -> None:
        """Keep a message, then show it."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = Message(now, client.channel, client.nick, text)
        self.history.add(message)
        for member in self.members(client.channel):
            member.send(show(message))

    def rename(self, client: Client, nick: str) -> None:
        """Do /nick."""
        check_name(nick)
        if self.clients.get(nick.casefold(), client) is not client:
            raise RefusedError(f"{nick} is taken")
        old = client.nick
        del self.clients[old.casefold()]
        self.clients[nick.casefold()] = client
        client.nick = nick
        self.greet(client)
        self.broadcast_to_others(client, f"* {old} is now {nick}")

    def create(self, client: Client, name: str) -> None:
        """Do /create."""
        check_name(name)
        if name.casefold() in self.channels:
            raise RefusedError(f"#{name} exists")
        if len(self.channels) >= MAX_CHANNELS:
            raise RefusedError("no more channels")
        self.history.add_channel(name)
        self.channels[name.casefold()] = name
        self.join(client, name)

    def join(self, client: Client, name: str) -> None:
        """Do /join."""
        if name.casefold() not in self.channels:
            raise RefusedError(f"no channel #{name}")
        self.broadcast_to_others(client, f"* {client.nick} left #{client.channel}")
        self.enter(client, self.channels[name.casefold()])

    def enter(self, client: Client, channel: str) -> None:
        """Show the history, greet, and tell the others."""
        client.send(*map(show, self.history.last(channel)))
        client.channel = channel
        self.greet(client)
        self.broadcast_to_others(client, f"* {client.nick} joined #{channel}")

    def greet(self, client: Client) -> None:
        """Tell a client who and where it is."""
        people = len(self.members(client.channel))
        client.send(f"* you are {client.nick} in #{client.channel} ({people} people)")

    async def close(self) -> None:
        """Say goodbye to all; do not wait for those who do not read."""
        for client in list(self.clients.values()):
            client.send("* server closing")
            if client.writer.transport.get_write_buffer_size():
                client.writer.transport.abort()
            else:
                client.writer.close()
        await asyncio.gather(*self.tasks)


def show(message: Message) -> str:
    """Return a message's line."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


def check_name(name: str) -> None:
    """Refuse what cannot name a person or a channel."""
    if not re.fullmatch(r"[\w-]{1,20}", name):
        raise RefusedError(f"{name!r} is no name")


async def run(arguments: argparse.Namespace, history: History) -> None:
    """Serve until a signal comes."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    chat = Chat(history, arguments)
    # Not reuse_port; reuse_address is on by itself where it is right.
    server = await asyncio.start_server(chat.start, arguments.host, arguments.port)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"Listening on {host}:{port}", flush=True)
    await stopped.wait()
    server.close()
    await chat.close()


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
        with History(arguments.history) as history:
            asyncio.run(run(arguments, history))
    except (OSError, HistoryError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
