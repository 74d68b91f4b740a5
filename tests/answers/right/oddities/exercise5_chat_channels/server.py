"""A chat server of many parts, which says more than it must.

Two threads accept, each client has one thread that reads and one that writes what has
to wait, the main thread alone decides everything (so there is no lock), and a process
writes the log. Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``.
"""

import argparse
import asyncio  # big modules, for a slow start
import contextlib
import itertools
import queue
import random
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import unicodedata
import unittest
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

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

WARM_UP = 0.4  # seconds of work before it listens
MAX_LINE = 1024  # bytes, with the end
MAX_OUTBOX = 1024 * 1024  # bytes
BEHIND = MAX_OUTBOX // 4  # a client with more waiting makes a flood wait,
PATIENCE = 1.0  # but not for longer than this, in seconds, if it takes nothing
FLOOD = 16 * 1024  # bytes in a second: anyone who says more is held back
PREFIX = 64  # bytes by which a line grows
RECEIVE = 5003  # bytes
PIECES = (1, 65536, 7, 300, 65536)  # bytes that are sent at once, in turn
FAREWELL = 0.4  # seconds in which a client may still read, then again: close its end
SCRIBE = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
for line in sys.stdin:
    print("scribe:", line, end="", flush=True)
    print("scribe:", line, end="", flush=True, file=sys.stderr)
"""
WELCOME = (
    "* welcome to the oddest of all servers",
    "* topic is: * you are what you type · ! is not always a refusal",
    "* ***",
    "* /help helps, in many lines",
)
HELP = (
    "* here is what you can do, and it is a lot:",
    "* ------------------------------------------",
    "* /nick NAME: be called NAME, unless somebody is",
    "* /who: the people here, in the order of the alphabet",
    "* /channels: all channels, in the order of their creation",
    "* /create NAME: make a channel, and go there",
    "* /join NAME: go to another channel",
    "* /quit or /quitter: go away",
    "* //text: say /text",
    "* /help: " + "again, " * 300 + "and again",
    "* (Channels may be written with # or without.)",
)
COMMANDS = ("nick", "channels", "who", "help", "create", "join", "quit", "quitter")


class RefusedError(Exception):
    """A line is refused; the text says why."""


def wait_for(connection: socket.socket, event: int, seconds: float | None) -> None:
    """Wait until a socket can be read from or written to, or has ended."""
    with Selector() as selector:
        selector.register(connection, event)
        selector.select(seconds)


class Scribe:
    """A process that writes the log, so that nobody else is kept by that."""

    def __init__(self) -> None:
        """Start it so that it ignores Ctrl+C, which reaches it, too.

        A signal that is ignored stays so in the program that is started, execve(2).
        Not on Windows, where it ignores Ctrl+C itself.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        command = [sys.executable, "-c", SCRIBE]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        self.lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self.dictate)
        self.thread.start()

    def log(self, *words: object) -> None:
        """Let something be written down; any thread may say it."""
        self.lines.put(ascii(" ".join(map(str, words))) + "\n")

    def dictate(self) -> None:
        """Hand the lines over to the process, until there is a None."""
        pipe = self.process.stdin
        with contextlib.suppress(OSError):  # the process was killed: no log, then
            for line in iter(self.lines.get, None):
                if pipe:
                    pipe.write(line)
                    pipe.flush()

    def close(self) -> None:
        """Let everything be written, and end the process."""
        self.lines.put(None)
        self.thread.join()
        with contextlib.suppress(OSError):
            self.process.communicate()


