"""Exercise 5: a chat server with channels and a history, in which nobody is held up.

Run ``python -m exercise5_chat_channels.server [HOST] [PORT]``. PROTOCOL.md says what it
understands and what it promises.
"""

import contextlib
import itertools
import os
import re
import selectors
import socket
import sys
import threading
import time
from collections.abc import Iterator

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
MAX_OUTBOX = 1_048_576  # bytes, 1 MiB, that may wait in the server for one client
RECEIVE = 4096  # bytes of one recv(), and so of one turn with the lock
FLOOD = 8192  # bytes: anyone who says more than this in a second may have to wait
PREFIX = 64  # bytes by which a line grows: time, channel and nick
PATIENCE = 1.0  # seconds; a client that takes nothing for longer has stopped reading
# Unicode's categories Cc, Zl and Zp: they could forge a line, or drive a terminal.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
HELP = "* /nick NAME, /who, /channels, /join NAME, /create NAME, /quit, //text"
SAY, REFUSE = "say", "refuse"  # what is done with a line that is not a command


class RefusedError(Exception):
    """A client's line is refused; the text says why."""


def decode_line(line: bytes) -> str:
    """Return a client's line as text; raise RefusedError where PROTOCOL.md says so."""
    # TODO 5.20: refuse over MAX_LINE bytes with the newline, and drop a \r at the end
    # TODO 5.21: refuse what is not UTF-8, and what CONTROL finds
    return line.decode(errors="surrogateescape")


def parse_line(line: bytes) -> tuple[str, str]:
    """Return what a line asks for: a command and its argument, or SAY and a text.

    ``b"/join sport"`` is ``("/join", "sport")``. REFUSE comes with the reason.
    """
    try:
        text = decode_line(line)
    except RefusedError as reason:
        return REFUSE, str(reason)
    # TODO 5.3: if it begins with /: return the first word, and the rest without spaces
    # TODO 5.5: but //text says /text
    return SAY, text


def format_message(message: Message) -> str:
    """Return the line that shows a message, now and in the history."""
    # TODO 5.2: show when, where and by whom it was said
    return message.text


def encode_lines(*lines: str) -> bytes:
    """Return lines as they are sent."""
    # TODO 5.21: encode() is enough where only text comes: other bytes are refused then
    return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")


class Client:
    """One connection: who speaks there, where, and what waits to be sent."""

    nick: str  # from let_in()

    def __init__(self, connection: socket.socket, channel: "Channel") -> None:
        """Take over a connected socket."""
        # TODO 5.22: make the socket non-blocking: no thread may wait for a client
        connection.setblocking(True)
        self.socket = connection
        self.selector = Selector()
        self.selector.register(connection, selectors.EVENT_READ)
        self.channel = channel
        self.outbox = bytearray()
        self.last_sent = 0.0  # seconds, on the clock of time.monotonic()
        self.over = False  # nothing more is sent, and what it still says is not done
        self.second, self.said = 0, 0  # and how many bytes it has said in that second

    def receive(self) -> bytes:
        """Wait for what comes next, and return it; b"" is the end of the connection."""
        while not self.selector.select(timeout=0.5):
            if self.over:  # on Windows, shutdown() does not end the wait
                return b""
        try:
            return self.socket.recv(RECEIVE)
        except OSError:  # a reset is an end, too
            return b""

    def split_lines(self) -> Iterator[list[bytes]]:
        """Yield the lines that each recv() completes, without newlines, until the end.

        Of a line that is too long no more is kept than shows that it is.
        """
        rest = b""
        while received := self.receive():
            *lines, rest = (rest + received).split(b"\n")
            # TODO 5.20: keep the client, and of the rest no more than MAX_LINE
            if any(len(line) > 64 * 1024 for line in [*lines, rest]):
                self.disconnect()
            yield lines
        if rest:  # a last line without its newline
            yield [rest]

    def send(self, *lines: str) -> None:
        """Put lines into the outbox."""
        self.post(encode_lines(*lines))

    def post(self, data: bytes) -> None:
        """Put data into the outbox; give up on a client when too much waits there."""
        # TODO 5.22: put it into the outbox instead
        # TODO 5.22: if more than MAX_OUTBOX waits there: flush. If still: disconnect
        with contextlib.suppress(OSError):  # its own thread will notice
            self.socket.sendall(data)

    def flush(self) -> None:
        """Send from the outbox what the socket takes now; the rest waits."""
        # TODO 5.22: send the outbox, and delete from it as much as send() has taken
        # TODO 5.22: note the time. An OSError is no room, or nobody there: do nothing

    def disconnect(self) -> None:
        """End the connection: the client's thread receives b"", and cleans up."""
        self.over = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def hang_up(self, line: str) -> None:
        """Send a last line, if there is room for it, and disconnect."""
        self.send(line)
        self.flush()
        self.disconnect()

    def close(self) -> None:
        """Send what still waits, if the client takes it soon, and close the socket."""
        with contextlib.suppress(OSError):
            self.socket.settimeout(PATIENCE)
            self.socket.sendall(self.outbox)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.recv(MAX_OUTBOX)  # unread input would make the end a reset
        self.socket.close()

    def lags(self) -> bool:
        """Return whether much waits for this client although it still reads."""
        # TODO 5.25: is last_sent less than PATIENCE ago? Is the outbox an eighth full?
        return False

    def floods(self, lines: list[bytes]) -> bool:
        """Return whether the client says too much in this second, with these lines."""
        # TODO 5.25: begin to count anew if this is another second
        # TODO 5.25: add the lines, each with its PREFIX; is it more than FLOOD now?
        return False


