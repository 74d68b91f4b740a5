"""Every small change of a program: the mutants of it that a suite has to notice.

The changes are made in the source text, at the places that Python's own ``ast`` names:
so a mutant differs from its program in one place only. cosmic-ray and mutmut change
operators and names, and run tests that import the program. What beginners leave out is
a whole statement, a ``with``, an ``except``, and a suite starts programs.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

BORDERS = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
REMOVABLE = (
    *(ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise),
    *(ast.Delete, ast.Break, ast.Continue, ast.For, ast.While, ast.AsyncFor),
)
FOR_WINDOWS = ('if sys.platform == "win32":', 'while sys.platform == "win32":')
HELP = ("help", "description", "metavar", "prog")  # words of --help, free to choose


@dataclass(frozen=True)
class Edit:
    """Text to put in the place of some bytes of a source."""

    kind: str  # "statement removed"
    start: int  # byte
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """A program with one small change."""

    label: str  # where it is and what it changes; no other has the same
    line: int
    source: str


def mutants_of(source: str) -> list[Mutant]:
    """Return every small change of a program that still is Python, in order."""
    program, labels = Program(source), Counter[str]()
    found = []
    for edit in sorted(set(program.edits()), key=lambda e: (e.start, e.end, e.kind)):
        mutated = program.with_edit(edit)
        if mutated == source or not is_python(mutated):
            continue
        label = program.label(edit)
        labels[label] += 1
        if labels[label] > 1:
            label += f" ({labels[label]})"
        found.append(Mutant(label, program.line_of(edit.start), mutated))
    return found


def is_python(source: str) -> bool:
    """Return whether a text can be compiled; not every edit leaves a program."""
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def without_comment(line: str) -> str:
    """Return a line's code, with single spaces."""
    return " ".join(line.split("  #")[0].split())


def on_stderr(node: ast.AST) -> bool:
    """Return whether a node is a call that says something on stderr."""
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return any(ast.unparse(keyword.value) == "sys.stderr" for keyword in keywords)


