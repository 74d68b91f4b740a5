"""Small changes of exercise 4's solution that its suite need not notice, and why."""

EQUAL = {
    "--help says less": [
        "parse_arguments · argument left out: parser ="
        " argparse.ArgumentParser(description=__doc__.splitlines()[0]) → parser ="
        " argparse.ArgumentParser()",
    ],
    "the same value, given or by default; any number but 0 sets the option": [
        "open_listening_socket · argument left out: listening ="
        " socket.socket(socket.AF_INET, socket.SOCK_STREAM) → listening ="
        " socket.socket(socket.AF_INET)",
        "open_listening_socket · number changed:"
        " listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1) →"
        " listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 2)",
    ],
    "only Windows needs it, and how long accept() waits there at a time is free": [
        'open_listening_socket · condition true: if os.name == "posix": → if True:',
        "accept_client · statement removed: listening.settimeout(0.5)",
        "accept_client · number changed: listening.settimeout(0.5) →"
        " listening.settimeout(1.0)",
        "accept_client · number changed: listening.settimeout(0.5) →"
        " listening.settimeout(1.5)",
    ],
    "Linux lets accept() return a connection that has been reset": [
        "accept_client · except removed: except (TimeoutError,"
        " ConnectionError): → except (TimeoutError,):",
    ],
    "what the log says is free": [
        'check_length · argument left out: raise ValueError(f"a line of more than'
        ' {MAX_LINE} bytes") → raise ValueError()',
        "Relay.serve_client · statement removed: print(error, file=sys.stderr)",
        "Relay.serve_client · argument left out: print(error, file=sys.stderr) →"
        " print(file=sys.stderr)",
        "Relay.serve_client · argument left out: print(error, file=sys.stderr) →"
        " print(error)",
    ],
    "how much one recv() asks for is free": [
        "split_lines · number changed: while received := client.recv(65536): → while"
        " received := client.recv(65537):",
        "split_lines · number changed: while received := client.recv(65536): → while"
        " received := client.recv(131072):",
    ],
    "advice in step 1: send() of a socket that blocks takes all here": [
        "Relay.relay · sendall made send: client.sendall(line) → client.send(line)",
    ],
    "advice in step 4: append() is one step for all other threads": [
        "Relay.accept_clients · with unwrapped: with self.lock:",
    ],
    "advice in step 5: the socket is closed, and a send to it fails at once": [
        "Relay.serve_client · statement removed: self.clients.remove(client)",
    ],
    "the system closes it a moment later, when the program ends": [
        "main · with unwrapped: with open_listening_socket(arguments.host,"
        " arguments.port) as listening:",
    ],
    "the program is run, not imported": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
