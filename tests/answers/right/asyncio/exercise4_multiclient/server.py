"""Exercise 4 with asyncio: one coroutine per client instead of one thread."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

MAX_LINE = 64 * 1024  # bytes
writers: list[asyncio.StreamWriter] = []


async def split_lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield line after line, each with its newline, until one is too long or the last.

    That one gets a newline when the client leaves.
    """
    rest = b""
    while received := await reader.read(65536):
        *lines, rest = (rest + received).split(b"\n")
        for line in [*lines, rest]:
            if len(line) > MAX_LINE:
                return
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest + b"\n"


async def relay(line: bytes, sender: asyncio.StreamWriter) -> None:
    """Send a line to every client but its sender, and wait for those who are slow.

    write() puts the whole line into a client's buffer at once, so lines never mix.
    """
    receivers = [writer for writer in writers if writer is not sender]
    for writer in receivers:
        writer.write(line)
    for writer in receivers:
        with suppress(OSError):
            await writer.drain()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Relay one client's lines until it leaves, or the server ends."""
    writers.append(writer)
    with suppress(OSError, asyncio.CancelledError):
        async for line in split_lines(reader):
            await relay(line, writer)
    writers.remove(writer)
    writer.close()


async def run(host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Then asyncio.run() cancels all that is left."""
    stop = asyncio.Event()
    if os.name == "posix":  # on Windows, Ctrl+C raises KeyboardInterrupt
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        server = await asyncio.start_server(serve, host, port)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    host, port = server.sockets[0].getsockname()
    print(f"Listening on {host}:{port}", flush=True)
    while sys.platform == "win32":  # where select() is deaf to Ctrl+C
        await asyncio.sleep(0.5)
    await stop.wait()


def port_number(text: str) -> int:
    """Return the port that ``text`` names; ValueError for argparse if there is none."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError
    return port


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
