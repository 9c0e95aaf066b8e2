"""Plans: a set of measures carried out on a position, with its figures, its present value and its continuation."""
