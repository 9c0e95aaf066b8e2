"""Starts: what a new user begins with, the first files of their own and the examples of the library."""
