"""The language of policies: dated parameters, facts, gates, rules, limits, flags and ranking, all plain data.

`Policy` is what an analyst wrote; `policy.at(date)` gives `InForce`, the same policy on one day with every
parameter replaced by its value, which is what the evaluators read and what a decision is made by.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Self

from restructure.errors import InvalidPolicy, Issue, did_you_mean, quoted
from restructure.inputs import Day, day_of, plain_scalar
from restructure.policy.amounts.lookups import Edition
from restructure.policy.constants import Constant, constant, unit_fact
from restructure.policy.in_force import InForce
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.sections import Dated, Parameter

__all__ = ["Policy"]


ReadAgain = Callable[[Mapping[str, Constant | None]], "Policy"]
_READ_AGAIN = "_read_again"


class Policy(PolicyContent):
    """A lender's policy as written, with parameters dated."""

    @cached_property
    def _resolved(self) -> dict[tuple[Any, ...], "InForce"]:
        return {}

    def with_values(self, **values: Constant) -> "Policy":
        """Give the policy with some parameters set to one value for all days, to see what it would change.

        Every check of the loader is made again, so that a number that no measure or search could take raises here and
        never becomes a refusal. Raises `InvalidPolicy` for a parameter that the policy does not have, a value of
        another kind, and whatever the loader finds.

        >>> from datetime import date
        >>> from restructure.policy.loading.loading import load_policy
        >>> policy = load_policy("cn-consumer-finance").with_values(illness_extension=12)
        >>> policy.parameters["illness_extension"].on(date(2026, 3, 18))
        12
        """
        issues = [
            Issue(
                "parameter-unknown",
                f"there is no parameter {quoted(name)}{did_you_mean(name, self.parameters)}",
            )
            for name in values
            if name not in self.parameters
        ]
        changed: dict[str, Parameter] = {}
        for name, value in ((name, plain_scalar(value)) for name, value in values.items()):
            if name in self.parameters:
                old = self.parameters[name]
                try:
                    read = constant(unit_fact(name, old.unit), value)
                except ValueError as error:
                    issues.append(
                        Issue(
                            "value-kind",
                            f"{quoted(value)} does not fit {name}, which is {old.unit.value}: {error}",
                        )
                    )
                    continue
                first = old.values[0].since
                changed[name] = old.model_copy(update={"values": (Dated(since=first, value=read),)})
        if issues:
            raise InvalidPolicy(issues)
        read_again: ReadAgain | None = self.__dict__.get(_READ_AGAIN)
        if read_again is None:  # made in Python, or read back from a record: there is no file to check again
            return self.model_copy(update={"parameters": {**self.parameters, **changed}})
        again = read_again({name: changed[name].values[0].value for name in changed})
        return again if again.currency == self.currency else again.in_currency(self.currency)

    def read_again_by(self, read: "ReadAgain") -> Self:
        """Remember what reads the policy's file again with other values; no part of its content."""
        self.__dict__[_READ_AGAIN] = read
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with some sections replaced; a copy in another currency still knows its file."""
        copied = super().model_copy(update=update, deep=deep)
        read_again: ReadAgain | None = self.__dict__.get(_READ_AGAIN)
        return (
            copied.read_again_by(read_again) if read_again and set(update or ()) <= {"currency"} else copied
        )

    def at(self, on: Day) -> "InForce":
        """Give the policy in force on a day; raises `InvalidPolicy` if it is not in force or lacks a value."""
        on = day_of(on)
        if (self.effective_from and on < self.effective_from) or (
            self.effective_until and on >= self.effective_until
        ):
            raise InvalidPolicy(
                Issue(
                    "policy-not-effective",
                    f"{self.name} {self.version} holds from {self.effective_from or 'ever'} "
                    f"until {self.effective_until or 'further notice'}, not on {on}",
                )
            )
        values = {name: parameter.on(on) for name, parameter in self.parameters.items()}
        editions: dict[str, Edition | None] = {name: lookup.on(on) for name, lookup in self.lookups.items()}
        key = (*values.values(), *(edition and edition.since for edition in editions.values()))
        if key not in self._resolved:
            self._resolved[key] = InForce.of(self, values, editions)
        return self._resolved[key]
