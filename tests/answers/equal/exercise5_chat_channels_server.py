"""Mutants of exercise 5's server that nobody can tell from it, and why."""

EQUAL: dict[str, list[str]] = {
    "names of our own, which nobody sees": [
        'server.py · top · text changed: SAY, REFUSE = "say", "refuse" → SAY, '
        'REFUSE = "Xsay", "refuse"',
        'server.py · top · text changed: SAY, REFUSE = "say", "refuse" → SAY, '
        'REFUSE = "say", "Xrefuse"',
    ],
    'None ends the loop in split_lines() as b"" does': [
        'server.py · Client.receive · statement removed: return b""',
        'server.py · Client.receive · statement removed: return b"" (2)',
    ],
    "only Windows needs it, where shutdown() does not end the wait": [
        "server.py · Client.receive · argument left out: while not"
        " self.selector.select(timeout=0.5): → while not self.selector.select():",
        "server.py · Client.receive · number changed: while not"
        " self.selector.select(timeout=0.5): → while not"
        " self.selector.select(timeout=1.0):",
        "server.py · Client.receive · number changed: while not"
        " self.selector.select(timeout=0.5): → while not"
        " self.selector.select(timeout=1.5):",
        "server.py · Client.receive · condition false: if self.over: → if False:",
        'server.py · Client.receive · text changed: return b"" → return b"X"',
    ],
    "an empty line says nothing": [
        "server.py · Client.split_lines · condition true: if rest: → if True:",
    ],
    "the server chooses the number N": [
        "server.py · ChatServer.__init__ · number changed: self.guests = 0 → "
        "self.guests = 1",
        "server.py · ChatServer.free_nick · statement removed: self.guests += 1",
        "server.py · ChatServer.free_nick · number changed: self.guests += 1 → "
        "self.guests += 2",
        "server.py · ChatServer.free_nick · number changed: self.guests += 1 → "
        "self.guests += 2 (2)",
    ],
    "how many bytes or clients one turn takes: the next turn takes the rest": [
        "server.py · top · number changed: RECEIVE = 4096 → RECEIVE = 4097",
        "server.py · top · number changed: RECEIVE = 4096 → RECEIVE = 8192",
    ],
    "a little sooner or later, which no check can measure on a busy machine": [
        "server.py · Client.disconnect · statement removed: "
        "self.socket.shutdown(socket.SHUT_RDWR)",
        "server.py · ChatServer.throttle · number changed: self.lock.wait(0.1) → "
        "self.lock.wait(0.2)",
        "server.py · ChatServer.throttle · number changed: self.lock.wait(0.1) → "
        "self.lock.wait(1.1)",
        "server.py · top · number changed: MAX_OUTBOX = 1_048_576 → MAX_OUTBOX = "
        "1048577",
        "server.py · top · number changed: MAX_OUTBOX = 1_048_576 → MAX_OUTBOX = "
        "2097152",
        "server.py · ChatServer.run · number changed: listening.settimeout(0.1) → "
        "listening.settimeout(1.1)",
        "server.py · ChatServer.run · number changed: listening.settimeout(0.1) → "
        "listening.settimeout(0.2)",
        "server.py · ChatServer.serve · statement removed: self.flush_all()",
        "server.py · top · number changed: FLOOD = 8192 → FLOOD = 8193",
        "server.py · top · number changed: FLOOD = 8192 → FLOOD = 16384",
        "server.py · top · number changed: PREFIX = 64 → PREFIX = 65",
        "server.py · top · number changed: PREFIX = 64 → PREFIX = 128",
        "server.py · top · number changed: PATIENCE = 1.0 → PATIENCE = 2.0",
        "server.py · Client.__init__ · statement removed: self.last_sent = 0.0",
        "server.py · Client.__init__ · number changed: self.last_sent = 0.0 → "
        "self.last_sent = 1.0",
        "server.py · Client.__init__ · number changed: self.second, self.said = 0, "
        "0 → self.second, self.said = 1, 0",
        "server.py · Client.__init__ · number changed: self.second, self.said = 0, "
        "0 → self.second, self.said = 0, 1",
        "server.py · Client.lags · border moved: still_reads = time.monotonic() < "
        "self.last_sent + PATIENCE → still_reads = time.monotonic() <= "
        "self.last_sent + PATIENCE",
        "server.py · Client.lags · border moved: return still_reads and "
        "len(self.outbox) > MAX_OUTBOX // 8 → return still_reads and "
        "len(self.outbox) >= MAX_OUTBOX // 8",
        "server.py · Client.lags · number changed: return still_reads and "
        "len(self.outbox) > MAX_OUTBOX // 8 → return still_reads and "
        "len(self.outbox) > MAX_OUTBOX // 16",
        "server.py · Client.lags · number changed: return still_reads and "
        "len(self.outbox) > MAX_OUTBOX // 8 → return still_reads and "
        "len(self.outbox) > MAX_OUTBOX // 9",
        "server.py · Client.floods · number changed: self.second, self.said = "
        "int(time.monotonic()), 0 → self.second, self.said = int(time.monotonic()),"
        " 1",
        "server.py · Client.floods · border moved: return self.said > FLOOD → "
        "return self.said >= FLOOD",
        "server.py · ChatServer.serve · statement removed: client.flush()",
    ],
    "TCP's own timers: two hours of silence, and 40 ms for an acknowledgement": [
        "server.py · ChatServer.let_in · statement removed: "
        "client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)",
        "server.py · ChatServer.let_in · number changed: "
        "client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) → "
        "client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 2)",
        "server.py · ChatServer.let_in · statement removed: "
        "client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)",
        "server.py · ChatServer.let_in · number changed: "
        "client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) → "
        "client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 2)",
    ],
    "only a program that imports this one could tell": [
        'server.py · top · condition true: if __name__ == "__main__": → if True:',
    ],
    "the same bytes, sent a little earlier or later": [
        "server.py · Client.post · condition negated: if len(self.outbox) > "
        "MAX_OUTBOX: → if (not (len(self.outbox) > MAX_OUTBOX)):",
        "server.py · Client.post · condition true: if len(self.outbox) > "
        "MAX_OUTBOX: → if True:",
        "server.py · Client.post · border moved: if len(self.outbox) > MAX_OUTBOX: "
        "→ if len(self.outbox) >= MAX_OUTBOX:",
        "server.py · Client.post · border moved: if len(self.outbox) > MAX_OUTBOX: "
        "→ if len(self.outbox) >= MAX_OUTBOX: (2)",
    ],
    "only a client that half-closes and reads late: a clock would decide": [
        "server.py · Client.close · statement removed: "
        "self.socket.settimeout(PATIENCE)",
        "server.py · Client.close · statement removed: "
        "self.socket.sendall(self.outbox)",
        "server.py · Client.close · sendall made send: "
        "self.socket.sendall(self.outbox) → self.socket.send(self.outbox)",
    ],
    "close() ends a connection; CPython calls it with the last reference": [
        "server.py · ChatServer.accept_client · statement removed: client.close()",
        "server.py · Client.close · statement removed: "
        "self.socket.shutdown(socket.SHUT_RDWR)",
        "server.py · Client.close · statement removed: self.socket.close()",
    ],
    "whether input comes before the socket is closed is a race": [
        "server.py · Client.close · statement removed: self.socket.recv(MAX_OUTBOX)",
    ],
    "sending nothing changes nothing": [
        "server.py · ChatServer.flush_all · condition true: if client.outbox: → if "
        "True:",
    ],
    "a system that gives no thread can't be provoked in every place": [
        "server.py · ChatServer.let_in · try unwrapped: try:",
        "server.py · ChatServer.let_in · statement removed: return False (2)",
    ],
    "without the lock it goes wrong now and then: a race": [
        "server.py · ChatServer.let_in · with unwrapped: with self.lock:",
        "server.py · ChatServer.serve · with unwrapped: with self.lock: (3)",
        "server.py · ChatServer.serve · with unwrapped: with self.lock: (4)",
    ],
    "the end of the program closes it, too": [
        "server.py · main · with unwrapped: with History(arguments.history) as "
        "history:",
        "server.py · main · with unwrapped: with "
        "open_listening_socket(arguments.host, arguments.port) as listening:",
    ],
}
