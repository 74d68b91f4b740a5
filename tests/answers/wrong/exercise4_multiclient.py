"""Wrong answers to exercise 4."""

from tests.answers.catalogue import Wrong

WRONG = [
    Wrong(
        name="one_client_at_a_time",
        did="called serve_client() instead of starting a thread",
        tempting="it works as long as the clients take turns",
        caught_by="4.1",
        words=("thread", "recv"),
        changes=(
            (
                "threading.Thread(target=self.serve_client, args=[client]).start()",
                "self.serve_client(client)",
            ),
        ),
    ),
    Wrong(
        name="relays_each_recv",
        did="relayed what each recv() brought",
        tempting="a line typed in nc always comes in one recv()",
        caught_by="4.5",
        words=("Framing", "before it was complete"),
        also=("4.6", "4.7", "4.8", "4.11"),
        changes=(
            (
                '*lines, rest = (rest + received).split(b"\\n")\n',
                'lines, rest = received.splitlines(keepends=True), b""\n',
            ),
            ('yield check_length(line) + b"\\n"', "yield line"),
        ),
    ),
    Wrong(
        name="sends_back_to_sender",
        did="sent the line to every socket in the array",
        tempting="the loop is simpler without the if",
        caught_by="4.4",
        words=("alice's own line", "sender"),
        changes=(("if client is not sender:", "if client:"),),
    ),
]
