"""A chat server that slows a flood down to a fixed pace, however fast others read.

Each client has a thread that listens and one that sends, so sockets may block. Run
``python -m exercise5_chat_channels.server [HOST] [PORT]``.
"""

import contextlib
import os
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator

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
PACE = 512 * 1024  # bytes a second that one client's lines may become, for each reader
AT_ONCE = 64 * 1024  # bytes that may come faster
PREFIX = 64  # bytes by which a line grows
LINGER = 1.0  # seconds in which a client may read its last lines
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
HELP = "* /nick NAME, /who, /channels, /join NAME, /create NAME, /quit, //text"


class RefusedError(Exception):
    """A line is refused; the text says why."""


class Outbox:
    """What waits for a client, and the thread that sends it."""

    def __init__(self, connection: socket.socket) -> None:
        """Begin to send what is put in."""
        self.socket = connection
        self.waiting = bytearray()
        self.is_last = False  # nothing more will come
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self.send_all)
        self.thread.start()

    def put(self, *lines: str) -> None:
        """Let lines be sent; disconnect a client for which too much waits."""
        with self.changed:
            if not self.is_last:
                self.waiting += "".join(f"{line}\n" for line in lines).encode()
            self.changed.notify()
        # What one turn brings may be more than that: give the thread time to send it.
        if len(self.waiting) > MAX_OUTBOX and not self.shrinks():
            self.disconnect()

    def shrinks(self) -> bool:
        """Return whether the client takes some of what waits within a moment."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.waiting) <= MAX_OUTBOX, 0.2)

    def send_all(self) -> None:
        """Send what comes until there is no more, then end our half of the stream."""
        with contextlib.suppress(OSError):
            while chunk := self.next_chunk():
                sent = self.socket.send(chunk)
                with self.changed:
                    del self.waiting[:sent]
                    self.changed.notify()
            self.socket.shutdown(socket.SHUT_WR)

    def next_chunk(self) -> bytes:
        """Wait for something to send; b"" is the end."""
        with self.changed:
            self.changed.wait_for(lambda: self.waiting or self.is_last)
            return bytes(self.waiting[:65536])

    def finish(self) -> None:
        """Take nothing more; what waits is still sent."""
        with self.changed:
            self.is_last = True
            self.changed.notify()

    def disconnect(self) -> None:
        """End the connection, and the two threads with it."""
        self.finish()
        with self.changed:
            self.waiting.clear()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
            if os.name == "nt":  # there it does not end the wait of another thread
                socket.close(self.socket.detach())


class Client:
    """A connection, its nick, its channel, and how fast it may go on talking."""

    def __init__(self, connection: socket.socket, nick: str) -> None:
        """Take over a connection."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.nick = nick
        self.channel = ""
        self.outbox = Outbox(connection)
        self.thread = threading.Thread()
        self.may_speak = 0.0  # when what it has said so far is out, at the pace

    def keep_pace(self, size: int) -> None:
        """Wait until a line of this size is not too fast. Hold no lock!"""
        now = time.monotonic()
        self.may_speak = max(self.may_speak, now) + (size + PREFIX) / PACE
        if (ahead := self.may_speak - now - AT_ONCE / PACE) > 0:
            time.sleep(ahead)

    def lines(self) -> Iterator[bytes]:
        """Yield its lines; of one that is too long only the beginning."""
        with self.socket.makefile("rb") as file:
            while line := file.readline(MAX_LINE + 1):
                yield line
                while len(line) > MAX_LINE and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE + 1)

    def close(self) -> None:
        """Let it read its last lines, if it reads; then close the socket."""
        self.outbox.finish()
        self.outbox.thread.join(LINGER)
        deadline = time.monotonic() + LINGER
        with contextlib.suppress(OSError):
            self.socket.settimeout(LINGER)
            while self.socket.recv(65536) and time.monotonic() < deadline:
                continue
        self.outbox.thread.join(LINGER)  # a client that has half-closed still reads
        self.outbox.disconnect()
        self.outbox.thread.join()
        self.socket.close()


