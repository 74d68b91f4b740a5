"""A chat server with a thread per channel: what reaches it first is first for all.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``. A channel's thread owns
its members and its past; nobody else touches them. Each client has a thread that reads
and asks the channels, one thing at a time. A postman sends what could not be sent at
once.
"""

import argparse
import contextlib
import selectors
import socket
import sys
import threading
import time
import traceback
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

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
MAX_OUTBOX = 1024 * 1024  # bytes
PAST = 50  # messages that a channel shows to who joins
BEHIND = 256 * 1024  # bytes: who has so much waiting makes a flood wait
PATIENCE = 2.0  # seconds that it waits for a client that takes nothing
FLOOD = 64 * 1024  # bytes in a second: more than anybody types
LINGER = 1.0  # seconds for a client to close after us
# A small buffer in the kernel shows soon whether a client reads or has stopped.
SEND_BUFFER = 64 * 1024  # bytes
HELP = ["* /nick NAME, /who, /channels, /join NAME, /create NAME, /quit", "* //text"]

Result = TypeVar("Result")


class RefusedError(Exception):
    """A line is refused; the text says why."""


class Bell:
    """Wakes a thread that waits with a selector."""

    def __init__(self) -> None:
        """Start silent."""
        self.ear, self.hammer = socket.socketpair()
        self.ear.setblocking(False)
        self.hammer.setblocking(False)

    def ring(self) -> None:
        """Wake the thread, now or as soon as it waits."""
        with contextlib.suppress(BlockingIOError):  # enough rings wait already
            self.hammer.send(b"\0")

    def hush(self) -> None:
        """Forget the rings so far."""
        with contextlib.suppress(BlockingIOError):
            while self.ear.recv(4096):
                continue

    def close(self) -> None:
        """Close both ends."""
        self.ear.close()
        self.hammer.close()


class Postman(threading.Thread):
    """Sends the slow what waits for them, as soon as there is room."""

    def __init__(self) -> None:
        """Start with nothing to do."""
        super().__init__(name="postman")
        self.bell = Bell()
        self.lock = threading.Lock()
        self.slow: set[Client] = set()
        self.stopping = False

    def run(self) -> None:
        """Wait for room, and flush, until stop()."""
        while not self.stopping:
            with Selector() as selector:
                selector.register(self.bell.ear, selectors.EVENT_READ)
                with self.lock:
                    for client in self.slow:
                        selector.register(client.socket, selectors.EVENT_WRITE, client)
                ready = []
                with contextlib.suppress(OSError):  # Windows', when one was just closed
                    ready = [key.data for key, _ in selector.select()]
            self.bell.hush()
            for client in filter(None, ready):
                self.forget(client)
                client.flush()  # which comes back to look_after() if need be

    def look_after(self, client: "Client") -> None:
        """Flush this client's outbox when there is room."""
        with self.lock:
            self.slow.add(client)
        self.bell.ring()

    def forget(self, client: "Client") -> None:
        """Flush this client's outbox no more."""
        with self.lock:
            self.slow.discard(client)

    def stop(self) -> None:
        """End the thread."""
        self.stopping = True
        self.bell.ring()
        self.join()
        self.bell.close()


class Channel(threading.Thread):
    """A channel: its members and its past, and the thread that they belong to."""

    def __init__(self, name: str, history: History) -> None:
        """Bring back what was said; HistoryError when that is not possible."""
        super().__init__(name=f"#{name}")
        self.title = name
        self.history = history
        self.past = deque(map(show, history.last(name, PAST)), maxlen=PAST)
        self.members: list[Client] = []
        self.tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self.closing = False  # then there is nobody to be told anything

    def run(self) -> None:
        """Do one thing after another: that is the order which all members see."""
        while task := self.tasks.get():
            task()

    def ask(self, work: Callable[[], Result]) -> Result:
        """Let the channel's thread do something; return or raise what comes of it."""
        future: Future[Result] = Future()

        def task() -> None:
            try:
                future.set_result(work())
            except Exception as error:  # it belongs to the one who asked
                future.set_exception(error)

        self.tasks.put(task)
        return future.result()

    def stop(self) -> None:
        """End the thread, when everything before has been done."""
        self.tasks.put(None)
        self.join()

    # -- what the channel's own thread does -------------------------------------------

    def broadcast(self, line: str, exclude: "Client | None" = None) -> None:
        """Send a line to every member, or to all but one."""
        for member in self.members:
            if member is not exclude:
                member.send(line)

    def say(self, client: "Client", text: str) -> None:
        """Keep a message, then show it."""
        if self.closing:
            return
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        message = Message(when, self.title, client.nick, text)
        self.history.add(message)
        self.past.append(show(message))
        self.broadcast(show(message))

    def enter(self, client: "Client") -> None:
        """Take a member in, who first gets the past."""
        client.send(*self.past)
        client.channel = self
        self.members.append(client)
        self.greet(client)
        self.broadcast(f"* {client.nick} joined #{self.title}", exclude=client)

    def let_go(self, client: "Client") -> None:
        """Let a member move to another channel."""
        if client in self.members:
            self.members.remove(client)
            if not self.closing:
                self.broadcast(f"* {client.nick} left #{self.title}")

    def lose(self, client: "Client", people: "People") -> None:
        """Let a member go for good; its nick is free before the others hear of it."""
        people.remove(client)
        self.let_go(client)

    def rename(self, client: "Client", nick: str, people: "People") -> None:
        """Give a member another nick, or refuse it."""
        old = client.nick
        people.rename(client, nick)
        self.greet(client)
        self.broadcast(f"* {old} is now {nick}", exclude=client)

    def greet(self, client: "Client") -> None:
        """Tell a member who and where it is."""
        client.send(f"* you are {client.nick} in #{self.title}")

    def list_people(self, client: "Client") -> None:
        """Tell a member who is here."""
        nicks = sorted((member.nick for member in self.members), key=str.casefold)
        client.send(f"* people in #{self.title}: {' '.join(nicks)}")

    def lags(self) -> bool:
        """Return whether a member that reads cannot keep up with what is said."""
        return any(member.lags() for member in self.members)


