"""A chat server as tutorials write it: a thread per client, and sendall under a lock.

It keeps nothing, and one client that does not read stops it.
"""

import contextlib
import socket
import threading

channels: dict[str, list[socket.socket]] = {}
lock = threading.Lock()


def tell(channel: str, line: str) -> None:
    """Send a line to everybody in a channel."""
    with lock:
        for member in channels.get(channel, []):
            with contextlib.suppress(OSError):
                member.sendall(line.encode())


def serve(client: socket.socket) -> None:
    """Do what one client says, until it leaves."""
    nick, channel = "guest", ""
    with client, contextlib.suppress(OSError), client.makefile() as lines:
        for line in lines:
            word, _, argument = line.rstrip("\n").partition(" ")
            if word == "/nick":
                nick = argument
            elif word == "/join":
                channel = argument
                with lock:
                    channels.setdefault(channel, []).append(client)
                client.sendall(f"* you are {nick} in #{channel}\n".encode())
            else:
                tell(channel, f"<{nick}> {line}")
    with lock:
        if client in channels.get(channel, []):
            channels[channel].remove(client)


def main() -> None:
    """Accept clients for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        print(f"Listening on 127.0.0.1:{listening.getsockname()[1]}", flush=True)
        while True:
            client, _ = listening.accept()
            threading.Thread(target=serve, args=[client], daemon=True).start()


if __name__ == "__main__":
    main()
