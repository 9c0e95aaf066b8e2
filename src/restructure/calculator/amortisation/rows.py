"""Rows: the instalments of a schedule as plain integers, and the two loops that make them.

A row is a tuple of minor units in the order of `COLUMNS`; `Instalment` is the model of one row and
`Rows` a sequence that builds the models on access.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal, localcontext
from operator import add
from typing import Any, NamedTuple, Self, overload

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from restructure.calculator.conventions.money import EXACT, Money, SignedMoney, round_half_up
from restructure.frames import Tabular
from restructure.record import Record, trusted
from restructure.short_form import Waiting

__all__ = [
    "COLUMNS",
    "PAID",
    "Instalment",
    "Row",
    "RowTuple",
    "Rows",
    "equal_principal_rows",
    "level_instalment",
    "level_rows",
]

# No ISO 4217 currency has more.
_MOST_DIGITS = 4


RowTuple = tuple[Any, ...]
"""A row as the loops make it: the due date, then minor units in the order of `Row`."""


class Row(NamedTuple):
    """Names of the columns of a row; the loops make plain tuples in this order."""

    due: date
    principal: int = 0
    interest: int = 0
    arrears_principal: int = 0
    arrears_interest: int = 0
    penalty: int = 0
    fees: int = 0
    parked_principal: int = 0
    parked_interest: int = 0
    accrued: int = 0
    capitalised: int = 0
    balance: int = 0


Divide = Callable[[int, int], int]
"""A division of non-negative integers that rounds once."""

COLUMNS = Row._fields
"""The columns of a row, in order."""
PAID = slice(1, 9)
"""The columns that the borrower pays; their sum is the row's total."""


class Instalment(Record):
    """One row of a schedule: what falls due on a day, by kind, and the balance after it; amounts in major units."""

    number: int
    """Number of the row in the schedule, counted from 1."""
    due: date
    """Payment date, e.g. 2026-04-15."""
    total: Money
    """Total payment of the row, e.g. 1250.00: the sum of the eight amounts from `principal` to `parked_interest`."""
    principal: SignedMoney
    """Principal repaid, e.g. 933.96; negative where the balance grows by unpaid interest."""
    interest: Money
    """Interest paid, e.g. 166.20."""
    arrears_principal: Money
    """Principal arrears that a measure carried or spread to this row, e.g. 50.00."""
    arrears_interest: Money
    """Interest owed before the restructuring that a measure carried or spread to this row, e.g. 12.50."""
    penalty: Money
    """Penalty interest that a measure carried, spread or deferred to this row, e.g. 3.20."""
    fees: Money
    """Fees that a measure carried, spread or deferred to this row, e.g. 30.00."""
    parked_principal: Money
    """Deferred principal that falls due with this row, e.g. 1000.00."""
    parked_interest: Money
    """Deferred interest that falls due with this row, e.g. 25.00."""
    accrued: Money
    """Interest accrued in the period, e.g. 166.20, whether paid, capitalised, deferred or waived."""
    capitalised: Money
    """Unpaid interest added to the balance on the due date, e.g. 0.00."""
    balance: Money
    """Interest-bearing balance after the payment, e.g. 10066.04; 0.00 after the last row."""

    def _summary(self) -> str:
        kinds = ", ".join(f"{name} {getattr(self, name):,f}" for name in _KINDS if getattr(self, name))
        return f"number {self.number} on {self.due}, {self.total:,f} ({kinds}), balance {self.balance:,f}"


_FIELDS = tuple(Instalment.model_fields)
_AMOUNTS, _KINDS = COLUMNS[1:], COLUMNS[PAID]


def _instalments(minor: Sequence[RowTuple], places: int, numbers: Iterable[int]) -> list[Instalment]:
    """Build the models of rows, a column at a time because most columns are all zeros."""
    if not minor:
        return []
    dues, *amounts = zip(*minor, strict=True)
    columns = {name: column for name, column in zip(_AMOUNTS, amounts, strict=True) if any(column)}
    paid = [columns[name] for name in _KINDS if name in columns]
    if paid:
        columns["total"] = tuple(map(sum, zip(*paid, strict=True)))
    with localcontext(EXACT):
        unit = Decimal(1).scaleb(-places)
        zeros: dict[str, Any] = dict.fromkeys(_FIELDS, 0 * unit)
        rows = [zeros.copy() for _ in minor]
        for name, column in columns.items():
            for row, amount in zip(rows, column, strict=True):
                row[name] = unit * amount
    for row, number, due in zip(rows, numbers, dues, strict=True):
        row["number"], row["due"] = number, due
    return trusted(Instalment, rows)