class Program:
    """A program's text and its tree."""

    def __init__(self, source: str) -> None:
        """Parse the source; SyntaxError where it is none."""
        self.data = source.encode()
        self.tree = ast.parse(source)
        lines = self.data.splitlines(keepends=True)
        self.starts = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]
        self.parents = {
            child: node
            for node in ast.walk(self.tree)
            for child in ast.iter_child_nodes(node)
        }

    def with_edit(self, edit: Edit) -> str:
        """Return the program with one edit made."""
        changed = self.data[: edit.start] + edit.text.encode() + self.data[edit.end :]
        return changed.decode()

    def line_of(self, place: int) -> int:
        """Return the number of the line, from 1, in which a byte is."""
        return sum(start <= place for start in self.starts[:-1])

    def label(self, edit: Edit) -> str:
        """Return function, kind of change, and the line before and after it."""
        line = self.line_of(edit.start)
        first, last = self.starts[line - 1], self.starts[self.line_of(edit.end)]
        end = last + len(edit.text.encode()) - (edit.end - edit.start)
        before = self.data[first:last].decode().split("\n")[0]
        after = self.with_edit(edit).encode()[first:end].decode().strip("\n")
        where = self.function_at(line)
        was, becomes = map(without_comment, (before, after))
        shown = f"{was} → {becomes}" if "\n" not in after else was
        if edit.kind == "statement removed":
            shown = was
        return f"{where} · {edit.kind}: {shown}"

    def function_at(self, line: int) -> str:
        """Return the names of the classes and functions around a line, or 'top'."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        around = [n for n in ast.walk(self.tree) if isinstance(n, kinds)]
        inside = [n for n in around if n.lineno <= line <= (n.end_lineno or 0)]
        return ".".join(n.name for n in inside) or "top"

    # -- where a node stands ----------------------------------------------------------

    def start(self, node: ast.AST) -> int:
        """Return the number of a node's first byte."""
        return self.place(vars(node)["lineno"], vars(node)["col_offset"])

    def end(self, node: ast.AST) -> int:
        """Return the number of the byte after a node."""
        return self.place(vars(node)["end_lineno"], vars(node)["end_col_offset"])

    def place(self, line: int, column: int) -> int:
        """Return the number of the byte at a line, from 1, and a column, from 0."""
        return self.starts[line - 1] + column

    def text(self, node: ast.AST) -> str:
        """Return a node's source."""
        return self.data[self.start(node) : self.end(node)].decode()

    def edit(self, kind: str, node: ast.AST, text: str) -> Edit:
        """Return the edit that puts a text in a node's place."""
        return Edit(kind, self.start(node), self.end(node), text)

    def until(self, node: ast.stmt, body: list[ast.stmt], text: str) -> Edit:
        """Return the edit that changes a compound statement's first line."""
        line_start = self.starts[body[0].lineno - 1]
        return Edit("", self.start(node), line_start, text + "\n")

    # -- the operators ----------------------------------------------------------------

    def edits(self) -> Iterator[Edit]:
        """Yield every edit, those that leave no program too."""
        for node in ast.walk(self.tree):
            if not (self.is_for_readers(node) or self.is_for_windows(node)):
                yield from self.statements(node)
                yield from self.conditions(node)
                yield from self.comparisons(node)
                yield from self.values(node)
                yield from self.calls(node)

    def is_for_windows(self, node: ast.AST) -> bool:
        """Return whether a node is part of what runs on Windows alone."""
        around: ast.AST | None = node
        while around:
            is_branch = isinstance(around, (ast.If, ast.While))
            if is_branch and self.text(around).startswith(FOR_WINDOWS):
                return True
            around = self.parents.get(around)
        return False

    def is_for_readers(self, node: ast.AST) -> bool:
        """Return whether a node is a docstring, an annotation, a word of --help.

        Or the reason of an exception, or what print() says on stderr: their wording is
        free.
        """
        parent = self.parents.get(node)
        is_text = isinstance(node, (ast.Constant, ast.JoinedStr))
        around = self.parents.get(parent) if parent else None
        if is_text and parent and (isinstance(around, ast.Raise) or on_stderr(parent)):
            return True
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant)
        if isinstance(parent, ast.keyword):
            return parent.arg in HELP
        if isinstance(parent, ast.Expr) or parent is None:
            return isinstance(node, ast.Constant)
        annotations = (getattr(parent, n, None) for n in ("annotation", "returns"))
        return node in annotations or self.is_for_readers(parent)

    def statements(self, node: ast.AST) -> Iterator[Edit]:
        """Remove a statement; unwrap a with or a try; remove an except."""
        in_class = isinstance(self.parents.get(node), (ast.Module, ast.ClassDef))
        if isinstance(node, REMOVABLE) and not in_class:
            yield self.edit("statement removed", node, "pass")
        if isinstance(node, (ast.With, ast.AsyncWith)):
            yield from self.without_with(node)
        if isinstance(node, ast.Try):
            yield from self.without_try(node)
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
            for kind in node.type.elts:
                others = [self.text(e) for e in node.type.elts if e is not kind]
                text = f"({', '.join(others)},)"
                yield self.edit("except removed", node.type, text)

    def without_with(self, node: ast.With | ast.AsyncWith) -> Iterator[Edit]:
        """Replace a with by its body, after the assignments of its ``as``."""
        indent = " " * node.col_offset
        names = [
            f"{self.text(item.optional_vars)} = {self.text(item.context_expr)}\n"
            for item in node.items
            if item.optional_vars
        ]
        lines = [*names, "if True:"]
        header = self.until(node, node.body, indent.join(lines))
        yield Edit("with unwrapped", header.start, header.end, header.text)

    def without_try(self, node: ast.Try) -> Iterator[Edit]:
        """Replace a try by its body; remove one of its excepts, or its finally."""
        body = self.data[self.start(node.body[0]) : self.end(node.body[-1])].decode()
        indent, inner = " " * node.col_offset, " " * node.body[0].col_offset
        rest = ""
        for block in (node.orelse, node.finalbody):
            if block:
                text = self.data[self.start(block[0]) : self.end(block[-1])].decode()
                rest += f"\n{indent}if True:\n{inner}{text}"
        yield self.edit("try unwrapped", node, f"if True:\n{inner}{body}{rest}")
        others = len(node.handlers) > 1 or node.finalbody
        for handler in node.handlers if others else []:
            start = self.starts[handler.lineno - 1]
            yield Edit("except removed", start, self.end(handler), "")

    def conditions(self, node: ast.AST) -> Iterator[Edit]:
        """Force a condition, turn it, or leave out a part of it."""
        tests = [getattr(node, "test", None), *getattr(node, "ifs", [])]
        for test in filter(None, tests):
            if not isinstance(test, ast.Constant):
                yield self.edit("condition true", test, "True")
                yield self.edit("condition false", test, "False")
                yield self.edit("condition negated", test, f"(not ({self.text(test)}))")
        if isinstance(node, ast.BoolOp):
            word = " and " if isinstance(node.op, ast.And) else " or "
            for part in node.values:
                kept = [self.text(v) for v in node.values if v is not part]
                yield self.edit(f"part of{word}left out", node, f"({word.join(kept)})")

    def comparisons(self, node: ast.AST) -> Iterator[Edit]:
        """Move a comparison's border; turn one that is not a whole condition."""
        if not isinstance(node, ast.Compare):
            return
        for number, operator in enumerate(node.ops):
            if type(operator) in BORDERS:
                left = [node.left, *node.comparators][number]
                start, end = self.end(left), self.start(node.comparators[number])
                between = self.data[start:end].decode()
                sign, border = SIGNS[type(operator)], BORDERS[type(operator)]
                text = between.replace(sign, border)
                yield Edit("border moved", start, end, text)
        parent = self.parents.get(node)
        if node not in (getattr(parent, "test", None), *getattr(parent, "ifs", [])):
            yield self.edit("condition negated", node, f"(not ({self.text(node)}))")

    def values(self, node: ast.AST) -> Iterator[Edit]:
        """Double a number, or add one; change a text."""
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
        ):
            if isinstance(self.parents.get(node), (ast.JoinedStr, ast.FormattedValue)):
                return
            text = self.text(node)
            quote = next(n for n, letter in enumerate(text) if letter in "\"'")
            quote += 3 if text[quote : quote + 3] in ('"""', "'''") else 1
            yield self.edit("text changed", node, f"{text[:quote]}X{text[quote:]}")
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            for number in dict.fromkeys((2 * node.value, node.value + 1)):  # type: ignore[operator]
                yield self.edit("number changed", node, str(number))

    def calls(self, node: ast.AST) -> Iterator[Edit]:
        """Leave out an argument; make sendall() send()."""
        if not isinstance(node, ast.Call):
            return
        arguments = [*node.args, *node.keywords]
        for argument in arguments:
            kept = ", ".join(self.text(a) for a in arguments if a is not argument)
            start = self.end(node.func)
            text = f"({kept})"
            yield Edit("argument left out", start, self.end(node), text)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "sendall":
            end = self.end(node.func)
            yield Edit("sendall made send", end - len("sendall"), end, "send")
