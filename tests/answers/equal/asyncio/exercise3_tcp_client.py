"""Small changes of exercise 3 with asyncio that no check can see, and why."""

EQUAL: dict[str, list[str]] = {
    "The system takes no host for this machine, which is where the default is.": [
        'parse_arguments · argument left out: parser.add_argument("host", nargs="?", '
        'default="127.0.0.1") → parser.add_argument("host", nargs="?")',
    ],
    "How much one read() returns at most is free.": [
        "fetch · number changed: answer.feed(await "
        "asyncio.wait_for(reader.read(65536), TIMEOUT)) → answer.feed(await "
        "asyncio.wait_for(reader.read(131072), TIMEOUT))",
        "fetch · number changed: answer.feed(await "
        "asyncio.wait_for(reader.read(65536), TIMEOUT)) → answer.feed(await "
        "asyncio.wait_for(reader.read(65537), TIMEOUT))",
    ],
    "The words of the errors are free, as long as they say why.": [
        'main · text changed: sys.exit("Stopped") → sys.exit("XStopped")',
    ],
    "Nobody imports the program.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