class Chat:
    """Who is where, and the lock under which everything is decided."""

    def __init__(self, history: History, names: list[str], max_clients: int) -> None:
        """Open the channels, and those of earlier runs."""
        self.history, self.max_clients = history, max_clients
        for name in names:
            history.add_channel(name)
        self.channels = {name_key(name): name for name in history.channels()}
        self.lobby = self.channels[name_key(names[0])]
        self.clients: list[Client] = []
        self.lock = threading.Lock()
        self.guests = 0
        self.closing = False

    # -- connections ------------------------------------------------------------------

    def admit(self, connection: socket.socket) -> None:
        """Let a client in, or say that there is no room."""
        client = Client(connection, "")
        client.thread = threading.Thread(target=self.serve, args=[client])
        with self.lock:
            if full := len(self.clients) >= self.max_clients:
                client.outbox.put("! server full")
            else:
                client.nick = self.guest()
                self.clients.append(client)
        if full:
            threading.Thread(target=client.close).start()
        else:
            client.thread.start()

    def serve(self, client: Client) -> None:
        """Do what a client says until it leaves: the work of its thread."""
        try:
            with self.lock:
                self.enter(client, self.lobby)
            for line in client.lines():
                self.hear(client, line)
                if client.outbox.is_last:
                    break
        except OSError:
            pass  # a reset is an end, too
        except HistoryError as reason:
            client.outbox.put(f"! {reason}")
        except Exception:  # a mistake in this program
            traceback.print_exc()
        with self.lock:
            self.leave(client)
            self.clients.remove(client)
        client.close()

    def close(self) -> None:
        """Say goodbye to everybody, and wait for all threads."""
        with self.lock:
            clients = list(self.clients)
            for client in clients:
                client.outbox.put("* server closing")
                client.outbox.finish()
        for client in clients:
            with contextlib.suppress(OSError):
                client.socket.shutdown(socket.SHUT_RD)
        deadline = time.monotonic() + LINGER
        for client in clients:
            if os.name == "nt":  # there it does not end the wait of another thread
                client.outbox.thread.join(max(deadline - time.monotonic(), 0))
                client.outbox.disconnect()
            client.thread.join()

    # -- lines ------------------------------------------------------------------------

    def hear(self, client: Client, line: bytes) -> None:
        """Do what a line asks for, or say why not."""
        client.keep_pace(len(line))
        with self.lock:
            if client.outbox.is_last:
                return
            try:
                self.obey(client, decode(line))
            except (RefusedError, HistoryError) as reason:
                client.outbox.put(f"! {reason}")

    def obey(self, client: Client, text: str) -> None:
        """Do a command, or say a text."""
        command, _, rest = text.partition(" ")
        if not text.startswith("/") or text.startswith("//"):
            self.say(client, text.removeprefix("/"))
        elif command in self.COMMANDS:
            self.COMMANDS[command](self, client, rest.strip())
        else:
            raise RefusedError(f"there is no {command}")

    def say(self, client: Client, text: str) -> None:
        """Keep a message, and show it to its channel."""
        if text:
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            message = Message(when, client.channel, client.nick, text)
            self.history.add(message)
            self.tell(client.channel, show(message))

    def tell(self, channel: str, line: str, but: Client | None = None) -> None:
        """Send a line to all in a channel, or to all but one."""
        for client in self.clients:
            if client.channel == channel and client is not but:
                client.outbox.put(line)

    # -- commands ---------------------------------------------------------------------

    def enter(self, client: Client, name: str) -> None:
        """Move a client to a channel: the history, the greeting, the notices."""
        past = self.history.last(name)
        self.leave(client)
        client.channel = name
        client.outbox.put(*map(show, past), self.greeting(client))
        self.tell(name, f"* {client.nick} joined #{name}", but=client)

    def leave(self, client: Client) -> None:
        """Take a client out of its channel."""
        channel, client.channel = client.channel, ""
        if channel:
            self.tell(channel, f"* {client.nick} left #{channel}")

    def greeting(self, client: Client) -> str:
        """Return the line that says who and where a client is."""
        return f"* you are {client.nick} in #{client.channel}"

    def find(self, nick: str) -> Client | None:
        """Return the client with a nick."""
        key = name_key(nick)
        return next((c for c in self.clients if name_key(c.nick) == key), None)

    def guest(self) -> str:
        """Return the next nick that nobody has."""
        self.guests += 1
        while self.find(f"guest{self.guests}"):
            self.guests += 1
        return f"guest{self.guests}"

    def nick(self, client: Client, name: str) -> None:
        """Do /nick."""
        if not is_name(name):
            raise RefusedError("that is not a nick")
        if self.find(name) not in (None, client):
            raise RefusedError("somebody has that nick")
        old, client.nick = client.nick, name
        client.outbox.put(self.greeting(client))
        self.tell(client.channel, f"* {old} is now {name}", but=client)

    def join(self, client: Client, name: str) -> None:
        """Do /join."""
        key = name_key(name.removeprefix("#"))
        if key not in self.channels:
            raise RefusedError("there is no such channel")
        self.enter(client, self.channels[key])

    def create(self, client: Client, name: str) -> None:
        """Do /create."""
        name = name.removeprefix("#")
        if not is_name(name):
            raise RefusedError("that is not a channel's name")
        if name_key(name) in self.channels or len(self.channels) >= MAX_CHANNELS:
            raise RefusedError("it is there already, or there are too many")
        self.history.add_channel(name)
        self.channels[name_key(name)] = name
        self.enter(client, name)

    def people(self, client: Client, _: str) -> None:
        """Do /who."""
        here = sorted(c.nick for c in self.clients if c.channel == client.channel)
        client.outbox.put(f"* people in #{client.channel}: {' '.join(here)}")

    def list_channels(self, client: Client, _: str) -> None:
        """Do /channels."""
        names = " ".join(f"#{name}" for name in self.channels.values())
        client.outbox.put(f"* channels: {names}")

    def explain(self, client: Client, _: str) -> None:
        """Do /help."""
        client.outbox.put(HELP)

    def say_bye(self, client: Client, _: str) -> None:
        """Do /quit."""
        client.outbox.put("* bye")
        client.outbox.finish()

    COMMANDS: "dict[str, Callable[[Chat, Client, str], None]]" = {
        "/nick": nick,
        "/join": join,
        "/create": create,
        "/who": people,
        "/channels": list_channels,
        "/help": explain,
        "/quit": say_bye,
        "/quitter": say_bye,
    }


def decode(line: bytes) -> str:
    """Return a line as text, or refuse it."""
    if len(line.removesuffix(b"\n")) >= MAX_LINE:
        raise RefusedError("that is too long")
    try:
        text = line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise RefusedError("that is not UTF-8") from None
    if CONTROL.search(text):
        raise RefusedError("that has control characters")
    return text


def show(message: Message) -> str:
    """Return the line of a message."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


def accept_clients(listening: socket.socket, chat: Chat, stopping: StopFlag) -> None:
    """Let clients in until somebody stops the server."""
    listening.settimeout(0.1)
    while not stopping.is_set():
        try:
            connection, _ = listening.accept()
            connection.settimeout(None)
            chat.admit(connection)
        except TimeoutError:
            pass
        except OSError as error:
            print(f"Cannot accept: {error}", file=sys.stderr)
            time.sleep(0.1)


def main() -> None:
    """Serve until Ctrl+C."""
    stopping = catch_signals()
    arguments = parse_arguments()
    try:
        with History(arguments.history) as history:
            chat = Chat(history, arguments.channels, arguments.max_clients)
            with open_listening_socket(arguments.host, arguments.port) as listening:
                accept_clients(listening, chat, stopping)
            chat.close()
    except HistoryError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
