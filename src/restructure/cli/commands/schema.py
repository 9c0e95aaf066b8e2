"""`restructure schema`: print a JSON Schema."""

import json
from argparse import ArgumentParser, Namespace

from restructure.calculator.request import CalculationRequest
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
    parser.add_argument("of", nargs="?", choices=tuple(_SCHEMAS), default="application")


def run(options: Namespace) -> int:
    """Print the schema of the kind of file."""
    print(json.dumps(_SCHEMAS[options.of](), indent=2, ensure_ascii=False))
    return 0
