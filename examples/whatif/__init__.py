"""A what-if app: sliders for income, costs and three policy numbers, the offer beside today's."""
