"""A small terminal: what a screen shows of what a program has written on it.

It knows what line editors and simple programs use: the C0 controls, some of ECMA-48's
control sequences (CSI), and the VT100's ESC 7, 8, D and M. What it does not know it
keeps in ``unknown``, for then nobody can be sure of what the screen shows.
"""

import codecs
import re
import unicodedata

STEP = re.compile(
    r"\x1b\[(?P<mode>\?\d+)[hl]|\x1b\[(?P<numbers>[\d;]*)(?P<final>[@-~])"
    r"|\x1b(?P<escape>[^\[])|(?P<letter>[^\x1b])"
)
LONGEST = 32  # characters of a control sequence that may be still on its way
BLANK = " "


class Screen:
    """The cells of a terminal, each with a character, and its cursor."""

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        """Start empty, with the cursor in the first cell."""
        self.columns = columns
        self.cells = [[BLANK] * columns for _ in range(rows)]
        self.scrolled: list[str] = []  # the rows that have left it at the top
        self.row = self.column = 0  # column == columns: the next letter wraps
        self.saved = 0, 0
        self.modes: set[str] = set()  # DEC's private ones that are on, such as "?2004"
        self.unknown: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        """Do what a program writes, which may come in any pieces."""
        text = self._rest + self._decoder.decode(data)
        done = 0
        while found := STEP.match(text, done):
            done = found.end()
            self._do(found)
        self._rest = text[done:]
        if len(self._rest) > LONGEST:
            self.unknown.append(self._rest)
            self._rest = ""

    def resize(self, rows: int, columns: int) -> None:
        """Change the size as xterm does: cut at the right, scroll at the top."""
        while self.row >= rows:
            self._scroll()
            self.row -= 1
        while len(self.cells) < rows:
            self.cells.append([])
        self.cells = [(row + [BLANK] * columns)[:columns] for row in self.cells[:rows]]
        self.columns = columns
        self.column = min(self.column, columns)

    def lines(self) -> list[str]:
        """Return the rows down to the last that shows anything, without spaces."""
        rows = ["".join(row).rstrip() for row in self.cells]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def everything(self) -> list[str]:
        """Return the same, and before it what has left the screen at the top."""
        return self.scrolled + self.lines()

    # -- what programs write ----------------------------------------------------------

    def _do(self, step: "re.Match[str]") -> None:
        if step["mode"]:
            change = self.modes.add if step[0][-1] == "h" else self.modes.discard
            change(step["mode"])
        elif step["escape"]:
            self._escape(step["escape"], step[0])
        elif step["final"]:
            first = step["numbers"].partition(";")[0]
            self._control(step["final"], int(first or 0), step[0])
        else:
            self._write(step["letter"])

    def _write(self, letter: str) -> None:
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self._down()
        elif letter == "\b":
            self.column = max(min(self.column, self.columns - 1) - 1, 0)
        elif unicodedata.category(letter) not in ("Cc", "Mn", "Me", "Cf"):
            self._put(letter, 2 if unicodedata.east_asian_width(letter) in "WF" else 1)

    def _put(self, letter: str, width: int) -> None:
        if self.column + width > self.columns:
            self.column = 0
            self._down()
        cells = [letter, ""][:width]
        self.cells[self.row][self.column : self.column + width] = cells
        self.column += width

    def _escape(self, final: str, sequence: str) -> None:
        if final == "7":
            self.saved = self.row, self.column
        elif final == "8":
            self.row, self.column = self.saved
        elif final == "D":
            self._down()
        elif final == "M" and self.row > 0:
            self.row -= 1
        elif final not in "=>":  # the keypad's modes
            self.unknown.append(sequence)

    def _control(self, final: str, number: int, sequence: str) -> None:
        if final in "ABCDEFG":
            self._move(final, max(number, 1))
        elif final in "JK":
            self._erase(final, number, sequence)
        elif final in "@PL":
            self._shift(final, max(number, 1))
        elif final != "m":  # colours
            self.unknown.append(sequence)

    def _move(self, final: str, count: int) -> None:
        up_or_down = {"A": -count, "F": -count, "B": count, "E": count}.get(final, 0)
        aside = {"C": count, "D": -count}.get(final, 0)
        self.row = min(max(self.row + up_or_down, 0), len(self.cells) - 1)
        if aside:
            column = min(self.column, self.columns - 1) + aside
            self.column = min(max(column, 0), self.columns - 1)
        elif final in "EFG":
            self.column = min(count, self.columns) - 1 if final == "G" else 0

    def _erase(self, final: str, number: int, sequence: str) -> None:
        row = self.cells[self.row]
        if number == 0:
            row[self.column :] = [BLANK] * (self.columns - self.column)
        elif final == "K" and number == 2:
            row[:] = [BLANK] * self.columns
        else:
            self.unknown.append(sequence)
        if final == "J":
            for below in self.cells[self.row + 1 :]:
                below[:] = [BLANK] * self.columns

    def _shift(self, final: str, count: int) -> None:
        row, blanks = self.cells[self.row], [BLANK] * count
        if final == "@":
            row[self.column : self.column] = blanks
            del row[self.columns :]
        elif final == "P":
            del row[self.column : self.column + count]
            row += [BLANK] * (self.columns - len(row))
        else:
            for _ in blanks:
                self.cells.insert(self.row, [BLANK] * self.columns)
                self.cells.pop()

    def _down(self) -> None:
        if self.row < len(self.cells) - 1:
            self.row += 1
        else:
            self._scroll()

    def _scroll(self) -> None:
        self.scrolled.append("".join(self.cells.pop(0)).rstrip())
        self.cells.append([BLANK] * self.columns)
