"""What the fields of a model mean: their attribute docstrings, read from the source when first asked for."""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from pydantic import BaseModel

__all__ = ["field_docs"]

# By the qualified name of a class: each field that it annotates, with the string below it, if there is one.
_Docs = dict[str, dict[str, str | None]]


@cache
def field_docs(model: type[BaseModel]) -> Mapping[str, str]:
    """Give the docs of a model's fields by name, inherited ones included; a field without one is left out.

    A class that declares a field again declares its doc again. Where no source is at hand, such as in a notebook,
    only what `Field(description=…)` says is known.

    >>> from restructure.calculator.measures.relief import Waive
    >>> "amount" in field_docs(Waive)
    True
    """
    texts: dict[str, str | None] = {}
    for part in reversed(model.__mro__):
        if part.__module__ != "builtins":
            texts.update(_docs_in(part.__module__).get(part.__qualname__, {}))
    described = {name: info.description or texts.get(name) for name, info in model.model_fields.items()}
    return MappingProxyType({name: text for name, text in described.items() if text})


@cache
def _docs_in(module: str) -> _Docs:
    """Read the source of a module once for all its classes; pydantic's own way tokenises each class again."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError, SyntaxError):
        return {}
    return dict(_classes(tree.body, ""))


def _classes(body: list[ast.stmt], inside: str) -> Iterator[tuple[str, dict[str, str | None]]]:
    for statement in body:
        match statement:
            case ast.ClassDef(name=name, body=inner):
                yield inside + name, _fields(inner)
                yield from _classes(inner, f"{inside}{name}.")
            case ast.FunctionDef(name=name, body=inner) | ast.AsyncFunctionDef(name=name, body=inner):
                yield from _classes(inner, f"{inside}{name}.<locals>.")
            case ast.If() | ast.With() | ast.Try():
                for part in ("body", "orelse", "finalbody"):
                    yield from _classes(getattr(statement, part, []), inside)


def _fields(body: list[ast.stmt]) -> dict[str, str | None]:
    texts: dict[str, str | None] = {}
    above: str | None = None
    for statement in body:
        field, above = above, None
        match statement:
            case ast.AnnAssign(target=ast.Name(id=above)):
                texts[above] = None
            case ast.Expr(value=ast.Constant(value=text)) if field is not None and isinstance(text, str):
                texts[field] = inspect.cleandoc(text)
    return texts
