"""Modules import each other in no circle, and a type name means one thing in the whole package."""

import ast
from collections import deque
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"


def _package():
    """Give the text of every module of the package by its dotted name."""
    return {
        path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): (
            path.read_text(encoding="utf-8")
        )
        for path in sorted((SOURCE / "restructure").rglob("*.py"))
    }


def _imports(module, text, modules):
    """Name the modules that one imports anywhere: at its head, for type checkers only, or inside a function."""
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}:{node.lineno} imports relatively"
            # `from package import room` imports the room; `from room import name` the room that defines the name.
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            rooms = inside & modules
            imported |= rooms | ({node.module} if inside - rooms else set())
    return imported & modules


def _graph(texts):
    return {module: _imports(module, text, texts.keys()) for module, text in texts.items()}


def _shortest_circle(graph, start):
    """Find the shortest way from a module back to itself; nothing if there is none."""
    before, waiting = {}, deque([start])
    while waiting:
        module = waiting.popleft()
        for imported in sorted(graph[module]):
            if imported == start:
                circle = [start]
                while module != start:
                    circle.append(module)
                    module = before[module]
                return [start, *reversed(circle[1:]), start]
            if imported not in before:
                before[imported] = module
                waiting.append(imported)
    return []


def _circles(graph):
    """Write one circle for every set of modules that import each other."""
    circles, named = [], set()
    for module in sorted(graph):
        circle = [] if module in named else _shortest_circle(graph, module)
        if circle:
            named |= set(circle)
            circles.append(" -> ".join(circle))
    return circles


def _type_names(text):
    """Name the public types that a module defines: classes, and aliases that are written like one."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ClassDef(name=name):
                names = [name]
            case ast.Assign(targets=targets):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
                names = [name]
            case _:
                continue  # `type X = …` needs Python 3.12
        yield from (name for name in names if name[0].isupper() and not name.isupper() and "_" not in name)


def _defined_twice(texts):
    places = {}
    for module, text in texts.items():
        for name in set(_type_names(text)):
            places.setdefault(name, []).append(module)
    return {name: modules for name, modules in places.items() if len(modules) > 1}


def test_no_module_imports_itself_in_a_circle():
    """Imports for type checkers and inside functions included: they hide a circle, they do not open it."""
    graph = _graph(_package())
    assert len(graph) > 100, "the search itself is broken"
    assert sum(map(len, graph.values())) > 500, "the search itself is broken"
    circles = _circles(graph)
    assert circles == [], "a circle of imports:\n" + "\n".join(circles)


def test_a_hidden_circle_is_printed():
    texts = {
        "a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import Thing\n",
        "p": "",
        "p.b": "from p import c\n",
        "p.c": "def work():\n    import a\n",
        "d": "from p.b import Thing\nfrom p import c\n",
    }
    graph = _graph(texts)
    assert graph == {"a": {"p.b"}, "p": set(), "p.b": {"p.c"}, "p.c": {"a"}, "d": {"p.b", "p.c"}}
    assert _circles(graph) == ["a -> p.b -> p.c -> a"]
    assert _circles(graph | {"p.c": set()}) == []


def test_two_circles_are_both_printed():
    assert _circles({"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}}) == ["a -> b -> a", "c -> d -> c"]


def test_no_type_name_is_defined_twice():
    twice = _defined_twice(_package())
    assert twice == {}, "\n".join(f"{name}: {', '.join(modules)}" for name, modules in twice.items())


def test_a_type_name_that_is_defined_twice_is_named():
    texts = {
        "a": "class Table:\n    pass\nclass _Row:\n    pass\nLIMIT = 1\n",
        "b": "Table: TypeAlias = int | str\nclass _Row:\n    pass\nLIMIT = 2\n",
        "c": "from a import Table\nRow = dict[str, int]\n",
    }
    assert _defined_twice(texts) == {"Table": ["a", "b"]}
