"""The chat as a page in Chrome, on the Connection of your client.py. A given file.

Run ``python -m exercise5_chat_channels.web [HOST] [PORT] [--port 8000]``, with the chat
server's HOST and PORT, and open http://127.0.0.1:8000/.

A browser speaks HTTP and nothing else. So this program stands in between: HTTP on one
side, PROTOCOL.md on the other. It is one more text protocol, and not much of it:

    GET /            the page below, with its script
    GET /events      opens a Connection for this tab. The answer is a text/event-stream,
                     which goes on and on: each line from the chat is one event in it
    POST /lines/ID   sends lines to the chat. The stream's first event tells the ID

When the stream ends, so does the Connection, and the other way round.
"""

import argparse
import os
import re
import secrets
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from exercise5_chat_channels.client import Connection

MAX_BODY = 65536  # bytes that one POST may have
SILENCE = 60.0  # seconds until a browser that neither speaks nor reads is given up
# What the page may load: its own script and style, known by a number used once, and
# nothing else (CSP level 3). So a text from the chat could do nothing even as HTML.
POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Tab:
    """A tab's connection to the chat."""

    def __init__(self, connection: Connection) -> None:
        """Take over a connection."""
        self.connection = connection
        self.lock = threading.Lock()  # two POSTs must not mix their lines

    def send_lines(self, text: str) -> None:
        """Send one line or several; raise OSError when the connection has ended."""
        with self.lock:
            for line in text.split("\n"):
                self.connection.send_line(line)

    def close(self) -> None:
        """Hang up. The thread that waits for lines() sees the end."""
        with suppress(OSError):
            self.connection.close()


