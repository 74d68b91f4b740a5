"""The history of a check, and bytes as a reader sees them."""

import pytest

from tests.harness.steps import History, Kind, Step, numbered


def sent(data: bytes) -> Step:
    """Return the step in which alice sends something."""
    return Step("alice", "server", "", data, kind=Kind.MESSAGE)


def test_sums_up_what_has_had_no_steps() -> None:
    """Exercise 3 is often handed in alone: then 3.5 has no exercise 2 to start."""
    history = History()
    history.sum_up(0, "your exercise 2 server", "is not ready: left out")
    (line,) = numbered(history.steps, "pytest")
    assert "your exercise 2 server is not ready" in line


def test_forgets_what_did_not_go() -> None:
    history = History()
    for data in (b"one", b"two", b"two", b"two", b"a", b"b"):
        history.sent("alice", "server", data)
    history.take_back("alice", "server")
    assert history.steps[-1].data == b"a"
    history.take_back("alice", "server")
    history.take_back("alice", "server")
    assert [(step.data, step.times) for step in history.steps] == [
        (b"one", 1),
        (b"two", 2),
    ]


def test_sums_up_who_has_come() -> None:
    history = History()
    for name in ("alice", "bob"):
        history.arrives(Kind.CONNECTS, name, "connects")
    history.sum_up(0, "alice, bob", "connect, and hear each other")
    (step,) = history.steps
    assert step.arrivals == ("alice", "bob")
    history.steps *= 3
    history.sum_up(0, "six", "connect")
    assert history.steps[0].arrivals == ()  # too many for a diagram


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "at once"), (0.02, "after 20.0 ms"), (2, "after 2.0 s")],
)
def test_says_how_long_it_took(
    seconds: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(began=0.0)
    monkeypatch.setattr("time.perf_counter", lambda: seconds)
    history.received("server", "bob", b"x")
    assert history.steps[0].note == words


def test_what_several_do_is_one_line() -> None:
    names = ["anna", "ben", "cleo"]
    connects = [Step(name, "", "connects", kind=Kind.CONNECTS) for name in names]
    sends = [Step(name, "server", "", b"hi", kind=Kind.MESSAGE) for name in names]
    gets = [
        Step("server", name, "", b"hi", "5 ms", kind=Kind.MESSAGE) for name in names
    ]
    assert numbered([*connects, *sends, *gets, *gets[:2]], "pytest") == [
        "  1–3  anna … cleo connects                          3 times",
        "  4–6  anna … cleo → server   'hi'                   3 times",
        "  7–9  server → anna … cleo 'hi'                     3 times",
        "   10  server → anna     'hi'                        5 ms",
        "   11  server → ben      'hi'                        5 ms",
    ]


def test_leaves_out_the_middle_of_many_steps_and_counts_it() -> None:
    steps = [sent(b"%d\n" % n) for n in range(1, 51)]
    lines = numbered(steps, "pytest exercise4_multiclient -k 4.5")
    assert len(lines) == 31
    assert lines[7:10] == [
        r"    8  alice → server   '8\n'",
        "       … 20 steps left out; all of them: pytest exercise4_multiclient -k 4.5"
        " --report steps.html …",
        r"   29  alice → server   '29\n'",
    ]
    assert lines[-1] == r"   50  alice → server   '50\n'"
