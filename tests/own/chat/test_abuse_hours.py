"""Hours of talk in a chat: nothing piles up."""

from pathlib import Path

import pytest

from tests.harness.lab import Lab, Server
from tests.own.chat.abuse import (
    MOST_MEMORY,
    Record,
    Watch,
    history_file,
    kept,
    mib,
    start,
    stop,
)
from tests.own.chat.clients import connect, drive, ended, leave

EXERCISE = "exercise5_chat_channels"
pytestmark = pytest.mark.timeout(1800)

history = pytest.fixture(history_file)


def test_hours_of_talk(
    lab: Lab, history: Path, long: bool, record_property: Record
) -> None:
    """Hours of twenty people, 7,200 lines and 120 visits each: nothing piles up."""
    shifts = 24 * 50 if long else 3  # of ten minutes
    server = start(lab, history)
    watch = Watch(server)
    talk_for_ten_minutes(server)  # until everything is as big as it needs to be
    watch.assert_as_before()
    watch = Watch(server)
    for _ in range(shifts):
        talk_for_ten_minutes(server)
    watch.assert_as_before()
    assert watch.growth() < MOST_MEMORY, mib(watch.growth())
    assert len(kept(history)) == (shifts + 1) * 1200
    record_property("hours of talk", shifts / 6)
    record_property("threads and open files, before and after", watch.resources)
    record_property("memory at the end", f"{mib(watch.growth())} more")
    stop(server)


def talk_for_ten_minutes(server: Server) -> None:
    """Let twenty people come, look around, say sixty lines each, and leave."""
    people = connect(server, 20)
    for number, person in enumerate(people):
        person.say(f"/nick person{number}", "/join sport", "/who", "/join general")
        person.say(*(f"line {line}" for line in range(60)), "/quit")
    drive(people, ended(people))
    assert {person.lines[-1] for person in people} == {b"* bye"}
    leave(people)