class People:
    """Who is here: nicks are compared without case, and nobody shares one."""

    def __init__(self, most: int) -> None:
        """Let in so many and no more."""
        self.most = most
        self.by_nick: dict[str, Client] = {}
        self.guests = 0
        self.lock = threading.Lock()

    def admit(self, client: "Client") -> bool:
        """Give a client a nick that nobody has, if there is room for it."""
        with self.lock:
            if len(self.by_nick) >= self.most:
                return False
            self.guests += 1
            while f"guest{self.guests}" in self.by_nick:
                self.guests += 1
            client.nick = f"guest{self.guests}"
            self.by_nick[client.nick] = client
            return True

    def rename(self, client: "Client", nick: str) -> None:
        """Change a nick, or refuse it."""
        check_name(nick)
        with self.lock:
            if self.by_nick.get(name_key(nick), client) is not client:
                raise RefusedError(f"{nick} is somebody else's nick")
            del self.by_nick[name_key(client.nick)]
            self.by_nick[name_key(nick)] = client
            client.nick = nick

    def remove(self, client: "Client") -> None:
        """Make a client's place and nick free."""
        with self.lock:
            del self.by_nick[name_key(client.nick)]


class Channels:
    """The channels in the order of their creation."""

    def __init__(self, history: History, given: list[str]) -> None:
        """Open the given channels, and those of earlier runs."""
        self.history = history
        self.lock = threading.Lock()
        for name in given:
            history.add_channel(name)
        names = history.channels()
        self.by_name = {name_key(name): Channel(name, history) for name in names}
        self.first = self.by_name[name_key(given[0])]

    def start(self) -> None:
        """Let all threads begin."""
        for channel in self.by_name.values():
            channel.start()

    def find(self, name: str) -> Channel:
        """Return a channel, or refuse."""
        with self.lock:
            channel = self.by_name.get(name_key(name.removeprefix("#")))
        if channel is None:
            raise RefusedError(f"there is no channel {name!r}")
        return channel

    def create(self, name: str) -> Channel:
        """Make a channel, or refuse."""
        name = name.removeprefix("#")
        check_name(name)
        with self.lock:
            if name_key(name) in self.by_name:
                raise RefusedError(f"#{name} is there already")
            if len(self.by_name) >= MAX_CHANNELS:
                raise RefusedError(f"{MAX_CHANNELS} channels are enough")
            channel = Channel(name, self.history)
            self.history.add_channel(name)
            channel.start()
            self.by_name[name_key(name)] = channel
        return channel

    def names(self) -> list[str]:
        """Return the names as they are shown."""
        return [f"#{channel.title}" for channel in self.all()]

    def all(self) -> list[Channel]:
        """Return the channels."""
        with self.lock:
            return list(self.by_name.values())


