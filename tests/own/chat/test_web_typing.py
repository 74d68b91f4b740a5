"""Exercise 5's given page in Chromium: what is typed or pasted is not lost."""

import pytest

from tests.harness.lab import Lab
from tests.own.chat.chromium import User, Users, users_of
from tests.own.chat.page import PACKAGE, Web, page_of, running_chat, start_page

EXERCISE = PACKAGE

chat = pytest.fixture(running_chat)
web = pytest.fixture(page_of)
user = pytest.fixture(users_of)


def up(user: User) -> None:
    """Press ↑."""
    user.press("ArrowUp", "", 38)


def down(user: User) -> None:
    """Press ↓."""
    user.press("ArrowDown", "", 40)


def draft(user: User) -> object:
    """Return what is in the line, not sent yet."""
    return user.run("the('line').value")


def test_arrows_go_through_what_was_typed(web: Web, user: Users) -> None:
    alice = user("alice", web)
    alice.wait_for_text("you are guest1")
    up(alice)
    assert draft(alice) == ""
    for line in ("one", "two", "/nick a b"):
        alice.type(line)
    alice.wait_for_text("a nick has")
    for recalled in ("/nick a b", "two", "one", "one"):
        up(alice)
        assert draft(alice) == recalled
    for recalled in ("two", "/nick a b", "", ""):
        down(alice)
        assert draft(alice) == recalled
    alice.browser.call("Input.insertText", text="a draft")
    up(alice)
    assert draft(alice) == "a draft"


def test_a_refused_tab_comes_back(web: Web, user: Users) -> None:
    """It is still a tab, and a phone has a button for it."""
    alice = user("alice", web)
    alice.wait_for_text("you are guest1")
    alice.paste("a\tb")
    assert draft(alice) == "a\tb"
    alice.press("Enter", "\r", 13)
    alice.wait_for_text("control characters")
    alice.click("↑")
    assert draft(alice) == "a\tb"


@pytest.mark.long
def test_what_could_not_be_sent_comes_back(web: Web, user: Users) -> None:
    alice = user("alice", web)
    alice.wait_for_text("you are guest1")
    alice.run("fetch = () => Promise.reject(new DOMException('', 'TimeoutError'))")
    alice.type("is anybody there?")
    alice.wait_for_text("“is anybody there?” was not sent: nothing answers")
    up(alice)
    assert draft(alice) == "is anybody there?"


def test_pasted_lines_are_messages(lab: Lab, user: Users) -> None:
    """They wait for Enter, and keep their order. Empty ones are none."""
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    alice = user("alice", web)
    peer = lab.accept(listener, web)
    peer.send("* you are alice in #general\n")
    peer.expect("/channels\n/who\n")
    alice.wait_for_text("you are alice")
    alice.paste("def f():\r\n\treturn 1\n\n# done\n")
    assert alice.run("the('send').textContent") == "Send 3"
    alice.press("Enter", "\r", 13)
    peer.expect("def f():\n\treturn 1\n# done\n")
    assert draft(alice) == ""
    assert alice.run("the('send').textContent") == "Send"


@pytest.mark.long
def test_shift_enter_and_input_methods_do_not_send(web: Web, user: Users) -> None:
    alice = user("alice", web)
    alice.wait_for_text("you are guest1")
    alice.browser.call("Input.insertText", text="a")
    enter = {"key": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
    alice.browser.call(
        "Input.dispatchKeyEvent", type="keyDown", modifiers=8, **enter
    )  # 8: Shift
    assert draft(alice) == "a\n"
    key = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true})"
    alice.run(f"the('line').dispatchEvent({key})")
    assert draft(alice) == "a\n"
