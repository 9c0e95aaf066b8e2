"""The start of a policy: a small whole one, or one that extends another."""

from datetime import date

from restructure.calculator.conventions.quantity import Kind
from restructure.policy.language.sections import Parameter
from restructure.policy.policy import Policy
from restructure.starts.commented import commented
from restructure.starts.formats import schema_of

__all__ = ["new_extending_policy", "new_policy"]


def new_policy(*, on: date, language: str = "en", currency: str = "CNY") -> str:
    """Give the text of a small whole policy, in force since the beginning of the year before a day.

    >>> "effective_from: 2025-01-01" in new_policy(on=date(2026, 3, 18))
    True
    """
    values = {"currency": currency, "since": date(on.year - 1, 1, 1).isoformat()}
    return commented("policy", values, schema_of("policy"), language)


def new_extending_policy(base: Policy, extends: str, *, on: date, language: str = "en") -> str:
    """Give the text of a policy that extends another: one of its numbers replaced, and a rule added.

    `extends` is what the file says of the base: its name, or its path from the file.
    """
    schema = schema_of("policy")
    parameters = ""
    chosen = _parameter(base, on)
    if chosen is not None:
        name, parameter = chosen
        meaning = parameter.title.get(language) or next(iter(parameter.title.values()))
        # From this month on it is the lender's to change; it begins as the base has it.
        dated = {day.since.isoformat(): _plain(day.value) for day in parameter.values}
        dated |= {on.replace(day=1).isoformat(): _plain(parameter.on(on))}
        written = ", ".join(f"{since}: {value}" for since, value in sorted(dated.items()))
        values = {"parameter": name, "meaning": meaning, "values": written}
        parameters = commented("replaced", values, schema, language)
    currency = "" if base.currency else commented("currency", {}, schema, language)
    values = {"extends": extends, "currency": currency, "parameters": parameters}
    return commented("extending", values, schema, language)


def _parameter(base: Policy, on: date) -> tuple[str, Parameter] | None:
    """Give the first number of the base that is in force on the day."""
    for name, parameter in base.parameters.items():
        if (
            parameter.unit in (Kind.MONTHS, Kind.COUNT, Kind.DAYS, Kind.RATIO)
            and parameter.on(on) is not None
        ):
            return name, parameter
    return None


def _plain(value: object) -> str:
    return "null" if value is None else str(value)
