"""Options of what is shown: the language of the words, and how many rows of a schedule."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from restructure.cli.output import write_blocks
from restructure.errors import InvalidInput, Issue, quoted
from restructure.report.wording import Wording, view_languages
from restructure.texts import languages_in
from restructure.views import RowChoice, display_language, summarise

__all__ = ["add_language", "add_rows", "check_language_of", "write_record"]

_ROWS = re.compile(r"[0-9]{1,6}")


def add_language(parser: ArgumentParser, also: str = "") -> None:
    """Add the language; `also` says which others the command knows."""
    parser.add_argument(
        "--language",
        metavar="CODE",
        help=f"language of the words: {', '.join(view_languages())}{also} (default: RESTRUCTURE_LANGUAGE, else en)",
    )


def add_rows(parser: ArgumentParser) -> None:
    """Add how many rows of a schedule are shown."""
    parser.add_argument(
        "--rows",
        type=_rows,
        metavar="all|N",
        help="how many rows of a schedule a table shows (default: the first and last)",
    )


def _rows(text: str) -> RowChoice:
    if text == "all":
        return "all"
    if _ROWS.fullmatch(text):
        return int(text)
    raise ArgumentTypeError(f"{quoted(text)} is not a number of rows; write a whole number, or all")


def check_language_of(options: Namespace, *records: object) -> None:
    """Raise `InvalidInput` for a language that neither the views nor the texts of the records have.

    What the environment asks for matters to tables only; what the command line asks for is always checked.
    """
    if options.language is None and options.format == "json":
        return
    try:
        Wording.of(_language(options)).check(languages_in(*records))
    except InvalidInput as error:
        place = "RESTRUCTURE_LANGUAGE" if options.language is None else "--language"
        raise InvalidInput(Issue(issue.code, issue.message, place) for issue in error.issues) from None


def _language(options: Namespace) -> str:
    return display_language() if options.language is None else str(options.language)


def write_record(options: Namespace, record: object, *spoken: object) -> None:
    """Write a record as the options say; in English if the records `spoken` have no text in the language."""
    language = _language(options)
    if language not in {*view_languages(), *languages_in(*(spoken or (record,)))}:
        language = "en"
    write_blocks(summarise(record, language=language, rows=getattr(options, "rows", None)))