class Handler(BaseHTTPRequestHandler):
    """One connection of a browser, with a thread of its own; see http.server."""

    server: "WebServer"
    protocol_version = "HTTP/1.1"  # keeps the connection open for the next request
    timeout = SILENCE
    disable_nagle_algorithm = True  # an event goes at once, as in server.py

    # Who may ask

    def address(self) -> str:
        """Return the address that the browser has really connected to."""
        host, port = self.connection.getsockname()
        return f"{host}:{port}".removesuffix(":80")  # as browsers write it

    def is_from_here(self) -> bool:
        """Tell whether our page asks, and not another that is open in the browser.

        Any page may send requests to 127.0.0.1, and can even give that address a name
        of its own (DNS rebinding). But it cannot lie in these headers: in Host stands
        the name in the address bar (RFC 9110, 7.2), in Origin whose script asks (RFC
        6454, 7), and Sec-Fetch-Site compares the two when no Origin is sent.
        """
        host = self.headers.get("Host", "")
        known = {self.address(), re.sub(r"^127\.[\d.]+", "localhost", self.address())}
        origin = self.headers.get("Origin", f"http://{host}")
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        own = origin == f"http://{host}" and site == "same-origin"
        return host in known and (own or self.path == "/")  # one may link to the page

    def refuse(self, status: int, why: str) -> None:
        """Answer with an error. Input left unread would make that a reset: discard it.

        Exercise 1 has the reason; half-closing lets the browser see the end meanwhile.
        """
        self.send_error(status, explain=why)
        self.connection.shutdown(socket.SHUT_WR)
        for _ in range(100):
            if not self.connection.recv(65536):
                break

    # What they may ask for

    def do_GET(self) -> None:  # noqa: N802  # http.server's name
        """Answer GET: with the page, or with its tab's stream of events."""
        if not self.is_from_here():
            self.refuse(403, f"The chat is at http://{self.address()}/ and there only.")
        elif self.path == "/":
            self.send_page()
        elif self.path != "/events":
            self.refuse(404, "There is only / here.")
        elif self.headers["Last-Event-ID"]:
            self.send_head(204)  # for an EventSource this means: do not connect again
        else:
            self.send_head(200, ("Content-Type", "text/event-stream"), END_IS_CLOSE)
            self.stream()

    def do_POST(self) -> None:  # noqa: N802
        """Pass on the lines in the body to the tab's connection."""
        tab = self.server.tabs.get(self.path.removeprefix("/lines/"))
        length = self.headers.get("Content-Length", "")
        if not self.is_from_here():
            self.refuse(403, f"The chat is at http://{self.address()}/ and there only.")
        elif tab is None:
            self.refuse(404, "This tab is not connected to the chat.")
        elif not re.fullmatch("[0-9]{1,15}", length):
            self.refuse(411, "Content-Length has to say how long the text is.")
        elif int(length) > MAX_BODY:
            self.refuse(413, f"A text has at most {MAX_BODY} bytes.")
        else:
            self.pass_on(self.rfile.read(int(length)), tab)

    def send_head(self, status: int, *headers: tuple[str, str]) -> None:
        """Send a status line and headers."""
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def end_headers(self) -> None:
        """End any head, an error's too, with what is true of all answers."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing for each request, as http.server would."""

    # What they get

    def send_page(self) -> None:
        """Send the page."""
        nonce = secrets.token_urlsafe(16)
        page = PAGE.replace("NONCE", nonce).encode()
        self.send_head(
            200,
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Content-Security-Policy", POLICY.format(nonce)),
        )
        self.wfile.write(page)

    def pass_on(self, body: bytes, tab: Tab) -> None:
        """Send a POST's lines to the chat, and say whether that worked."""
        try:
            tab.send_lines(body.decode())
        except UnicodeDecodeError:
            self.refuse(400, "This is not UTF-8.")
        except OSError:
            self.refuse(410, "The connection to the chat has ended.")
        else:
            self.send_head(204)

    def stream(self) -> None:
        """Connect to the chat, and pass on each line until one of the two is gone."""
        try:
            tab = Tab(Connection(*self.server.chat))
        except (OSError, UnicodeError) as error:
            self.send_event("gone", getattr(error, "strerror", None) or str(error))
            return
        watcher = threading.Thread(target=self.wait_for_end, args=[tab], daemon=True)
        watcher.start()
        try:
            self.pass_lines(tab)
        finally:
            tab.close()
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)  # wakes the watcher
            watcher.join()

    def pass_lines(self, tab: Tab) -> None:
        """Make each line an event. Whoever knows the tab's id may speak for it."""
        tab_id = secrets.token_urlsafe(16)
        self.server.tabs[tab_id] = tab
        try:
            self.send_event("tab", "{}:{}".format(*self.server.chat), tab_id)
            for line in tab.connection.lines():
                self.send_event("line", line)
            self.send_event("gone", "the server has closed the connection")
        finally:
            del self.server.tabs[tab_id]

    def send_event(self, name: str, data: str, event_id: str = "") -> None:
        r"""Send one event: fields on lines of their own, then an empty line.

        HTML Living Standard, 9.2.6: ``\r`` ends a line too, so data may need several.
        """
        fields = [f"event: {name}"]
        fields += [f"data: {line}" for line in re.split("\r\n|\r|\n", data)]
        fields += [f"id: {event_id}"] if event_id else []
        self.wfile.write("\n".join([*fields, "", ""]).encode(errors="replace"))

    def wait_for_end(self, tab: Tab) -> None:
        """Hang up when the browser does: the work of a second thread for each tab.

        The first one waits for the chat, and would notice only at the next line.
        """
        with selectors.DefaultSelector() as selector, suppress(OSError):
            selector.register(self.connection, selectors.EVENT_READ)
            while selector.select() and self.connection.recv(65536):
                continue
        tab.close()


END_IS_CLOSE = ("Connection", "close")  # no length: the end of the stream is the end


class WebServer(ThreadingHTTPServer):
    """Listens for browsers, and gives each of their connections a thread."""

    allow_reuse_address = os.name == "posix"  # as in server.py
    allow_reuse_port = False

    def __init__(self, host: str, port: int, chat: tuple[str, int]) -> None:
        """Listen on an address, for tabs that talk to the chat server at another."""
        self.chat = chat
        self.tabs: dict[str, Tab] = {}  # by their ids
        self.browsers: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Start a connection's thread: called when one was accepted."""
        self.browsers.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        """Close a connection: called when its thread is done."""
        self.browsers.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print a traceback, unless it only says that somebody has left."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def close(self) -> None:
        """Disconnect the browsers, and wait until all threads are done."""
        self.server_close()
        for browser in list(self.browsers):
            with suppress(OSError):
                browser.shutdown(socket.SHUT_RDWR)
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join(timeout=1)  # or not, if it still waits to be connected


# The page. What comes from the chat is put into it by textContent, never as HTML.

