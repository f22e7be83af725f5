"""Makes the mutants of a module: each is its syntax tree with one place changed.

Comparisons, `and` and `or`, arithmetic, conditions, constants, returned values and statements
are changed. Annotations, decorators, docstrings, the text of errors and the names of tables are
not: no rule depends on them, or (names of tables) the tests of migrations hold them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType

SWAPPED: dict[type[ast.AST], list[type[ast.AST]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.FloorDiv],
    ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Mult],
    ast.Mod: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.LShift: [ast.RShift],
    ast.RShift: [ast.LShift],
}
"""What each operator becomes: the bound moved by one, or the reverse."""
SKIPPED_FIELDS = {"annotation", "returns", "decorator_list"}
SKIPPED = (ast.Import, ast.ImportFrom, ast.JoinedStr)
NAMED = {"Column", "Table", "Index", "UniqueConstraint"}
BRANCHES = (ast.If, ast.While, ast.IfExp)
REMOVED = (ast.Raise, ast.AugAssign, ast.Delete, ast.Continue, ast.Break)


@dataclass(frozen=True)
class Mutant:
    """One change: its line, what it is in words, and how to make it in the module's tree.

    `function` is the first line of the outermost function that it is in, or 0.
    """

    line: int
    text: str
    function: int
    tree: ast.Module
    make: Callable[[], None]

    def code(self, path: str) -> CodeType:
        """Return the compiled module with the change; once, in a process that then ends."""
        self.make()
        return compile(ast.fix_missing_locations(self.tree), path, "exec", dont_inherit=True)


@dataclass(frozen=True)
class _Place:
    """Where in a module the walk is: in which function, and whether constants are only text."""

    function: int = 0
    is_text: bool = False

    def within(self, parent: ast.AST, field: str, child: ast.AST) -> _Place:
        function = self.function
        if isinstance(parent, ast.FunctionDef) and field == "body":
            function = function or _first_line(parent)
        return _Place(function, self.is_text or _is_text(child))


def mutants_of(source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of the source."""
    tree = ast.parse(source)
    return sorted(_mutants(tree, tree, _Place()), key=lambda mutant: mutant.line)


def _mutants(tree: ast.Module, parent: ast.AST, place: _Place) -> Iterator[Mutant]:
    for field, value in ast.iter_fields(parent):
        if field in SKIPPED_FIELDS:
            continue
        for at, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or isinstance(child, SKIPPED) or _is_docstring(child):
                continue
            inner = place.within(parent, field, child)
            for changed in _variants(child, parent, field, place):
                make = _replacement(parent, field, at if isinstance(value, list) else None, changed)
                text = f"{_say(child)}  →  {_say(changed)}"
                yield Mutant(getattr(child, "lineno", 0), text, inner.function, tree, make)
            yield from _mutants(tree, child, inner)


def _first_line(function: ast.FunctionDef) -> int:
    """Return the line at which a function's code begins: that of its first decorator."""
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])


def _replacement(
    parent: ast.AST, field: str, at: int | None, changed: ast.AST
) -> Callable[[], None]:
    def make() -> None:
        if at is None:
            setattr(parent, field, changed)
        else:
            getattr(parent, field)[at] = changed

    return make


def _variants(node: ast.AST, parent: ast.AST, field: str, place: _Place) -> Iterator[ast.AST]:
    """Yield what a node becomes, one change each."""
    if isinstance(node, ast.Constant):
        yield from () if place.is_text else _constants(node)
    else:
        yield from _operators(node)
    if field == "test" and not _has_reverse(node) and isinstance(parent, BRANCHES):
        yield ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type]
    if isinstance(node, ast.Return) and not _is_none(node.value):
        yield _with(node, value=ast.Constant(None))
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if is_call or isinstance(node, REMOVED):
        yield ast.copy_location(ast.Pass(), node)


def _operators(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            for other in SWAPPED[type(op)]:
                yield _with(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign):
        for other in SWAPPED.get(type(node.op), []):
            yield _with(node, op=other())
    elif isinstance(node, ast.UnaryOp):
        yield node.operand


def _constants(node: ast.Constant) -> Iterator[ast.Constant]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        yield ast.Constant(value + "x")
    elif isinstance(value, bytes):
        yield ast.Constant(value + b"x")


def _has_reverse(node: ast.AST) -> bool:
    """Return whether the reverse of a condition is among its other variants."""
    return isinstance(node, ast.UnaryOp) or (isinstance(node, ast.Compare) and len(node.ops) == 1)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _say(node: ast.AST) -> str:
    return ast.unparse(node).split("\n")[0]


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_text(node: ast.AST) -> bool:
    """Return whether constants in a node are the text of an error, or declare a table."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in NAMED
    return isinstance(node, ast.Raise)
