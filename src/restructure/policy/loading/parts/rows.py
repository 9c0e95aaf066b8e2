"""Rows: the rows of decision tables and lookups, from a list in YAML or from a CSV file beside the policy."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from restructure.document import Document, Places
from restructure.errors import RestructureError, did_you_mean
from restructure.policy.loading.findings import Findings, Spot
from restructure.policy.loading.locating import inside
from restructure.text_file import read_text

__all__ = ["Cells", "CsvOf", "csv_beside", "literal", "rows_of"]

CsvOf = Callable[[str, Spot], Document | None]
"""Gives the document of a CSV file that the value at a place names, `None` if it cannot be read."""


class Cells(NamedTuple):
    """The cells of one row, by column."""

    spot: Spot
    """Where the row is written."""
    values: dict[str, Any]
    """The value of each column; an input that is absent is not tested."""
    spots: dict[str, Spot]
    """Where each cell is written."""

    def at(self, name: str) -> Spot:
        """Give where a cell is written, or else its row."""
        return self.spots.get(name, self.spot)


def rows_of(findings: Findings, raw: Any, names: list[str], spot: Spot, csv_of: CsvOf) -> list[Cells]:
    """Read rows from a list, or from the CSV file of a name; what cannot be read is reported."""
    if isinstance(raw, str):
        document = csv_of(raw, spot)
        return [] if document is None else _rows_of_csv(findings, document, names)
    if not isinstance(raw, list) or not raw:
        findings.report(
            "table-shape",
            f"{spot[-1]} is a list of rows, or the name of a CSV file beside the policy",
            spot,
        )
        return []
    rows: list[Cells] = []
    for r, row in enumerate(raw):
        at = (*spot, r)
        if isinstance(row, Mapping):
            findings.report_unknown_fields(row, (*names, "reference"), "a row of this table", at)
            rows.append(Cells(at, dict(row), {name: (*at, name) for name in row}))
        elif isinstance(row, list) and len(row) == len(names):
            cells = dict(zip(names, row, strict=True))
            rows.append(Cells(at, cells, {name: (*at, k) for k, name in enumerate(names)}))
        else:
            has = f"the row has {len(row)} cells" if isinstance(row, list) else "the row is no list of cells"
            findings.report("table-shape", f"{has}; it takes {len(names)}: {', '.join(names)}", at)
    return rows


def _rows_of_csv(findings: Findings, document: Document, names: list[str]) -> list[Cells]:
    head, *body = document.data or [[]]
    _check_head(findings, document, head, names, empty=not body)
    if not set(names) <= set(head):
        return []  # reported, and every row would lack the same
    rows: list[Cells] = []
    for r, cells in enumerate(body, 1):
        if len(cells) == len(head):
            spots: dict[str, Spot] = {name: (document, r, k) for k, name in enumerate(head)}
            rows.append(Cells((document, r), dict(zip(head, cells, strict=True)), spots))
        else:
            findings.report(
                "table-shape", f"the row has {len(cells)} cells and the head {len(head)}", (document, r)
            )
    return rows


def _check_head(
    findings: Findings, document: Document, head: list[str], names: list[str], *, empty: bool
) -> None:
    """Report columns of a CSV file that are repeated, missing or unknown, and a file without rows."""
    for k, name in enumerate(head):
        if name in head[:k]:
            findings.report("table-shape", f'a second column is called "{name}"; keep one', (document, 0, k))
    if empty:
        findings.report("table-shape", "the file has no rows below its head", (document,))
    for name in names:
        if name not in head:
            findings.report(
                "table-shape", f'the file has no column "{name}"{did_you_mean(name, head)}', (document, 0)
            )
    for k, name in enumerate(head):
        if name not in (*names, "reference"):
            findings.report(
                "table-shape",
                f'the table has no column "{name}"{did_you_mean(name, names)}',
                (document, 0, k),
            )


def literal(cell: Any) -> Any:
    """Read a cell's text as the number, day or truth value it is written as; other text is kept."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[-+]?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"[-+]?\d{0,18}\.\d{1,18}", text):
        return Decimal(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def csv_beside(findings: Findings, folder: Path, name: str, spot: Spot) -> Document | None:
    """Read a CSV file of a folder; a file that is missing, outside, too large or not CSV is reported at a place."""
    try:
        path = inside(folder, name)
        return _read_csv(path, read_text(path, what=f'"{name}"'))
    except RestructureError as error:
        (issue,) = error.issues
        where = f" (line {issue.line}, column {issue.column} of the table)" if issue.line else ""
        findings.report(issue.code, issue.message + where, spot)
    except csv.Error as error:
        findings.report("table-shape", f'"{name}" is not CSV: {error}', spot)
    return None


def _read_csv(path: Path, text: str) -> Document:
    """Read a CSV file as a list of rows, each a list of cells, located by line and column."""
    places: Places = {(): (1, 1)}
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    line = 1
    for cells in _lines(reader):
        if cells:
            number = len(rows)
            places[(number,)] = (line, 1)
            for k in range(len(cells)):
                places[(number, k)] = (line, k + 1)
            rows.append([cell.strip() for cell in cells])
        line = reader.line_num + 1
    return Document(rows, file=str(path), places=places)


def _lines(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise csv.Error(f"{error}, in line {reader.line_num}; correct the quotes there") from None