PAGE = r"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title>
<link rel="icon" href="data:,">
<style nonce="NONCE">
:root { color-scheme: light dark; --paper: #fff; --ground: #f3f3f0; --edge: #8a8a80;
  --ink: #24292f; --faint: #63635b; --red: #b3261e; --pale: #dbe7f7; --nick: 45% }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ground: #202327;
  --edge: #7b828a; --ink: #e6e8ea; --faint: #a3a9b0; --red: #ff9a8f; --pale: #24405f;
  --nick: 80% } }
* { box-sizing: border-box }
body { margin: 0; height: 100dvh; display: grid; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  grid: auto 1fr auto / 13rem 1fr 13rem;
  grid-template-areas: "nav header aside" "nav main aside" "nav footer aside" }
header { grid-area: header; justify-content: space-between }
main { grid-area: main; display: flex; flex-direction: column; min-height: 0 }
nav { grid-area: nav } aside { grid-area: aside } footer { grid-area: footer }
header, footer, form { display: flex; align-items: center; gap: .5rem }
nav, aside { padding: 1rem; overflow: auto } header { padding: .6rem 0 }
footer { min-height: 3.5rem; flex-wrap: wrap }
h1 { font-size: 1.25rem; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 1rem; font-weight: normal; margin: 0 0 .5rem }
h2, footer, label { color: var(--faint) }
ul { list-style: none; margin: 0 0 1rem; padding: 0; overflow-wrap: anywhere }
li { padding: .1rem 0 }
#log { flex: 1; overflow: auto; padding: .5rem .75rem; background: var(--paper) }
#log p { margin: 0 0 .25rem; padding-left: 3.6rem; overflow-wrap: anywhere }
#log .said { white-space: pre-wrap }
#log time { float: left; margin-left: -3.6rem }
#log b { color: oklch(var(--nick) .12 var(--hue)) }
#log p, #log time { color: var(--faint) } #log .said { color: var(--ink) }
#log .refused { color: var(--red) } #log .day { padding: .5rem; text-align: center }
#typing { padding-top: .6rem } #line { flex: 1 }
input, button { font: inherit; color: inherit; padding: .45rem .7rem; min-width: 0;
  min-height: 2.75rem; border: 1px solid var(--edge); border-radius: .4rem;
  background: var(--paper) }
button { cursor: pointer } :disabled { opacity: .6; cursor: default }
li button { width: 100%; text-align: left; border-color: transparent;
  background: none; overflow-wrap: anywhere }
[aria-current] { background: var(--pale) } #nick { width: 9rem }
:focus-visible { outline: 2px solid #3b82d6; outline-offset: 1px }
#creation { flex-wrap: wrap } #name, #creation button { width: 100% }
.unseen { position: absolute; clip-path: inset(50%); width: 1px; overflow: hidden }
@media (max-width: 48rem) {
  body { grid: auto auto auto 1fr auto / 1fr; padding: 0 .6rem;
    grid-template-areas: "header" "nav" "aside" "main" "footer" }
  nav, aside, nav ul, aside ul { display: flex; align-items: center; gap: .5rem }
  nav, aside { padding: 0 0 .5rem } li { flex: none; padding: 0 } h2, ul { margin: 0 }
  #creation { flex: none; flex-wrap: nowrap } #name { width: 8rem }
  #creation button { width: auto } #nick { width: 7rem } nav h2 { display: none }
}
</style>
<header><h1 id="title">Chat</h1>
  <form id="naming"><label for="nick">Your nick</label>
    <input id="nick" autocomplete="off" autocapitalize="off" spellcheck="false"></form>
</header>
<nav aria-labelledby="places"><h2 id="places">Channels</h2><ul id="channels"></ul>
  <form id="creation"><label class="unseen" for="name">Name of a new channel</label>
    <input id="name" placeholder="New channel" autocomplete="off" autocapitalize="off">
    <button>Create</button></form></nav>
<main><div id="log" role="log" aria-label="Messages" tabindex="0"></div>
  <form id="typing"><label class="unseen" for="line">Message, or a command</label>
    <input id="line" placeholder="Message, or /help" autocomplete="off"
      enterkeyhint="send"><button>Send</button></form></main>
<aside aria-labelledby="count"><h2 id="count">People</h2><ul id="people"></ul></aside>
<footer><span id="state" role="status">This page needs JavaScript.</span>
  <button id="again" hidden>Connect again</button></footer>
<script nonce="NONCE">
"use strict";
const KEPT_LINES = 5000, SHOWN_CHARACTERS = 4000, POLL = 40;  // milliseconds
const KINDS = {  // PROTOCOL.md, "What the server sends"
  said: /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) #(\S+) <(\S+)> (.*)$/s,
  you: /^\* you are (\S+) in #(\S+)/,
  joined: /^\* (\S+) joined #\S+$/,
  left: /^\* (\S+) left #\S+$/,
  renamed: /^\* (\S+) is now (\S+)$/,
  channels: /^\* channels:(.*)$/,
  people: /^\* people in #(\S+):(.*)$/,
  refused: /^! /,
};
const QUESTIONS = {channels: "/channels", people: "/who"};
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const dayOf = new Intl.DateTimeFormat([], {dateStyle: "full"});
const timeOf = new Intl.DateTimeFormat([], {hour: "2-digit", minute: "2-digit"});
const the = (id) => document.getElementById(id);
const log = the("log");
const asked = {channels: 0, people: 0};  // by the page itself, and not yet answered
const rows = [];  // that wait to be shown
let tab = "", nick = "", channel = "", greeted = false, shown = "", day = "";
let people = new Set(), sending = Promise.resolve();

