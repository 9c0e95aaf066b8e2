"""`restructure schema`: print a JSON Schema."""

from argparse import ArgumentParser, Namespace

from restructure.calculator.request import CalculationRequest
from restructure.cli.output import write_json
from restructure.intake.application import Application
from restructure.policy.loading.schema import policy_schema
from restructure.testing.case_schema import cases_schema

__all__ = ["add_options", "run"]

_SCHEMAS = {
    "application": Application.model_json_schema,
    "request": CalculationRequest.model_json_schema,
    "policy": policy_schema,
    "cases": cases_schema,
}


def add_options(parser: ArgumentParser) -> None:
    """Add the kind of file."""
    parser.add_argument(
        "of",
        nargs="?",
        choices=tuple(_SCHEMAS),
        default="application",
        metavar="KIND",
        help=f"which kind of file: {', '.join(_SCHEMAS)} (default: %(default)s)",
    )


def run(options: Namespace) -> int:
    """Print the schema of the kind of file."""
    write_json(_SCHEMAS[options.of]())
    return 0
