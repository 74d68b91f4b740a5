"""Exercise 2 with asyncio: one coroutine per client, so nobody waits for another."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

GIVE_UP_AFTER = 1.0  # seconds for the whole head
MAX_HEAD = 8192  # bytes

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from asyncio ✓</h1>\n"


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """Read to the empty line, or just the first byte when it begins no method."""
    first = await reader.readexactly(1)
    if not first.isalpha():
        return first
    return first + await reader.readuntil(b"\r\n\r\n")


def choose_status(head: bytes) -> str:
    """Return the status that a head deserves."""
    match head.partition(b"\r\n")[0].split(b" "):
        case [b"GET", b"/", version] if version.startswith(b"HTTP/1."):
            return "200 OK"
        case [b"GET", _, version] if version.startswith(b"HTTP/1."):
            return "404 Not Found"
        case [_, _, version] if version.startswith(b"HTTP/1."):
            return "405 Method Not Allowed"
    return "400 Bad Request"


def build_response(status: str) -> bytes:
    """Return a whole response."""
    body = (PAGE if status == "200 OK" else f"<h1>{status}</h1>\n").encode()
    allow = "allow: GET\r\n" if status.startswith("405") else ""
    return (
        f"HTTP/1.1 {status}\r\nconnection: close\r\n{allow}"
        f"content-length: {len(body)}\r\ncontent-type: text/html; charset=UTF-8\r\n\r\n"
    ).encode() + body


async def discard_input(reader: asyncio.StreamReader) -> None:
    """Read until the client has closed too."""
    while await reader.read(65536):
        pass


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read a request and answer it; TimeoutError when the client is too slow."""
    try:
        status = choose_status(await asyncio.wait_for(read_head(reader), GIVE_UP_AFTER))
    except asyncio.LimitOverrunError:
        status = "431 Request Header Fields Too Large"
    writer.write(build_response(status))
    writer.write_eof()
    await asyncio.wait_for(discard_input(reader), GIVE_UP_AFTER)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Look after one client, unless it is silent or leaves first."""
    gone = OSError, EOFError, asyncio.TimeoutError, asyncio.CancelledError
    with suppress(*gone):
        await answer(reader, writer)
    writer.close()


async def run(host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Then asyncio.run() cancels all that is left."""
    stop = asyncio.Event()
    if os.name == "posix":  # on Windows, Ctrl+C raises KeyboardInterrupt
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    limit = MAX_HEAD - 1  # the first byte is apart
    try:
        server = await asyncio.start_server(serve, host, port, limit=limit)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    host, port = server.sockets[0].getsockname()
    print(f"Listening on {host}:{port}", flush=True)
    while sys.platform == "win32":  # where select() is deaf to Ctrl+C
        await asyncio.sleep(0.5)
    await stop.wait()


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def main() -> None:
    """Serve one page until Ctrl+C."""
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = port_number(sys.argv[2]) if len(sys.argv) > 2 else 8080
    if sys.platform == "win32":
        # Its usual loop stops accepting after a client that resets early:
        # https://github.com/python/cpython/issues/93821
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    with suppress(KeyboardInterrupt):
        asyncio.run(run(host, port))


if __name__ == "__main__":
    main()
