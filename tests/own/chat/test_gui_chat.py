"""Exercise 5's given window and the solution's server."""

import re

import pytest

from tests.own.chat.page import PACKAGE
from tests.own.chat.window import (
    Peers,
    Server,
    Users,
    gui_module,
    peers_of,
    running_server,
    scroll_up,
    users_of,
)

EXERCISE = PACKAGE

gui = pytest.fixture(gui_module)
server = pytest.fixture(running_server)
peer = pytest.fixture(peers_of)
user = pytest.fixture(users_of)


def test_shows_channels_people_and_history(
    server: Server, peer: Peers, user: Users
) -> None:
    """All that a new client can know is there at once; what the window asked is not."""
    bob = peer("bob")
    bob.say("good morning 😀")
    bob.expect("good morning")
    alice = user(server.port)
    alice.wait_for("bob  good morning 😀", "you are alice in #general")
    alice.wait_for_people("alice", "bob")
    alice.wait_for_channels("#general", "#sport", marked="#general")
    assert alice.window.people_title["text"] == "People (2)"
    assert "Connected to 127.0.0.1" in alice.window.state["text"]
    assert re.search(r"^\d\d:\d\d\tbob  good", alice.text(), re.MULTILINE)
    assert "channels:" not in alice.text()
    assert "people in" not in alice.text()


def test_sends_what_is_typed(server: Server, peer: Peers, user: Users) -> None:
    """The message comes back from the server, like everybody's."""
    bob, alice = peer("bob"), user(server.port)
    alice.wait_for("you are alice")
    alice.say("hello, this is a window 😀")
    alice.wait_for("alice  hello, this is a window 😀")
    bob.expect("<alice> hello, this is a window 😀")
    bob.say("hello window")
    alice.wait_for("bob  hello window")
    alice.say("two\nlines")  # as pasted
    assert bob.expect("two").endswith("<alice> two\n")
    assert bob.expect("lines").endswith("<alice> lines\n")


def test_joins_a_channel_by_a_click(server: Server, peer: Peers, user: Users) -> None:
    """The transcript is the channel's: its history, then what is said there."""
    bob = peer("bob")
    bob.say("/join sport")
    bob.expect("you are bob in #sport")
    bob.say("said before")
    bob.expect("said before")
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.say("in general")
    alice.wait_for("in general")
    alice.click_channel("#sport")
    alice.wait_for("said before", "you are alice in #sport")
    alice.wait_for_channels("#general", "#sport", marked="#sport")
    alice.wait_for_people("alice", "bob")
    assert "in general" not in alice.text()
    bob.say("said after")
    alice.wait_for("said after")
    alice.click_channel("#general")
    alice.wait_for("in general", "you are alice in #general")
    alice.wait_for_people("alice")
    assert "said" not in alice.text()


def test_creates_a_channel_by_its_button(server: Server, user: Users) -> None:
    """The new channel is in the list, and we are there."""
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.window.new_name.insert(0, " music ")
    alice.window.create.invoke()
    alice.wait_for_channels("#general", "#sport", "#music", marked="#music")
    assert alice.window.new_name.get() == ""
    alice.window.new_name.insert(0, "MUSIC")
    alice.press_return(alice.window.new_name)
    alice.wait_for("is there already")
    refused = alice.window.transcript.tag_ranges("refused")
    assert "is there already" in alice.window.transcript.get(*refused)


def test_sees_channels_that_others_create(
    server: Server, peer: Peers, user: Users
) -> None:
    """Somebody who leaves may have made one; the mouse at the list looks for more."""
    bob, alice = peer("bob"), user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    bob.say("/create music")
    alice.wait_for_channels("#general", "#sport", "#music", marked="#general")
    bob.say("/create films")
    bob.expect("you are bob in #films")
    alice.window.channel_list.event_generate("<Enter>")
    alice.wait_for_channels("#general", "#sport", "#music", "#films", marked="#general")


def test_keeps_the_list_of_people_up_to_date(
    server: Server, peer: Peers, user: Users
) -> None:
    """Joining, leaving and new names are seen; a typed /who is answered in words."""
    alice = user(server.port)
    alice.wait_for_people("alice")
    bob = peer("bob")
    alice.wait_for_people("alice", "bob")
    bob.say("/nick Aaron")
    alice.wait_for_people("Aaron", "alice")
    bob.say("/join sport")
    alice.wait_for_people("alice")
    alice.say("/nick zoe")
    alice.wait_for_people("zoe")
    alice.say("/who")
    alice.wait_for("people in #general: zoe")
    alice.say("/channels")
    alice.wait_for("channels: #general #sport")


