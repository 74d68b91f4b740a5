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
    assert alice.window.new_nick.get() == "alice"
    assert not alice.window.state.winfo_ismapped()
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
    alice.look()
    alice.wait_for_channels("#general", "#sport", marked="#general")
    scroll_up(alice)
    bob.say("one")
    bob.say("two")
    alice.wait(lambda: "#general (2)" in alice.window.channel_list.get(0, "end"))
    assert alice.root.title() == "(2) #general"
    alice.wait(alice.window.jump.winfo_ismapped)
    assert alice.window.jump["text"] == "↓ 2 new"
    alice.window.jump.invoke()
    assert alice.window.transcript.yview()[1] == 1.0
    alice.wait(lambda: not alice.window.jump.winfo_ismapped())
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


def test_takes_another_nick_by_its_field(
    server: Server, peer: Peers, user: Users
) -> None:
    """The field shows the nick that we have, also when another is refused."""
    peer("bob")
    alice = user(server.port)
    alice.wait(lambda: alice.window.new_nick.get() == "alice")
    alice.window.new_nick.insert("end", "-2 ")
    alice.press_return(alice.window.new_nick)
    alice.wait_for("you are alice-2 in #general")
    assert alice.window.new_nick.get() == "alice-2"
    alice.window.new_nick.delete(0, "end")
    alice.window.new_nick.insert(0, "bob")
    alice.window.rename.invoke()
    alice.wait(lambda: alice.window.transcript.tag_ranges("refused"))
    assert alice.window.new_nick.get() == "alice-2"
    alice.press(alice.window.entry, "<Up>")
    assert alice.window.entry.typed() == "/nick bob"


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
    alice.press(alice.window.entry, "<Tab>")
    assert alice.root.focus_displayof() is not alice.window.entry
    assert alice.window.entry.typed() == ""