class Client:
    """A connection, with a thread that reads and one that writes."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connected socket."""
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.socket = connection
        self.nick = ""
        self.channel = ""
        self.gone = False  # for the chat; what waits may still be sent
        # What it says, and whether that has been dealt with.
        self.lines: deque[bytes] = deque()
        self.done = threading.Semaphore(0)
        self.has_ended = threading.Event()
        self.cut = False
        self.second, self.said = 0, 0  # bytes said in this second
        # What it is sent.
        self.outbox = bytearray()
        self.sizes = itertools.cycle(PIECES)
        self.mail = threading.Condition()
        self.stuck_since: float | None = None  # None: what is sent is taken
        self.deadline: float | None = None  # when the writer gives up

    # -- for the main thread ----------------------------------------------------------

    def send(self, *lines: str) -> None:
        """Send lines as far as possible now; the writing thread sends the rest."""
        with self.mail:
            if not self.gone:
                self.outbox += "".join(f"{line}\n" for line in lines).encode()
                self.flush()

    def finish(self, seconds: float) -> None:
        """Let the writer send what waits, for so long at most, then disconnect."""
        with self.mail:
            self.gone = True
            self.deadline = time.monotonic() + seconds
            self.mail.notify()

    def has_stopped(self) -> bool:
        """Return whether it takes nothing, and too much waits for it."""
        return self.stuck_since is not None and len(self.outbox) > MAX_OUTBOX

    def lags(self) -> bool:
        """Return whether much waits for it, although it still reads."""
        since = self.stuck_since
        still_reads = since is None or time.monotonic() < since + PATIENCE
        return still_reads and len(self.outbox) > BEHIND and not self.gone

    def floods(self, line: bytes) -> bool:
        """Count a line that is said; tell whether it was much in this second."""
        if int(time.monotonic()) != self.second:
            self.second, self.said = int(time.monotonic()), 0
        self.said += len(line) + PREFIX
        return self.said > FLOOD

    # -- for the reading thread -------------------------------------------------------

    def read(self, chat: "Chat") -> None:
        """Hand over what comes, and read on only when that is dealt with."""
        rest = b""
        while received := self.receive():
            *lines, rest = (rest + received).split(b"\n")
            rest = rest[:MAX_LINE]
            if lines:
                self.hand_over(chat, lines)
        if rest:
            self.hand_over(chat, [rest])
        chat.events.put((self, None))
        self.has_ended.set()

    def hand_over(self, chat: "Chat", lines: list[bytes]) -> None:
        """Wait until the main thread has done what the lines say."""
        if not self.gone:
            chat.events.put((self, lines))
            while not self.done.acquire(timeout=0.2) and not chat.stopping.is_set():
                continue

    def receive(self) -> bytes:
        """Return what comes next, or b"" at the end."""
        while not self.cut:
            try:
                return self.socket.recv(RECEIVE)
            except BlockingIOError:
                wait_for(self.socket, selectors.EVENT_READ, 0.5)  # then see cut
            except OSError:
                break
        return b""

    # -- for the writing thread -------------------------------------------------------

    def write(self) -> None:
        """Send what has to wait; at last close the connection.

        Half-close first, and let the client close its end: input that nobody reads
        would make the close a reset.
        """
        while self.has_output():
            wait_for(self.socket, selectors.EVENT_WRITE, 0.1)
            with self.mail:
                self.flush()
        self.disconnect(socket.SHUT_WR)
        self.has_ended.wait(FAREWELL)
        self.cut = True
        self.disconnect(socket.SHUT_RDWR)
        self.has_ended.wait()
        self.socket.close()

    def has_output(self) -> bool:
        """Wait until something waits to be sent; False if that will never be."""
        with self.mail:
            self.mail.wait_for(lambda: self.outbox or self.deadline)
            too_late = self.deadline and time.monotonic() > self.deadline
            return bool(self.outbox) and not too_late

    def flush(self) -> None:
        """Send what is possible now, in odd pieces; ``mail`` must be held."""
        try:
            while self.outbox:
                sent = self.socket.send(self.outbox[: next(self.sizes)])
                del self.outbox[:sent]
                self.stuck_since = None
        except BlockingIOError:
            self.stuck_since = self.stuck_since or time.monotonic()
            self.mail.notify()
        except OSError:  # it is gone; the reading thread tells the chat
            self.outbox.clear()

    def disconnect(self, how: int) -> None:
        """End the connection, in one direction or in both."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(how)


class Chat:
    """Everything that people share. Only the main thread uses it, by its events."""

    def __init__(
        self,
        history: History,
        arguments: argparse.Namespace,
        scribe: Scribe,
        stopping: StopFlag,
    ) -> None:
        """Open the channels: those that are given, and those of earlier runs."""
        self.history = history
        self.log = scribe.log
        self.max_clients: int = arguments.max_clients
        for name in arguments.channels:
            history.add_channel(name)
        self.channels = {name_key(name): name for name in history.channels()}
        self.lobby = self.channels[name_key(arguments.channels[0])]
        self.clients: dict[str, Client] = {}  # by the key of the nick
        self.held: list[Client] = []  # who floods, and must wait
        self.messages = 0
        # A client with lines, with None at its end, or a new socket.
        self.events: queue.SimpleQueue[
            tuple[Client, list[bytes] | None] | socket.socket
        ] = queue.SimpleQueue()
        self.threads = ThreadPoolExecutor(2 * self.max_clients + 8)
        self.bouncers = ThreadPoolExecutor(4)
        self.stopping = stopping

    # -- events -----------------------------------------------------------------------

    def accept(self, listening: socket.socket) -> None:
        """Take new connections: the work of two threads."""
        while not self.stopping.is_set():
            try:
                connection, address = listening.accept()
            except TimeoutError:
                continue
            except OSError as error:
                self.log("cannot accept:", error)
                time.sleep(0.1)  # no descriptor is left: until somebody goes
                continue
            self.log("somebody comes from", *address)
            self.events.put(connection)

    def run(self) -> None:
        """Deal with one event after another until stop()."""
        while not self.stopping.is_set():
            with contextlib.suppress(queue.Empty):
                event = self.events.get(timeout=0.02 if self.held else 0.1)
                if isinstance(event, socket.socket):
                    self.welcome(event)
                elif event[1] is None:
                    self.forget(event[0])
                else:
                    event[0].lines.extend(event[1])
                    self.held.append(event[0])
            for client in self.held[:]:
                self.listen(client)

    def welcome(self, connection: socket.socket) -> None:
        """Take a new client in, or turn it away."""
        if len(self.clients) >= self.max_clients:
            self.bouncers.submit(turn_away, connection)
            return
        client = Client(connection)
        client.nick = self.free_nick()
        self.clients[client.nick] = client
        self.threads.submit(client.write)
        self.threads.submit(client.read, self)
        try:
            self.enter(client, self.lobby, "for the first time")
            client.send(*WELCOME)
        except HistoryError as reason:
            client.send(f"! {reason}")
            self.forget(client)

    def free_nick(self) -> str:
        """Return a guestN that nobody has."""
        while True:
            nick = f"guest{random.randrange(10 ** random.randrange(1, 15))}"
            if nick not in self.clients:
                return nick

    def listen(self, client: Client) -> None:
        """Do what a client's lines say, unless it floods while others are behind."""
        while client.lines and not client.gone and not self.stopping.is_set():
            if self.must_wait(client):
                return
            self.answer(client, client.lines.popleft())
            self.drop_stopped()
        client.lines.clear()
        self.held.remove(client)
        client.done.release()

    def must_wait(self, client: Client) -> bool:
        """Return whether a client must say its next line later."""
        if client.lags():
            return True
        if not client.floods(client.lines[0]):
            return False
        return any(member.lags() for member in self.members(client.channel))

    def drop_stopped(self) -> None:
        """Disconnect those who do not read; the others are told, so look again."""
        while stopped := [c for c in self.clients.values() if c.has_stopped()]:
            for client in stopped:
                self.log(client.nick, "does not read")
                self.forget(client, 0)

    def forget(self, client: Client, seconds: float = 2.0) -> None:
        """Let a client go, and tell the others in its channel."""
        if self.clients.get(name_key(client.nick)) is client:
            del self.clients[name_key(client.nick)]
            client.finish(seconds)
            self.broadcast(client.channel, f"* {client.nick} left #{client.channel}")
            self.log(client.nick, "is gone")

    def close(self) -> None:
        """Say goodbye, and wait until all threads are done."""
        for client in self.clients.values():
            client.send("* server closing")
            client.finish(FAREWELL)
        with contextlib.suppress(queue.Empty):
            while True:
                event = self.events.get_nowait()
                if isinstance(event, socket.socket):
                    event.close()
        self.bouncers.shutdown(cancel_futures=True)
        self.threads.shutdown()

    # -- what lines ask for -----------------------------------------------------------

    def members(self, channel: str) -> list[Client]:
        """Return who is in a channel."""
        return [c for c in self.clients.values() if c.channel == channel]

    def broadcast(self, channel: str, line: str, exclude: Client | None = None) -> None:
        """Send a line to the members of a channel."""
        for member in self.members(channel):
            if member is not exclude:
                member.send(line)

    def answer(self, client: Client, line: bytes) -> None:
        """Do what a line asks for, or say why not."""
        self.log(client.nick, "says", line)
        try:
            text = decode(line)
            if text.startswith("/") and not text.startswith("//"):
                word, _, argument = text.partition(" ")
                self.command(client, word, argument.strip(" "))
            elif text:
                self.say(client, text.removeprefix("/"))
        except (RefusedError, HistoryError) as reason:
            refused = f"! {client.nick}, this was refused, and that is a pity: {reason}"
            client.send(f"{refused}. Nothing has changed; /help says what is possible.")
        except Exception:  # a mistake in this program
            traceback.print_exc()
            client.send("! something went wrong in the server, and that is a pity, too")
            self.forget(client)

    def command(self, client: Client, word: str, argument: str) -> None:
        """Do a command: the method that is called like it."""
        if word[1:] not in COMMANDS:
            raise RefusedError(f"among {len(COMMANDS)} commands there is no {word!r}")
        getattr(self, f"do_{word[1:]}")(client, argument)

    def say(self, client: Client, text: str) -> None:
        """Keep a message, then show it; count them, too."""
        when = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = Message(when, client.channel, client.nick, text)
        self.history.add(message)
        self.broadcast(client.channel, show(message))
        self.messages += 1
        if self.messages % 100 == 0:
            self.broadcast(
                client.channel, f"* {self.messages} things have been said here"
            )

    def do_nick(self, client: Client, name: str) -> None:
        """Do /nick NAME."""
        check_name(name)
        if self.clients.get(name_key(name), client) is not client:
            raise RefusedError(f"{name} is somebody else")
        old, client.nick = client.nick, name
        del self.clients[name_key(old)]
        self.clients[name_key(name)] = client
        self.greet(client, f"and no longer {old} in #{client.channel}")
        self.broadcast(client.channel, f"* {old} is now {name}", exclude=client)

    def do_channels(self, client: Client, _: str) -> None:
        """Do /channels."""
        names = " ".join(f"#{name}" for name in self.channels.values())
        count = f"* {len(self.channels)} of at most {MAX_CHANNELS}"
        client.send(f"* channels: {names}", count)

    def do_who(self, client: Client, _: str) -> None:
        """Do /who."""
        nicks = [member.nick for member in self.members(client.channel)]
        people = " ".join(sorted(nicks))
        client.send(
            f"* people in #{client.channel}: {people}", f"* {len(nicks)} people"
        )

    def do_help(self, client: Client, _: str) -> None:
        """Do /help."""
        client.send(*HELP)

    def do_create(self, client: Client, name: str) -> None:
        """Do /create NAME."""
        name = name.removeprefix("#")
        check_name(name)
        if name_key(name) in self.channels:
            raise RefusedError(f"#{name} exists, try /join")
        if len(self.channels) >= MAX_CHANNELS:
            raise RefusedError(f"{MAX_CHANNELS} channels must be enough")
        self.history.add_channel(name)
        self.channels[name_key(name)] = name
        self.enter(client, name, "which is new")

    def do_join(self, client: Client, name: str) -> None:
        """Do /join NAME."""
        channel = self.channels.get(name_key(name.removeprefix("#")))
        if channel is None:
            raise RefusedError(f"nobody has ever made #{name}")
        self.enter(client, channel, f"you were in #{client.channel} before")

    def do_quit(self, client: Client, _: str) -> None:
        """Do /quit."""
        client.send("* bye")
        self.forget(client)

    do_quitter = do_quit

    def enter(self, client: Client, channel: str, words: str) -> None:
        """Leave the present channel, if there is one; show the history of the other."""
        past = self.history.last(channel)
        if client.channel:
            left = f"* {client.nick} left #{client.channel}"
            self.broadcast(client.channel, left, exclude=client)
        client.channel = channel
        client.send(*map(show, past))
        self.greet(client, words)
        self.broadcast(channel, f"* {client.nick} joined #{channel}", exclude=client)

    def greet(self, client: Client, words: str) -> None:
        """Tell a client who and where it is, and a little more."""
        client.send(f"* you are {client.nick} in #{client.channel} · {words} ·")


