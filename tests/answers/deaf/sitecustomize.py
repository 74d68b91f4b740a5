"""Sockets as Windows has them: shutdown() ends no wait of another thread.

close() does. Python imports this module first where PYTHONPATH has its folder, see
``tests/answers/elsewhere.py``; and https://github.com/python/cpython/issues/91913.
"""

import contextlib
import socket
import weakref
from typing import Any

shut_down: weakref.WeakSet[socket.socket] = weakref.WeakSet()
real_shutdown = socket.socket.shutdown
real_recv = socket.socket.recv
real_close = socket.socket._real_close  # type: ignore[attr-defined]
real_detach = socket.socket.detach


def shutdown(self: socket.socket, how: int) -> None:
    """Let the peer see the end, and nobody here."""
    if how == socket.SHUT_RDWR:
        shut_down.add(self)
        how = socket.SHUT_WR
    real_shutdown(self, how)


def recv(self: socket.socket, size: int, flags: int = 0) -> bytes:
    """Receive without a wait, once it is shut down."""
    if self not in shut_down:
        return real_recv(self, size, flags)
    with contextlib.suppress(BlockingIOError):
        return real_recv(self, size, flags | socket.MSG_DONTWAIT)
    return b""


def wake(self: socket.socket) -> None:
    """Shut it down really: every wait ends."""
    with contextlib.suppress(OSError):
        real_shutdown(self, socket.SHUT_RDWR)


def close(self: socket.socket, *others: Any) -> None:
    """Wake those that wait, then close."""
    if self in shut_down:
        wake(self)
    real_close(self, *others)


def detach(self: socket.socket) -> int:
    """Do as ``close``: what is detached is closed next."""
    if self in shut_down:
        wake(self)
    return real_detach(self)


for method in (shutdown, recv, detach):
    setattr(socket.socket, method.__name__, method)
socket.socket._real_close = close  # type: ignore[attr-defined]