// What is in the page

function make(tag, text, kind = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = kind;
  return element;
}

function show(kind, ...parts) {
  const row = make("p", "", kind);
  row.append(...parts);
  rows.push(row);
  if (rows.length === 1) setTimeout(showRows, POLL);  // a flood must not freeze it
}

function showRows() {
  const follow = isAtEnd(log.clientHeight);
  log.append(...rows.splice(0).slice(-KEPT_LINES));
  while (log.childElementCount > KEPT_LINES) log.firstElementChild.remove();
  if (follow) log.scrollTop = log.scrollHeight;
}

function isAtEnd(height) {  // or does somebody read further up?
  return log.scrollHeight - log.scrollTop - height < 40;
}

function showChannel(name) {
  if (name === shown) return;
  shown = name;
  day = "";
  rows.length = 0;
  log.replaceChildren();
  the("title").textContent = document.title = `#${name}`;
}

function showChannels(names) {
  the("channels").replaceChildren(...names.map((name) => {
    const item = make("li", ""), button = make("button", name);
    if (name === `#${channel}`) button.setAttribute("aria-current", "true");
    button.onclick = () => { send(`/join ${name}`); the("line").focus(); };
    item.append(button);
    return item;
  }));
}

function showPeople() {
  const names = [...people].sort((a, b) => a.localeCompare(b));
  the("count").textContent = `People (${names.length})`;
  the("people").replaceChildren(...names.map((name) => make("li", name)));
}

function showState(text, connected) {
  the("state").textContent = text;
  the("again").hidden = connected !== false;
  for (const part of document.querySelectorAll("input, form button, li button"))
    part.disabled = !connected;
}

// What the user does. One POST waits for the other, or lines could change places

function send(line) {
  const post = {method: "POST", body: line};
  sending = sending.then(() => fetch(`/lines/${tab}`, post)).then((answer) => {
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  }).catch((error) => show("refused", `Not sent: ${error.message}`));
}

function ask(kind) {
  asked[kind] += 1;
  send(QUESTIONS[kind]);
}

function onSubmit(form, input, prefix) {
  the(form).onsubmit = (event) => {
    event.preventDefault();
    if (the(input).value) send(prefix + the(input).value);
    the(input).value = "";
    the("line").focus();
  };
}

// What the chat sends

const on = {
  said(when, where, who, text) {
    showChannel(where);
    const date = new Date(when), valid = !isNaN(date);
    const time = make("time", valid ? timeOf.format(date) : when);
    time.dateTime = when;
    if (valid && day !== dayOf.format(date))
      show("day", day = dayOf.format(date));
    const name = make("b", who);
    name.style.setProperty("--hue", hueOf(who));
    show("said", time, " ", name, "  ", make("bdi", shorten(text)));
  },
  you(newNick, newChannel) {
    showChannel(newChannel);
    if (!greeted && nick && nick !== newNick) send(`/nick ${nick}`);
    if (!greeted && channel && channel !== newChannel) send(`/join ${channel}`);
    greeted = true;  // just connected: we have asked for those that we had
    the("nick").value = nick = newNick;
    channel = newChannel;
    ask("channels");
    ask("people");
  },
  joined(who) { people.add(who); showPeople(); },
  left(who) {
    people.delete(who);
    showPeople();
    if (!asked.channels) ask("channels");  // who has left may have made a new one
  },
  renamed(old, who) { people.delete(old); on.joined(who); },
  channels(names) { showChannels(names.split(" ").filter(Boolean)); },
  people(where, names) {
    if (where !== channel) return;
    people = new Set(names.split(" ").filter(Boolean));
    showPeople();
  },
};

