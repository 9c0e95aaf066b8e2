"""Annuity: the algebra of a loan in equal periods, without rounding.

Spreadsheets know these as PMT, IPMT, PPMT, CUMIPMT, CUMPRINC, ISPMT, NPER, RATE, EFFECT and NOMINAL. Here
amounts are positive as a lender writes them: `principal` is lent, instalments are paid, and `balloon` is
what is still owed after the last instalment (a spreadsheet's future value with the opposite sign).
`in_advance` pays at the start of each period. Everything follows from

    principal·(1+i)^n = instalment·(1 + i if in advance)·((1+i)^n − 1)/i + balloon
"""

from collections.abc import Callable
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from fractions import Fraction
from itertools import pairwise
from typing import cast

from restructure.calculator.conventions.money import round_div
from restructure.errors import InvalidInput, Issue, Refused

__all__ = [
    "Exact",
    "effective_of",
    "equal_principal_interest",
    "exact",
    "instalment_of",
    "interest_between",
    "interest_in",
    "nominal_of",
    "periods_to_repay",
    "principal_between",
    "principal_in",
    "principal_repaid_by",
    "rate_of",
    "root_between",
    "rounded",
]

Exact = int | str | Decimal | Fraction
"""An exact number: never a binary float."""

WORKING = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""Context for the arithmetic, independent of the caller's; results are rounded to 12 decimals."""

_NO_RATE = Decimal("1e-30")
"""Rates up to this size change nothing within 12 decimals."""


def exact(value: Exact) -> Fraction:
    """Read an exact number; a float raises `InvalidInput`.

    >>> exact("0.0075"), exact("18%")
    (Fraction(3, 400), Fraction(9, 50))
    """
    if isinstance(value, float | bool):
        raise InvalidInput(
            Issue("number-float", f'{value!r} is not exact: write "{value}" in quotes instead')
        )
    try:
        if isinstance(value, str) and value.endswith("%"):
            return Fraction(value[:-1]) / 100
        return Fraction(value)
    except (ValueError, OverflowError, ZeroDivisionError, TypeError):
        raise InvalidInput(
            Issue("value-invalid", f'{value!r} is not a number; write digits with a point, such as "12.50"')
        ) from None


def rounded(value: Fraction | Decimal, places: int = 12) -> Decimal:
    """Round half-up to so many decimals.

    >>> rounded(Fraction(2, 3), 4)
    Decimal('0.6667')
    """
    numerator, denominator = value.as_integer_ratio()
    digits = round_div(numerator * 10**places, denominator)
    return Decimal(f"{digits}e-{places}")


