"""Loading: a policy from YAML and the tables beside it, with every fault located and all of them at once."""

import copy
from collections.abc import Mapping
from functools import partial
from os import PathLike
from pathlib import Path

from pydantic import ValidationError

from restructure.document import field_names, issues_of, read_document
from restructure.errors import InvalidPolicy, Issue, RestructureError
from restructure.inputs import Source, document_of, is_text
from restructure.policy.constants import Constant
from restructure.policy.loading.extending import Resolved, resolve
from restructure.policy.loading.locating import find_base, find_policy, packaged_policies
from restructure.policy.loading.origins import Located, origins
from restructure.policy.loading.reading import Reading
from restructure.policy.loading.sections.section_readers import check_sections, read_sections
from restructure.policy.policy import Policy

__all__ = ["load_located", "load_policy", "packaged_policies"]


def load_policy(source: Policy | Source) -> Policy:
    """Load a policy from a YAML file, a folder with `policy.yaml`, a packaged policy's name, a text or plain data.

    Decision tables may be in CSV files beside it; a link that leads out of the folder is refused. Raises
    `InvalidPolicy` with every fault as `path:line:column: code: place: sentence`.

    >>> load_policy("cn-consumer-finance").currency
    'CNY'
    """
    return source if isinstance(source, Policy) else _read(_reading_of(source))


def load_located(source: str | Path) -> Located:
    """Load a policy like `load_policy`, with the file and line of each of its parts.

    >>> located = load_located("cn-consumer-finance")
    >>> located.origins["reachable"].line < located.origins["reachable#0"].line
    True
    """
    path = find_policy(source)
    reading = _opened(path)
    policy = _read(reading)
    places = origins(policy, reading.named, reading.conditions.compared, reading.origin)
    return Located(policy, path, places, reading.document.entries, reading.document.removed)


def _reading_of(source: Source) -> Reading:
    """Open a path or a name as a file, and anything else as a policy in the working directory."""
    if isinstance(source, PathLike) or (isinstance(source, str) and not is_text(source)):
        return _opened(find_policy(source))
    try:
        document = document_of(source, "a policy", exact_numbers=True)
    except RestructureError as error:
        raise InvalidPolicy(error.issues) from None
    return Reading(*resolve(document, Path("policy.yaml"), find_base))


def _opened(path: Path) -> Reading:
    try:
        document = read_document(path, exact_numbers=True)
    except RestructureError as error:
        raise InvalidPolicy(error.issues) from None
    return Reading(*resolve(document, path, find_base))


def _read(reading: Reading) -> Policy:
    """Read the policy of a file, or raise `InvalidPolicy` with everything that is wrong with it."""
    findings = reading.findings
    if not isinstance(reading.document.data, Mapping):
        findings.report("value-invalid", "a policy is a group of named fields", ())
        raise InvalidPolicy(findings.issues)
    reading.data = dict(reading.document.data)
    read_sections(reading)
    policy = None
    try:
        policy = Policy.model_validate(reading.data)
    except ValidationError as error:
        refused = issues_of(error, reading.document, names=field_names(Policy))
        findings.issues += [issue for issue in refused if issue not in findings.issues]
    _check_currency(reading)
    if policy is not None and not findings.issues:
        check_sections(reading, policy)
    if policy is None or findings.issues:
        raise InvalidPolicy(sorted(findings.issues, key=lambda issue: _order(issue, reading.document.file)))
    return policy.read_again_by(partial(_with_values, reading.document))


def _with_values(document: Resolved, values: Mapping[str, Constant | None]) -> Policy:
    """Read a policy again with other values of some parameters, so that each is checked wherever it is used."""
    parameters = dict(document.data["parameters"])
    for name, value in values.items():
        first = min(parameters[name]["values"], key=str)
        parameters[name] = {**parameters[name], "values": {first: value}}
    changed = copy.copy(document)
    changed.data = {**document.data, "parameters": parameters}
    return _read(Reading(changed, ()))


def _order(issue: Issue, file: str | None) -> tuple[bool, str, int, int]:
    """Put findings in order: those of the policy's own file first, each file by line and column."""
    return issue.file != file, issue.file or "", issue.line or 0, issue.column or 0


def _check_currency(reading: Reading) -> None:
    """Report amounts of money that would be read in another currency than they were written in, or in none."""
    currency = reading.data.get("currency")
    if currency is None:
        _report_missing_currency(reading)
        return
    currencies = reading.document.currencies
    reported: set[str] = set()
    for spot in reading.scope.money:
        origin = reading.origin(spot)
        written = currencies.get(origin.file, currency)
        # A currency that is not text is reported as no currency.
        if isinstance(currency, str) and written != currency and origin.file not in reported:
            reported.add(origin.file)
            reading.findings.report(
                "currency-differs",
                f"the amount in {origin.file}:{origin.line} is written in {written or 'no currency'} and would be read "
                f"as {currency}; replace what holds it, or keep the currency",
                ("currency",),
            )


def _report_missing_currency(reading: Reading) -> None:
    tables = reading.data.get("tables")
    # A table without an offer concludes facts and offers nothing.
    offers = isinstance(tables, list) and any(
        isinstance(table, Mapping) and "offer" in table for table in tables
    )
    money = reading.scope.money
    if money or offers or reading.data.get("rules"):
        why = "it contains amounts of money" if money else "it makes offers"
        reading.findings.report(
            "field-missing", f'"currency" is required here, since {why}; add it', ("currency",)
        )