function receive(line) {
  const kind = Object.keys(KINDS).find((kind) => KINDS[kind].test(line)) || "notice";
  if (on[kind]) on[kind](...KINDS[kind].exec(line).slice(1));
  if (asked[kind]) asked[kind] -= 1;
  else if (kind !== "said") show(kind, shorten(line.replace(/^[*!] /, "")));
}

function harmless(text) {
  return text.replace(HARMFUL, (letter) => escape(letter));
}

function shorten(text) {
  return text.length > SHOWN_CHARACTERS ? text.slice(0, SHOWN_CHARACTERS) + " …" : text;
}

function hueOf(name) {
  return [...name].reduce((sum, letter) => (31 * sum + letter.codePointAt()) % 360, 0);
}

function connect() {
  const source = new EventSource("/events");
  Object.assign(asked, {channels: 0, people: 0});
  greeted = false;
  showState("Connecting …");
  source.addEventListener("tab", (event) => {
    tab = event.lastEventId;
    shown = "";  // the server sends again what the log has shown
    showState(`Connected to ${event.data}`, true);
    the("line").focus();
  });
  source.addEventListener("line", (event) => receive(harmless(event.data)));
  source.addEventListener("gone", (event) => disconnect(source, event.data));
  source.onerror = () => disconnect(source, "web.py does not answer, see its terminal");
}

function disconnect(source, reason) {
  source.close();  // or it would connect again by itself, and be somebody else
  people.clear();
  showPeople();
  show("refused", `Not connected: ${reason}`);
  showState(`Not connected: ${reason}`, false);
  the("again").focus();
}

onSubmit("typing", "line", "");
onSubmit("naming", "nick", "/nick ");
onSubmit("creation", "name", "/create ");
the("again").onclick = connect;
the("channels").onpointerenter = () => asked.channels || ask("channels");
let height = log.clientHeight;
new ResizeObserver(() => {  // a phone's keyboard comes and goes
  if (isAtEnd(height)) log.scrollTop = log.scrollHeight;
  height = log.clientHeight;
}).observe(log);
connect();
</script>
</html>
"""


# The program


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def parse_arguments() -> argparse.Namespace:
    """Read HOST and PORT of the chat, and the page's own address."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument(
        "--port", dest="page_port", metavar="PORT", default=8000, type=port_number
    )
    parser.add_argument(
        "--bind",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="this computer's address in a network, for other people's browsers there",
    )
    return parser.parse_args()


def works(attempt: Callable[[], bool]) -> bool:
    """Tell whether something works. Why it does not, the check that we name tells."""
    try:
        return attempt()
    except Exception:
        return False


def unfinished() -> str:
    """Talk to ourselves through a Connection; return which part of it is missing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = Connection(*listening.getsockname())
        chat, _ = listening.accept()
    with chat:
        chat.settimeout(5)
        chat.sendall(b"hello\n")
        chat.shutdown(socket.SHUT_WR)
        if not works(lambda: next(iter(connection.lines())) == "hello"):
            return "lines() does not yield what was sent, see check 5.21"
        with suppress(Exception):
            connection.send_line("hello")
        connection.close()
        if not works(lambda: chat.recv(100) == b"hello\n"):
            return "send_line() does not send the line, see check 5.22"
    return ""


def start_server(arguments: argparse.Namespace) -> WebServer:
    """Return a server that listens, or end with status 1."""
    chat, page = (arguments.host, arguments.port), (arguments.bind, arguments.page_port)
    try:
        socket.getaddrinfo(*chat)  # is there such a host? A tab connects to it later
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot find {arguments.host}: {error}")
    if missing := unfinished():
        sys.exit(f"error: the Connection in client.py is not finished: {missing}")
    try:
        server = WebServer(*page, chat)
    except (OSError, UnicodeError) as error:
        sys.exit("error: cannot listen on {}:{}: {}".format(*page, error))
    print("Listening on http://{}:{}/".format(*server.server_address[:2]), flush=True)
    return server


def main() -> None:
    """Serve the page until Ctrl+C."""
    arguments = parse_arguments()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = start_server(arguments)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    server.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
