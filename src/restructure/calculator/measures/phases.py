"""The phases in which the measures of a set are carried out, however they are listed."""

from enum import IntEnum

__all__ = ["Phase"]


class Phase(IntEnum):
    """When a measure is carried out; a set is sorted by phase first, so its listing order has no effect.

    Phases 1 to 6 divide what is owed, 7 to 9 change how it is repaid, and 10 solves for the one unknown.
    """

    PAY = 1
    """Up-front payments, through the allocation order."""
    WAIVE = 2
    """Relief on interest, penalty and fees."""
    FORGIVE = 3
    """Relief on principal."""
    CAPITALISE = 4
    """What is owed joins the principal."""
    DEFER = 5
    """What is owed is set aside until later."""
    SPREAD = 6
    """What is owed is divided over the instalments."""
    RATE = 7
    """The contract rate."""
    HOLIDAY = 8
    """Suspended instalments."""
    TIMING = 9
    """Number, dates, frequency and method of the instalments."""
    SOLVE = 10
    """The instalment, term or balloon that follows from everything else."""
    SETTLE = 11
    """Lump sums that end the loan; they replace phases 4 to 10."""
