"""The loan that the examples of contract, bills and servicing share."""

from restructure.calculator.servicing.contract import Contract, Payment, Penalty


def plain(**changes) -> Contract:
    """12,000 without interest over 12 months: 1,000.00 on the 15th of each month from February 2026."""
    fields = dict(
        currency="CNY",
        principal="12000",
        annual_rate=0,
        instalments=12,
        start="2026-01-15",
        first_due="2026-02-15",
    )
    return Contract(**(fields | changes))


def pay(on: str, amount: str, **more) -> Payment:
    return Payment(on=on, amount=amount, **more)


DAILY = Penalty(annual_rate="36.5%", day_count="ACT/365F")  # a thousandth a day
