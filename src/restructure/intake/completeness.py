"""Completeness of an application: the items that a complete file holds."""

from restructure.intake.application import Application, EvidenceKind

__all__ = ["missing_items"]


def missing_items(application: Application) -> tuple[tuple[str, ...], int]:
    """List the places of a complete file that this application leaves open, and count all of them."""
    finances, hardship, conduct = application.finances, application.hardship, application.conduct
    held = {evidence.kind for evidence in hardship.evidence}
    items = {
        "finances.income": finances.income is not None,
        "finances.essential_costs": finances.essential_costs is not None,
        "finances.other_debts": finances.other_debts is not None,
        "finances.liquid_reserves": finances.liquid_reserves is not None,
        "finances.income_before": finances.income_before is not None,
        "hardship.cause": hardship.cause is not None,
        "hardship.onset": hardship.onset is not None,
        "hardship.evidence (hardship_proof)": EvidenceKind.HARDSHIP_PROOF in held,
        "hardship.evidence (income_proof)": EvidenceKind.INCOME_PROOF in held,
        "conduct.willing_to_repay": conduct.willing_to_repay is not None,
        "conduct.reachable": conduct.reachable is not None,
        "conduct.disputed": conduct.disputed is not None,
        "previous_restructurings": application.previous_restructurings is not None,
    }
    return tuple(name for name, present in items.items() if not present), len(items)
