"""Small changes of exercise 4 with asyncio that no check can see, and why."""

EQUAL: dict[str, list[str]] = {
    "How much one read() asks for is free.": [
        "split_lines · number changed: while received := await reader.read(65536): → "
        "while received := await reader.read(65537):",
        "split_lines · number changed: while received := await reader.read(65536): → "
        "while received := await reader.read(131072):",
    ],
    "A client that does not read is exercise 5's business: here nobody has to wait "
    "for it.": [
        "relay · statement removed: for writer in receivers: (2)",
        "relay · statement removed: await writer.drain()",
    ],
    "Advice in step 5: the transport is closed, and a write to it does nothing.": [
        "serve · statement removed: writers.remove(writer)",
    ],
    "Only Windows needs it: elsewhere SIGINT has a handler.": [
        'run · condition true: if os.name == "posix": → if True:',
        "main · with unwrapped: with suppress(KeyboardInterrupt):",
        "main · argument left out: with suppress(KeyboardInterrupt): → with "
        "suppress():",
    ],
    "Nobody imports a program that is started by its name.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