def turn_away(connection: socket.socket) -> None:
    """Say that the server is full; half-close, and read on, so that it arrives."""
    with connection, contextlib.suppress(OSError):
        connection.settimeout(FAREWELL)
        connection.sendall(b"! server full\n")
        connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + FAREWELL
        while connection.recv(1000) and time.monotonic() < deadline:
            continue


def decode(line: bytes) -> str:
    """Return a line as text, or refuse it."""
    if len(line) >= MAX_LINE:
        raise RefusedError(f"it has more than {MAX_LINE} bytes")
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise RefusedError(f"byte {error.start} of it is not UTF-8") from None
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Zl", "Zp"):
            raise RefusedError(f"there is a U+{ord(letter):04X} in {ascii(text)}")
    return text


def show(message: Message) -> str:
    """Return a message's line."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


def check_name(name: str) -> None:
    """Refuse what cannot name a person or a channel."""
    if not is_name(name):
        raise RefusedError(f"{name!r} is no name of 1 to 20 letters, digits, - and _")


def warm_up() -> int:
    """Compute something that takes its time; return how far it came."""
    deadline = time.process_time() + WARM_UP
    number = len(asyncio.__all__) + len(unittest.__all__)
    while time.process_time() < deadline:
        number = number * 69069 % 2**32 + 1
    return number


def serve(chat: Chat, listening: socket.socket) -> None:
    """Serve until a signal comes."""
    listening.settimeout(0.2)
    doors = [threading.Thread(target=chat.accept, args=[listening]) for _ in range(2)]
    for door in doors:
        door.start()
    chat.run()
    for door in doors:
        door.join()
    chat.close()


def main() -> None:
    """Open everything, serve, and close everything."""
    arguments = parse_arguments()
    address = arguments.host, arguments.port
    try:
        with History(arguments.history) as history:
            with contextlib.closing(Scribe()) as scribe:
                chat = Chat(history, arguments, scribe, catch_signals())
                luck = warm_up()
                with open_listening_socket(*address) as listening:
                    chat.log("awake at last:", luck)
                    serve(chat, listening)
    except HistoryError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
