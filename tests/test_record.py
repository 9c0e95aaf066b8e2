"""Records: built when first used, by any thread and across a fork; described by their docs; nothing wrong stays hidden."""

import inspect
import json
import multiprocessing
import os
import subprocess
import sys
import threading
from typing import Annotated, Generic, TypeVar

import pydantic
import pytest
from pydantic import Field, TypeAdapter, create_model
from pydantic_core import to_jsonable_python

import restructure
from records import records
from restructure.field_docs import field_docs
from restructure.record import Record, trusted

# --- what waits is right all the same


def test_every_record_can_be_built():
    for model in records():
        model.model_rebuild(force=True)
        assert model.__pydantic_complete__, model


def test_an_annotation_that_cannot_be_read_is_refused_when_the_record_is_built():
    class Wrong(Record):
        amount: "Amuont"  # noqa: F821

    with pytest.raises(pydantic.PydanticUndefinedAnnotation, match="Amuont"):
        Wrong.model_rebuild()
    with pytest.raises(pydantic.PydanticUserError, match="not fully defined"):
        Wrong(amount=1)


def test_a_record_may_name_what_only_the_function_around_it_knows():
    class Part(Record):
        count: int

    class Whole(Record):
        part: "Part"

    assert Whole.model_validate({"part": {"count": 2}}).part.count == 2


def test_a_record_that_was_never_built_is_written_wherever_it_is_met():
    class Point(Record):
        x: int

    class Never(Point):
        pass

    class Once(Point):
        pass

    assert to_jsonable_python(trusted(Never, [{"x": 1}])[0]) == {"x": 1}
    assert TypeAdapter(object).dump_json([trusted(Once, [{"x": 1}])[0]]) == b'[{"x":1}]'


def test_a_type_adapter_of_a_record_does_not_wait():
    """FastAPI makes one as below, and silences the warning of its alias only while it does."""

    class Body(Record):
        x: int

    with pytest.warns(pydantic.warnings.UnsupportedFieldAttributeWarning, match="alias"):
        adapter = TypeAdapter(Annotated[Body, Field(alias="body")])
    assert adapter.pydantic_complete
    assert adapter.validate_python({"x": 1}) == Body(x=1)


# --- threads and processes

_THREADS = 8


def _in_threads(work) -> list[object]:
    """Do the same in eight threads that start together; a thread that does not end is missing in the result."""
    start, results = threading.Barrier(_THREADS), []

    def run():
        start.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def _fresh_family() -> tuple[type[Record], type[Record]]:
    part = create_model("Part", __base__=Record, count=(int, ...), names=(tuple[str, ...], ()))
    more = {f"field_{number}": (part | None, None) for number in range(60)}
    return part, create_model("Whole", __base__=Record, part=(part, ...), **more)


def test_eight_threads_may_use_a_record_first():
    for _ in range(20):
        part, whole = _fresh_family()
        made = _in_threads(lambda whole=whole: whole.model_validate_json('{"part": {"count": 2}}'))
        assert made == [whole(part=part(count=2))] * _THREADS


def test_eight_threads_may_use_a_record_and_its_part_first():
    for _ in range(20):
        part, whole = _fresh_family()
        turn = iter([part, whole] * _THREADS)
        made = _in_threads(
            lambda turn=turn, part=part: (
                next(turn).model_validate({"count": 2} if next(turn) is not part else {"part": {"count": 2}})
                and True
            )
        )
        assert made == [True] * _THREADS


_FIRST_DECISION = """
import threading, restructure
start, seen = threading.Barrier(8), []
def work():
    start.wait()
    case = restructure.read_application("examples/illness.json")
    seen.append(restructure.decide(case, restructure.load_policy("cn-consumer-finance"), on=case.as_of).model_dump_json())
threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join(100)
print(len(seen), len(set(seen)))
"""


def test_eight_threads_may_make_the_first_decision():
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_DECISION], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["8", "1"]