class Client(threading.Thread):
    """One connection: the thread that reads, and what waits to be sent."""

    def __init__(self, connection: socket.socket, server: "ChatServer") -> None:
        """Take over a connection; nothing here waits for it but its own thread."""
        super().__init__(name="client")
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.socket = connection
        self.server = server
        self.nick = ""
        self.channel = server.channels.first
        self.outbox = bytearray()
        self.last_sent = time.monotonic()
        self.leaving = False  # nothing more is to be sent than what waits
        self.second = self.caused = 0  # bytes caused within this second
        self.changed = threading.Condition()  # protects outbox and socket

    # -- sending: any thread ----------------------------------------------------------

    def send(self, *lines: str) -> None:
        """Send lines as far as that is possible now; the postman sends the rest."""
        with self.changed:
            if not self.leaving:
                self.outbox += "".join(f"{line}\n" for line in lines).encode()
                self.flush()

    def flush(self) -> None:
        """Send what waits; disconnect a client for which too much does."""
        with self.changed:
            try:
                while self.outbox:
                    del self.outbox[: self.socket.send(self.outbox)]
                    self.last_sent = time.monotonic()
            except BlockingIOError:
                if len(self.outbox) > MAX_OUTBOX:
                    self.disconnect()
                else:
                    self.server.postman.look_after(self)
            except OSError:
                self.disconnect()
            self.changed.notify_all()

    def leave(self, last_words: str) -> None:
        """Send a last line."""
        with self.changed:
            self.send(last_words)
            self.leaving = True

    def disconnect(self) -> None:
        """End the connection now; the client's thread sees the end, and cleans up."""
        with self.changed:
            self.leaving = True
            self.outbox.clear()
            self.changed.notify_all()
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def has_stopped(self) -> bool:
        """Return whether the client, for which something waits, has stopped reading."""
        return time.monotonic() > self.last_sent + PATIENCE

    def lags(self) -> bool:
        """Return whether much waits for this client although it still reads."""
        return len(self.outbox) > BEHIND and not self.has_stopped()

    def wait_until_sent(self, deadline: float) -> None:
        """Wait until nothing waits any more, the client has stopped, or time is up."""
        with self.changed:
            while self.outbox and not self.has_stopped():
                if time.monotonic() > deadline:
                    break
                self.changed.wait(0.1)

    # -- reading: this thread ---------------------------------------------------------

    def run(self) -> None:
        """Serve the client until it leaves, or tell it that the server is full."""
        people = self.server.people
        if people.admit(self):
            try:
                self.channel.ask(lambda: self.channel.enter(self))
                self.listen()
            except Exception:  # a mistake in this program
                traceback.print_exc()
                self.leave("! something went wrong in the server")
            finally:
                self.channel.ask(lambda: self.channel.lose(self, people))
        else:
            self.leave("! server full")
        self.finish()

    def listen(self) -> None:
        """Do what the client says, line by line."""
        for line in self.split_lines():
            self.be_patient(len(line))
            if not self.leaving:
                self.answer(line)
            if self.leaving:
                break

    def split_lines(self) -> Iterator[bytes]:
        """Yield what comes without newlines; of a line too long only the start."""
        rest = b""
        with Selector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            while received := self.receive(selector):
                *lines, rest = (rest + received).split(b"\n")
                yield from lines
                rest = rest[:MAX_LINE]
        if rest:  # the last line, if the client closes before its newline
            yield rest

    def receive(self, selector: selectors.BaseSelector, limit: float = 0) -> bytes:
        """Wait for input, and return it; b"" at the end, or when the limit is over."""
        with contextlib.suppress(OSError):
            # Without a limit: on Windows, shutdown() does not end the wait.
            while selector.select(limit or 0.5) or not (limit or self.leaving):
                with contextlib.suppress(BlockingIOError):
                    return self.socket.recv(16384)
        return b""

    def be_patient(self, size: int) -> None:
        """Wait while this client's outbox is full, or, in a flood, somebody else's."""
        second = int(time.monotonic())
        if second != self.second:
            self.second, self.caused = second, 0
        self.caused += size + 64  # others get a prefix, too
        floods = self.caused > FLOOD
        while not self.leaving and (
            self.lags() or (floods and self.channel.ask(self.channel.lags))
        ):
            with self.changed:
                self.changed.wait(0.05)

    def finish(self) -> None:
        """Let the client have what waits for it, and close without a reset.

        Unread input would make the end a reset, so read on until it has closed, too.
        """
        with self.changed:
            self.leaving = True
        self.wait_until_sent(time.monotonic() + 60)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + LINGER
        with Selector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            while self.receive(selector, LINGER) and time.monotonic() < deadline:
                continue
        self.disconnect()
        self.server.forget(self)

    def close(self) -> None:
        """Close the socket, when nobody uses it any more."""
        with self.changed:
            self.socket.close()

    # -- what lines ask for -----------------------------------------------------------

    def answer(self, line: bytes) -> None:
        """Do what a line asks for, or say why not."""
        try:
            text = decode(line)
            if text.startswith("/") and not text.startswith("//"):
                word, _, argument = text.partition(" ")
                if word not in COMMANDS:
                    raise RefusedError(f"{word} is no command, see /help")
                COMMANDS[word](self, argument.strip(" "))
            elif text:
                self.channel.ask(lambda: self.channel.say(self, text.removeprefix("/")))
        except (RefusedError, HistoryError) as reason:
            self.send(f"! {reason}")

    def rename(self, nick: str) -> None:
        """Do /nick."""
        people = self.server.people
        self.channel.ask(lambda: self.channel.rename(self, nick, people))

    def list_channels(self, _: str) -> None:
        """Do /channels."""
        self.send(f"* channels: {' '.join(self.server.channels.names())}")

    def list_people(self, _: str) -> None:
        """Do /who."""
        self.channel.ask(lambda: self.channel.list_people(self))

    def help(self, _: str) -> None:
        """Do /help."""
        self.send(*HELP)

    def create(self, name: str) -> None:
        """Do /create."""
        self.move(self.server.channels.create(name))

    def go_to(self, name: str) -> None:
        """Do /join (a thread's join() is another thing)."""
        self.move(self.server.channels.find(name))

    def move(self, channel: Channel) -> None:
        """Leave the present channel, then enter another; neither can fail."""
        self.channel.ask(lambda: self.channel.let_go(self))
        channel.ask(lambda: channel.enter(self))

    def quit(self, _: str) -> None:
        """Do /quit."""
        self.leave("* bye")


