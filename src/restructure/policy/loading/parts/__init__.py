"""The readers of what sections are made of: conditions, amounts, measures, searches, offers, cells and rows."""
