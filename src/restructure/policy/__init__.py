"""Policy: what the lender decided beforehand."""