def test_counts_what_nobody_has_looked_at(
    server: Server, peer: Peers, user: Users
) -> None:
    """Not the history, not what we say; and no more when somebody looks."""
    bob = peer("bob")
    bob.say("history")
    bob.expect("history")
    alice = user(server.port)
    scroll_up(alice)
    alice.say("/nick alice")
    alice.look()
    alice.window.transcript.yview_moveto(1.0)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    scroll_up(alice)
    bob.say("one")
    bob.say("two")
    alice.wait(lambda: "#general (2)" in alice.window.channel_list.get(0, "end"))
    assert alice.root.title() == "(2) #general"
    alice.window.transcript.yview_moveto(1.0)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    assert alice.root.title() == "#general"


def test_counts_while_another_window_has_the_keyboard(
    server: Server, peer: Peers, user: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last lines are on the screen, but who knows whether somebody sees them."""
    bob, alice = peer("bob"), user(server.port)
    alice.look()
    alice.wait_for_channels("#general", "#sport", marked="#general")
    monkeypatch.setattr(alice.root, "focus_displayof", lambda: None)
    bob.say("are you there?")
    alice.wait(lambda: alice.window.channel_list.get(0) == "#general (1)")
    alice.click_channel("#general (1)")  # where we are: nothing is joined
    monkeypatch.undo()
    alice.look()
    alice.wait_for_channels("#general", "#sport", marked="#general")
    assert alice.text().count("you are alice") == 1


def test_says_that_the_server_is_gone_and_connects_again(
    server: Server, peer: Peers, user: Users
) -> None:
    """The nick and the channel are taken along."""
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.click_channel("#sport")
    alice.wait_for_channels("#general", "#sport", marked="#sport")
    alice.say("before")
    alice.wait_for("alice  before")
    assert not alice.window.again.winfo_ismapped()
    alice.window.entry.insert(0, "a draft")
    server.kill()
    alice.wait_for("Not connected: the server has closed the connection")
    alice.wait(alice.window.again.winfo_ismapped)
    assert "Not connected" in alice.window.state["text"]
    for widget in (alice.window.entry, alice.window.create, alice.window.new_name):
        assert widget.instate(["disabled"])
    alice.wait_for_people()

    server.start()
    bob = peer("bob")
    bob.say("/join sport")
    alice.press_return(alice.window.again)
    alice.wait_for_people("alice", "bob")
    bob.expect("alice joined #sport")
    alice.wait_for("before", "you are alice in #sport")
    assert not alice.window.again.winfo_ismapped()
    assert alice.window.entry.get() == "a draft"
    assert alice.text().count("before") == 1
    alice.say(" sent later")
    bob.expect("<alice> a draft sent later")


def test_opens_without_a_server_and_connects_later(server: Server, user: Users) -> None:
    """The window says why it is not connected; the button tries again."""
    server.kill()
    alice = user(server.port)
    alice.wait_for("Not connected: Connection refused")
    alice.window.again.invoke()
    alice.wait(lambda: alice.text().count("Connection refused") == 2)
    server.start()
    alice.window.again.invoke()
    alice.wait_for("you are alice in #general")


def test_says_goodbye_in_words(server: Server, user: Users) -> None:
    """A server that is stopped in an orderly way says so."""
    alice = user(server.port)
    alice.wait_for("you are alice")
    server.process.terminate()
    alice.wait_for("server closing", "Not connected")


def test_is_used_by_keyboard(server: Server, peer: Peers, user: Users) -> None:
    """The arrow keys choose a channel, Page Up reads on, Return presses a button."""
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.window.channel_list.focus_force()
    alice.wait(lambda: alice.root.focus_displayof() is alice.window.channel_list)
    alice.window.channel_list.event_generate("<Down>")
    alice.wait_for_channels("#general", "#sport", marked="#sport")
    alice.window.channel_list.event_generate("<Up>")
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.window.new_name.insert(0, "tea")
    alice.press_return(alice.window.create)
    alice.wait_for_channels("#general", "#sport", "#tea", marked="#tea")
    scroll_up(alice)
    alice.window.transcript.yview_moveto(1.0)
    alice.window.entry.focus_force()
    alice.wait(lambda: alice.root.focus_displayof() is alice.window.entry)
    alice.window.entry.event_generate("<Prior>")
    assert alice.window.transcript.yview()[1] < 1.0
    alice.window.entry.event_generate("<Next>")
    assert alice.window.transcript.yview()[1] == 1.0
