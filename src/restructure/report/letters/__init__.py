"""Letters: what the borrower is told about an offer or a refusal, in their language (extra `letters`).

Every number comes from the decision's record. A language is a file in `languages/`; to add one, add a file
with the same keys.
"""

from restructure.report.letters.writing import Letter, letter

__all__ = ["Letter", "letter"]
