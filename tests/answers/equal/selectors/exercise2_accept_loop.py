"""Small changes of exercise 2 with selectors that no check can see, and why."""

EQUAL: dict[str, list[str]] = {
    "On Linux what a selector reports is there, and can be read at once.": [
        "Client.__init__ · statement removed: connection.setblocking(False)",
        "Server.__init__ · statement removed: listening.setblocking(False)",
        "Server.accept · with unwrapped: with suppress(OSError):",
        "Server.accept · argument left out: with suppress(OSError): → with suppress():",
        "Server.serve · except removed: except BlockingIOError: → ",
    ],
    "How long select() waits at a time is free, and so is the very moment.": [
        "Server.run · number changed: for key, events in "
        "self.selector.select(0.1): → for key, events in "
        "self.selector.select(1.1):",
        "Server.run · number changed: for key, events in "
        "self.selector.select(0.1): → for key, events in "
        "self.selector.select(0.2):",
        "Server.run · border moved: for client in [c for c in self.clients if "
        "c.deadline < now]: → for client in [c for c in self.clients if "
        "c.deadline <= now]:",
    ],
    "How much one recv() takes at most is free.": [
        "Server.receive · number changed: received = "
        "client.connection.recv(1000) → received = client.connection.recv(1001)",
        "Server.receive · number changed: received = "
        "client.connection.recv(1000) → received = client.connection.recv(2000)",
    ],
    "A reason of our own, which nobody sees.": [
        'Server.receive · argument left out: raise ConnectionAbortedError("the '
        'client has closed") → raise ConnectionAbortedError()',
    ],
    "A client may be held for one second or for two.": [
        "Server.receive · statement removed: client.deadline = time.monotonic()"
        " + GIVE_UP_AFTER",
    ],
    "The whole page fits into the socket, so that nothing waits to be sent.": [
        "Server.serve · condition true: if events & selectors.EVENT_READ: → if True:",
        "Server.receive · statement removed: "
        "self.selector.modify(client.connection, events, client)",
        "Server.receive · argument left out: "
        "self.selector.modify(client.connection, events, client) → "
        "self.selector.modify(client.connection, events)",
        "Server.send · condition true: if not client.outbox: → if True:",
    ],
    "For as long as a client stays that has its answer: a second at most.": [
        "Server.send · statement removed: "
        "self.selector.modify(client.connection, selectors.EVENT_READ, client)",
    ],
    "No method has one letter only, and a request line may have more spaces.": [
        "choose_status · number changed: if not head[:1].isalpha(): → if not "
        "head[:2].isalpha():",
        "choose_status · argument left out: words = "
        'start.partition(b"\\r\\n")[0].split(b" ") → words = '
        'start.partition(b"\\r\\n")[0].split()',
    ],
    "It counts a head without its empty line: four bytes of 8 KiB.": [
        "choose_status · border moved: if len(start) > MAX_HEAD: → if "
        "len(start) >= MAX_HEAD:",
    ],
    "Only Windows needs it. Any number but 0 switches an option on.": [
        'listen · condition true: if os.name == "posix": → if True:',
        "listen · number changed: listening.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_REUSEADDR, 1) → listening.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_REUSEADDR, 2)",
    ],
    "Only a program that imports this one could tell.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
