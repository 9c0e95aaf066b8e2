"""Files that are not what they should be: other encodings, folders, pipes, and what never ends."""

import contextlib
import os
from pathlib import Path

import pytest

from restructure import read_application, read_history
from restructure.errors import InvalidInput
from restructure.text_file import LARGEST, decoded, is_file, is_folder, read_text

CHINESE, GERMAN, FRENCH = (
    "王女士的贷款逾期47天。\n月收入：八千元\n",
    "Straße in Köln, Müller\n",
    "née à Nîmes, créée\n",
)


def refusal(path, **given):
    with pytest.raises(InvalidInput) as caught:
        read_text(path, **given)
    (issue,) = caught.value.issues
    assert "\n" not in issue.message
    return issue


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        (CHINESE, "gbk", "GBK"),
        (CHINESE, "gb18030", "GBK"),
        ("朱镕基\n" + CHINESE, "gbk", "GBK"),  # a character that GB 2312 lacks
        (GERMAN, "cp1252", "Windows-1252"),
        (FRENCH, "cp1252", "Windows-1252"),
        (CHINESE, "utf-16", "UTF-16"),
        ('{"reference": "A"}', "utf-16-le", "UTF-16"),
        ('{"reference": "A"}', "utf-16-be", "UTF-16"),
    ],
)
def test_another_encoding_is_named_with_how_to_convert_from_it(text, encoding, named, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode(encoding))
    issue = refusal(path)
    assert issue.code == "text-encoding"
    assert f"it seems to be {named}:" in issue.message
    codec = issue.message.split("iconv -f ")[1].split(" ")[0]
    assert path.read_bytes().decode(codec) == text


def test_the_place_is_that_of_the_first_byte_that_is_not_utf_8(tmp_path):
    path = tmp_path / "a.yaml"
    for mark in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(mark + "é: 1\r\n中文 ".encode() + b"\xff\n")
        issue = refusal(path)
        assert (issue.line, issue.column) == (2, 4)
        assert f"byte {len(mark) + 15} (0xFF)" in issue.message


def test_bytes_that_no_encoding_has_are_refused_without_a_guess():
    with pytest.raises(InvalidInput, match=r"0x81.*save it as UTF-8$"):
        decoded(b"a\x81\xff", what="the text")


def test_a_history_in_another_encoding_is_refused_from_a_file_and_from_bytes(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(CHINESE.encode("gbk"))
    for source in (path, path.read_bytes()):
        with pytest.raises(InvalidInput, match=r"text-encoding: the .* seems to be GBK"):
            read_history(source)


def test_an_application_given_as_bytes_in_another_encoding_is_refused():
    with pytest.raises(InvalidInput, match="1:16: text-encoding"):
        read_application('{"reference": "é"}'.encode("latin-1"))


def test_line_ends_of_windows_and_of_old_macs_are_read_as_line_ends(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\r\nb: 2\rc: 3\n")
    assert read_text(path) == "a: 1\nb: 2\nc: 3\n"


def test_a_folder_is_called_a_folder(tmp_path):
    issue = refusal(tmp_path, what='"rows"')
    assert (issue.code, issue.message) == ("file-is-folder", '"rows" is a folder; name a file in it')


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device on this system")
def test_a_device_without_an_end_is_read_no_further_than_the_limit():
    issue = refusal("/dev/zero")
    assert issue.code == "file-too-large"
    assert "4 MiB" in issue.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.parametrize("size", [5, LARGEST + 1])
def test_a_pipe_is_read_like_a_file_and_has_the_same_limit(size, tmp_path):
    from threading import Thread

    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write():
        with contextlib.suppress(BrokenPipeError):  # the reader has seen enough
            path.write_bytes(b"x" * size)

    writer = Thread(target=write)
    writer.start()
    try:
        if size > LARGEST:
            assert refusal(path).code == "file-too-large"
        else:
            assert read_text(path) == "x" * size
    finally:
        writer.join(10)


def test_a_file_that_may_not_be_read_is_refused_with_the_reason(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text("{}", "utf-8")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # the superuser may read everything
    issue = refusal(path)
    assert (issue.code, issue.message) == ("file-missing", "the file cannot be read: Permission denied")


@pytest.mark.parametrize("name", ["n" * 5000, "a\0b", "\ud800"])
def test_a_name_that_no_file_can_have_is_neither_a_file_nor_a_folder(name):
    assert not is_file(name)
    assert not is_folder(name)
    assert refusal(name).code == "file-missing"
