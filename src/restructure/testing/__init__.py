"""Testing: cases of a policy, their coverage, strategies for Hypothesis and the pytest plugin."""
