"""A chat server with asyncio: one task per client, and no lock, since tasks take turns.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``.
"""

import argparse
import asyncio
import contextlib
import socket
import sys
import traceback
import unicodedata
from datetime import datetime, timezone

from exercise5_chat_channels.history import History, HistoryError, Message
from exercise5_chat_channels.names import is_name, name_key
from exercise5_chat_channels.startup import (
    MAX_CHANNELS,
    StopFlag,
    catch_signals,
    open_listening_socket,
    parse_arguments,
)

MAX_LINE = 1024
MAX_OUTBOX = 1024 * 1024
RECEIVE = 4096
BEHIND = 256 * 1024  # bytes: a client with more waiting makes a flood wait
FLOOD = 8192  # bytes said in a second
PREFIX = 64  # bytes by which a line grows
PATIENCE = 1.0  # seconds for a client that takes nothing
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
        self.leaving = False  # nothing that it still says is done
        self.waiting = 0  # bytes in the outbox when they were last looked at
        self.moved = 0.0  # when they became less
        self.second, self.said = 0, 0  # and how many bytes it has said in that second

    def send(self, *lines: str) -> None:
        """Send lines; asyncio keeps what the socket does not take at once."""
        transport = self.writer.transport
        if transport.is_closing():
            return
        self.writer.write("".join(f"{line}\n" for line in lines).encode())
        if transport.get_write_buffer_size() > MAX_OUTBOX:
            transport.abort()

    def floods(self, lines: list[bytes]) -> bool:
        """Return whether the client says too much in this second, with these lines."""
        second = int(asyncio.get_running_loop().time())
        if second != self.second:
            self.second, self.said = second, 0
        self.said += sum(len(line) + PREFIX for line in lines)
        return self.said > FLOOD

    async def finish(self) -> None:
        """Let the client take what waits, and close its end, if that takes no longer.

        Unread input would make our end a reset.
        """
        self.writer.transport.set_write_buffer_limits(0)  # drain() waits for all
        await self.writer.drain()
        self.writer.write_eof()
        while await self.reader.read(RECEIVE):
            pass

    def lags(self) -> bool:
        """Return whether much waits for this client although it still reads."""
        transport = self.writer.transport
        waiting = transport.get_write_buffer_size()
        now = asyncio.get_running_loop().time()
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
        """Open the channels: those that are given, and those of earlier runs."""
        self.history = history
        self.max_clients = arguments.max_clients
        for name in arguments.channels:
            history.add_channel(name)
        self.channels = {name_key(name): name for name in history.channels()}
        self.lobby = self.channels[name_key(arguments.channels[0])]
        self.clients: dict[str, Client] = {}  # by the key of the nick
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
        if len(self.tasks) >= self.max_clients:
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
        connection = client.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            self.enter(client, self.lobby)
            with contextlib.suppress(OSError):
                await self.listen(client)
        except HistoryError as reason:
            client.send(f"! {reason}")
        except Exception:  # a mistake in this program
            traceback.print_exc()
            client.send("! something went wrong in the server")
        finally:
            self.forget(client)
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(client.finish(), PATIENCE)
            client.writer.transport.abort()

    def forget(self, client: Client) -> None:
        """Make a client's nick free, and tell the others."""
        client.leaving = True
        if self.clients.pop(name_key(client.nick), None):
            self.broadcast_to_others(client, f"* {client.nick} left #{client.channel}")

    async def listen(self, client: Client) -> None:
        """Cut what comes into lines; of one that is too long keep only the start."""
        rest = b""
        while received := await client.reader.read(RECEIVE):
            *lines, rest = (rest + received).split(b"\n")
            rest = rest[:MAX_LINE]
            if client.floods(lines):
                await self.wait_for_readers(client)
            for line in lines:
                if not client.leaving:
                    self.answer(client, line)
            if client.leaving:
                return
        if rest:  # a last line without its newline
            self.answer(client, rest)

    async def wait_for_readers(self, client: Client) -> None:
        """Let a flood wait until those who still read have caught up."""
        while any(member.lags() for member in self.members(client.channel)):
            await asyncio.sleep(0.01)

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
            client.leaving = True
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
        if self.clients.get(name_key(nick), client) is not client:
            raise RefusedError(f"{nick} is taken")
        old = client.nick
        del self.clients[name_key(old)]
        self.clients[name_key(nick)] = client
        client.nick = nick
        self.greet(client)
        self.broadcast_to_others(client, f"* {old} is now {nick}")

    def create(self, client: Client, name: str) -> None:
        """Do /create."""
        check_name(name)
        if name_key(name) in self.channels:
            raise RefusedError(f"#{name} exists")
        if len(self.channels) >= MAX_CHANNELS:
            raise RefusedError("no more channels")
        self.history.add_channel(name)
        self.channels[name_key(name)] = name
        self.join(client, name)

    def join(self, client: Client, name: str) -> None:
        """Do /join."""
        if name_key(name) not in self.channels:
            raise RefusedError(f"no channel #{name}")
        self.enter(client, self.channels[name_key(name)])

    def enter(self, client: Client, channel: str) -> None:
        """Leave the present channel; show the history, greet, and tell the others."""
        past = self.history.last(channel)  # may fail, and then nothing changes
        if client.channel:
            self.broadcast_to_others(client, f"* {client.nick} left #{client.channel}")
        client.send(*map(show, past))
        client.channel = channel
        self.greet(client)
        self.broadcast_to_others(client, f"* {client.nick} joined #{channel}")

    def greet(self, client: Client) -> None:
        """Tell a client who and where it is."""
        people = len(self.members(client.channel))
        client.send(f"* you are {client.nick} in #{client.channel} ({people} people)")

    async def close(self) -> None:
        """Say goodbye to all; do not wait for those who do not read."""
        for client in self.clients.values():
            client.send("* server closing")
        self.clients.clear()  # nobody is told who leaves now
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)


def show(message: Message) -> str:
    """Return a message's line."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


def check_name(name: str) -> None:
    """Refuse what cannot name a person or a channel."""
    if not is_name(name):
        raise RefusedError(f"{name!r} is no name")


async def run(chat: Chat, listening: socket.socket, stopping: StopFlag) -> None:
    """Serve until a signal comes."""
    server = await asyncio.start_server(chat.start, sock=listening, backlog=1024)
    while not stopping.is_set():
        await asyncio.sleep(0.1)
    server.close()
    await chat.close()


def main() -> None:
    """Read the arguments, and serve."""
    stopping = catch_signals()
    arguments = parse_arguments()
    if sys.platform == "win32":
        # Its usual loop stops accepting after a client that resets early:
        # https://github.com/python/cpython/issues/93821
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    try:
        with History(arguments.history) as history:
            chat = Chat(history, arguments)
            with open_listening_socket(arguments.host, arguments.port) as listening:
                asyncio.run(run(chat, listening, stopping))
    except HistoryError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
