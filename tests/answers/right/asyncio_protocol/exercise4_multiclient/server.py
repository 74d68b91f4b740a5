"""Exercise 4 with asyncio's protocols: the event loop calls, and nothing ever waits.

While one client takes too little, nobody is read: that is what keeps memory small.
"""

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from typing import cast

MAX_LINE = 64 * 1024  # bytes, without the newline


class Relay:
    """The array of clients, and those of them who are slow."""

    def __init__(self) -> None:
        """Start with nobody connected."""
        self.clients: list[Client] = []
        self.slow: set[Client] = set()

    def add(self, client: "Client") -> None:
        """Give a client its place."""
        self.clients.append(client)
        self.read_or_wait()

    def remove(self, client: "Client") -> None:
        """Take a client out."""
        self.clients.remove(client)
        self.set_slow(client, False)

    def set_slow(self, client: "Client", slow: bool) -> None:
        """Note whether a client takes too little at the moment."""
        (self.slow.add if slow else self.slow.discard)(client)
        self.read_or_wait()

    def read_or_wait(self) -> None:
        """Read from all clients, or from nobody while one of them is slow."""
        for client in self.clients:
            if self.slow:
                client.transport.pause_reading()
            else:
                client.transport.resume_reading()

    def send(self, line: bytes, sender: "Client") -> None:
        """Send a line to every client but its sender."""
        for client in self.clients:
            if client is not sender:
                client.transport.write(line)


class Client(asyncio.Protocol):
    """One connection, and what has come of its next line."""

    def __init__(self, relay: Relay) -> None:
        """Start with nothing received."""
        self.relay = relay
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the others."""
        self.transport = cast(asyncio.Transport, transport)
        self.relay.add(self)

    def data_received(self, data: bytes) -> None:
        """Relay the lines that are complete; end the connection at one too long."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            if len(line) > MAX_LINE:
                self.throw_out()
                return
            self.relay.send(line + b"\n", self)
        if len(self.rest) > MAX_LINE:
            self.throw_out()

    def throw_out(self) -> None:
        """Disconnect this client; what is left of its lines is not relayed."""
        self.rest = b""
        self.transport.abort()

    def eof_received(self) -> None:
        """Relay what has come without a newline; the loop then closes."""
        if self.rest:
            self.relay.send(self.rest + b"\n", self)

    def pause_writing(self) -> None:
        """Note that much waits to be sent to this client."""
        self.relay.set_slow(self, True)

    def resume_writing(self) -> None:
        """Note that it has taken most of that."""
        self.relay.set_slow(self, False)

    def connection_lost(self, error: Exception | None) -> None:
        """Leave no trace."""
        self.relay.remove(self)


async def run(host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM, then end every connection."""
    stop = asyncio.Event()
    relay = Relay()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: there Ctrl+C raises KeyboardInterrupt
            break
    try:
        server = await loop.create_server(lambda: Client(relay), host, port)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    print("Listening on {}:{}".format(*server.sockets[0].getsockname()), flush=True)
    try:
        while sys.platform == "win32":  # where select() is deaf to Ctrl+C
            await asyncio.sleep(0.5)
        await stop.wait()
    finally:
        server.close()
        for client in list(relay.clients):
            client.transport.close()


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def main() -> None:
    """Relay lines until Ctrl+C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    if sys.platform == "win32":
        # Its usual loop stops accepting after a client that resets early:
        # https://github.com/python/cpython/issues/93821
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    with suppress(KeyboardInterrupt):
        asyncio.run(run(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
