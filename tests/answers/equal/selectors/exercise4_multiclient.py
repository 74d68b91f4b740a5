"""Small changes of exercise 4 with selectors that no check can see, and why."""

EQUAL: dict[str, list[str]] = {
    "A client that does not read is exercise 5's business: here the server may wait "
    "for it.": [
        "Client.__init__ · statement removed: connection.setblocking(False)",
    ],
    "Linux hands out a client that has left, so accept() neither waits nor fails.": [
        "Relay.__init__ · statement removed: listening.setblocking(False)",
        "Relay.accept · with unwrapped: with suppress(OSError):",
        "Relay.accept · argument left out: with suppress(OSError): → with suppress():",
    ],
    "Only Windows needs it. How long select() waits at a time is free.": [
        "Relay.run · argument left out: for key, _events in "
        "self.selector.select(0.5): → for key, _events in self.selector.select():",
        "Relay.run · number changed: for key, _events in self.selector.select(0.5): → "
        "for key, _events in self.selector.select(1.5):",
        "Relay.run · number changed: for key, _events in self.selector.select(0.5): → "
        "for key, _events in self.selector.select(1.0):",
        'listen · condition true: if os.name == "posix": → if True:',
    ],
    "How much one recv() takes at most is free.": [
        "Relay.receive · number changed: received = client.connection.recv(65536) → "
        "received = client.connection.recv(131072)",
        "Relay.receive · number changed: received = client.connection.recv(65536) → "
        "received = client.connection.recv(65537)",
    ],
    "The selector looks already where send() takes nothing: serve() and relay() "
    "catch it.": [
        "Relay.send · with unwrapped: with suppress(BlockingIOError):",
        "Relay.send · argument left out: with suppress(BlockingIOError): → with "
        "suppress():",
    ],
    "Advice in step 5: the socket is closed, and a send to it fails at once.": [
        "Relay.disconnect · statement removed: self.clients.remove(client)",
    ],
    "Any number but 0 switches an option on.": [
        "listen · number changed: listening.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_REUSEADDR, 1) → listening.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_REUSEADDR, 2)",
    ],
    "Nobody imports a program that is started by its name.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