COMMANDS = {
    "/nick": Client.rename,
    "/channels": Client.list_channels,
    "/who": Client.list_people,
    "/help": Client.help,
    "/create": Client.create,
    "/join": Client.go_to,
    "/quit": Client.quit,
    "/quitter": Client.quit,
}


class ChatServer:
    """Accepts clients, and ends everything."""

    def __init__(self, history: History, arguments: argparse.Namespace) -> None:
        """Start the threads that do not belong to a client."""
        self.channels = Channels(history, arguments.channels)
        self.people = People(arguments.max_clients)
        self.postman = Postman()
        self.clients: set[Client] = set()  # the refused ones, too
        self.accepts = True  # there was a descriptor for the last client
        self.lock = threading.Lock()

    def run(self, listening: socket.socket, stopping: StopFlag) -> None:
        """Give every client that connects a thread, until ``stopping``."""
        listening.settimeout(0.1)
        self.channels.start()
        self.postman.start()
        while not stopping.is_set():
            self.accept(listening)
        self.close()

    def accept(self, listening: socket.socket) -> None:
        """Give the next client a thread, if there is one soon."""
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            return
        except OSError as error:  # no descriptor is left
            if self.accepts:  # say it once
                print(f"Cannot accept: {error}", file=sys.stderr)
            self.accepts = False
            time.sleep(0.1)
            return
        self.accepts = True
        client = Client(connection, self)
        with self.lock:
            self.clients.add(client)
        client.start()

    def forget(self, client: Client) -> None:
        """Close a client's socket, when the postman cannot look at it any more."""
        self.postman.forget(client)
        client.close()
        with self.lock:
            self.clients.discard(client)

    def close(self) -> None:
        """Disconnect everybody, then end all threads."""
        for channel in self.channels.all():
            channel.closing = True
        self.disconnect_all()
        for channel in self.channels.all():
            channel.stop()
        self.postman.stop()

    def disconnect_all(self) -> None:
        """Say goodbye, and wait a second at most until all that waits is sent."""
        with self.lock:
            clients = list(self.clients)
        for client in clients:
            client.leave("* server closing")
        deadline = time.monotonic() + LINGER
        for client in clients:
            client.wait_until_sent(deadline)
            client.disconnect()
        for client in clients:
            client.join()


def decode(line: bytes) -> str:
    """Return a line as text, or refuse it."""
    if len(line) >= MAX_LINE:
        raise RefusedError(f"more than {MAX_LINE} bytes in a line")
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise RefusedError("no UTF-8") from None
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text):
        raise RefusedError("control characters or line separators")
    return text


def show(message: Message) -> str:
    """Return a message's line."""
    return f"{message.when} #{message.channel} <{message.nick}> {message.text}"


def check_name(text: str) -> None:
    """Refuse what cannot name a person or a channel."""
    if not is_name(text):
        raise RefusedError(f"{text!r} is not 1 to 20 letters, digits, - or _")


def main() -> None:
    """Serve until Ctrl+C."""
    stopping = catch_signals()
    arguments = parse_arguments()
    try:
        with History(arguments.history) as history:
            server = ChatServer(history, arguments)
            with open_listening_socket(arguments.host, arguments.port) as listening:
                server.run(listening, stopping)
    except HistoryError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
