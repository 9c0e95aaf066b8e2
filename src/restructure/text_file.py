"""Text file: whatever a path names, read as UTF-8 text of a limited size, or refused with the cause.

Pipes, devices and files that grow are read no further than the limit; text in another encoding is refused with the
place of the first byte that does not belong, and the encoding that it seems to be in.
"""

import errno
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from restructure.errors import InvalidInput, Issue

__all__ = ["LARGEST", "decoded", "is_file", "is_folder", "read_text"]

LARGEST = 4 * 1024 * 1024
"""Size limit of a file, in bytes."""


def is_file(path: str | PathLike[str]) -> bool:
    """Tell whether a path names a file; one that no file system takes, such as a very long one, does not."""
    return _is(path, Path.is_file)


def is_folder(path: str | PathLike[str]) -> bool:
    """Tell whether a path names a folder; one that no file system takes does not."""
    return _is(path, Path.is_dir)


def _is(path: str | PathLike[str], kind: Callable[[Path], bool]) -> bool:
    try:
        return kind(Path(path))
    except (OSError, ValueError):
        return False


def read_text(path: str | PathLike[str], *, what: str = "the file") -> str:
    """Read a file of UTF-8 text, no larger than `LARGEST`; `what` names it in the sentence of a refusal.

    Raises `InvalidInput`: "file-missing", "file-is-folder", "file-too-large" or "text-encoding", the last with line
    and column.
    """
    name = str(path)
    try:
        if "\0" in name:
            raise OSError(errno.EINVAL, "the path has a null character")
        file = Path(path)
        if file.is_dir():  # Windows says "permission denied" of it
            raise InvalidInput(Issue("file-is-folder", f"{what} is a folder; name a file in it", file=name))
        size = file.stat().st_size
        if size > LARGEST:
            raise InvalidInput(
                Issue("file-too-large", f"{what} has {size:,} bytes; the limit is 4 MiB", file=name)
            )
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)  # a pipe and a device have no size, and may have no end
    except UnicodeEncodeError:
        raise InvalidInput(Issue("file-missing", "the path holds half of a character")) from None
    except OSError as error:
        sentence = f"{what} cannot be read: {error.strerror or error}"
        raise InvalidInput(Issue("file-missing", sentence, file=name)) from None
    if len(data) > LARGEST:
        raise InvalidInput(
            Issue("file-too-large", f"{what} has more bytes than the limit of 4 MiB", file=name)
        )
    return decoded(data, what=what, file=name).replace("\r\n", "\n").replace("\r", "\n")


def decoded(data: bytes, *, what: str, file: str | None = None) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises `InvalidInput` with line and column of the first byte that is not UTF-8, and the encoding that the text
    seems to be in.

    >>> decoded("“逾期”: 3".encode("gbk"), what="the text")
    Traceback (most recent call last):
    restructure.errors.InvalidInput: 1:1: text-encoding: the text is not UTF-8 from byte 1 (0xA1) on; it ...
    """
    wide = _utf_16(data)
    try:
        if not wide:
            return data.decode("utf-8-sig")
        start, line, column = 0, 1, 1
    except UnicodeDecodeError as error:
        # The codec counts from behind the mark.
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") and len(error.object) < len(data) else 0)
        before = data[:start].decode("utf-8-sig")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    name, codec = wide or _guess(data)
    seems = f"it seems to be {name}: save it as UTF-8, or convert it with iconv -f {codec} -t UTF-8"
    where = f"{what} is not UTF-8 from byte {start + 1:,} (0x{data[start]:02X}) on"
    message = f"{where}; {seems if name else 'save it as UTF-8'}"
    raise InvalidInput(Issue("text-encoding", message, "", file, line, column)) from None


def _utf_16(data: bytes) -> tuple[str, str] | None:
    """Recognise UTF-16 by its mark, or by a null in every other byte, which JSON and YAML never have."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16", "UTF-16"
    for odd, codec in ((1, "UTF-16LE"), (0, "UTF-16BE")):
        sample = data[: 2 * (min(len(data), 64) // 2)]
        if sample and not any(sample[odd::2]) and all(sample[1 - odd :: 2]):
            return "UTF-16", codec
    return None


def _guess(data: bytes) -> tuple[str, str]:
    """Name the encoding that a text seems to be in, for people and for `iconv`; both empty where none fits.

    Two letters of Western Europe in a row are Chinese characters in GB18030 too, but hardly ever common ones: a text
    counts as Chinese if most of its characters are of the common set, GB 2312.
    """
    try:
        characters = [char for char in data.decode("gb18030") if not char.isascii()]
        common = sum(1 for char in characters if _in(char, "gb2312"))
        if 2 * common >= len(characters):
            return "GBK", "GB18030"
    except UnicodeDecodeError:
        pass
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "", ""
    return "Windows-1252", "WINDOWS-1252"


def _in(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
