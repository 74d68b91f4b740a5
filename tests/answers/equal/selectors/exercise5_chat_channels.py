"""Small changes of exercise 5 with selectors that no check can see, and why."""

EQUAL: dict[str, list[str]] = {
    "A little sooner or later, a little more or less: no check can measure that.": [
        "top · number changed: MAX_OUTBOX = 1024 * 1024 → MAX_OUTBOX = 1025 * 1024",
        "top · number changed: MAX_OUTBOX = 1024 * 1024 → MAX_OUTBOX = 1024 * 1025",
        "top · number changed: FULL = 64 * 1024 → FULL = 65 * 1024",
        "top · number changed: FULL = 64 * 1024 → FULL = 128 * 1024",
        "top · number changed: FULL = 64 * 1024 → FULL = 64 * 2048",
        "top · number changed: FULL = 64 * 1024 → FULL = 64 * 1025",
        "top · number changed: BEHIND = MAX_OUTBOX // 8 → BEHIND = MAX_OUTBOX // 9",
        "top · number changed: BEHIND = MAX_OUTBOX // 8 → BEHIND = MAX_OUTBOX // 16",
        "top · number changed: PATIENCE = 1.0 → PATIENCE = 2.0",
        "top · number changed: RECEIVE = 4096 → RECEIVE = 8192",
        "top · number changed: RECEIVE = 4096 → RECEIVE = 4097",
        "top · number changed: FLOOD = 8192 → FLOOD = 8193",
        "top · number changed: FLOOD = 8192 → FLOOD = 16384",
        "top · number changed: PREFIX = 64 → PREFIX = 65",
        "top · number changed: PREFIX = 64 → PREFIX = 128",
        "Client.__init__ · number changed: self.last_sent = 0.0 → self.last_sent = 1.0",
        "Client.__init__ · number changed: self.second, self.said = 0, 0 → "
        "self.second, self.said = 1, 0",
        "Client.__init__ · number changed: self.second, self.said = 0, 0 → "
        "self.second, self.said = 0, 1",
        "Client.flush · border moved: if len(self.outbox) > MAX_OUTBOX: → if "
        "len(self.outbox) >= MAX_OUTBOX:",
        "Client.lags · border moved: return still_reads and len(self.outbox) > "
        "BEHIND → return still_reads and len(self.outbox) >= BEHIND",
        "Chat.post · border moved: if len(client.outbox) > FULL: → if "
        "len(client.outbox) >= FULL:",
        "Client.must_wait · border moved: floods = self.said > FLOOD and "
        "self.second == int(time.monotonic()) → floods = self.said >= FLOOD and"
        " self.second == int(time.monotonic())",
        "Client.lags · border moved: still_reads = time.monotonic() < "
        "self.last_sent + PATIENCE → still_reads = time.monotonic() <= "
        "self.last_sent + PATIENCE",
        "Chat.let_go · border moved: if client.outbox and time.monotonic() < "
        "deadline: → if client.outbox and time.monotonic() <= deadline:",
        "Client.count · number changed: self.second, self.said = "
        "int(time.monotonic()), 0 → self.second, self.said = "
        "int(time.monotonic()), 1",
        "Chat.run · number changed: for key, events in "
        "self.selector.select(timeout=0.1): → for key, events in "
        "self.selector.select(timeout=1.1):",
        "Chat.run · number changed: for key, events in "
        "self.selector.select(timeout=0.1): → for key, events in "
        "self.selector.select(timeout=0.2):",
        "Chat.accept · number changed: for _ in range(100): → for _ in range(200):",
        "Chat.accept · number changed: for _ in range(100): → for _ in range(101):",
    ],
    "The same bytes, sent a little earlier or later.": [
        "Chat.post · statement removed: client.flush()",
        "Chat.post · condition true: if len(client.outbox) > FULL: → if True:",
        "Chat.post · condition false: if len(client.outbox) > FULL: → if False:",
        "Chat.post · condition negated: if len(client.outbox) > FULL: → if (not"
        " (len(client.outbox) > FULL)):",
    ],
    "An empty line says nothing, and sending nothing changes nothing.": [
        "Client.split · part of and left out: if not received and rest: → if "
        "(not received):",
        "Chat.finish_round · condition true: if client.outbox: → if True:",
    ],
    "Who leaves is not waited for any more, so there is nothing to read.": [
        "Chat.listen · statement removed: return",
        "Chat.listen · condition false: if client.deadline is not None: → if False:",
    ],
    "A flood is slower than it need be, or waits a round more, and nobody else is.": [
        "Client.lags · part of and left out: return still_reads and "
        "len(self.outbox) > BEHIND → return (len(self.outbox) > BEHIND)",
        "Client.must_wait · part of and left out: floods = self.said > FLOOD "
        "and self.second == int(time.monotonic()) → floods = (self.said > "
        "FLOOD)",
        "Chat.finish_round · statement removed: self.timed.clear()",
    ],
    "Its next event, or its next line, gives it up as well.": [
        "Client.flush · statement removed: self.give_up() (2)",
        "Client.give_up · number changed: self.deadline = 0.0 → self.deadline = 1.0",
        "Client.give_up · statement removed: self.outbox.clear()",
        "Chat.post · condition true: if client.deadline is None: → if True:",
        "Client.hang_up · condition true: if self.deadline is None: → if True:",
    ],
    "Only a client that leaves and reads late what does not fit into a socket: a "
    "clock would decide.": [
        "Chat.let_go · statement removed: self.wait_for(client, selectors.EVENT_WRITE)",
        "Chat.let_go · part of and left out: if client.outbox and "
        "time.monotonic() < deadline: → if (client.outbox):",
        "Chat.let_go · statement removed: self.timed.add(client)",
        "Chat.let_go · condition false: if client.outbox and time.monotonic() <"
        " deadline: → if False:",
        "Chat.let_go · part of and left out: if client.outbox and "
        "time.monotonic() < deadline: → if (time.monotonic() < deadline):",
        "Chat.let_go · argument left out: self.timed.add(client) → self.timed.add()",
        "Chat.let_go · condition negated: if client.outbox and time.monotonic()"
        " < deadline: → if client.outbox and (not (time.monotonic() < "
        "deadline)):",
        "Chat.let_go · argument left out: self.wait_for(client, "
        "selectors.EVENT_WRITE) → self.wait_for(client)",
        "Chat.let_go · argument left out: self.wait_for(client, "
        "selectors.EVENT_WRITE) → self.wait_for(selectors.EVENT_WRITE)",
    ],
    "TCP's own timers: two hours of silence, and 40 ms for an acknowledgement.": [
        "Chat.let_in · statement removed: "
        "connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)",
        "Chat.let_in · number changed: "
        "connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) → "
        "connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 2)",
    ],
    "The server chooses the number N.": [
        "Chat.let_in · statement removed: self.guests += 1",
        "Chat.__init__ · number changed: self.guests = 0 → self.guests = 1",
        "Chat.let_in · number changed: self.guests += 1 → self.guests += 2 (2)",
    ],
    "Names of our own, and words that are free.": [
        "Chat.obey · statement removed: raise RefusedError(argument)",
        'Chat.obey · condition false: if command == "refuse": → if False:',
        'Chat.obey · text changed: if command == "refuse": → if command == "Xrefuse":',
        'Chat.greet · argument left out: self.send(client, you_are, "* /help '
        'helps") → self.send(client, you_are)',
        'parse · text changed: return "refuse", str(reason) → return "Xrefuse",'
        " str(reason)",
    ],
    "shutdown(), close() and the end of the program end a connection, each alone.": [
        "main · with unwrapped: with History(arguments.history) as history:",
        "Chat.close · statement removed: client.close()",
        "Chat.close · statement removed: for client in "
        "self.timed.union(self.clients.values()):",
        "Chat.close · statement removed: self.selector.close()",
        "Client.close · statement removed: self.socket.shutdown(socket.SHUT_RDWR)",
        "Client.close · statement removed: self.socket.recv(MAX_OUTBOX)",
        "Client.close · statement removed: self.socket.close()",
        "Chat.close · argument left out: for client in "
        "self.timed.union(self.clients.values()): → for client in "
        "self.timed.union():",
        "main · with unwrapped: with open_listening_socket(arguments.host, "
        "arguments.port) as listening:",
    ],
    "Only a program that imports this one could tell.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
