"""Attacks that take long: the same many times, at random moments, for minutes; memory and liveness meanwhile."""
