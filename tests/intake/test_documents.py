"""A body of a request is read as strictly as a file, and every finding has its place."""

import json

import pytest

from casework.agreed import illness
from restructure.calculator.servicing.contract import Payment
from restructure.document import json_document, read_model
from restructure.errors import InvalidInput
from restructure.intake.application import Application
from restructure.text_file import LARGEST


def found(text: str | bytes) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        read_model(Payment, json_document(text))
    return [str(issue) for issue in refused.value.issues]


def test_an_application_is_read_from_a_text_or_from_bytes():
    text = illness().model_dump_json()
    for sent in (text, text.encode(), b"\xef\xbb\xbf" + text.encode()):
        assert read_model(Application, json_document(sent)) == illness()


def test_every_fault_is_named_with_line_and_column():
    (unquoted, *others) = found('{"on": "2026-03-18",\n "amount": 12.5,\n "idd": "p1"}')
    assert unquoted.startswith("2:2: money-float: amount: ")
    assert [one.split(": ")[:3] for one in others] == [["3:2", "field-unknown", "idd"]]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", "1:2: json-broken"),
        (b"\xff", "text-encoding"),
        ('{"on": 1, "on": 2}', "1:11: key-duplicate"),
        ("[" * 5_000, "json-broken"),
        ('{"id": "\\ud800"}', "json-broken"),
        (json.dumps(" " * LARGEST), "file-too-large"),
    ],
)
def test_what_is_no_plain_json_is_refused(sent, code):
    (said,) = found(sent)
    assert said.partition(code)[1], said  # how deep the reader gets before it stops is the interpreter's
