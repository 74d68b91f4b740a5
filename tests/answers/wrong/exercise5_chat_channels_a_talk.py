"""Wrong answers to exercise 5, part A, talk."""

from tests.answers.catalogue import Wrong

WRONG = [
    Wrong(
        name="starts_in_the_first_by_name",
        did="put new clients into the channel that is first in alphabetical order",
        tempting="general comes before sport, so it looks right",
        caught_by="5.1",
        words=("#kitchen", "the first of --channels"),
        changes=(
            (
                "self.lobby = self.channels[name_key(channels[0])]",
                "self.lobby = self.channels[min(self.channels)]",
            ),
        ),
    ),
    Wrong(
        name="gives_no_receipt",
        did="sent a message to the others only, as exercise 4 does",
        tempting="the sender knows already what it has said",
        caught_by="5.2",
        words=("all members",),
        changes=(
            (
                "client.channel.broadcast(*shown)",
                "client.channel.broadcast(*shown, exclude=client)",
            ),
        ),
    ),
    Wrong(
        name="shows_local_time",
        did="took time.localtime()",
        tempting="on a server that runs in UTC nobody sees the difference",
        caught_by="5.2",
        words=("Kathmandu", "UTC"),
        changes=(("time.gmtime()", "time.localtime()"),),
    ),
    Wrong(
        name="strips_lines",
        did="called strip() on the whole line",
        tempting="it takes the newline off, and the \\r too",
        caught_by="5.2",
        words=("  l'été", "as it came"),
        changes=((r'line.removesuffix(b"\r")', "line.strip()"),),
    ),
    Wrong(
        name="sorts_the_channels",
        did="sorted the answer to /channels, as that to /who",
        tempting="both are lists of names",
        caught_by="5.3",
        words=("#zebra #Ape", "order of creation"),
        changes=(
            (
                "for channel in self.channels.values()]\n        client.send",
                "for channel in self.channels.values()]\n"
                "        names.sort()\n        client.send",
            ),
        ),
    ),
    Wrong(
        name="says_no_goodbye",
        did="closed without * bye",
        tempting="the client has asked for it and knows",
        caught_by="5.4",
        words=("* bye",),
        changes=(('hang_up("* bye")', "disconnect()"),),
    ),
    Wrong(
        name="disconnects_before_the_bye_is_sent",
        did="called send() and then disconnect(), which empties the outbox",
        tempting="send() sends, says its name",
        caught_by="5.4",
        words=("* bye", "hang_up()"),
        changes=(
            (
                'client.hang_up("* bye")',
                'client.send("* bye")\n        client.disconnect()',
            ),
        ),
    ),
    Wrong(
        name="says_what_it_does_not_know",
        did="said a line with an unknown command as a message",
        tempting="every other line is a message",
        caught_by="5.5",
        words=("/ must be refused", "whole first word"),
        changes=(
            (
                'if not text.startswith("/") or text.startswith("//"):\n'
                '        return SAY, text.removeprefix("/")',
                'if text.split(" ")[0] not in COMMANDS:\n'
                '        return SAY, text[text.startswith("//") :]',
            ),
        ),
    ),
    Wrong(
        name="looks_at_the_start_of_a_command",
        did="asked startswith() for each command",
        tempting="a command is what the line starts with",
        caught_by="5.5",
        words=("/whoever must be refused", "/whoever is not /who"),
        changes=(
            (
                'command, _, argument = text.partition(" ")',
                "command = next((c for c in COMMANDS if text.startswith(c)), text)\n"
                "    argument = text.removeprefix(command)",
            ),
        ),
    ),
    Wrong(
        name="says_empty_lines",
        did="said an empty line like any other",
        tempting="an empty line is a line",
        caught_by="5.5",
        words=("this is no empty line",),
        changes=(
            ("client.nick, t) for t in texts if t]", "client.nick, t) for t in texts]"),
        ),
    ),
    Wrong(
        name="counts_guests",
        did="took the number of clients for the next guest's number",
        tempting="it is right until somebody takes another nick, or leaves",
        caught_by="5.6",
        words=("a nick that nobody has", "is taken"),
        changes=(
            (
                """        self.guests += 1
        while self.find_client(f"guest{self.guests}"):
            self.guests += 1
""",
                """        self.guests = len(self.clients) + 1
""",
            ),
        ),
    ),
    Wrong(
        name="compares_nicks_with_case",
        did="looked for the nick as it was typed",
        tempting="zoe and ZOE are different strings",
        caught_by="5.6",
        words=("/nick ZOE", "without case"),
        changes=(
            ("key = name_key(nick)", "key = nick"),
            ("if name_key(c.nick) == key", "if c.nick == key"),
        ),
    ),
    Wrong(
        name="compares_nicks_by_casefold",
        did="compared with casefold(), and not with name_key()",
        tempting="casefold() is what Python has for this",
        caught_by="5.6",
        words=("/nick ｚｏｅ", "name_key()"),
        changes=(
            ("key = name_key(nick)", "key = nick.casefold()"),
            ("if name_key(c.nick) == key", "if c.nick.casefold() == key"),
        ),
    ),
    Wrong(
        name="knows_only_ascii_names",
        did="wrote [a-zA-Z0-9_-] for letters",
        tempting="it is what most examples on the web have",
        caught_by="5.6",
        words=("été", "any script"),
        changes=(
            (
                'if not is_name(name):\n            raise RefusedError("a nick',
                'if not re.fullmatch("[a-zA-Z0-9_-]{1,20}", name):\n'
                '            raise RefusedError("a nick',
            ),
        ),
    ),
    Wrong(
        name="knows_no_combining_marks",
        did=r"wrote [\w-] for letters, and not is_name()",
        tempting=r"\w is a letter of any script",
        caught_by="5.6",
        words=("e\u0301te\u0301", "is_name()"),
        changes=(
            (
                'if not is_name(name):\n            raise RefusedError("a nick',
                'if not re.fullmatch(r"[\\w-]{1,20}", name):\n'
                '            raise RefusedError("a nick',
            ),
        ),
    ),
    Wrong(
        name="lets_invisible_nicks_in",
        did="took whatever Unicode calls a letter, a mark or a number",
        tempting="unicodedata.category() knows every script",
        caught_by="5.6",
        words=(r"'/nick \u3164') must be refused", "invisible"),
        changes=(
            ("import time\n", "import time\nimport unicodedata\n"),
            (
                'if not is_name(name):\n            raise RefusedError("a nick',
                'form = unicodedata.normalize("NFKC", name)\n'
                '        signs = [c for c in form if c not in "-_"]\n'
                "        kinds = [unicodedata.category(c)[0] for c in signs]\n"
                '        known = set(kinds) <= {"L", "M", "N"} and kinds[:1] != ["M"]\n'
                "        if not (1 <= len(form) <= 20 and known):\n"
                '            raise RefusedError("a nick',
            ),
        ),
    ),
    Wrong(
        name="refuses_ones_own_nick",
        did="refused a nick that anybody has, the one who asks too",
        tempting="find_client() has found somebody",
        caught_by="5.6",
        never=("is_name()",),
        words=("somebody has the nick", "only the one who asks"),
        changes=(
            (
                "self.find_client(name) not in (None, client)",
                "self.find_client(name) is not None",
            ),
        ),
    ),
    Wrong(
        name="wants_an_argument",
        did="took the second word of a command without asking whether there is one",
        tempting="/nick makes no sense without a name",
        caught_by="5.6",
        words=("IndexError",),
        changes=(
            (
                "    return command, argument.strip()",
                '    if command in ("/nick", "/join", "/create"):\n'
                '        argument = text.split(" ", 1)[1]\n'
                "    return command, argument.strip()",
            ),
        ),
    ),
    Wrong(
        name="lists_people_as_they_came",
        did="did not sort the answer to /who",
        tempting="guest1, guest2, guest3 come sorted anyway",
        caught_by="5.7",
        words=("not sorted", "whoever came first"),
        changes=(("sorted(member.nick", "list(member.nick"),),
    ),
    Wrong(
        name="leaves_before_it_looks",
        did="took the client out of its channel, and looked for the other one then",
        tempting="that is the order in which one walks from room to room",
        caught_by="5.7",
        words=("See first that there is such a channel", "as before"),
        changes=(
            (
                '        """Do /join NAME."""\n',
                '        """Do /join NAME."""\n        self.leave(client)\n',
            ),
            ("changes\n        self.leave(client)\n", "changes\n"),
        ),
    ),
    Wrong(
        name="shows_messages_to_everybody",
        did="sent a message to all clients",
        tempting="there is an array of all clients, and the line names the channel",
        caught_by="5.7",
        words=("members of its channel only", "in #sport, "),
        changes=(
            (
                "        client.channel.broadcast(*shown)",
                "        lines = list(shown)\n"
                "        for other in self.clients:\n"
                "            other.send(*lines)",
            ),
        ),
    ),
    Wrong(
        name="creates_what_is_there",
        did="took /create of a channel that exists for /join",
        tempting="that is what the user wants in the end",
        caught_by="5.8",
        words=("must be refused",),
        changes=(
            (
                'raise RefusedError(f"#{name} is there already, see /join")',
                "return self.join(client, name)",
            ),
        ),
    ),
    Wrong(
        name="calls_channels_by_their_key",
        did="made the channel with the name that names are compared by",
        tempting="then no name need be compared any more",
        caught_by="5.8",
        words=("in #Tea'", "in #tea'", "as it was written"),
        changes=(
            (
                'name = name.removeprefix("#")\n',
                'name = name_key(name.removeprefix("#"))\n',
            ),
        ),
    ),
    Wrong(
        name="does_not_notice_who_hangs_up",
        did="told the others only of /join and /quit",
        tempting="whoever leaves says so",
        caught_by="5.9",
        words=("left #general", "suddenly"),
        changes=(
            (
                '        client.hang_up("* bye")',
                '        self.leave(client)\n        client.hang_up("* bye")',
            ),
            (
                "                self.leave(client)\n"
                "                self.clients.remove(client)",
                "                if client in client.channel.members:\n"
                "                    client.channel.members.remove(client)\n"
                "                self.clients.remove(client)",
            ),
        ),
    ),
    Wrong(
        name="takes_the_end_for_nothing",
        did="waited on when recv() returned b''",
        tempting="nothing has come yet",
        caught_by="5.2",
        words=("runs on and on", "recv() returns b''"),
        also=("5.18", "5.22", "5.23", "5.24"),
        changes=(
            (
                "while received := self.receive():\n",
                "while True:\n            received = self.receive()\n",
            ),
        ),
    ),
    Wrong(
        name="keeps_who_has_left",
        did="never took a client out of the array",
        tempting="it is not in any channel any more",
        caught_by="5.9",
        words=("you are dave",),
        also=("5.23",),
        changes=(("                self.clients.remove(client)\n", ""),),
    ),
    Wrong(
        name="leaves_a_ghost",
        did="cleaned up after the loop, but not after an exception",
        tempting="the loop ends when the client leaves",
        caught_by="5.9",
        words=("left #general", "traceback", "ConnectionResetError"),
        changes=(
            (
                "        try:\n            return self.socket.recv(RECEIVE)\n"
                "        except OSError:  # a reset is an end, too\n"
                '            return b""\n',
                "        return self.socket.recv(RECEIVE)\n",
            ),
            (
                "        finally:\n            with self.lock:\n",
                "        else:\n            with self.lock:\n",
            ),
        ),
    ),
    Wrong(
        name="tells_who_joins_that_it_joins",
        did="told all members of a channel that somebody joined, the newcomer too",
        tempting="broadcast() without exclude= is shorter",
        caught_by="5.9",
        words=("* guest1 joined #general", "this is for the others"),
        changes=(
            ('joined #{channel.name}", exclude=client)', 'joined #{channel.name}")'),
        ),
    ),
    Wrong(
        name="tells_who_has_a_new_nick",
        did="told all members of a channel of a new nick before greeting",
        tempting="broadcast() without exclude= is shorter",
        caught_by="5.9",
        words=("is now", "this is for the others"),
        changes=(
            (
                """        self.greet(client)
        client.channel.broadcast(f"* {old} is now {name}", exclude=client)
""",
                """        client.channel.broadcast(f"* {old} is now {name}")
        self.greet(client)
""",
            ),
        ),
    ),
    Wrong(
        name="drops_a_last_line_without_its_newline",
        did="dropped what was left over at the end of the connection",
        tempting="a line that has no newline is not complete",
        caught_by="5.2",
        never=("time.gmtime",),
        words=("without a newline", "handle what is left over"),
        also=("5.3", "5.20"),
        changes=(
            (
                "        if rest:  # a last line without its newline\n"
                "            yield [rest]\n",
                "",
            ),
        ),
    ),
    Wrong(
        name="answers_everybody",
        did="sent the answer to /channels to the whole channel",
        tempting="broadcast() sends lines, too",
        caught_by="5.3",
        words=("no answer to what guest1 has asked", "Answer whoever asked"),
        changes=(
            (
                "client.send(f\"* channels: {' '.join(names)}\")",
                "client.channel.broadcast(f\"* channels: {' '.join(names)}\")",
            ),
        ),
    ),
    Wrong(
        name="knows_commands_only_when_alone",
        did="refused words after a command that takes no name",
        tempting="/who is here? is not /who",
        caught_by="5.3",
        words=("ignore what follows",),
        also=("5.4", "5.20"),
        changes=(
            (
                "            COMMANDS[command](self, client, argument)\n",
                '            takes_name = command in ("/nick", "/join", "/create")\n'
                "            if argument and not takes_name:\n"
                '                raise RefusedError(f"{command} takes no name")\n'
                "            COMMANDS[command](self, client, argument)\n",
            ),
        ),
    ),
    Wrong(
        name="goes_on_after_quit",
        did="did what came after /quit in the same recv()",
        tempting="disconnect() ends the connection, so nothing more comes",
        caught_by="5.4",
        words=("too late", "What comes after /quit is not done any more"),
        changes=(("            if client.over:\n                return\n", ""),),
    ),
    Wrong(
        name="does_commands_first",
        did="did the commands of one recv() first, and said the messages then",
        tempting="so all messages go to the history in one go",
        caught_by="5.4",
        never=("outbox",),
        words=("what comes before /quit is said",),
        also=("5.5", "5.6", "5.7", "5.8", "5.15", "5.17", "5.20", "5.21", "5.23"),
        changes=(
            (
                "requests = map(parse_line, lines)",
                "requests = sorted(map(parse_line, lines), key=lambda r: r[0] == SAY)",
            ),
        ),
    ),
    Wrong(
        name="takes_every_second_slash_away",
        did='called text.replace("//", "/")',
        tempting="//text says /text",
        caught_by="5.5",
        never=("whole first word",),
        words=("guest1> ///'", "text.removeprefix('/')"),
        changes=(
            (
                'return SAY, text.removeprefix("/")',
                'return SAY, text.replace("//", "/")',
            ),
        ),
    ),
    Wrong(
        name="knows_commands_in_capitals",
        did="compared commands without case, as names",
        tempting="many chats do so",
        caught_by="5.5",
        never=("whole first word",),
        words=("/WHO must be refused", "lower case"),
        changes=(
            (
                "return command, argument.strip()",
                "return command.lower(), argument.strip()",
            ),
        ),
    ),
    Wrong(
        name="refuses_without_a_reason",
        did="answered with a bare ! where a line was refused",
        tempting="it shows that something was wrong",
        caught_by="5.5",
        words=("/ must be refused", "'! '"),
        changes=(
            (
                'client.send(f"! {reason}")\n\n    def refuse',
                'client.send("! ")\n\n    def refuse',
            ),
        ),
    ),
    Wrong(
        name="compares_nicks_in_lower_case",
        did="compared with lower(), and not with casefold()",
        tempting="without case is lower case",
        caught_by="5.6",
        words=("/nick STRASSE", "name_key()"),
        changes=(
            ("import time\n", "import time\nimport unicodedata\n"),
            (
                "key = name_key(nick)",
                'key = unicodedata.normalize("NFKC", nick).lower()',
            ),
            (
                "if name_key(c.nick) == key",
                'if unicodedata.normalize("NFKC", c.nick).lower() == key',
            ),
        ),
    ),
    Wrong(
        name="shows_nicks_by_their_key",
        did="took the nick in lower case",
        tempting="then no nick need be compared any more",
        caught_by="5.6",
        never=("any script",),
        words=("you are Alice-1_B", "alice-1_b", "as it was typed"),
        changes=(
            (
                "old, client.nick = client.nick, name",
                "old, client.nick = client.nick, name_key(name)",
            ),
        ),
    ),
    Wrong(
        name="takes_the_nick_before_it_looks",
        did="changed the nick, and looked then whether it is a name",
        tempting="the check is the last line that can go wrong",
        caught_by="5.6",
        words=("A refused line changes nothing", "as before"),
        changes=(
            (
                '        if not is_name(name):\n            raise RefusedError("a nick',
                "        old, client.nick = client.nick, name\n"
                '        if not is_name(name):\n            raise RefusedError("a nick',
            ),
            (
                "        old, client.nick = client.nick, name\n        self.greet",
                "        self.greet",
            ),
        ),
    ),
    Wrong(
        name="finds_channels_by_casefold",
        did="looked for a channel with casefold(), and not with name_key()",
        tempting="casefold() is what Python has for this",
        caught_by="5.7",
        words=("ｓｐｏｒｔ", "name_key()"),
        changes=(
            (
                'self.channels.get(name_key(name.removeprefix("#")))',
                'self.channels.get(name.removeprefix("#").casefold())',
            ),
        ),
    ),
    Wrong(
        name="takes_every_number_sign_off",
        did='called lstrip("#")',
        tempting="it takes off the # in front",
        caught_by="5.7",
        words=("/join ##sport must be refused",),
        changes=(
            (
                'self.channels.get(name_key(name.removeprefix("#")))',
                'self.channels.get(name_key(name.lstrip("#")))',
            ),
        ),
    ),
    Wrong(
        name="stays_where_it_was_after_create",
        did="made the creator a member of the new channel, but left it in the old one",
        tempting="/create makes a channel; nobody has said /join",
        caught_by="5.8",
        words=("leaves the old one",),
        changes=(
            (
                "        self.channels[name_key(name)] = Channel(name)\n"
                "        self.join(client, name)\n",
                "        client.channel = Channel(name)\n"
                "        self.channels[name_key(name)] = client.channel\n"
                "        client.channel.members.append(client)\n"
                "        self.greet(client)\n",
            ),
        ),
    ),
    Wrong(
        name="refuses_to_join_the_same_channel",
        did="refused /join of the channel where the client is already",
        tempting="it is there already",
        caught_by="5.9",
        never=("suddenly gone",),
        words=("like leaving and joining",),
        also=("5.15", "5.17"),
        changes=(
            (
                "        past = self.history.last",
                "        if client in channel.members:\n"
                '            raise RefusedError("you are there already")\n'
                "        past = self.history.last",
            ),
        ),
    ),
    Wrong(
        name="tells_twice_who_quits",
        did="told the others at /quit, and again when the thread cleans up",
        tempting="they should know at once",
        caught_by="5.9",
        words=("joined #general", "'* Zoe left #general'"),
        changes=(
            (
                '        client.hang_up("* bye")',
                '        left = f"* {client.nick} left #{client.channel.name}"\n'
                "        client.channel.broadcast(left, exclude=client)\n"
                '        client.hang_up("* bye")',
            ),
        ),
    ),
    Wrong(
        name="gives_no_help",
        did="sent the help without * in front",
        tempting="the help is a text",
        caught_by="5.3",
        words=("the help", "'/nick NAME"),
        changes=(('HELP = "* /nick', 'HELP = "/nick'),),
    ),
    Wrong(
        name="waits_for_the_client_to_close",
        did="said * bye, and left the connection as it was",
        tempting="who says /quit will close it",
        caught_by="5.4",
        words=("the end of the stream", "is still open"),
        changes=(('hang_up("* bye")', 'send("* bye")'),),
    ),
    Wrong(
        name="keeps_the_spaces_around_a_name",
        did="did not take spaces off a command's name",
        tempting="partition() cuts at the space",
        caught_by="5.7",
        words=("without the spaces around it",),
        changes=(("return command, argument.strip()", "return command, argument"),),
    ),
    Wrong(
        name="looks_without_the_lock",
        did="looked for the channel, and made it in another turn with the lock",
        tempting="a lock should be held briefly",
        caught_by="5.8",
        words=("could /create race0", "under one lock"),
        changes=(
            (
                "        self.history.add_channel(name)\n"
                "        self.channels[name_key(name)]",
                "        self.lock.release()\n"
                "        time.sleep(0.1)\n"
                "        self.lock.acquire()\n"
                "        self.history.add_channel(name)\n"
                "        self.channels[name_key(name)]",
            ),
        ),
    ),
    Wrong(
        name="looks_for_nicks_in_the_channel",
        did="looked for a nick among the members of the client's channel",
        tempting="these are the people that one sees",
        caught_by="5.9",
        words=("must be refused", "in whatever channel"),
        changes=(
            (
                "        if self.find_client(name) not in (None, client):\n",
                "        members = client.channel.members\n"
                "        found = self.find_client(name)\n"
                "        if found in members and found is not client:\n",
            ),
        ),
    ),
    Wrong(
        name="looks_for_guests_in_the_lobby",
        did="looked whether a member of the first channel has the next guest's nick",
        tempting="that is where guests arrive",
        caught_by="5.9",
        words=("a nick that nobody has", "in whatever channel"),
        changes=(
            (
                '        while self.find_client(f"guest{self.guests}"):\n',
                "        members = self.lobby.members\n"
                '        while self.find_client(f"guest{self.guests}") in members:\n',
            ),
        ),
    ),
    Wrong(
        name="says_nothing_to_the_same_nick",
        did="did nothing where somebody asks for the nick that they have",
        tempting="nothing changes",
        caught_by="5.6",
        words=("'* you are alice in #general'", "only the one who asks"),
        never=("is_name()",),
        changes=(
            (
                "        old, client.nick = client.nick, name\n",
                "        if name == client.nick:\n"
                "            return\n"
                "        old, client.nick = client.nick, name\n",
            ),
        ),
    ),
    Wrong(
        name="lists_the_keys_of_nicks",
        did="listed what nicks are compared by, in /who",
        tempting="sorted() sorts the keys of a dictionary",
        caught_by="5.6",
        words=("a list with Straße", "shown as it was typed"),
        changes=(
            (
                "sorted(member.nick for member in client.channel.members)",
                "sorted(name_key(member.nick) for member in client.channel.members)",
            ),
        ),
    ),
    Wrong(
        name="takes_a_number_sign_off_a_nick",
        did="took a # off a nick, too",
        tempting="/join and /create do it",
        caught_by="5.6",
        words=("/nick #zoe must be refused", "is_name()"),
        changes=(
            (
                "        if not is_name(name):\n"
                '            raise RefusedError("a nick has',
                '        name = name.removeprefix("#")\n'
                "        if not is_name(name):\n"
                '            raise RefusedError("a nick has',
            ),
        ),
    ),
    Wrong(
        name="joins_what_begins_so",
        did="let /join find the one channel that begins with the name",
        tempting="people like to type little",
        caught_by="5.7",
        words=("/join spor must be refused", "begins alike"),
        changes=(
            (
                "        channel = self.channels.get"
                '(name_key(name.removeprefix("#")))\n',
                '        key = name_key(name.removeprefix("#")) or " "\n'
                "        alike = [c for k, c in self.channels.items()"
                " if k.startswith(key)]\n"
                "        channel = self.channels.get(key)\n"
                "        if len(alike) == 1:\n"
                "            channel = alike[0]\n",
            ),
        ),
    ),
]