class Channel:
    """A channel and the clients in it."""

    def __init__(self, name: str) -> None:
        """Start with nobody in it."""
        self.name = name
        self.members: list[Client] = []

    def broadcast(self, *lines: str, exclude: Client | None = None) -> None:
        """Send lines to every member, or to all but one."""
        data = encode_lines(*lines)
        for member in self.members:
            if member is not exclude:
                member.post(data)


class ChatServer:
    """What the clients' threads share, and the lock that they share it by.

    Whoever holds the lock waits for nobody: no client's slowness can stop the others.
    And because it is held from the history to the last member, all see one order.
    """

    def __init__(self, history: History, channels: list[str], max_clients: int) -> None:
        """Open these channels, and those of earlier runs."""
        self.history = history
        self.max_clients = max_clients
        self.clients: list[Client] = []
        self.guests = 0  # so far
        # TODO 5.19: let the history remember these, then open all that it remembers
        names = channels
        self.channels = {name_key(name): Channel(name) for name in names}
        self.lobby = self.channels[name_key(channels[0])]
        self.lock = threading.Condition()  # a lock that wait() frees for a while

    def run(self, listening: socket.socket, stopping: StopFlag) -> None:
        """Let clients in, and send the slow what waits for them, until ``stopping``."""
        listening.settimeout(0.1)  # ten times a second, we look who has room again
        while not stopping.is_set():
            self.accept_client(listening)
            with self.lock:
                self.flush_all()

    def flush_all(self) -> None:
        """Send from all outboxes what the sockets take now."""
        for client in self.clients:
            if client.outbox:
                client.flush()

    def accept_client(self, listening: socket.socket) -> None:
        """Let in the next who connects, or say that the server is full."""
        with contextlib.suppress(OSError):  # nobody yet, or no descriptor is left
            client = Client(listening.accept()[0], self.lobby)
            if not self.let_in(client):
                client.hang_up("! server full")
                client.close()

    def let_in(self, client: Client) -> bool:
        """Give a client a nick, a thread and a place in the array, if there is room."""
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # We send together what goes together: the kernel need not wait, see tcp(7).
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            # TODO 5.23: return False if max_clients are here already
            client.nick = self.free_nick()
            try:
                threading.Thread(target=self.serve, args=[client]).start()
            except RuntimeError:  # the system has no more threads
                return False
            self.clients.append(client)
            return True

    def serve(self, client: Client) -> None:
        """Do what one client says until it leaves: the work of one thread."""
        try:
            with self.lock:
                self.join(client, self.lobby.name)
                client.flush()
            for lines in client.split_lines():
                with self.lock:
                    self.throttle(client, lines)
                    self.handle(client, lines)
                    self.flush_all()
        except HistoryError as reason:  # so it could not even join the first channel
            with self.lock:
                client.hang_up(f"! {reason}")
        finally:
            with self.lock:
                self.leave(client)
                self.clients.remove(client)
            client.close()

    def throttle(self, client: Client, lines: list[bytes]) -> None:
        """Let a flood wait until those who still read have caught up."""
        # TODO 5.25: if it floods: while a member of its channel lags, lock.wait(0.1)

    def handle(self, client: Client, lines: list[bytes]) -> None:
        """Do what lines ask for, in their order; messages in a row in one go."""
        requests = map(parse_line, lines)
        for command, group in itertools.groupby(requests, key=lambda pair: pair[0]):
            arguments = [argument for _, argument in group]
            if client.over:
                return
            if command == SAY:
                self.say(client, arguments)
            else:
                for argument in arguments:
                    self.obey(client, command, argument)

    def say(self, client: Client, texts: list[str]) -> None:
        """Keep messages, then show them: what anybody has seen is in the history."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        # TODO 5.5: leave out empty texts
        said = [Message(when, client.channel.name, client.nick, t) for t in texts]
        # TODO 5.15: add all of it to the history, before anybody sees it
        # TODO 5.18: if that fails, send "! …" for each message, and show nothing
        shown = map(format_message, said)
        # TODO 5.2: let the sender see it, too
        client.channel.broadcast(*shown, exclude=client)

    def obey(self, client: Client, command: str, argument: str) -> None:
        """Do a command, or answer why not."""
        try:
            # TODO 5.5: refuse a command that is not in COMMANDS
            # TODO 5.3: call the method that COMMANDS has for it: see its end
            raise RefusedError(f"{command} does not work yet")
        except (RefusedError, HistoryError) as reason:
            client.send(f"! {reason}")

    def refuse(self, client: Client, reason: str) -> None:
        """Do nothing with a line that is no text, and say why."""
        raise RefusedError(reason)

    def change_nick(self, client: Client, name: str) -> None:
        """Do /nick NAME."""
        # TODO 5.6: refuse what is not a name, and the nick of another client
        # TODO 5.6: give the client its nick, and greet it
        # TODO 5.9: tell the others in its channel

    def find_client(self, nick: str) -> Client | None:
        """Return the client that has a nick, in upper or lower case."""
        key = name_key(nick)
        return next((c for c in self.clients if name_key(c.nick) == key), None)

    def free_nick(self) -> str:
        """Return the next guestN that nobody has."""
        self.guests += 1
        # TODO 5.6: go on to the next while somebody has taken this one with /nick
        return f"guest{self.guests}"

    def create(self, client: Client, name: str) -> None:
        """Do /create NAME."""
        name = name.removeprefix("#")
        # TODO 5.8: refuse what is not a name, and the name of a channel that exists
        # TODO 5.23: refuse the channel after MAX_CHANNELS
        # TODO 5.19: let the history remember the channel
        # TODO 5.8: make the channel, and let the client join it

    def join(self, client: Client, name: str) -> None:
        """Do /join NAME."""
        # TODO 5.7: find the channel by its name, and refuse one that does not exist
        channel = self.lobby
        # TODO 5.15: ask for its last messages: that may fail, and then nothing changes
        self.leave(client)
        # TODO 5.15: send the client these messages
        client.channel = channel
        channel.members.append(client)
        self.greet(client)
        # TODO 5.9: tell the others who has joined

    def leave(self, client: Client) -> None:
        """Take a client out of its channel, if it is in one."""
        channel = client.channel
        if client in channel.members:
            channel.members.remove(client)
            # TODO 5.9: tell the others who has left

    def greet(self, client: Client) -> None:
        """Tell a client who and where it is."""
        # TODO 5.1: send the line that begins with * you are

    def list_channels(self, client: Client, _: str) -> None:
        """Do /channels."""
        # TODO 5.3: answer with the channels, in the order of their creation

    def list_people(self, client: Client, _: str) -> None:
        """Do /who."""
        # TODO 5.3: answer with the members of the client's channel, sorted

    def help(self, client: Client, _: str) -> None:
        """Do /help."""
        # TODO 5.3: answer with HELP

    def quit(self, client: Client, _: str) -> None:
        """Do /quit or /quitter."""
        # TODO 5.4: hang up with a goodbye

    def close(self) -> None:
        """Say goodbye to everybody; then their threads end, and keep nothing more."""
        with self.lock:
            for client in self.clients:
                # TODO 5.24: hang up with * server closing instead
                client.disconnect()


COMMANDS = {
    REFUSE: ChatServer.refuse,
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