_FORK = """
import os, signal, sys, threading
import warnings; warnings.simplefilter("ignore")
from pydantic import create_model
from pydantic_core import core_schema
from restructure.record import Record

building, go_on = threading.Event(), threading.Event()

class Slow:
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        building.set()
        go_on.wait(1)
        return core_schema.any_schema()

def model():
    return create_model("Model", __base__=Record, slow=(Slow, ...))

slow, other = model(), create_model("Other", __base__=Record, count=(int, ...))
# The first validation of a process sets up pydantic-core, which no fork may interrupt, with records or without.
create_model("First", __base__=Record, count=(int, ...))(count=1)
thread = threading.Thread(target=lambda: slow(slow=1))
thread.start()
building.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)  # ends a child that hangs
    os._exit(0 if other(count=1).count == 1 and slow(slow=1).slow == 1 else 1)
_, status = os.waitpid(child, 0)
go_on.set()
thread.join()
print(status)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_forked_while_another_thread_builds_a_record_does_not_hang():
    done = subprocess.run(
        [sys.executable, "-c", _FORK], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["0"]


def _decided(_: int) -> str:
    case = restructure.read_application("examples/illness.json")
    return restructure.decide(
        case, restructure.load_policy("cn-consumer-finance"), on=case.as_of
    ).model_dump_json()


@pytest.mark.parametrize("way", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_started_in_any_way_decide_alike(way):
    with multiprocessing.get_context(way).Pool(2) as pool:
        decisions = pool.map_async(_decided, range(2)).get(timeout=100)
    assert decisions == [_decided(0)] * 2


# --- docs


class Described(Record):
    """A record with docs of every form."""

    plain: int
    """In a line."""
    long: int = 0
    """In two,

    indented.
    """
    bare: int = 0
    said: int = Field(default=0, description="By hand.")
    """Below it."""
    renamed: int = Field(default=0, validation_alias="old_name", serialization_alias="newName")
    """Under other names."""

    class Inner(Record):
        """A record inside another."""

        plain: str
        """Of the inner one."""


class Derived(Described):
    """A record that declares a field again."""

    plain: str
    more: int = 0
    """Its own."""


_Item = TypeVar("_Item")


class Boxed(Record, Generic[_Item]):
    """A record of any type."""

    item: _Item
    """What is inside."""


class Left(Record):
    """A record that holds one that holds it."""

    right: "Right | None" = None
    """The other."""
    straight: "Right"
    """The other, at once."""


class Right(Record):
    """A record that holds one that holds it."""

    left: "Left"
    """Back."""


def test_the_docs_of_a_record_are_those_below_its_fields():
    assert field_docs(Described) == {
        "plain": "In a line.",
        "long": "In two,\n\nindented.",
        "said": "By hand.",
        "renamed": "Under other names.",
    }
    assert field_docs(Described.Inner) == {"plain": "Of the inner one."}


def test_a_derived_record_has_the_docs_of_its_base_but_of_what_it_declares_again():
    assert field_docs(Derived).keys() == {"long", "said", "renamed", "more"}


def test_docs_of_a_generic_and_of_a_record_inside_a_function_are_found():
    class Local(Record):
        field: int
        """Of a local record."""

    assert field_docs(Boxed[int]) == {"item": "What is inside."}
    assert field_docs(Local) == {"field": "Of a local record."}


@pytest.mark.parametrize(
    ("mode", "by_alias", "name"),
    [
        ("validation", True, "old_name"),
        ("serialization", True, "newName"),
        ("validation", False, "renamed"),
        ("serialization", False, "renamed"),
    ],
)
def test_the_json_schema_has_the_docs_under_every_name(mode, by_alias, name):
    properties = Described.model_json_schema(mode=mode, by_alias=by_alias)["properties"]
    assert properties[name]["description"] == "Under other names."
    assert properties["said"]["description"] == "By hand."
    assert "description" not in properties["bare"]


def test_records_that_hold_each_other_are_described():
    definitions = Left.model_json_schema()["$defs"]
    assert definitions["Left"]["properties"]["straight"]["description"] == "The other, at once."
    assert definitions["Right"]["properties"]["left"]["description"] == "Back."


def test_the_schema_of_every_record_says_what_pydantic_itself_reads_in_the_source():
    """Pydantic's own extraction is the independent witness; it looks at each class by itself."""
    for model in records():
        witness = {}
        for part in reversed(model.__mro__):
            if issubclass(part, Record) and part.__module__.startswith("restructure."):
                docs = _extracted(part)
                witness.update({name: docs.get(name) for name in inspect.get_annotations(part)})
        for name, info in model.model_fields.items():
            if info.description is None and witness.get(name):
                assert field_docs(model)[name] == witness[name], (model, name)


def _extracted(model: type[Record]) -> dict[str, str]:
    from pydantic._internal._docs_extraction import extract_docstrings_from_cls

    return extract_docstrings_from_cls(model, use_inspect=True)


def test_without_its_source_a_record_works_and_has_no_docs(tmp_path):
    code = """
namespace = {"__name__": "typed_in"}
exec('from restructure.record import Record\\nclass Typed(Record):\\n    count: int\\n    "How many."\\n', namespace)
import json; print(json.dumps(namespace["Typed"].model_json_schema()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    )
    assert json.loads(done.stdout)["properties"] == {"count": {"title": "Count", "type": "integer"}}
