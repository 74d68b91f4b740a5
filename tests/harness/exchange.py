"""Many peers that send and receive at once, so that nobody waits for another."""

import select
import time
from collections.abc import Callable

from tests.harness.patience import ANSWER
from tests.harness.peer import Peer


class Exchange:
    """Many peers that send and receive at once, so that nobody waits for another."""

    def __init__(self, outgoing: dict[Peer, bytes]) -> None:
        """Take what each peer is to send: b"" for one that only reads."""
        self.left = {peer: memoryview(data) for peer, data in outgoing.items()}

    def add(self, peer: Peer, data: bytes) -> None:
        """Let a peer send more, after what is left of the rest."""
        self.left[peer] = memoryview(bytes(self.left[peer]) + data)

    def run(self, enough: Callable[[], bool], seconds: float = ANSWER) -> bool:
        """Go on until there is ``enough``; False when nothing moves for ``seconds``."""
        program = next(iter(self.left)).program
        while not enough():
            began = time.monotonic()
            waits = program.slices(seconds)
            if not any(self._turn(wait) or enough() for wait in waits):
                self._give_up(time.monotonic() - began)
                return False
        return True

    def _give_up(self, waited: float) -> None:
        for peer in self.left:
            peer.gave_up = True
            peer.waited_in_vain += waited

    def _turn(self, wait: float) -> bool:
        """Send and receive once wherever it is possible; return whether it was."""
        readers = [peer.socket for peer in self.left if not peer.end]
        senders = [peer.socket for peer, data in self.left.items() if data]
        if not readers and not senders:
            return False
        readable, writable, _ = select.select(readers, senders, [], wait)
        for peer in self.left:
            if peer.socket in writable:
                self._send(peer)
            if peer.socket in readable:
                peer.receive_now()
        return bool(readable or writable)

    def _send(self, peer: Peer) -> None:
        """Send what goes now, also to a program that has half-closed."""
        try:
            sent = peer.socket.send(self.left[peer])
        except BlockingIOError:
            return
        except OSError:  # reading tells how it ended
            sent = len(self.left[peer])
        self.left[peer] = self.left[peer][sent:]


def exchange(outgoing: dict[Peer, bytes], enough: Callable[[], bool]) -> bool:
    """Let peers send and receive at once until there is enough; see Exchange."""
    return Exchange(outgoing).run(enough)
