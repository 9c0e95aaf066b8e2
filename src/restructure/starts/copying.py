"""Copying: examples and policies with everything that their files refer to, so that the copy can be used anywhere."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from restructure.starts.formats import SCHEMA_LINE, Format, schema_line
from restructure.starts.writing import refuse_existing, write_file, write_schema

__all__ = ["copy_out"]

_REFERENCE = re.compile(r"\b(?P<key>application|reuse|policy|extends): *(?P<path>[\w./-]*/[\w./-]+)")
"""A path in a file of cases or in a policy, such as `application: ../illness.json`."""


def copy_out(root: Path, names: list[str], target: Path, *, force: bool = False) -> list[Path]:
    """Copy files and folders of a folder, and what they refer to, into another; give the files that were written.

    What they refer to inside the folder keeps its place; a file from outside of it is put into `applications` or
    `reused` of the copy. The schema that a file names is written into the target and the line changed to find it.
    Nothing is written unless everything can be: raises `InvalidInput` for every file that exists, unless `force`.
    """
    places = _places(root.resolve(), names)
    contents = {target / place: _rewritten(source, place, places) for source, place in places.items()}
    refuse_existing([*contents], force=force)
    written = [write_file(path, content) for path, content in contents.items()]
    texts = [text for text in contents.values() if isinstance(text, str)]
    lines = {match["format"] for text in texts for match in SCHEMA_LINE.finditer(text)}
    return [*written, *(write_schema(name, target) for name in get_args(Format) if name in lines)]


def _places(root: Path, names: list[str]) -> dict[Path, Path]:
    """Give each file to be copied its place in the copy."""
    places: dict[Path, Path] = {}
    open_files = [file for name in names for file in _files(root / name)]
    while open_files:
        file = open_files.pop(0)
        if file in places:
            continue
        if file.is_relative_to(root):
            places[file] = file.relative_to(root)
        else:
            places[file] = _beside(file)
        open_files += _referred(file)
    return places


def _beside(file: Path) -> Path:
    """Give the place in the copy of a file that lies outside of what is copied."""
    if file.suffix == ".json":
        return Path("applications", file.name)
    # Cases that are reused, under a name by which they are not taken for the copy's own.
    return Path("reused", f"{file.parent.name}-{file.name.replace('_test.', '.')}")


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (
            file for file in sorted(path.rglob("*")) if file.is_file() and "__pycache__" not in file.parts
        )
    else:
        yield path


def _referred(file: Path) -> Iterator[Path]:
    if file.suffix == ".yaml":
        for match in _REFERENCE.finditer(file.read_text("utf-8")):
            target = (file.parent / match["path"]).resolve()
            if target.is_file():
                yield target


def _rewritten(file: Path, place: Path, places: Mapping[Path, Path]) -> str | bytes:
    """Give what is written for a file: policies and cases with the references that their new place needs."""
    if file.suffix != ".yaml":
        return file.read_bytes()

    def moved(match: re.Match[str]) -> str:
        target = places.get((file.parent / match["path"]).resolve())
        if target is None:
            return match[0]
        return f"{match['key']}: {Path(os.path.relpath(target, place.parent)).as_posix()}"

    text = _REFERENCE.sub(moved, file.read_text("utf-8"))
    return SCHEMA_LINE.sub(lambda match: schema_line(match["format"], up=len(place.parts) - 1), text)
