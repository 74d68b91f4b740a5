"""Wrong answers to exercise 6."""

from tests.answers.catalogue import Wrong

WRONG = [
    Wrong(
        name="always_port_8080",
        did="said the port that most handouts name",
        tempting="it is the default",
        caught_by="6.1",
        words=("Listening on",),
        changes=(('"Listening on {host}:{port}"', '"Listening on {host}:8080"'),),
    ),
    Wrong(
        name="echoes_in_capitals",
        did="sent back something else",
        tempting="it shows that the server has had it in its hands",
        caught_by="6.2",
        words=("'HELLO\\n'", "what recv() has returned"),
        changes=(("client.sendall(received)", "client.sendall(received.upper())"),),
    ),
    Wrong(
        name="ctrl_c_not_caught",
        did="caught only errors",
        tempting="KeyboardInterrupt looks like one",
        caught_by="6.3",
        words=("KeyboardInterrupt",),
        changes=(("except KeyboardInterrupt:", "except OSError:"),),
    ),
]
