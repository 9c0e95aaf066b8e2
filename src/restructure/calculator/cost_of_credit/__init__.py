"""Cost of credit: annuities, the annual percentage rate, unit periods."""
