"""Writing: put the text of a start into a file, with the schema that it names, and never over another file."""

import os
from collections.abc import Sequence
from pathlib import Path

from restructure.errors import InvalidInput, Issue
from restructure.starts.formats import Format, is_schema, schema_file, schema_text

__all__ = ["refuse_existing", "write_file", "write_schema"]


def refuse_existing(paths: Sequence[Path], *, force: bool = False) -> None:
    """Raise `InvalidInput` for every file that exists already, unless `force` replaces it."""
    issues = [
        Issue(
            "file-exists", "the file exists already; name another, or replace it with --force", file=str(path)
        )
        for path in paths
        if os.path.lexists(path) and not (force and path.is_file())
    ]
    if issues:
        raise InvalidInput(issues)


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file and the folders above it. Raises `InvalidInput` with the reason if it cannot be written."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no file system takes this name"
        raise InvalidInput(
            Issue("file-unwritable", f"the file cannot be written: {why}", file=str(path))
        ) from None
    return path


def write_schema(name: Format, folder: Path) -> Path:
    """Write the schema of a format into a folder; one of an older release is replaced, any other file is refused."""
    path = folder / schema_file(name)
    if not is_schema(path, name):
        refuse_existing([path])
    return write_file(path, schema_text(name))