class Rows(Waiting, Tabular, Sequence[Instalment]):
    """Rows held as integers and shown as `Instalment` models, built on access."""

    __slots__ = ("_by_column", "minor", "places")

    def __init__(self, minor: Iterable[RowTuple], places: int) -> None:
        self.minor: tuple[RowTuple, ...] = tuple(minor)
        """The rows as tuples of minor units in the order of `COLUMNS`."""
        self.places = places
        """Decimals of the minor unit."""
        self._by_column: tuple[tuple[Any, ...], ...] | None = None

    @property
    def columns(self) -> tuple[tuple[Any, ...], ...]:
        """The same amounts by column, in the order of `COLUMNS`; transposed once, because sums need columns."""
        if self._by_column is None:
            self._by_column = tuple(zip(*self.minor, strict=True)) or ((),) * len(COLUMNS)
        return self._by_column

    def paid(self) -> Sequence[int]:
        """Sum up what the borrower pays in each row."""
        principal, *others = self.columns[PAID]
        paid: Sequence[int] = principal
        for column in others:
            if any(column):
                paid = list(map(add, paid, column))
        return paid

    def __len__(self) -> int:
        return len(self.minor)

    @overload
    def __getitem__(self, index: int) -> Instalment: ...
    @overload
    def __getitem__(self, index: slice) -> list[Instalment]: ...
    def __getitem__(self, index: int | slice) -> Instalment | list[Instalment]:
        chosen, places = self.minor[index], self.places
        if isinstance(index, slice):
            return _instalments(chosen, places, range(1, len(self) + 1)[index])
        return _instalments([chosen], places, [index % len(self) + 1])[0]

    def __iter__(self) -> Iterator[Instalment]:
        return iter(self[:])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rows):
            return self.places == other.places and self.minor == other.minor
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.places, self.minor))

    def __repr__(self) -> str:
        return self._short(0)

    def _short(self, room: int) -> str:
        if not self.minor:
            return "<Rows: none>"
        first, last = self.minor[0][0], self.minor[-1][0]
        return f"<Rows: {len(self)} instalments, {first} to {last}>"

    @classmethod
    def _from_instalments(cls, rows: list[Instalment]) -> Self:
        for number, row in enumerate(rows, 1):
            kinds = (getattr(row, name) for name in COLUMNS[PAID])
            if row.number != number or row.total != sum(kinds):
                raise PydanticCustomError(
                    "record-altered",
                    "row {number} does not add up: its number or its total contradicts the rest",
                    {"number": number},
                )
        return cls(
            [
                (row.due, *(int(getattr(row, name).scaleb(_MOST_DIGITS)) for name in COLUMNS[1:]))
                for row in rows
            ],
            _MOST_DIGITS,
        )

    def rebased(self, places: int) -> "Rows":
        """Give the same amounts in another minor unit (a schedule read from text knows its currency only later)."""
        if places == self.places:
            return self
        scale = 10 ** (self.places - places)
        return Rows([(row[0], *(amount // scale for amount in row[1:])) for row in self.minor], places)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read from and write to a list of instalments."""
        listed = core_schema.no_info_after_validator_function(
            cls._from_instalments, handler(list[Instalment])
        )
        return core_schema.json_or_python_schema(
            json_schema=listed,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), listed]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                list, return_schema=handler(list[Instalment])
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the rows as an array of instalments."""
        return handler(core_schema.list_schema(Instalment.__pydantic_core_schema__))


# Beyond this many periods the exact fraction grows faster than the schedule; fixed point takes over.
_EXACT_PERIODS = 48
_FIXED_BITS = 256
# What one operation on floats may err by, of its result.
_UNIT_ERROR = 2.0**-53


def level_instalment(
    balance: int, factors: Sequence[int], year: int, divide: Divide, *, balloon: int = 0
) -> int:
    """Solve the level instalment of a balance over periods whose interest factors are `factors` / `year`.

    The exact annuity (B·Π(1+fᵢ) − balloon) / Σₖ Πᵢ>ₖ(1+fᵢ), rounded once. It is solved in floats with a bound on the
    error; where the bound reaches across a rounding border the exact fraction decides (for long schedules, fixed
    point with a bound of its own first).
    """
    between = _annuity_bounds(balance, factors, year, balloon)
    if between is not None:
        low, high = (divide(*bound.as_integer_ratio()) for bound in between)
        if low == high:
            return low
    count = len(factors)
    first = factors[0]
    if count <= _EXACT_PERIODS or factors.count(first) == count:
        return divide(*_exact_annuity(balance, factors, year, balloon))
    unit = 1 << _FIXED_BITS
    growth, total = unit, 0
    for factor in reversed(factors):
        total += growth
        growth += growth * factor // year
    # `growth` never falls below `unit`, so each of the n truncations loses less than 2^-256 of it, and the
    # quotient errs by less than 2n·2^-256 of itself: for n up to 1200 far inside 2^-200.
    scaled = balance * growth - balloon * unit
    slack = balance * growth >> 200
    low, high = divide(scaled - slack, total), divide(scaled + slack, total)
    if low == high:
        return low
    return divide(*_exact_annuity(balance, factors, year, balloon))


def _annuity_bounds(
    balance: int, factors: Sequence[int], year: int, balloon: int
) -> tuple[float, float] | None:
    """Give two floats that bracket the annuity; none where floats cannot hold it."""
    if min(factors) < 0:
        return None  # the bound below counts on sums of positive numbers
    growth, total = 1.0, 0.0
    try:
        for factor in reversed(factors):
            total += growth
            growth *= 1.0 + factor / year
        grown = balance * growth
        guess = (grown - balloon) / total
        # Each period costs the growth three roundings and the sum one more, and a handful come at the end, so
        # that 8n + 8 of them are more than enough; `grown` stands in for what the difference cancels.
        slack = (8 * len(factors) + 8) * _UNIT_ERROR * (grown + balloon) / total
    except OverflowError:
        return None
    return (guess - slack, guess + slack) if slack < 0.5 else None


def _exact_annuity(balance: int, factors: Sequence[int], year: int, balloon: int) -> tuple[int, int]:
    count, first = len(factors), factors[0]
    if factors.count(first) == count:
        if first == 0:
            return balance - balloon, count
        grown, base = (year + first) ** count, year**count
        return (balance * grown - balloon * base) * first, year * (grown - base)
    growth, total = 1, 0  # over year^k after k periods, counted from the last
    for factor in reversed(factors):
        total = total * year + growth
        growth *= year + factor
    return balance * growth - balloon * year**count, total * year


def level_rows(
    dues: Sequence[date],
    balance: int,
    instalment: int,
    factors: Sequence[int],
    year: int,
    divide: Divide,
    *,
    covered: int = 0,
) -> list[RowTuple]:
    """Repay a balance by level instalments; the last row takes what is left.

    Interest is one rounded division per row, from the printed balance. The rows end early once the
    balance is repaid; an instalment below the interest gives a negative principal, which callers check.
    `covered` is interest from before the first period that the first instalment also has to cover.
    """
    rows: list[RowTuple] = []
    # The rounding nearly every loan has, without a call per row: calls are half of what such a row costs.
    # ⌊n/y + 1/2⌋ is ⌊(n + ⌊y/2⌋)/y⌋ for odd y too, n being whole.
    half_up, half = divide is round_half_up, year // 2
    for due, factor in zip(dues, factors, strict=False):
        interest = (balance * factor + half) // year if half_up else divide(balance * factor, year)
        principal = instalment - interest
        if covered:
            principal, covered = max(principal - covered, min(principal, 0)), 0
        if principal >= balance:  # noqa: PLR1730  a call of min costs more than all the rest of the line
            principal = balance
        balance -= principal
        rows.append((due, principal, interest, 0, 0, 0, 0, 0, 0, interest, 0, balance))
        if not balance:
            break
    if balance and rows:
        due, principal, interest, *_ = rows[-1]
        rows[-1] = (due, principal + balance, interest, 0, 0, 0, 0, 0, 0, interest, 0, 0)
    return rows


def equal_principal_rows(
    dues: Sequence[date], balance: int, part: int, factors: Sequence[int], year: int, divide: Divide
) -> list[RowTuple]:
    """Repay a balance by equal parts of principal; the last row takes what is left."""
    rows: list[RowTuple] = []
    last = len(factors) - 1
    for k, factor in enumerate(factors):
        interest = divide(balance * factor, year)
        principal = balance if k == last or part >= balance else part
        balance -= principal
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, interest, 0, balance))
        if not balance:
            break
    return rows
