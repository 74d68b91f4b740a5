"""The chat's server is killed at any moment: what was received, it has kept."""

import random
from pathlib import Path

import pytest

from tests.harness.lab import Lab, Server
from tests.own.chat.abuse import SEED, Record, history_file, kept, start
from tests.own.chat.clients import Chatter, connect, drive, ended, leave

EXERCISE = "exercise5_chat_channels"
pytestmark = pytest.mark.timeout(1800)

history = pytest.fixture(history_file)


def test_kill_at_any_moment(
    lab: Lab, history: Path, long: bool, record_property: Record
) -> None:
    """What anybody has received is in the history, in the same order, none twice."""
    chance = random.Random(SEED)
    received = 0
    for number in range(100 if long else 5):
        server = start(lab, history)  # the file opens every time
        before = kept(history)
        chatters = connect(server, 8)
        for chatter in chatters:
            assert chatter.messages() == before[-50:]
        talk_until_killed(server, chatters, f"round{number}", chance)
        received += assert_kept(history, chatters, before)
    record_property("kills", number + 1)
    record_property("messages received", received)
    record_property("messages in the history", len(kept(history)))


def talk_until_killed(
    server: Server, chatters: list[Chatter], word: str, chance: random.Random
) -> None:
    """Let all talk at full speed, and kill the server at a random moment."""
    for number, chatter in enumerate(chatters[: chance.randint(1, len(chatters))]):
        chatter.say(*(f"{word}.{number}.{count}" for count in range(3000)))
    moment = chance.randint(1, 2000)  # lines that the first one has received
    first = chatters[0]
    drive(chatters, lambda: len(first.lines) > moment)
    server.kill()
    drive(chatters, ended(chatters))


def assert_kept(history: Path, chatters: list[Chatter], before: list[bytes]) -> int:
    """All that was received is one unbroken piece of the history; return how much."""
    now = kept(history)
    assert now[: len(before)] == before
    assert len(set(now)) == len(now)
    old = before[-50:]
    for chatter in chatters:
        messages = chatter.messages()
        assert now[len(before) - len(old) :][: len(messages)] == messages
    leave(chatters)
    return sum(len(chatter.messages()) - len(old) for chatter in chatters)