def decimal(value: Fraction) -> Decimal:
    """Convert a fraction to a decimal, in the caller's context."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def _growth(rate: Fraction, periods: int) -> Fraction:
    """Give ((1+i)^n − 1)/i, which is n where the rate is zero."""
    return ((1 + rate) ** periods - 1) / rate if rate else Fraction(periods)


def _instalment(
    rate: Fraction, periods: int, principal: Fraction, balloon: Fraction, early: bool
) -> Fraction:
    _reject_fractions(periods)
    if periods < 1 or rate <= -1:
        raise Refused(Issue("term-not-positive", "a loan needs at least one period and a rate above −100 %"))
    grown = principal * (1 + rate) ** periods - balloon
    return grown / _growth(rate, periods) / (1 + rate if early else 1)


def instalment_of(
    rate: Exact, periods: int, principal: Exact, *, balloon: Exact = 0, in_advance: bool = False
) -> Decimal:
    """Give the level instalment that repays a principal (PMT), with `rate` per period.

    >>> rounded(instalment_of("0.01", 12, 10000), 2)
    Decimal('888.49')
    """
    return rounded(_instalment(exact(rate), periods, exact(principal), exact(balloon), in_advance))


def principal_repaid_by(rate: Fraction, periods: int, instalment: Fraction) -> Fraction:
    """Give the principal that level instalments repay, exactly (PV of a level stream).

    >>> rounded(principal_repaid_by(Fraction("0.06") / 12, 360, Fraction(785)), 2)  # HUD's example: 130,931
    Decimal('130931.42')
    """
    return instalment * _growth(rate, periods) / (1 + rate) ** periods


def _owed(rate: Fraction, period: int, principal: Fraction, instalment: Fraction, early: bool) -> Fraction:
    """Give the balance at the end of a period, after its instalment (in advance: the instalment at its start)."""
    paid = instalment * _growth(rate, period) * (1 + rate if early else 1)
    return principal * (1 + rate) ** period - paid


def _interest(
    rate: Fraction, first: int, last: int, periods: int, principal: Fraction, balloon: Fraction, early: bool
) -> tuple[Fraction, Fraction]:
    """Give interest and principal in the instalments from `first` to `last`."""
    _reject_fractions(first, last, periods)
    if not 1 <= first <= last <= periods:
        raise InvalidInput(
            Issue("value-invalid", f"instalments {first} to {last} do not lie within 1 to {periods}")
        )
    instalment = _instalment(rate, periods, principal, balloon, early)

    def after(period: int) -> Fraction:
        """Balance once instalment `period` is paid."""
        if early and period:
            return _owed(rate, period - 1, principal, instalment, early) - instalment
        return _owed(rate, period, principal, instalment, early)

    repaid = after(first - 1) - after(last)
    return instalment * (last - first + 1) - repaid, repaid


def interest_between(
    rate: Exact,
    first: int,
    last: int,
    periods: int,
    principal: Exact,
    *,
    balloon: Exact = 0,
    in_advance: bool = False,
) -> Decimal:
    """Give the interest in the instalments from `first` to `last` of a level loan (CUMIPMT).

    >>> rounded(interest_between("0.01", 1, 12, 12, 10000), 2)
    Decimal('661.85')
    """
    parts = _interest(exact(rate), first, last, periods, exact(principal), exact(balloon), in_advance)
    return rounded(parts[0])


def principal_between(
    rate: Exact,
    first: int,
    last: int,
    periods: int,
    principal: Exact,
    *,
    balloon: Exact = 0,
    in_advance: bool = False,
) -> Decimal:
    """Give the principal in the instalments from `first` to `last` of a level loan (CUMPRINC).

    >>> principal_between("0.01", 1, 12, 12, 10000)
    Decimal('10000.000000000000')
    """
    parts = _interest(exact(rate), first, last, periods, exact(principal), exact(balloon), in_advance)
    return rounded(parts[1])


def interest_in(
    rate: Exact, period: int, periods: int, principal: Exact, *, balloon: Exact = 0, in_advance: bool = False
) -> Decimal:
    """Give the interest in one instalment of a level loan (IPMT); paid in advance, the first contains none.

    >>> rounded(interest_in("0.01", 1, 12, 10000), 2)
    Decimal('100.00')
    """
    return interest_between(rate, period, period, periods, principal, balloon=balloon, in_advance=in_advance)


def principal_in(
    rate: Exact, period: int, periods: int, principal: Exact, *, balloon: Exact = 0, in_advance: bool = False
) -> Decimal:
    """Give the principal in one instalment of a level loan (PPMT).

    >>> rounded(principal_in("0.01", 1, 12, 10000), 2)
    Decimal('788.49')
    """
    return principal_between(rate, period, period, periods, principal, balloon=balloon, in_advance=in_advance)


def equal_principal_interest(rate: Exact, period: int, periods: int, principal: Exact) -> Decimal:
    """Give the interest of one instalment where equal parts of principal are repaid (等额本金).

    It is i·principal·(n − k + 1)/n. A spreadsheet's ISPMT counts its periods from 0.

    >>> equal_principal_interest("0.01", 1, 10, 10000), equal_principal_interest("0.01", 10, 10, 10000)
    (Decimal('100.000000000000'), Decimal('10.000000000000'))
    """
    _reject_fractions(period)
    _reject_fractions(periods, least=1)
    return rounded(exact(rate) * exact(principal) * Fraction(periods - period + 1, periods))


def periods_to_repay(
    rate: Exact, instalment: Exact, principal: Exact, *, balloon: Exact = 0, in_advance: bool = False
) -> Decimal:
    """Give the number of periods an instalment takes to bring a principal down to the balloon (NPER).

    Raises `Refused` with `negative-amortisation` where it never does.

    >>> rounded(periods_to_repay("0.01", "888.49", 10000), 3)
    Decimal('12.000')
    """
    i, paid, owed, left = (exact(value) for value in (rate, instalment, principal, balloon))
    paid *= 1 + i if in_advance else 1
    never = Refused(
        Issue("negative-amortisation", "the instalment never brings the principal to the balloon")
    )
    if owed == left:
        return rounded(Fraction(0))
    if not i:
        if paid == 0 or (owed - left) / paid < 0:
            raise never
        return rounded((owed - left) / paid)
    if i <= -1 or owed * i == paid:
        raise never
    growth = (paid - left * i) / (paid - owed * i)
    if growth <= 0 or (growth > 1) != (i > 0):
        raise never
    with localcontext(WORKING):
        return rounded(decimal(growth).ln() / decimal(1 + i).ln())


def rate_of(
    periods: int, instalment: Exact, principal: Exact, *, balloon: Exact = 0, in_advance: bool = False
) -> Decimal:
    """Give the rate per period at which level instalments repay a principal down to a balloon (RATE).

    The flows must change their direction exactly once, so that exactly one rate above −100 % solves it
    (Descartes); otherwise `Refused` with `apr-undefined`.

    >>> rounded(rate_of(12, "888.4879", 10000), 6)
    Decimal('0.010000')
    """
    _reject_fractions(periods)
    paid, lent, left = (exact(value) for value in (instalment, principal, balloon))
    ends = (lent - paid, -left) if in_advance else (lent, -paid - left)
    flows = [flow for flow in (ends[0], -paid if periods > 1 else 0, ends[1]) if flow]
    if periods < 1 or sum(a * b < 0 for a, b in pairwise(flows)) != 1:
        raise Refused(Issue("apr-undefined", "no single rate: something is lent, and repaid after that"))
    sense = (
        1 if flows[0] > 0 else -1
    )  # savings paid in and paid out are the same loan with the signs reversed
    with localcontext(WORKING):
        given, each, rest = (sense * decimal(value) for value in (lent, paid, left))

        def worth(rate: Decimal) -> Decimal:
            grown = (1 + rate) ** periods
            # Below this the difference from 1 loses its digits; n replaces it to more digits than are returned.
            annuity = (grown - 1) / rate if abs(rate) > _NO_RATE else Decimal(periods)
            return each * annuity * (1 + rate if in_advance else 1) + rest - given * grown

        return rounded(root_between(worth, *bracket(worth)))


def bracket(worth: Callable[[Decimal], Decimal]) -> tuple[Decimal, Decimal]:
    """Give two rates above −100 % between which a value that falls with the rate changes its sign.

    Doubling from the top and halving the distance to −100 % reaches every root; callers show that a
    root exists. Raises `Refused` with `apr-undefined` past a factor of 2^200.
    """
    zero = worth(Decimal(0))
    if zero >= 0:
        low, high = Decimal(0), Decimal(1)
        for _ in range(200):
            if worth(high) <= 0:
                return low, high
            low, high = high, high * 2
    else:
        low, high = Decimal("-0.5"), Decimal(0)
        for _ in range(200):
            if worth(low) >= 0:
                return low, high
            low, high = (low - 1) / 2, low
    raise Refused(Issue("apr-undefined", "no rate makes the payments worth what was advanced"))


def root_between(worth: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> Decimal:
    """Solve worth(rate) = 0 between two rates where its signs differ, to 25 digits and 35 decimals.

    False position with the Illinois step, and a bisection whenever three steps have not halved the bracket;
    the bracket contains the root throughout, so that the result is a root.
    """
    at_low, at_high = worth(low), worth(high)
    assert at_low * at_high <= 0, "the bracket holds no root"
    near, nothing = (
        Decimal("1e-25"),
        Decimal("1e-10"),
    )  # beside a root at zero the relative width never shrinks
    stayed, steps, width = 0, 0, high - low
    while at_low and at_high and high - low > near * max(abs(low), abs(high), nothing):
        steps += 1
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        if steps % 3 == 0:
            if high - low > width / 2:
                middle = (low + high) / 2
            width = high - low
        if not low < middle < high:
            middle = (low + high) / 2
        at = worth(middle)
        if at * at_low > 0:
            low, at_low = middle, at
            at_high = at_high / 2 if stayed == 1 else at_high
            stayed = 1
        else:
            high, at_high = middle, at
            at_low = at_low / 2 if stayed == -1 else at_low
            stayed = -1
    return low if not at_low else high


def _reject_fractions(*counts: object, least: int | None = None) -> None:
    for periods in counts:
        whole = isinstance(periods, int | Fraction) and periods == int(periods)
        if not whole or (least is not None and cast("Fraction", periods) < least):
            raise InvalidInput(Issue("value-invalid", "periods are counted in whole numbers from 1 on"))


def effective_of(nominal_rate: Exact, per_year: int) -> Decimal:
    """Compound a nominal annual rate: (1 + j/m)^m − 1 (EFFECT).

    >>> effective_of("12%", 12)
    Decimal('0.126825030132')
    """
    _reject_fractions(per_year, least=1)
    return rounded((1 + exact(nominal_rate) / per_year) ** per_year - 1)


def nominal_of(effective_rate: Exact, per_year: int) -> Decimal:
    """Give the nominal annual rate that compounds to an effective one: m·((1+r)^(1/m) − 1) (NOMINAL).

    >>> nominal_of("0.126825030132", 12)
    Decimal('0.120000000000')
    """
    _reject_fractions(per_year, least=1)
    if exact(effective_rate) < -1:
        sentence = f"{effective_rate} is below −100 %, and more than everything cannot be lost"
        raise InvalidInput(Issue("value-invalid", sentence))
    with localcontext(WORKING):
        root = decimal(1 + exact(effective_rate)) ** (Decimal(1) / per_year)
        return rounded(per_year * (root - 1))
