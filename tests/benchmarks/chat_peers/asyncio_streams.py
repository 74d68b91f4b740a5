"""A chat server as asyncio's documentation suggests it: streams, a coroutine each.

It keeps nothing, and one client that does not read fills its memory.
"""

import asyncio

channels: dict[str, set[asyncio.StreamWriter]] = {}


def tell(channel: str, line: str) -> None:
    """Send a line to everybody in a channel."""
    for member in channels.get(channel, ()):
        member.write(line.encode())


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Do what one client says, until it leaves."""
    nick, channel = "guest", ""
    async for data in reader:
        line = data.decode()
        word, _, argument = line.rstrip("\n").partition(" ")
        if word == "/nick":
            nick = argument
        elif word == "/join":
            channel = argument
            channels.setdefault(channel, set()).add(writer)
            writer.write(f"* you are {nick} in #{channel}\n".encode())
        else:
            tell(channel, f"<{nick}> {line}")
    channels.get(channel, set()).discard(writer)
    writer.close()


async def main() -> None:
    """Accept clients for ever."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=128)
    host, port = server.sockets[0].getsockname()
    print(f"Listening on {host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
