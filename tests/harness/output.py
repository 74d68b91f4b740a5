"""What a program prints, kept by a thread that reads its pipe."""

import os
import threading
from collections.abc import Callable, Iterable

MOST_OUTPUT = 16 * 1024 * 1024  # bytes kept of what a program prints


class Output:
    """What a program has printed so far on stdout or stderr."""

    def __init__(self) -> None:
        """Start empty."""
        self.data = bytearray()
        self.length = 0  # in bytes, with those not kept
        self.ended = False
        self.changed = threading.Condition()

    def follow(self, pipe: int) -> None:
        """Read a pipe to its end, in a thread, so that it never fills."""
        threading.Thread(target=self._read_all, args=[pipe], daemon=True).start()

    def _read_all(self, pipe: int) -> None:
        while piece := _read(pipe):
            with self.changed:
                self.length += len(piece)
                self.data += piece[: MOST_OUTPUT - len(self.data)]
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        os.close(pipe)

    def wait_for(
        self, condition: Callable[[bytes], object], waits: Iterable[float]
    ) -> bool:
        """Wait until what was printed fulfils a condition; return whether it does."""
        with self.changed:
            for wait in waits:
                if condition(bytes(self.data)):
                    return True
                if self.ended:
                    return False
                self.changed.wait(wait)
            return bool(condition(bytes(self.data)))


def _read(pipe: int) -> bytes:
    try:
        return os.read(pipe, 65536)
    except OSError:  # a terminal's other end is closed: EIO, pty(7)
        return b""
