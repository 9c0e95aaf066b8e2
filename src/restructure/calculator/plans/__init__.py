"""Plans: a set of measures carried out on a position, with its figures and its continuation."""
